import { BROKEN_BROWSERS } from "./broken-browser.ts";
import { BROKEN_DOORS } from "./broken-access.ts";
import { BROKEN_LIFECYCLES } from "./broken-lifecycle.ts";
import { BROKEN_MANNERS } from "./broken-responses.ts";
import { BROKEN_SESSIONS } from "./broken-session.ts";
import { BROKEN_TRACES } from "./broken-leaks.ts";
import { BROKEN_TRANSPORT } from "./broken-transport.ts";
import type { ProbeServerOptions } from "../../../src/probe/probe.ts";
import type { Running } from "../../servers/listen.ts";
import type { Mistake } from "./configurable-server.ts";

/** A server with one realistic mistake. */
export interface Broken {
  /** What it does wrong, as a sentence about it. */
  readonly mistake: string;
  /** Every check that does not pass, and none else; the first is the one named for this mistake. */
  readonly caught: readonly [string, ...string[]];
  /** The mistake in a {@link ServerBehavior}; its keys are the token of the tests and `secondKey`. */
  readonly make?: () => Mistake;
  /** A server that is no {@link ServerBehavior}, in place of `make`. */
  readonly start?: () => Promise<Running>;
  /** How it is probed, beyond what is usual. */
  readonly options?: Partial<ProbeServerOptions>;
}

export const BROKEN: readonly Broken[] = [
  ...BROKEN_TRANSPORT,
  ...BROKEN_DOORS,
  ...BROKEN_MANNERS,
  ...BROKEN_SESSIONS,
  ...BROKEN_BROWSERS,
  ...BROKEN_LIFECYCLES,
  ...BROKEN_TRACES,
];
