// A small MCP server over stdio that checks a key at startup, with a mistake: `node program.js <mistake>`. KEY_DIGEST has the
// digest of its key, and MCP_API_KEY the key that the client presents.
import { createHash } from "node:crypto";
import { writeSync } from "node:fs";
import { createInterface } from "node:readline";

const { KEY_DIGEST = "", KEY_KNOWN = "", [process.argv[3] ?? "MCP_API_KEY"]: presented } = process.env;

const correct = {
  knows: (token) => createHash("sha256").update(token).digest("hex") === KEY_DIGEST,
  requiresKey: () => true,
  refuse: () => {
    process.stderr.write("this server needs an API key in MCP_API_KEY\n");
    process.exit(2);
  },
  begin: () => process.stderr.write("ready\n"),
  tools: () => ({ tools: [{ name: "add", inputSchema: { type: "object" } }] }),
  greet: () => ({
    protocolVersion: "2025-11-25",
    capabilities: { tools: {} },
    serverInfo: { name: "p", version: "1" },
  }),
};

// Answers until `initialize` with errors, then exits.
function decline() {
  listen((message) => {
    send({ id: message.id, error: { code: -32000, message: "this server needs an API key in MCP_API_KEY" } });
    if (message.method === "initialize") setImmediate(() => process.exit(2));
  });
}

const mistakes = {
  none: {},
  // Not a mistake: it answers with an error.
  declines: { refuse: decline },
  // Not a mistake either: it keeps running and refuses every message.
  "refuses-every-message": {
    refuse: () => listen((message) => send({ id: message.id, error: { code: -32001, message: "unauthorized" } })),
  },
  "speaks-modern": {},
  "requires-no-key": { requiresKey: () => false },
  "accepts-missing-key": { requiresKey: () => presented !== undefined },
  "accepts-empty-key": { requiresKey: () => presented !== "" },
  "accepts-any-key": { knows: () => presented !== undefined && presented !== "" },
  "accepts-any-well-formed-key": { knows: (token) => /^[a-z]+_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}$/.test(token) },
  "compares-only-start": { knows: (token) => KEY_KNOWN !== "" && token.startsWith(KEY_KNOWN) },
  "accepts-prefix": { knows: (token) => token !== "" && KEY_KNOWN.startsWith(token) },
  "ignores-last-character": { knows: (token) => token.slice(0, -1) === KEY_KNOWN.slice(0, -1) },
  "guards-only-handshake": {
    refuse: () =>
      listen((message) =>
        message.method === "tools/list"
          ? send({ id: message.id, result: correct.tools() })
          : send({ id: message.id, error: { code: -32001, message: "unauthorized" } }),
      ),
  },
  "only-warns": {
    refuse: () => {
      process.stderr.write("warning: no valid key\n");
      serve();
    },
  },
  "logs-key": { begin: () => process.stderr.write(`starting with key ${presented}\n`) },
  "logs-key-in-pieces": {
    begin: () => {
      // Each piece is shorter than 8 characters.
      for (const piece of presented.match(/.{1,5}/g)) writeSync(2, piece);
    },
  },
  "logs-environment": { begin: () => process.stderr.write(`${JSON.stringify(process.env)}\n`) },
  "masks-too-little": { begin: () => process.stderr.write(`key ****${presented.slice(-10)}\n`) },
  "shows-expected-key": {
    refuse: () => {
      process.stderr.write(`wrong key: expected ${KEY_KNOWN}\n`);
      process.exit(2);
    },
  },
  "shows-key-in-tools": {
    tools: () => ({ tools: [{ name: "add", description: `calls the API with ${presented}`, inputSchema: {} }] }),
  },
  "hangs-on-wrong-key": { refuse: () => setInterval(() => undefined, 1000) },
  "exits-with-0": { refuse: () => process.exit(0) },
  "rejects-valid-key": { knows: () => false },
  "hangs-always": { requiresKey: () => setInterval(() => undefined, 1000) && false, begin: () => (mute = true) },
  "prints-banner": { begin: () => process.stdout.write("My server v1\n{not json\n[1,2]\n") },
  "ignores-sigterm": {
    begin: () => {
      process.on("SIGTERM", () => undefined);
      setInterval(() => undefined, 1000);
    },
  },
  "prints-without-end": {
    begin: () => {
      mute = true;
      flood();
    },
  },
  "crashes-on-wrong-key": { refuse: () => process.kill(process.pid, "SIGKILL") },
};

let mute = false;
const name = process.argv[2] ?? "none";
const server = { ...correct, ...mistakes[name] };
const modern = name === "speaks-modern";

if (server.requiresKey() && !(presented !== undefined && server.knows(presented))) server.refuse();
else serve();

function serve() {
  server.begin();
  listen(({ id, method }) => {
    if (mute || id === undefined) return;
    if (method === "tools/list") send({ id, result: server.tools() });
    else if (method === "initialize" && !modern) send({ id, result: server.greet() });
    else if (method === "server/discover" && modern) {
      send({ id, result: { supportedVersions: ["2026-07-28"], capabilities: { tools: {} }, _meta: {} } });
    } else send({ id, error: { code: -32601, message: "method not found" } });
  });
}

function flood() {
  process.stderr.write("x".repeat(65_536), () => setImmediate(flood));
}

function send(message) {
  process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
}

function listen(answer) {
  createInterface({ input: process.stdin }).on("line", (line) => answer(JSON.parse(line)));
}
