/** mcp-keys as a library. The line comments are the headings of docs/api.md. */

// Issue keys
export { createKeys, type Keys, type KeysOptions } from "./keys/keys.ts";
export type { GenerateInput } from "./keys/generate.ts";
export type { ImportInput } from "./keys/import.ts";
export type { DigestInput } from "./keys/import-digests.ts";
export type { Deliver, Issued } from "./keys/deliver.ts";
export { DEFAULT_OVERLAP, type RotateOptions, type Rotated } from "./keys/rotate.ts";
export { DEFAULT_WINDOW, type EndProof, type EndRotation } from "./core/evidence.ts";
export type { RevokeOptions } from "./keys/revoke.ts";
export type { KeyChanges } from "./core/edit.ts";
export { waitForServers, type Confirmation, type WaitOptions } from "./keys/wait-for-servers.ts";
export type { Updated } from "./keys/update.ts";
export type { Random } from "./keys/mint.ts";
export type { Epoch, Key, KeyId, KeyName, Status } from "./core/key.ts";
export type { RevokeReason, Version, VersionState } from "./core/key.ts";
export { keyStatus } from "./core/status.ts";
export { formatDuration, formatTime, parseDuration, parseExpiry } from "./core/duration.ts";

// Stores
export { openStore, type OpenStoreOptions } from "./open-store.ts";
export { postgresStore, type PostgresStoreOptions } from "./stores/postgres/pool-store.ts";
export type { PostgresClient, PostgresPool } from "./stores/postgres/client.ts";
export type { Change, Draft, KeyStore, Operation, Snapshot, StoreWorld, Written } from "./stores/store.ts";
export type { Acknowledgement, Follower } from "./core/follower.ts";
export { formatPosition, parsePosition, type Position } from "./core/position.ts";
export type { ServerReport, Usage, UsageNews, Use } from "./core/usage.ts";

// Guards
export { guardNode, type GuardedRequest } from "./server/node/guard-node.ts";
export { guardUpgrade, type UpgradeHandler, type UpgradeOptions } from "./server/node/guard-upgrade.ts";
export {
  guardFetch,
  type FetchAdmission,
  type FetchGuard,
  type FetchGuardInput,
  type FetchHandler,
} from "./server/fetch/guard-fetch.ts";
export { guardFastify, type FastifyGuardOptions } from "./server/fastify.ts";
export type { GuardOptions } from "./server/guard/guard-options.ts";
export type { AuthInfo } from "./server/guard/auth-info.ts";
export { createTokenVerifier, type TokenVerifier, type TokenVerifierOptions } from "./server/mcp-sdk.ts";
export { requireApiKeyFromEnv, type StdioOptions } from "./server/stdio.ts";

// Verifier
export {
  createVerifier,
  type AtLeastOptions,
  type EndedVersion,
  type Requirements,
  type Verifier,
  type VerifierOptions,
} from "./server/verifier/verifier.ts";
export type { AccessRecord } from "./server/access/access-record.ts";
export { instrument, type MeterLike } from "./server/metrics/instrument.ts";
export type { Demand, Reason, Verdict } from "./core/judge.ts";

// Tokens and digests
export { Secret } from "./core/secret.ts";
export { formatToken, parsePrefix, parseToken, type ParsedToken, type TokenParts } from "./core/token.ts";
export { parseBearer, type ParsedHeader } from "./core/authorization.ts";
export { digestToken, isDigest, parsePeppers, type Digest, type Pepper } from "./core/digest.ts";

// Probe
export { probe, type ProbeOptions } from "./probe.ts";
export type { Figures } from "./probe/report/figures.ts";
export type { ServerFramework } from "./probe/report/framework.ts";
export type { Finding, FindingStatus, Report, Result } from "./probe/report/report.ts";
export type { About, Group } from "./probe/check.ts";
export type { Level } from "./probe/check-result.ts";
export type { Cost, Tried } from "./probe/check-result.ts";
export type { Era } from "./probe/mcp/conversation.ts";
export type { Grade } from "./probe/report/grade.ts";
export type { Baseline } from "./probe/report/baseline.ts";
export type { Lab, LabKey } from "./probe/target/lab.ts";

// Formats
export { formats, isFormatName, type FormatName } from "./formats/index.ts";
export type { Connection, Format } from "./formats/format.ts";

// Errors
export { CODES, KeysError, type Code } from "./errors.ts";
