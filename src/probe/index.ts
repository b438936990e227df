import type { Check } from "./check.ts";
import { acceptsBothVersions } from "./checks/accepts-both-versions.ts";
import { acceptsNewKey } from "./checks/accepts-new-key.ts";
import { acceptsReenabledKey } from "./checks/accepts-reenabled-key.ts";
import { acceptsSchemeInAnyCase } from "./checks/accepts-scheme-in-any-case.ts";
import { acceptsValidKey } from "./checks/accepts-valid-key.ts";
import { answers401ToWrongKey } from "./checks/answers-401-to-wrong-key.ts";
import { answers401WithoutKey } from "./checks/answers-401-without-key.ts";
import { callsTool } from "./checks/calls-tool.ts";
import { challengeNamesBearer } from "./checks/challenge-names-bearer.ts";
import { challengeParses } from "./checks/challenge-parses.ts";
import { clockInSync } from "./checks/clock-in-sync.ts";
import { endsStreamsOfRevokedKey } from "./checks/ends-streams-of-revoked-key.ts";
import { hidesForbiddenTool } from "./checks/hides-forbidden-tool.ts";
import { hidesPresentedKey } from "./checks/hides-presented-key.ts";
import { hidesStackTrace } from "./checks/hides-stack-trace.ts";
import { hidesValidKey } from "./checks/hides-valid-key.ts";
import { httpsBeyondLoopback } from "./checks/https-beyond-loopback.ts";
import { limitsWrongKeys } from "./checks/limits-wrong-keys.ts";
import { listsTools } from "./checks/lists-tools.ts";
import { noRedirect } from "./checks/no-redirect.ts";
import { noRedirectToOtherOrigin } from "./checks/no-redirect-to-other-origin.ts";
import { oauthMetadataResolves } from "./checks/oauth-metadata-resolves.ts";
import { omitsErrorWithoutKey } from "./checks/omits-error-without-key.ts";
import { reachable } from "./checks/reachable.ts";
import { rejectsAnonymousSession } from "./checks/rejects-anonymous-session.ts";
import { rejectsBeforeParsing } from "./checks/rejects-before-parsing.ts";
import { rejectsBeforeReading } from "./checks/rejects-before-reading.ts";
import { rejectsBogusKey } from "./checks/rejects-bogus-key.ts";
import { rejectsBogusKeyElsewhere } from "./checks/rejects-bogus-key-elsewhere.ts";
import { rejectsBogusKeyInOtherScheme } from "./checks/rejects-bogus-key-in-other-scheme.ts";
import { rejectsChangedKey } from "./checks/rejects-changed-key.ts";
import { rejectsDefaultKey } from "./checks/rejects-default-key.ts";
import { rejectsDigestOfKey } from "./checks/rejects-digest-of-key.ts";
import { rejectsDisabledKey } from "./checks/rejects-disabled-key.ts";
import { rejectsEmptyBearer } from "./checks/rejects-empty-bearer.ts";
import { rejectsExpiredKey } from "./checks/rejects-expired-key.ts";
import { rejectsExtendedKey } from "./checks/rejects-extended-key.ts";
import { rejectsForeignHost } from "./checks/rejects-foreign-host.ts";
import { rejectsForeignOrigin } from "./checks/rejects-foreign-origin.ts";
import { rejectsHiddenTool } from "./checks/rejects-hidden-tool.ts";
import { rejectsForgedJwt } from "./checks/rejects-forged-jwt.ts";
import { rejectsKeyInBody } from "./checks/rejects-key-in-body.ts";
import { rejectsKeyInCookie } from "./checks/rejects-key-in-cookie.ts";
import { rejectsKeyInOtherCase } from "./checks/rejects-key-in-other-case.ts";
import { rejectsKeyInOtherScheme } from "./checks/rejects-key-in-other-scheme.ts";
import { rejectsKeyInQuery } from "./checks/rejects-key-in-query.ts";
import { rejectsKeyPattern } from "./checks/rejects-key-pattern.ts";
import { rejectsKeyWithoutScheme } from "./checks/rejects-key-without-scheme.ts";
import { rejectsMalformedKey } from "./checks/rejects-malformed-key.ts";
import { rejectsOldTls } from "./checks/rejects-old-tls.ts";
import { rejectsPlaceholderKey } from "./checks/rejects-placeholder-key.ts";
import { rejectsProxyHeaders } from "./checks/rejects-proxy-headers.ts";
import { rejectsRevokedKey } from "./checks/rejects-revoked-key.ts";
import { rejectsTruncatedKey } from "./checks/rejects-truncated-key.ts";
import { rejectsTwoKeys } from "./checks/rejects-two-keys.ts";
import { rejectsWrongId } from "./checks/rejects-wrong-id.ts";
import { rejectsWrongSecret } from "./checks/rejects-wrong-secret.ts";
import { requiresKey } from "./checks/requires-key.ts";
import { requiresKeyForBatches } from "./checks/requires-key-for-batches.ts";
import { requiresKeyForEveryBody } from "./checks/requires-key-for-every-body.ts";
import { requiresKeyForEveryClient } from "./checks/requires-key-for-every-client.ts";
import { requiresKeyForEveryConnection } from "./checks/requires-key-for-every-connection.ts";
import { requiresKeyForEveryMessage } from "./checks/requires-key-for-every-message.ts";
import { requiresKeyForEveryMethod } from "./checks/requires-key-for-every-method.ts";
import { requiresKeyForEveryPath } from "./checks/requires-key-for-every-path.ts";
import { requiresKeyForEveryQuery } from "./checks/requires-key-for-every-query.ts";
import { requiresKeyForEveryVersion } from "./checks/requires-key-for-every-version.ts";
import { requiresKeyForHandshake } from "./checks/requires-key-for-handshake.ts";
import { requiresKeyInOtherEras } from "./checks/requires-key-in-other-eras.ts";
import { requiresKeyForSseEndpoint } from "./checks/requires-key-for-sse-endpoint.ts";
import { requiresKeyForStream } from "./checks/requires-key-for-stream.ts";
import { requiresKeyForToolCall } from "./checks/requires-key-for-tool-call.ts";
import { requiresKeyInSession } from "./checks/requires-key-in-session.ts";
import { restrictsCors } from "./checks/restricts-cors.ts";
import { sameAnswerForUnknownKeys } from "./checks/same-answer-for-unknown-keys.ts";
import { sendsChallenge } from "./checks/sends-challenge.ts";
import { sendsInvalidToken } from "./checks/sends-invalid-token.ts";
import { sessionBoundToKey } from "./checks/session-bound-to-key.ts";
import { sessionContinues } from "./checks/session-continues.ts";
import { sessionEnds } from "./checks/session-ends.ts";
import { sessionIdUnguessable } from "./checks/session-id-unguessable.ts";
import { tlsHostMatches } from "./checks/tls-host-matches.ts";
import { tlsNotExpiring } from "./checks/tls-not-expiring.ts";
import { tlsTrusted } from "./checks/tls-trusted.ts";

