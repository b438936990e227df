import { BROKEN_BASIC } from "./broken-basic.ts";
import { BROKEN_BROWSER } from "./broken-browser.ts";
import { BROKEN_ACCESS } from "./broken-access.ts";
import { BROKEN_ERAS } from "./broken-eras.ts";
import { BROKEN_JWT } from "./broken-jwt.ts";
import { BROKEN_KEY_LOOKUP } from "./broken-key-lookup.ts";
import { BROKEN_KEY_PARSING } from "./broken-key-parsing.ts";
import { BROKEN_LIFECYCLE } from "./broken-lifecycle.ts";
import { BROKEN_RESPONSES } from "./broken-responses.ts";
import { BROKEN_SESSION } from "./broken-session.ts";
import { BROKEN_LEAKS } from "./broken-leaks.ts";
import { OPEN_BODIES } from "./open/open-bodies.ts";
import { OPEN_CLIENTS } from "./open/open-clients.ts";
import { OPEN_QUERIES } from "./open/open-queries.ts";
import { OPEN_CONNECTIONS } from "./open/open-connections.ts";
import { OPEN_METHODS } from "./open/open-methods.ts";
import { OPEN_PATHS } from "./open/open-paths.ts";
import { OPEN_VERSIONS } from "./open/open-versions.ts";
import { BROKEN_TRANSPORT } from "./broken-transport.ts";
import type { ProbeServerOptions } from "../../../src/probe/probe.ts";
import type { Running } from "../../servers/listen.ts";
import type { Mistake } from "./configurable-server.ts";

/** A server with one realistic mistake. */
export interface BrokenServer {
  /** Completes "catches a server that …". */
  readonly mistake: string;
  /** Exactly the checks that do not pass. The first is the one named for this mistake. */
  readonly caught: readonly [string, ...string[]];
  /** What the first of those findings must name. */
  readonly culprit?: RegExp;
  /** The mistake in a {@link ServerBehavior}. Its keys are the two tokens of the tests. */
  readonly make?: () => Mistake;
  /** Starts another kind of server instead. */
  readonly start?: () => Promise<Running>;
  /** Options for probing it. */
  readonly options?: Partial<ProbeServerOptions>;
}

export const BROKEN_SERVERS: readonly BrokenServer[] = [
  ...BROKEN_TRANSPORT,
  ...BROKEN_ACCESS,
  ...BROKEN_ERAS,
  ...BROKEN_KEY_LOOKUP,
  ...BROKEN_KEY_PARSING,
  ...BROKEN_JWT,
  ...BROKEN_BASIC,
  ...BROKEN_RESPONSES,
  ...BROKEN_SESSION,
  ...BROKEN_BROWSER,
  ...BROKEN_LIFECYCLE,
  ...BROKEN_LEAKS,
  ...OPEN_METHODS,
  ...OPEN_BODIES,
  ...OPEN_VERSIONS,
  ...OPEN_CONNECTIONS,
  ...OPEN_CLIENTS,
  ...OPEN_QUERIES,
  ...OPEN_PATHS,
];
