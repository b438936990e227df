import { FRAMEWORK_MAKES } from "./frameworks.ts";
import { JWT_MAKES } from "./jwt.ts";
import type { Make } from "./make.ts";
import { NGINX_MAKES } from "./nginx.ts";
import { OPAQUE_MAKES } from "./opaque.ts";
import { PACED_MAKES } from "./paced.ts";
import { PYTHON_MAKES } from "./python.ts";
import { REFUSAL_MAKES } from "./refusals.ts";
import { REMOTE_MAKES } from "./remote.ts";
import { SDK_MAKES } from "./sdk.ts";
import { TRANSPORT_MAKES } from "./transports.ts";

/** Correct servers of unlike makes. `test` and `verify` must not raise a false alarm on any of them. */
export const MAKES: readonly Make[] = [
  // First, because they mostly wait.
  ...PACED_MAKES,
  ...JWT_MAKES,
  ...OPAQUE_MAKES,
  ...NGINX_MAKES,
  ...SDK_MAKES,
  ...FRAMEWORK_MAKES,
  ...TRANSPORT_MAKES,
  ...REFUSAL_MAKES,
  ...REMOTE_MAKES,
  ...PYTHON_MAKES,
];
