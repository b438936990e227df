import type { Variation } from "../mcp/variation.ts";

const METHODS = ["PUT", "PATCH", "DELETE", "OPTIONS", "GET", "PROPFIND", "MCPKEYS", "post"];

const OVERRIDES = ["x-http-method-override", "x-http-method", "x-method-override"];

/** Other methods with the same message. Guards often list POST, or the methods that change something. */
export const OTHER_METHODS: readonly Variation[] = [
  ...METHODS.map((method) => ({
    name: `the method ${method}`,
    method,
    // A preflight names the method it asks for, and some middleware looks for that.
    ...(method === "OPTIONS" ? { headers: { "access-control-request-method": "POST" } } : {}),
  })),
  // Travels with the first method, PUT, which it replaces.
  { name: "POST in X-HTTP-Method-Override", headers: Object.fromEntries(OVERRIDES.map((name) => [name, "POST"])) },
  ...["OPTIONS", "GET"].map((method) => ({ name: `the query _method=${method}`, query: `_method=${method}` })),
];
