import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { placeIn } from "../e2e/machines.ts";
import { runProcess } from "../e2e/process.ts";
import { createPipeline, TOKEN } from "./pipeline.ts";
import { readRotationFiles, rotationFile } from "./rotation-page.ts";
import { readCrontab, readUnit } from "./unit-files.ts";

/** A part of a YAML document. */
type Node = Readonly<Record<string, unknown>>;

const keysOf = (node: unknown): string[] => Object.keys(node as Node).sort();
const SECRET = "-----BEGIN OPENSSH PRIVATE KEY-----\nnot a real one\n-----END OPENSSH PRIVATE KEY-----\n";

/** The rotation of a nightly run. */
function rotation(calls: readonly (readonly string[])[]): readonly string[] {
  return calls.find((call) => call.includes("--if-older-than")) ?? [];
}

test.each(readRotationFiles().filter(({ lang }) => lang === "shell"))(
  "$name ($section) parses in sh and bash",
  async ({ text }) => {
    for (const shell of ["sh", "bash"]) {
      expect(await runProcess(shell, ["-n"], { stdin: text, env: process.env })).toMatchObject({
        status: 0,
        stderr: "",
      });
    }
  },
);

describe("cron", () => {
  const { variables, jobs } = readCrontab(rotationFile("crontab", "cron"));

  test("starts one run a night", () => {
    expect(keysOf(variables)).toEqual(["MAILTO", "PATH"]);
    expect(jobs.map(({ schedule }) => schedule.join(" "))).toEqual(["17 3 * * *"]);
  });

  test("runs `nightly`, and skips it while another run is active", async (ctx) => {
    const { world, run, calls } = createPipeline("A");
    if ((await run("command -v flock && command -v timeout")).status !== 0) ctx.skip("needs flock and timeout");
    const command = placeIn(world, jobs[0]!.command);
    expect(await run(command)).toEqual({ status: 0, signal: null, stdout: "", stderr: "" });
    expect(calls()).toHaveLength(2);
    expect(rotation(calls())).not.toContain("--run-id");

    const holder = spawn("flock", [join(world, "store/keys/rotate.lock"), "sh", "-c", "echo locked; read line"]);
    onTestFinished(() => void holder.kill());
    await once(holder.stdout, "data");
    expect(await run(command)).toMatchObject({ status: 1 });
    expect(calls()).toHaveLength(2);
    holder.stdin.end();
  });
});

describe("systemd", () => {
  const service = readUnit(rotationFile("/etc/systemd/system/mcp-rotate.service"));
  const timer = readUnit(rotationFile("/etc/systemd/system/mcp-rotate.timer"));

  test("has units with known settings", () => {
    expect(Object.entries(service).map(([section, settings]) => [section, ...keysOf(settings)])).toEqual([
      ["Unit", "After", "Description", "Wants"],
      [
        ...["Service", "ExecStart", "NoNewPrivileges", "PrivateTmp", "ProtectHome", "ProtectSystem", "ReadWritePaths"],
        ...["TimeoutStartSec", "Type", "User"],
      ],
    ]);
    expect(Object.entries(timer).map(([section, settings]) => [section, ...keysOf(settings)])).toEqual([
      ["Unit", "Description"],
      ["Timer", "OnCalendar", "Persistent", "RandomizedDelaySec"],
      ["Install", "WantedBy"],
    ]);
    expect(service["Service"]).toMatchObject({
      Type: "oneshot",
      ProtectSystem: "strict",
      ReadWritePaths: "/var/lib/mcp-keys",
    });
    expect(timer["Timer"]!["OnCalendar"]).toMatch(/^\*-\*-\* \d\d:\d\d:00$/);
  });

  test("runs `nightly`", async () => {
    const { world, run, calls } = createPipeline("A");
    expect(await run(placeIn(world, service["Service"]!["ExecStart"]!))).toMatchObject({ status: 0, stderr: "" });
    expect(calls()).toHaveLength(2);
  });
});

