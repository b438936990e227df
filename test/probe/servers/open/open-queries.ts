import type { BrokenServer } from "../broken.ts";
import { skipping } from "./skipping.ts";

const parametersOf = (url = ""): URLSearchParams => new URL(url, "http://server").searchParams;

/** Servers that a parameter of the query opens. */
export const OPEN_QUERIES: readonly BrokenServer[] = skipping("requires-key-for-every-query", [
  ["has a debug mode in the query", /debug=1/, (_, { url }) => parametersOf(url).get("debug") === "1"],
  ["lets the query skip its guard", /skip_auth=true/, (_, { url }) => parametersOf(url).get("skip_auth") === "true"],
  ["looks whether the query names an admin", /the query admin/, (_, { url }) => parametersOf(url).has("admin")],
  ["takes a mode from the query", /mode=test/, (_, { url }) => parametersOf(url).get("mode") === "test"],
  ["takes every URL that ends like that of a file for public", /v=\.css/, (_, { url = "" }) => url.endsWith(".css")],
  ["looks for /health anywhere in the URL", /next=\/health/, (_, { url = "" }) => /\?.*\/health/.test(url)],
]);
