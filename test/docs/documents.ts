import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { formatReport } from "../../src/core/usage-report.ts";
import { openFileStore } from "../../src/stores/file.ts";
import { createCli } from "../cli/fake-world.ts";

type Document = Record<string, unknown>;

/** JSON documents and their parts, by the name of their row in `docs/cli.md`. */
export interface PrintedDocuments {
  readonly documents: ReadonlyMap<string, readonly Document[]>;
  readonly parts: ReadonlyMap<string, readonly Document[]>;
}

/** Runs each command until every member has appeared, and every optional one has been absent. */
export async function printDocuments(): Promise<PrintedDocuments> {
  const { cli, dir, clock } = createCli();
  const documents = new Map<string, Document[]>();
  const run = async (name: string, line: string | string[], piped?: string): Promise<Document> => {
    const words = typeof line === "string" ? line.split(" ") : line;
    const { stdout, stderr } = await cli([...words, "--json"], { piped });
    const printed = (stdout || stderr)
      .trimEnd()
      .split("\n")
      .map((each) => JSON.parse(each) as Document);
    documents.set(name, [...(documents.get(name) ?? []), ...printed]);
    return printed[0]!;
  };

  /** Scans a repository with tokens in the work tree and in a commit, and something that is no file. */
  const scanFolder = async (): Promise<Document> => {
    const folder = join(dir, "scanned");
    mkdirSync(folder);
    const known = (await cli("generate scanned")).stdout;
    const unknown = (await cli("generate elsewhere --store memory:")).stdout;
    writeFileSync(join(folder, "a.txt"), `${known}${unknown}`);
    const git = ["-c", "user.name=a", "-c", "user.email=a@b", "-C", folder];
    const env = { PATH: process.env["PATH"], HOME: dir };
    for (const args of [
      ["init", "-q"],
      ["add", "-A"],
      ["commit", "-q", "-m", "c"],
    ]) {
      execFileSync("git", [...git, ...args], { env });
    }
    return run("scan", ["scan", folder, "/dev/null"]);
  };

  const { token } = await run(
    "generate",
    "generate ci --owner ada --note nightly --tag team=a --scope a --audience https://one/mcp",
  );
  await run("generate", ["generate", "plain", "--expires", "never", "--out", join(dir, "plain")]);
  const setup = ["init", dir, "--framework", "express", "--name", "first", "--client", "cursor"];
  const { steps: setupSteps, next: manualSteps } = await run("init", setup);
  await run("rotate", "rotate ci --if-older-than 1d");
  await run("rotate", "rotate ci");
  await run("rotate --abort", "rotate ci --abort");
  const fresh = await run("rotate", ["rotate", "ci", "--out", join(dir, "ci")]);
  await run("rotate --status", "rotate ci --status");
  await run("rotate", ["rotate", "ci", "--run-id", "4711", "--to", "cat >/dev/null"]);
  await run("rotate --plan", "rotate ci --plan");
  await run("rotate --status", "rotate ci --status");
  await run("rotate --finish", "rotate ci --finish --force");
  const { results } = await run("rotate --all", ["rotate", "--all", "--tag", "team=a", "--to", "exit 1"]);
  await run("check", "check", String(token));
  await run("check", "check", "a-token-in-another-format-0123456789-0123456");
  await run("check", "check", (await cli("rotate plain")).stdout);
  for (const verb of ["disable", "enable"]) await run(verb, `${verb} plain`);
  await run("update", "update plain --owner bob");
  await run("revoke", "revoke plain --reason unused --yes");
  clock.now += 1;
  await run("import", "import old --allow-weak", "changeme123");
  await run("revoke", "revoke --token --yes", "changeme123");
  const listed = await runFollowed(run, join(dir, "store", "keys.jsonl"), dir);
  await run("list", "list");
  await run("show", "show ci");
  const two = `--store file:${join(dir, "store", "keys.jsonl")} --store memory:`;
  await run("list", `list ${two}`);
  await run("show", `show ci ${two}`);
  await run("check", `check ${two}`, (await cli("rotate ci")).stdout);
  const client = ["export", "--for", "lm-studio", "--url", "https://mcp.example.com/mcp"];
  await run("export --for", client);
  await run("export --install", [...client, "--install", join(dir, "mcp.json")]);
  const report = { store: `file:${join(dir, "store", "keys.jsonl")}`, server: "edge-1", at: clock.now };
  const [{ id }] = [fresh["key"] as { id: string }];
  const reports = [report, { ...report, store: "file:/other" }].map((each) =>
    formatReport({ ...each, uses: [{ id, n: 1, at: clock.now }] }),
  );
  const { imported, skipped } = await run("uses import", "uses import", reports.join(""));
  const used = await run("uses", "uses");
  const shown = await run("show", "show ci");
  await run("uses forget", "uses forget edge-1");
  await run("audit", "audit");
  await run("audit --verify", "audit --verify");
  await run("audit --archive", ["audit", "--archive", join(dir, "store", "old.jsonl")]);
  await run("audit", "audit");
  await run("store", "store");
  await run("store schema", "store schema");
  await run(
    "store migrate",
    `store migrate --from file:${join(dir, "store", "keys.jsonl")} --to file:${dir}/new.jsonl`,
  );
  const diagnosed = await run("doctor", `doctor --store file:${dir}/none.jsonl`);
  const scanned = await scanFolder();
  await run("an error", "show missing");
  const { checks } = await run("test --list", "test --list");

  const all = [...documents].flatMap(([name, each]) => (name === "audit" ? [] : each));
  const keys = all.flatMap(({ key, keys: some }) => [...(Array.isArray(some) ? some : []), key]).filter(isDocument);
  const parts = new Map([
    ["key", keys],
    [
      "version",
      [...keys.flatMap(({ versions }) => versions as Document[]), ...all.map(({ version }) => version)].filter(
        isDocument,
      ),
    ],
    ["retiring", [fresh["retiring"]].filter(isDocument)],
    ["confirmed", all.map(({ confirmed }) => confirmed).filter(isDocument)],
    ["followers", (listed["servers"] as unknown[]).filter(isDocument)],
    ["listed check", (checks as unknown[]).filter(isDocument)],
    ["doctor's finding", diagnosed["findings"] as Document[]],
    ["doctor's counts", [diagnosed["counts"] as Document]],
    ["use", [...(used["uses"] as Document[]), ...(shown["uses"] as Document[])]],
    ["report", used["reports"] as Document[]],
    ["imported report", imported as Document[]],
    ["skipped report", skipped as Document[]],
    ["setup step", (setupSteps as unknown[]).filter(isDocument)],
    ["manual step", (manualSteps as unknown[]).filter(isDocument)],
    ["scanned", [scanned["scanned"] as Document]],
    ["finding of a scan", scanned["findings"] as Document[]],
    ["place", (scanned["findings"] as { places: Document[] }[]).flatMap(({ places }) => places)],
    ["unread", scanned["unread"] as Document[]],
    ["failed key", (results as unknown[]).filter(isDocument)],
    ["error", all.map(({ error }) => error).filter(isDocument)],
    ["key of an audit line", (documents.get("audit") ?? []).map(({ key }) => key).filter(isDocument)],
  ]);
  return { documents, parts };
}

