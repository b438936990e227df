/** A secret that a product ships with or that its documentation tells people to use. */
export interface DefaultSecret {
  /** Public, so it may be printed. */
  readonly value: string;
  /** Where it comes from. */
  readonly product: string;
  /** The advisory, or the page that shows it. */
  readonly source: string;
}

/** Keys of clients, the likeliest first: each costs a request. */
export const DEFAULT_KEYS: readonly DefaultSecret[] = [
  { value: "sk-1234", product: "LiteLLM", source: "https://github.com/BerriAI/litellm/pull/42019" },
  { value: "dev-token-123", product: "Opik MCP", source: "https://github.com/comet-ml/opik-mcp/pull/99" },
  {
    value: "secret-api-key",
    product: "Kuadrant MCP Gateway",
    source: "https://github.com/advisories/GHSA-g53w-w6mj-hrpp",
  },
];

/** Secrets that sign JWTs with HS256, HS384 or HS512. They cost no request. */
export const DEFAULT_SIGNING_SECRETS: readonly DefaultSecret[] = [
  { value: "my-test-key", product: "ContextForge", source: "https://nvd.nist.gov/vuln/detail/CVE-2026-53709" },
  {
    value: "my-test-key-but-now-longer-than-32-bytes",
    product: "ContextForge",
    source: "https://nvd.nist.gov/vuln/detail/CVE-2026-53709",
  },
  {
    value: "your-super-secret-jwt-token-with-at-least-32-characters-long",
    product: "Supabase",
    source: "https://supabase.com/docs/guides/self-hosting/docker",
  },
  {
    value: "super-secret-jwt-token-with-at-least-32-characters-long",
    product: "the local Supabase",
    source: "https://supabase.com/docs/guides/local-development",
  },
  {
    value: "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
    product: "the tutorial of FastAPI",
    source: "https://fastapi.tiangolo.com/tutorial/security/oauth2-jwt/",
  },
  { value: "super_secret", product: "cognee", source: "https://github.com/topoteretes/cognee/issues/4265" },
  { value: "test-key", product: "NocoBase", source: "https://github.com/nocobase/nocobase/issues/9575" },
  { value: "secretKey", product: "Ever Demand", source: "https://github.com/ever-co/ever-demand/issues/1586" },
  { value: "random", product: "go-base", source: "https://github.com/dhax/go-base/pull/31" },
  { value: "not so secret", product: "Navidrome", source: "https://github.com/advisories/GHSA-wq59-4q6r-635r" },
  {
    value: "SecretKey012345678901234567890123456789012345678901234567890123456789",
    product: "Nacos",
    source: "https://nacos.io/en/docs/next/guide/user/auth/",
  },
  {
    value: "supersecretkeythatshouldbechangedforproduction",
    product: "a template for FastAPI and LangGraph",
    source: "https://github.com/wassim249/fastapi-langgraph-agent-production-ready-template/issues/94",
  },
  {
    value: "claudex_default_secret_key_for_development_only",
    product: "Agentrove",
    source: "https://github.com/Mng-dev-ai/agentrove/issues/135",
  },
  {
    value: "openestimate-local-dev-key",
    product: "OpenConstructionERP",
    source: "https://github.com/datadrivenconstruction/OpenConstructionERP/issues/27",
  },
  {
    value: "change-me-in-production",
    product: "TradingAgents-CN",
    source: "https://github.com/hsliuping/TradingAgents-CN/pull/681",
  },
  {
    value: "your-super-secret-jwt-key-change-in-production",
    product: "TradingAgents-CN",
    source: "https://github.com/hsliuping/TradingAgents-CN/pull/681",
  },
  { value: "changeme", product: "ODS", source: "https://github.com/Osmantic/ODS/pull/698" },
  { value: "change me", product: "Open5GS", source: "https://github.com/open5gs/open5gs/issues/856" },
  {
    value: "your-secret-key",
    product: "the examples of AuthX",
    source: "https://authx.yezz.me/get-started/basic-usage/",
  },
  ...["secret", "your-256-bit-secret", "a-string-secret-at-least-256-bits-long", "your_jwt_secret", "jwt_secret"].map(
    (value) => ({
      value,
      product: "examples of JWT",
      source: "https://github.com/wallarm/jwt-secrets",
    }),
  ),
];
