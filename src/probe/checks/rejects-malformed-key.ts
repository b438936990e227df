import { Secret } from "../../core/secret.ts";
import type { Check } from "../check.ts";
import { costOf, tryEach } from "../judge/judge-refused.ts";
import { shapeOf } from "../judge/key-shape.ts";
import { encodePart } from "../judge/made-up-key.ts";
import { wrongKeys } from "../judge/wrong-keys.ts";
import { wrongKey, type PresentedKey } from "../mcp/presented-key.ts";
import type { Target } from "../target/target.ts";

/** Longer than any key, and short enough for every proxy. */
const LONG = 1000;

export const rejectsMalformedKey: Check = {
  id: "rejects-malformed-key",
  group: "rejection",
  about: "access",
  level: "must",
  expected: "rejects keys that a parser cannot read",
  source: new URL("https://cwe.mitre.org/data/definitions/636.html"),
  fix: "treat every error while reading or comparing a key as a wrong key; do not go on to the handler",
  needs: ["accepted"],
  cost: costOf(2),
  run: (target) => tryEach(target, { controls: wrongKeys(target), variants: malformedKeys(target) }),
};

function malformedKeys({ header, key, random }: Target): PresentedKey[] {
  const long = Array.from({ length: LONG / 20 }, () => random(20)).join("");
  const made: Record<string, string> = {
    "a key of 1,000 characters with broken percent-encoding and UTF-8": `%E0%A4%A\xff${long}`,
  };
  const shape = shapeOf(key.reveal());
  if (shape.kind === "basic") {
    // With an empty password, the user name is the key.
    if (shape.password !== "") made["a user name without a password"] = Buffer.from(shape.user).toString("base64");
  } else if (shape.kind !== "jwt") {
    // For a JWT, rejects-forged-jwt sends better ones.
    const claims = { sub: "admin", role: "admin", scope: "mcp", exp: 4_102_444_800 };
    made["an unsigned JWT"] = `${encodePart({ alg: "none", typ: "JWT" })}.${encodePart(claims)}.`;
  }
  return Object.entries(made).map(([name, text]) => wrongKey(header, new Secret(text), { id: name, name }));
}
