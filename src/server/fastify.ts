import type { IncomingMessage, ServerResponse } from "node:http";
import { readOptions, type Rule, type Rules } from "../core/options.ts";
import type { Admission, Rejection } from "./guard/admission.ts";
import type { AuthInfo } from "./guard/auth-info.ts";
import { createGuard } from "./guard/guard.ts";
import { GUARD_RULES, type GuardOptions } from "./guard/guard-options.ts";
import { applyAdmission } from "./node/guard-node.ts";
import { toOpenStream } from "./node/open-stream.ts";
import { inspectNodeBody } from "./node/request-body.ts";
import { NodeRequestView } from "./node/request-view.ts";
import { hasLargeBody, isAnswered, sendResponse } from "./node/send-response.ts";
import type { Verifier } from "./verifier/verifier.ts";

/** The parts of Fastify 4 and 5 that the plugin uses, declared here to avoid a dependency on Fastify. */
export interface FastifyLike {
  decorateRequest(name: string, value: null): unknown;
  hasRequestDecorator(name: string): boolean;
  addHook(
    name: string,
    hook: (request: FastifyRequestLike, reply: FastifyReplyLike, done: (error?: Error) => void) => void,
  ): unknown;
}

export interface FastifyRequestLike {
  readonly raw: IncomingMessage;
  body?: unknown;
}

export interface FastifyReplyLike {
  readonly raw: ServerResponse;
  code(status: number): unknown;
  headers(values: Record<string, string>): unknown;
  getHeaders(): Record<string, unknown>;
  hijack(): unknown;
  send(body: Uint8Array | undefined): unknown;
}

/**
 * The options of {@link guardFastify}: those of every guard, and the verifier.
 * @example
 * ```ts
 * import type { FastifyGuardOptions, Verifier } from "mcp-keys";
 *
 * const optionsFor = (verifier: Verifier): FastifyGuardOptions => ({ verifier, scopes: ["mcp"] });
 * ```
 */
export type FastifyGuardOptions = GuardOptions & { readonly verifier: Verifier };

const ANY: Rule = { what: "anything", is: () => true };
const RULES: Rules<FastifyGuardOptions & Reserved> = {
  ...{ verifier: ANY, ...GUARD_RULES, prefix: ANY, logLevel: ANY, logSerializers: ANY },
};

/**
 * Guards all routes of the Fastify instance it is registered on, and of its children. It accepts a request by setting
 * `request.auth` and `request.raw.auth`; the MCP SDKs' transports read the latter.
 * @throws `KeysError` `USAGE` while the plugin loads, if an option is unknown or invalid
 * @example
 * ```ts
 * import Fastify from "fastify";
 * import { createVerifier, guardFastify, openStore } from "mcp-keys";
 *
 * const verifier = await createVerifier({ store: await openStore() });
 * const fastify = Fastify();
 * await fastify.register(guardFastify, { verifier });
 * ```
 */
export async function guardFastify(fastify: FastifyLike, options: FastifyGuardOptions): Promise<void> {
  const given = readOptions<FastifyGuardOptions & Reserved>("guardFastify", options, RULES);
  const { verifier, prefix: _prefix, logLevel: _logLevel, logSerializers: _serializers, ...own } = given;
  const guard = createGuard("guardFastify", verifier, own);
  if (!fastify.hasRequestDecorator("auth")) fastify.decorateRequest("auth", null);

  /** Accepted requests whose body is still to be inspected. */
  const pending = new WeakMap<IncomingMessage, AcceptedRequest>();

  /** Continues with the route, unless the key has just stopped being valid. */
  const proceed = (
    request: FastifyRequestLike,
    reply: FastifyReplyLike,
    accepted: AcceptedRequest,
    done: () => void,
  ) => {
    const { view, admission } = accepted;
    const rejection = admission.follow?.(toOpenStream(reply.raw, view.isHttp2)) ?? null;
    if (rejection === null) done();
    else refuse(request, reply, rejection);
  };

  fastify.addHook("onRequest", (request, reply, done) => {
    const view = new NodeRequestView(request.raw);
    const finish = (result: Admission | Rejection): void => {
      if (!result.ok) return refuse(request, reply, result);
      // Somebody else has answered, for example because of a timeout.
      if (isAnswered(reply.raw)) return;
      applyAdmission(request.raw, reply.raw, result);
      (request as { auth?: AuthInfo }).auth = result.auth;
      const accepted = { view, admission: result };
      if (result.inspectBody === null) return proceed(request, reply, accepted, done);
      pending.set(request.raw, accepted);
      done();
    };
    const result = guard.check(view);
    if (result instanceof Promise) void result.then(finish).catch((cause: unknown) => done(toError(cause)));
    else finish(result);
  });

  if (!guard.inspectsBody) return;
  // After Fastify has parsed the body, and before anything uses it.
  fastify.addHook("preValidation", (request, reply, done) => {
    const accepted = pending.get(request.raw);
    const inspectBody = accepted?.admission.inspectBody ?? null;
    if (accepted === undefined || inspectBody === null) return done();
    void inspectNodeBody(request.raw, accepted.view, inspectBody, request)
      .then((rejection) => {
        if (rejection === "aborted" || isAnswered(reply.raw)) return;
        if (rejection === null) proceed(request, reply, accepted, done);
        else refuse(request, reply, rejection);
      })
      .catch((cause: unknown) => done(toError(cause)));
  });
}

function toError(cause: unknown): Error {
  return cause instanceof Error ? cause : new Error("the guard failed", { cause });
}

interface AcceptedRequest {
  readonly view: NodeRequestView;
  readonly admission: Admission;
}

/** The options of every plugin, which Fastify reads itself. */
interface Reserved {
  readonly prefix?: unknown;
  readonly logLevel?: unknown;
  readonly logSerializers?: unknown;
}

// Applies the hooks to the instance that registers the plugin, instead of a scope of the plugin's own.
Object.assign(guardFastify, {
  [Symbol.for("skip-override")]: true,
  [Symbol.for("fastify.display-name")]: "mcp-keys",
  [Symbol.for("plugin-meta")]: { name: "mcp-keys", fastify: ">=4" },
});

/** Answers through Fastify, to run its hooks. While the client is still sending, only Node can answer. */
function refuse({ raw }: FastifyRequestLike, reply: FastifyReplyLike, { response }: Rejection): void {
  if (isAnswered(reply.raw)) return;
  if (!hasLargeBody(raw)) {
    reply.code(response.status);
    reply.headers(response.headers);
    // As bytes, because Fastify adds a charset to a string.
    reply.send(response.body === "" ? undefined : Buffer.from(response.body));
    return;
  }
  for (const [name, value] of Object.entries(reply.getHeaders())) reply.raw.setHeader(name, value as string);
  reply.hijack();
  sendResponse(raw, reply.raw, response);
}