/**
 * All checks of servers over HTTP in running order, group by group as in `GROUPS`. To add one, write its file in `checks/` and add
 * a line here. `test/probe/checks/checks.test.ts` then requires a server with the mistake it is named for.
 */
export const CHECKS: readonly Check[] = [
  reachable,
  httpsBeyondLoopback,
  tlsTrusted,
  tlsHostMatches,
  rejectsOldTls,
  tlsNotExpiring,
  noRedirectToOtherOrigin,
  noRedirect,
  clockInSync,
  acceptsValidKey,
  listsTools,
  acceptsSchemeInAnyCase,
  sessionContinues,
  callsTool,
  hidesForbiddenTool,
  requiresKey,
  requiresKeyForEveryMessage,
  requiresKeyForBatches,
  requiresKeyForStream,
  requiresKeyForSseEndpoint,
  requiresKeyInOtherEras,
  requiresKeyForEveryPath,
  requiresKeyForEveryMethod,
  requiresKeyForEveryBody,
  requiresKeyForEveryVersion,
  requiresKeyForEveryConnection,
  requiresKeyForEveryClient,
  requiresKeyForEveryQuery,
  requiresKeyForToolCall,
  rejectsHiddenTool,
  requiresKeyInSession,
  rejectsAnonymousSession,
  rejectsEmptyBearer,
  rejectsProxyHeaders,
  rejectsBogusKey,
  rejectsBogusKeyElsewhere,
  rejectsWrongSecret,
  rejectsWrongId,
  rejectsChangedKey,
  rejectsForgedJwt,
  rejectsTruncatedKey,
  rejectsExtendedKey,
  rejectsKeyInOtherCase,
  rejectsPlaceholderKey,
  rejectsDefaultKey,
  rejectsKeyPattern,
  rejectsMalformedKey,
  rejectsDigestOfKey,
  rejectsBogusKeyInOtherScheme,
  requiresKeyForHandshake,
  rejectsKeyInQuery,
  rejectsKeyInCookie,
  rejectsKeyInBody,
  rejectsKeyWithoutScheme,
  rejectsKeyInOtherScheme,
  rejectsTwoKeys,
  answers401WithoutKey,
  answers401ToWrongKey,
  sendsChallenge,
  challengeParses,
  challengeNamesBearer,
  omitsErrorWithoutKey,
  sendsInvalidToken,
  sameAnswerForUnknownKeys,
  oauthMetadataResolves,
  rejectsBeforeParsing,
  rejectsBeforeReading,
  limitsWrongKeys,
  sessionBoundToKey,
  sessionIdUnguessable,
  sessionEnds,
  rejectsForeignOrigin,
  rejectsForeignHost,
  restrictsCors,
  acceptsNewKey,
  rejectsDisabledKey,
  acceptsReenabledKey,
  acceptsBothVersions,
  rejectsRevokedKey,
  endsStreamsOfRevokedKey,
  rejectsExpiredKey,
  hidesValidKey,
  hidesPresentedKey,
  hidesStackTrace,
];
