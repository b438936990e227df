import { isThenable } from "../../core/describe-type.ts";

/**
 * Calls a function that the server passed in, without waiting for it. An error goes to `onError`, whether the function throws it
 * or its promise rejects with it: it must neither accept a request nor end the process.
 */
export function callHook<T>(hook: (value: T) => unknown, value: T, onError: (cause: unknown) => void): void {
  try {
    const result = hook(value);
    if (result !== undefined && isThenable(result)) void Promise.resolve(result).then(undefined, onError);
  } catch (cause) {
    onError(cause);
  }
}

/**
 * Describes what a function of the server threw: its class and where, such as `TypeError at /srv/app.js:12:5`. Leaves the message
 * out, which may quote a header.
 */
export function describeThrown(cause: unknown): string {
  try {
    if (!(cause instanceof Error)) return cause === null ? "null" : typeof cause;
    const frame = /^\s+at (?:.*\()?([^()\n]+:\d+:\d+)\)?$/m.exec(cause.stack?.slice(0, 10_000) ?? "");
    const name = /^\w{1,40}$/.test(cause.name) ? cause.name : "Error";
    return frame === null ? name : `${name} at ${frame[1] ?? ""}`;
  } catch {
    return "an error";
  }
}
