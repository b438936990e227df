import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { listen } from "../../servers/listen.ts";
import { answerMcp, readKey, settle, type Answer, type MadeServer, type Make } from "./make.ts";
import { isSame } from "./opaque.ts";
import { ENV } from "./programs.ts";
import { findPort, isListening } from "../../servers/free-port.ts";

/** The parts of a configuration that differ. */
interface Configuration {
  readonly key: string;
  readonly header?: string;
  /** Text in the block `http`. */
  readonly outside?: string;
  /** Text in the location of the MCP endpoint: the guard. */
  readonly guard: string;
  /** Text there with and without the guard. */
  readonly rest?: string;
  /** More locations. */
  readonly more?: string;
  /** Files in the folder of the configuration. */
  readonly files?: Readonly<Record<string, string>>;
  /** Answers `/judge` of the upstream server, for `auth_request`. */
  readonly judge?: Answer;
}

/** Debian's nginx in front of a server without any guard of its own. */
export const NGINX_MAKES: readonly Make[] = [
  make("with Basic authentication", () => {
    const password = randomBytes(18).toString("base64url");
    return {
      key: btoa(`ci:${password}`),
      header: "Authorization: Basic",
      guard: 'auth_basic "mcp"; auth_basic_user_file users;',
      files: { users: `ci:{PLAIN}${password}\n` },
    };
  }),
  make("with a map of $http_x_api_key", () => {
    const key = randomKey();
    return {
      key,
      header: "X-API-Key",
      outside: `map $http_x_api_key $client { default ""; "~^${key}$" ci; }`,
      guard: `add_header WWW-Authenticate 'ApiKey realm="mcp"' always; if ($client = "") { return 401; }`,
    };
  }),
  make("with auth_request", () => {
    const key = randomKey();
    return {
      key,
      guard: "auth_request /judge;",
      more: "location = /judge { internal; proxy_pass http://upstream; proxy_pass_request_body off; proxy_set_header Content-Length ''; }",
      judge(request, response) {
        const sent = readKey(request);
        const error = sent === null ? "" : ', error="invalid_token"';
        if (isSame(sent ?? "", key)) response.writeHead(204).end();
        else response.writeHead(401, { "www-authenticate": `Bearer realm="mcp"${error}` }).end();
      },
    };
  }),
  make(
    "that adds Via and refuses unknown methods",
    () => {
      const key = randomKey();
      return {
        key,
        outside: `map $http_authorization $client { default ""; "~*^Bearer +(?-i:${key})$" ci; }`,
        guard: `add_header WWW-Authenticate 'Bearer realm="mcp"' always; if ($client = "") { return 401; }`,
        rest: "if ($request_method !~ ^(GET|POST|DELETE)$) { return 405; } add_header Via '1.1 proxy' always; proxy_set_header Via '1.1 proxy';",
      };
    },
    { "sends-invalid-token": "nginx answers one text to a missing and to a wrong key" },
  ),
];

function make(how: string, configure: () => Configuration, deserves: Make["deserves"] = {}): Make {
  const grade = Object.keys(deserves).length > 0 ? "A" : "A+";
  return { name: `behind nginx ${how}`, needs: "nginx", deserves, grade, start: (open) => start(configure(), open) };
}

async function start({ key, header, ...configuration }: Configuration, open: boolean): Promise<MadeServer> {
  const upstream = await startUpstream(configuration.judge);
  const folder = await mkdtemp(join(tmpdir(), "mcp-keys-nginx-"));
  await mkdir(join(folder, "logs"));
  const port = await findPort();
  const files = { "nginx.conf": write(configuration, { open, port, upstream: new URL(upstream.url).host }) };
  for (const [name, text] of Object.entries({ ...configuration.files, ...files }))
    await writeFile(join(folder, name), text);
  const child = spawn("nginx", ["-p", folder, "-c", "nginx.conf", "-e", "stderr"], {
    env: ENV,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let output = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (output += text));
  const ended = once(child, "close");
  const close = async (): Promise<void> => {
    child.kill("SIGTERM");
    await ended;
    await upstream.close();
    await rm(folder, { recursive: true, force: true });
  };
  for (let waited = 0; waited < 200 && child.exitCode === null; waited++) {
    if (await isListening(port)) return { url: `http://127.0.0.1:${String(port)}/mcp`, key, header, close };
    await pause(20);
  }
  await close();
  throw new Error(`nginx does not listen: ${output}`);
}

function startUpstream(judge?: Answer): ReturnType<typeof listen> {
  const mcp = answerMcp();
  return listen(settle((request, response) => (request.url === "/judge" ? judge : mcp)?.(request, response)));
}

function write(
  { outside = "", guard, rest = "", more = "" }: Omit<Configuration, "key">,
  { open, port, upstream }: { open: boolean; port: number; upstream: string },
): string {
  return `
daemon off; master_process off; pid nginx.pid; error_log stderr error;
events { worker_connections 256; }
http {
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  upstream upstream { server ${upstream}; }
  ${outside}
  server { listen 127.0.0.1:${String(port)} default_server; return 403; }
  server {
    listen 127.0.0.1:${String(port)};
    server_name 127.0.0.1 localhost;
    if ($http_origin) { return 403; }
    location = /mcp {
      ${rest}
      ${open ? "" : guard}
      proxy_pass http://upstream;
      proxy_http_version 1.1;
      proxy_buffering off;
    }
    ${more}
    location / { return 404; }
  }
}
`;
}

function randomKey(): string {
  return `acme_${randomBytes(24).toString("hex")}`;
}