/** Runs the commands that wait, in a store that a server follows. Returns what `servers` printed. */
async function runFollowed(
  run: (name: string, line: string | string[]) => Promise<Document>,
  file: string,
  dir: string,
): Promise<Document> {
  const store = await openFileStore(file, { env: {}, uid: process.getuid?.() ?? null, dataDir: null });
  const { epoch } = await store.position();
  const news = { id: "follower-of-docs", name: "web-1", lease: 60_000, version: "0.1.0" };
  await store.acknowledge({ ...news, position: { epoch, seq: 1_000_000 } });
  await run("generate", ["generate", "waited", "--wait", "--out", join(dir, "waited")]);
  await run("rotate", ["rotate", "waited", "--wait=5s", "--to", "cat >/dev/null"]);
  await run("rotate --finish", "rotate waited --finish --force --wait");
  await run("rotate", ["rotate", "waited", "--to", "cat >/dev/null"]);
  await run("rotate --abort", "rotate waited --abort --wait");
  await run("disable", "disable waited");
  await run("enable", "enable waited --wait");
  await run("update", "update waited --owner bob --wait");
  await run("revoke", "revoke waited --yes");
  const listed = await run("servers", "servers");
  await store.unfollow(news.id);
  await store.close();
  return listed;
}

function isDocument(value: unknown): value is Document {
  return typeof value === "object" && value !== null;
}