describe.each([
  ["GitHub Actions", {}],
  ["A store in a git repository", { contents: "write" }],
])("GitHub Actions: %s", (section, permissions) => {
  const workflow = parse(rotationFile(".github/workflows/rotate.yml", section)) as Node;
  const { rotate, ...others } = workflow["jobs"] as Record<string, Node>;
  const steps = rotate!["steps"] as Record<string, Node | string>[];

  test("runs one at a time, with a time limit and no more rights than it needs", () => {
    expect(keysOf(workflow)).toEqual(["concurrency", "jobs", "name", "on", "permissions"]);
    expect(others).toEqual({});
    expect(workflow).toMatchObject({ permissions, concurrency: { group: "rotate-ci", "cancel-in-progress": false } });
    expect(workflow["on"]).toEqual({ schedule: [{ cron: "17 3 * * *" }], workflow_dispatch: null });
    expect(keysOf(rotate).filter((key) => key !== "env")).toEqual([
      "environment",
      "runs-on",
      "steps",
      "timeout-minutes",
    ]);
    for (const step of steps) {
      expect(["env", "name", "run", "uses", "with"]).toEqual(expect.arrayContaining(keysOf(step)));
    }
  });

  test("passes secrets in variables, never in a command", () => {
    for (const { run = "", env = {} } of steps) {
      expect(run).not.toContain("${{");
      for (const [name, value] of Object.entries(env)) {
        expect([name, String(value)]).toEqual([
          name,
          expect.stringMatching(/^(github-)?\$\{\{ (secrets|vars|github)\.\w+ \}\}$/),
        ]);
      }
    }
  });
});

/** Allows the key of a pipeline what `authorized_keys` on the page allows. */
function allowPipeline(world: string): void {
  mkdirSync(join(world, "store/.ssh"));
  writeFileSync(join(world, "store/.ssh/authorized_keys"), placeIn(world, rotationFile("authorized_keys")));
}

test("GitHub Actions starts the rotation over ssh, with the id of the run, and a re-run has the same one", async () => {
  const { world, run, calls, argumentsSoFar } = createPipeline("A");
  allowPipeline(world);
  const { jobs } = parse(rotationFile(".github/workflows/rotate.yml", "GitHub Actions")) as {
    jobs: { rotate: { steps: { run: string }[] } };
  };
  const env = {
    HOME: join(world, "runner"),
    SSH_KEY: SECRET.trim(),
    KNOWN_HOSTS: "store.example",
    RUN_ID: "github-4711",
  };
  mkdirSync(env.HOME);
  for (let attempt = 1; attempt <= 2; attempt++) {
    expect(await run(jobs.rotate.steps.map((step) => step.run).join("\n"), env)).toMatchObject({
      status: 0,
      stderr: "",
    });
    expect(rotation(calls().slice(-1)).join(" ")).toContain("--run-id github-4711");
  }
  expect(readFileSync(join(env.HOME, ".ssh/rotate"), "utf8")).toBe(SECRET);
  expect(argumentsSoFar()).not.toContain("PRIVATE KEY");
});

test("the key of a pipeline can start nothing else", async () => {
  const { world, run, calls } = createPipeline("A");
  allowPipeline(world);
  const harm = 'x"; touch "$WORLD/harm"; echo "$(touch "$WORLD/harm")`touch "$WORLD/harm"`';
  expect((await run('ssh mcp@store.example "$HARM"', { HARM: harm })).status).toBe(0);
  expect(rotation(calls()).at(-1)).toBe(harm);
  expect(await run("ls $WORLD/harm")).toMatchObject({ status: 2 });
});

