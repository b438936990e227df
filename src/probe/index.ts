import type { Check } from "./check.ts";
import { acceptsBothVersions } from "./checks/accepts-both-versions.ts";
import { acceptsEnabledKey } from "./checks/accepts-enabled-key.ts";
import { acceptsNewKey } from "./checks/accepts-new-key.ts";
import { callsTool } from "./checks/calls-tool.ts";
import { challengeNamesBearer } from "./checks/challenge-names-bearer.ts";
import { challengeParses } from "./checks/challenge-parses.ts";
import { clockInStep } from "./checks/clock-in-step.ts";
import { echoesNoKey } from "./checks/echoes-no-key.ts";
import { guardsBatches } from "./checks/guards-batches.ts";
import { guardsEndpoint } from "./checks/guards-endpoint.ts";
import { guardsEveryMessage } from "./checks/guards-every-message.ts";
import { guardsEveryMethod } from "./checks/guards-every-method.ts";
import { guardsEveryPath } from "./checks/guards-every-path.ts";
import { guardsHandshake } from "./checks/guards-handshake.ts";
import { guardsStream } from "./checks/guards-stream.ts";
import { guardsToolCall } from "./checks/guards-tool-call.ts";
import { httpsBeyondLoopback } from "./checks/https-beyond-loopback.ts";
import { ignoresBareKey } from "./checks/ignores-bare-key.ts";
import { ignoresKeyInBody } from "./checks/ignores-key-in-body.ts";
import { ignoresKeyInCookie } from "./checks/ignores-key-in-cookie.ts";
import { ignoresKeyInQuery } from "./checks/ignores-key-in-query.ts";
import { ignoresOtherScheme } from "./checks/ignores-other-scheme.ts";
import { keepsKeyToItself } from "./checks/keeps-key-to-itself.ts";
import { letsKeyIn } from "./checks/lets-key-in.ts";
import { listsTools } from "./checks/lists-tools.ts";
import { noCorsForEveryone } from "./checks/no-cors-for-everyone.ts";
import { noErrorWithoutKey } from "./checks/no-error-without-key.ts";
import { noRedirect } from "./checks/no-redirect.ts";
import { noRedirectElsewhere } from "./checks/no-redirect-elsewhere.ts";
import { noStackTrace } from "./checks/no-stack-trace.ts";
import { oauthMetadataLeadsSomewhere } from "./checks/oauth-metadata-leads-somewhere.ts";
import { reachable } from "./checks/reachable.ts";
import { refusesAnonymousSession } from "./checks/refuses-anonymous-session.ts";
import { refusesBeforeParsing } from "./checks/refuses-before-parsing.ts";
import { refusesBeforeReading } from "./checks/refuses-before-reading.ts";
import { refusesBogusKey } from "./checks/refuses-bogus-key.ts";
import { refusesBogusKeyElsewhere } from "./checks/refuses-bogus-key-elsewhere.ts";
import { refusesChangedKey } from "./checks/refuses-changed-key.ts";
import { refusesCutKey } from "./checks/refuses-cut-key.ts";
import { refusesDisabledKey } from "./checks/refuses-disabled-key.ts";
import { refusesEmptyBearer } from "./checks/refuses-empty-bearer.ts";
import { refusesExpiredKey } from "./checks/refuses-expired-key.ts";
import { refusesForeignHost } from "./checks/refuses-foreign-host.ts";
import { refusesForeignOrigin } from "./checks/refuses-foreign-origin.ts";
import { refusesKeyInOtherCase } from "./checks/refuses-key-in-other-case.ts";
import { refusesLengthenedKey } from "./checks/refuses-lengthened-key.ts";
import { refusesNoKey } from "./checks/refuses-no-key.ts";
import { refusesOldTls } from "./checks/refuses-old-tls.ts";
import { refusesOtherId } from "./checks/refuses-other-id.ts";
import { refusesOtherScheme } from "./checks/refuses-other-scheme.ts";
import { refusesOtherSecret } from "./checks/refuses-other-secret.ts";
import { refusesPlaceholderKey } from "./checks/refuses-placeholder-key.ts";
import { refusesProxyHeaders } from "./checks/refuses-proxy-headers.ts";
import { refusesRevokedKey } from "./checks/refuses-revoked-key.ts";
import { refusesSessionWithoutKey } from "./checks/refuses-session-without-key.ts";
import { refusesTwoKeys } from "./checks/refuses-two-keys.ts";
import { refusesWith401 } from "./checks/refuses-with-401.ts";
import { refusesWrongKeyWith401 } from "./checks/refuses-wrong-key-with-401.ts";
import { sameAnswerForUnknownKeys } from "./checks/same-answer-for-unknown-keys.ts";
import { saysInvalidToken } from "./checks/says-invalid-token.ts";
import { schemeInAnyCase } from "./checks/scheme-in-any-case.ts";
import { sendsChallenge } from "./checks/sends-challenge.ts";
import { sessionBoundToKey } from "./checks/session-bound-to-key.ts";
import { sessionEnds } from "./checks/session-ends.ts";
import { sessionGoesOn } from "./checks/session-goes-on.ts";
import { sessionIdUnguessable } from "./checks/session-id-unguessable.ts";
import { tlsHostMatches } from "./checks/tls-host-matches.ts";
import { tlsNotExpiring } from "./checks/tls-not-expiring.ts";
import { tlsTrusted } from "./checks/tls-trusted.ts";

/**
 * Every check of a server over HTTP, in running order: by group, in the order of `GROUPS`. To add one: its file in `checks/`
 * and a line here; `test/probe/checks.test.ts` then asks for a server with the mistake it is named for.
 */
export const CHECKS: readonly Check[] = [
  reachable,
  httpsBeyondLoopback,
  tlsTrusted,
  tlsHostMatches,
  refusesOldTls,
  tlsNotExpiring,
  noRedirectElsewhere,
  noRedirect,
  clockInStep,
  letsKeyIn,
  listsTools,
  schemeInAnyCase,
  sessionGoesOn,
  callsTool,
  refusesNoKey,
  guardsEveryMessage,
  guardsBatches,
  guardsStream,
  guardsEndpoint,
  guardsEveryPath,
  guardsEveryMethod,
  guardsToolCall,
  refusesSessionWithoutKey,
  refusesAnonymousSession,
  refusesEmptyBearer,
  refusesProxyHeaders,
  refusesBogusKey,
  refusesBogusKeyElsewhere,
  refusesOtherSecret,
  refusesOtherId,
  refusesChangedKey,
  refusesCutKey,
  refusesLengthenedKey,
  refusesKeyInOtherCase,
  refusesPlaceholderKey,
  refusesOtherScheme,
  guardsHandshake,
  ignoresKeyInQuery,
  ignoresKeyInCookie,
  ignoresKeyInBody,
  ignoresBareKey,
  ignoresOtherScheme,
  refusesTwoKeys,
  refusesWith401,
  refusesWrongKeyWith401,
  sendsChallenge,
  challengeParses,
  challengeNamesBearer,
  noErrorWithoutKey,
  saysInvalidToken,
  sameAnswerForUnknownKeys,
  oauthMetadataLeadsSomewhere,
  refusesBeforeParsing,
  refusesBeforeReading,
  sessionBoundToKey,
  sessionIdUnguessable,
  sessionEnds,
  refusesForeignOrigin,
  refusesForeignHost,
  noCorsForEveryone,
  acceptsNewKey,
  refusesDisabledKey,
  acceptsEnabledKey,
  acceptsBothVersions,
  refusesRevokedKey,
  refusesExpiredKey,
  keepsKeyToItself,
  echoesNoKey,
  noStackTrace,
];
