// A small MCP server over stdio that asks for a key at its start, and the mistakes that are made with it: `node program.js
// <mistake>`. Its key is told it as a digest in KEY_DIGEST; what the client presents stands in MCP_API_KEY.
import { createHash } from "node:crypto";
import { writeSync } from "node:fs";
import { createInterface } from "node:readline";

const { KEY_DIGEST = "", KEY_KNOWN = "", [process.argv[3] ?? "MCP_API_KEY"]: presented } = process.env;

const right = {
  knows: (token) => createHash("sha256").update(token).digest("hex") === KEY_DIGEST,
  // Whether the program asks for a key at all.
  asks: () => true,
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

// Answers what the client asks up to its `initialize`, then ends.
function decline() {
  listen((message) => {
    send({ id: message.id, error: { code: -32000, message: "this server needs an API key in MCP_API_KEY" } });
    if (message.method === "initialize") setImmediate(() => process.exit(2));
  });
}

const mistakes = {
  none: {},
  // Not a mistake: the client is told in MCP.
  declines: { refuse: decline },
  // Not a mistake either: stays, and refuses all that it is asked.
  "refuses-all": {
    refuse: () => listen((message) => send({ id: message.id, error: { code: -32001, message: "unauthorized" } })),
  },
  "speaks-modern": {},
  "asks-nobody": { asks: () => false },
  "asks-only-who-has-one": { asks: () => presented !== undefined },
  "takes-empty": { asks: () => presented !== "" },
  "looks-for-presence": { knows: () => presented !== undefined && presented !== "" },
  "looks-at-form": { knows: (token) => /^[a-z]+_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}$/.test(token) },
  "compares-beginning": { knows: (token) => KEY_KNOWN !== "" && token.startsWith(KEY_KNOWN) },
  "is-prefix-of-expected": { knows: (token) => token !== "" && KEY_KNOWN.startsWith(token) },
  "compares-without-last": { knows: (token) => token.slice(0, -1) === KEY_KNOWN.slice(0, -1) },
  "guards-handshake-only": {
    refuse: () =>
      listen((message) =>
        message.method === "tools/list"
          ? send({ id: message.id, result: right.tools() })
          : send({ id: message.id, error: { code: -32001, message: "unauthorized" } }),
      ),
  },
  "warns-only": {
    refuse: () => {
      process.stderr.write("warning: no valid key\n");
      serve();
    },
  },
  "logs-key": { begin: () => process.stderr.write(`starting with key ${presented}\n`) },
  "logs-key-in-pieces": {
    begin: () => {
      // None of them is of 8 characters.
      for (const piece of presented.match(/.{1,5}/g)) writeSync(2, piece);
    },
  },
  "logs-environment": { begin: () => process.stderr.write(`${JSON.stringify(process.env)}\n`) },
  "masks-badly": { begin: () => process.stderr.write(`key ****${presented.slice(-10)}\n`) },
  "shows-expected": {
    refuse: () => {
      process.stderr.write(`wrong key: expected ${KEY_KNOWN}\n`);
      process.exit(2);
    },
  },
  "shows-in-tools": {
    tools: () => ({ tools: [{ name: "add", description: `calls the API with ${presented}`, inputSchema: {} }] }),
  },
  "hangs-refused": { refuse: () => setInterval(() => undefined, 1000) },
  "ends-with-0": { refuse: () => process.exit(0) },
  "forgot-key": { knows: () => false },
  "hangs-always": { asks: () => setInterval(() => undefined, 1000) && false, begin: () => (mute = true) },
  "prints-banner": { begin: () => process.stdout.write("My server v1\n{not json\n[1,2]\n") },
  "ignores-end": {
    begin: () => {
      process.on("SIGTERM", () => undefined);
      setInterval(() => undefined, 1000);
    },
  },
  floods: {
    begin: () => {
      mute = true;
      flood();
    },
  },
  "crashes-refused": { refuse: () => process.kill(process.pid, "SIGKILL") },
};

let mute = false;
const name = process.argv[2] ?? "none";
const server = { ...right, ...mistakes[name] };
const modern = name === "speaks-modern";

if (server.asks() && !(presented !== undefined && server.knows(presented))) server.refuse();
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