describe("GitLab CI", () => {
  const { rotate, ...others } = parse(rotationFile(".gitlab-ci.yml")) as Record<string, Node>;

  test("runs one at a time, on a schedule of the default branch, with a time limit", () => {
    expect(others).toEqual({});
    expect(keysOf(rotate)).toEqual([
      ...[
        "before_script",
        "image",
        "interruptible",
        "resource_group",
        "rules",
        "script",
        "stage",
        "timeout",
        "variables",
      ],
    ]);
    expect(rotate).toMatchObject({ resource_group: "rotate-ci", interruptible: false, timeout: "20m" });
    expect(rotate!["rules"]).toEqual([
      { if: '$CI_PIPELINE_SOURCE == "schedule" && $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH' },
    ]);
  });

  test("starts the rotation over ssh, with the id of the pipeline", async () => {
    const { world, run, calls } = createPipeline("B");
    allowPipeline(world);
    const env = { ROTATE_SSH_KEY: join(world, "key"), ROTATE_KNOWN_HOSTS: join(world, "hosts"), CI_PIPELINE_ID: "815" };
    writeFileSync(env.ROTATE_SSH_KEY, SECRET, { mode: 0o644 });
    const script = (rotate!["script"] as string[]).join("\n");
    expect(await run(`set -e\n${script}`, env)).toMatchObject({ status: 0, stderr: "" });
    expect(rotation(calls()).join(" ")).toContain("--run-id gitlab-815");
  });
});

describe("Kubernetes", () => {
  const documents = parseAllDocuments(rotationFile("rotate.yaml")).map((each) => each.toJS() as Record<string, Node>);
  const find = (kind: string) => documents.find((each) => (each["kind"] as unknown) === kind)!;
  const job = (find("CronJob")["spec"]!["jobTemplate"] as { spec: Node }).spec;
  const pod = (job["template"] as { spec: Node }).spec;
  const [container] = pod["containers"] as [
    { command: string[]; env: { name: string; value?: string }[]; volumeMounts: Node[] },
  ];

  test("runs one job at a time, with a time limit, as a user without rights in the container", () => {
    expect(documents.map((each) => each["kind"])).toEqual([
      ...["ServiceAccount", "Role", "RoleBinding", "PersistentVolumeClaim", "CronJob"],
    ]);
    expect(find("CronJob")["spec"]).toMatchObject({
      concurrencyPolicy: "Forbid",
      timeZone: "Etc/UTC",
      schedule: "17 3 * * *",
    });
    expect(keysOf(job)).toEqual(["activeDeadlineSeconds", "backoffLimit", "template"]);
    expect(pod).toMatchObject({
      restartPolicy: "Never",
      serviceAccountName: "mcp-rotate",
      securityContext: { runAsNonRoot: true },
    });
    expect(container).toMatchObject({
      securityContext: { readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
    });
    const volumes = (pod["volumes"] as Node[]).map(({ name }) => name);
    expect(container.volumeMounts.map(({ name }) => name)).toEqual(volumes);
  });

  test("its role names every object, and no right to create or remove one", () => {
    const rules = find("Role")["rules"] as unknown as { resourceNames: string[]; verbs: string[] }[];
    for (const { resourceNames, verbs } of rules) {
      expect(resourceNames.length).toBeGreaterThan(0);
      expect(["get", "list", "watch", "update", "patch"]).toEqual(expect.arrayContaining(verbs));
    }
  });

  test.each(["A", "B", "C"])("runs the script of kind %s with the lines for a cluster", async (kind) => {
    const { world, run, calls, argumentsSoFar } = createPipeline(kind, undefined, true);
    const env = Object.fromEntries(container.env.map(({ name, value = "mcp-rotate-29402" }) => [name, value]));
    expect(await run(placeIn(world, container.command.join(" ")), { ...env, HOME: world })).toMatchObject({
      status: 0,
      stderr: "",
    });
    expect(rotation(calls()).join(" ")).toContain("--run-id mcp-rotate-29402");
    expect(rotation(calls()).join(" ")).not.toMatch(/ssh|vault/);
    expect(argumentsSoFar()).not.toContain(TOKEN);
  });
});
