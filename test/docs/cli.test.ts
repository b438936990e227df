import type { Command, Option } from "commander";
import { beforeAll, describe, expect, test } from "vitest";
import { allCommands, buildProgram } from "../../src/cli/program.ts";
import type { Reason } from "../../src/core/judge.ts";
import { KeysError } from "../../src/errors.ts";
import { formats } from "../../src/formats/index.ts";
import { OUTCOMES } from "../../src/probe/verify/verification.ts";
import { GRADES } from "../../src/probe/report/grade.ts";
import { STATUSES } from "../../src/probe/report/report.ts";
import { challenge } from "../../src/server/guard/challenge.ts";
import { stores } from "../../src/stores/index.ts";
import { printDocuments, type PrintedDocuments } from "./documents.ts";
import { readPage, spansOf, tableOf, type Table } from "./markdown.ts";
import { openSources, type Sources } from "./samples.ts";
import { readSources } from "./sources.ts";

const page = readPage("docs/cli.md");
const clientsPage = readPage("docs/clients.md");
const program = await buildProgram(() => {
  throw new Error("no command runs here");
});

/** All commands; subcommands follow their parent. */
const commands = allCommands(program).slice(1);

/** Returns the first code span of a cell, or the cell. */
const nameOf = (cell: string): string => spansOf(cell)[0] ?? cell;
const firstColumn = ({ rows }: Table): string[] => rows.map(([cell]) => nameOf(cell!));

describe("commands", () => {
  test("each command has a section that names its arguments, in the order of --help", () => {
    const titles = page.sections.filter(({ level }) => level === 3).map(({ title }) => title);
    expect(titles).toEqual(commands.map(headingOf));
  });

  test.each([
    ["Global flags", program.options.filter(({ long }) => long !== "--version")] as const,
    ...commands.map((command) => [headingOf(command), ownFlags(command)] as const),
  ])("%s: the table lists exactly the flags and their defaults", (section, flags) => {
    const rows = flags.length === 0 ? [] : tableOf(page, section, "flag").rows;
    expect(rows.map(([flag, value]) => [nameOf(flag!), nameOf(value!)]).sort()).toEqual(
      flags.map((flag) => [flag.flags, defaultOf(flag)]).sort(),
    );
    if (flags.length === 0) expect(page.sections.find(({ title }) => title === section)?.text).toContain("No flags");
  });

  test("every choice of a flag is listed, in its row, or in the table of formats or clients", () => {
    for (const command of commands) {
      for (const { flags, argChoices } of ownFlags(command).filter((flag) => flag.argChoices !== undefined)) {
        const row = tableOf(page, headingOf(command), "flag").rows.find(([flag]) => nameOf(flag!) === flags)!;
        const clients = row[2]!.includes("(clients.md#files)")
          ? firstColumn(tableOf(clientsPage, "Files", "`--for`"))
          : [];
        const named = row[2]!.includes("(#formats)")
          ? firstColumn(tableOf(page, "Formats", "format"))
          : [...clients, ...spansOf(row[2]!)];
        expect(named, `${command.name()} ${flags}`).toEqual(argChoices);
      }
    }
  });
});

describe("tables", () => {
  test("stores: as in the registry", () => {
    expect(firstColumn(tableOf(page, "Stores", "spec")).map((spec) => spec.split(":")[0])).toEqual(Object.keys(stores));
  });

  test("formats: as in the registry", () => {
    expect(firstColumn(tableOf(page, "Formats", "format"))).toEqual(Object.keys(formats));
  });

  test("outcomes: with the exit status of verify", () => {
    const { rows } = tableOf(page, "`verify <url>`", "outcome");
    expect(Object.fromEntries(rows.map(([outcome, exit]) => [nameOf(outcome!), Number(exit)]))).toEqual(OUTCOMES);
  });

  test("variables: exactly those that the code reads", () => {
    const read = [...readSources().values()]
      .map(withoutComments)
      .flatMap((text) => [
        ...[...text.matchAll(/\benv\["([A-Z_]+)"\]/g)].map(([, name]) => name!),
        ...[...text.matchAll(/const \{([^}]+)\} = (?:\w+\.)?env;/g)].flatMap(([, names]) =>
          names!.match(/\b[A-Z_]{2,}\b/g)!,
        ),
      ]);
    expect(firstColumn(tableOf(page, "Environment", "variable")).sort()).toEqual([...new Set(read)].sort());
  });

  test("answers: as the guard gives them", () => {
    const seen: unknown[] = [];
    for (const [what, status, header] of tableOf(page, "What a guarded server answers", "the token is").rows) {
      const fault = what!.includes("store") ? "STORE_UNAVAILABLE" : "BUG";
      const denials = what!.startsWith("no verdict") ? [new KeysError(fault, "x")] : spansOf(what!);
      for (const denial of denials as (Reason | "ambiguous" | KeysError)[]) {
        const answer = challenge(denial, { realm: "mcp", scopes: ["a"] });
        const sent = answer.headers["www-authenticate"] ?? "none";
        const error = spansOf(header!).find((span) => span.startsWith("error="));
        expect({ denial, status: answer.status }).toEqual({ denial, status: Number(status) });
        expect(sent).toContain(error ?? (header!.startsWith("none") ? "none" : "Bearer"));
        expect(sent.includes("error=")).toBe(error !== undefined);
        expect("retry-after" in answer.headers).toBe(header!.includes("Retry-After"));
        if (typeof denial === "string") seen.push(denial);
      }
    }
    expect(seen.sort()).toEqual([...oneOf("of a refusal"), "ambiguous"].sort());
  });
});

describe("JSON", () => {
  let sources: Sources;
  let seen: PrintedDocuments;
  beforeAll(async () => {
    const probe = [...readSources().keys()].filter((path) => path.startsWith("src/probe/"));
    sources = openSources([], ["src/index.ts", ...probe]);
    seen = await printDocuments();
  });

  const members = (column: string): Map<string, string[]> =>
    new Map(tableOf(page, "JSON", column).rows.map(([name, listed]) => [nameOf(name!), spansOf(listed!)]));

  test("each document has exactly the listed members", () => {
    const listed = members("document");
    expect([...seen.documents.keys()].sort(), "each row was printed, and each document has a row").toEqual(
      // `store adopt` needs a database; its own test checks the members.
      [...listed.keys()].filter((name) => !["verify", "test", "store adopt"].includes(name)).sort(),
    );
    for (const [name, documents] of seen.documents) {
      // The line of a compaction has no key, but this run does not print one.
      const shape =
        name === "audit" ? shapeOf([...documents, { ...documents[0], key: undefined }]) : shapeOf(documents);
      expect([name, shape]).toEqual([name, [...listed.get(name)!].sort()]);
    }
    for (const [name, documents] of seen.documents) {
      if (name !== "an error") expect(documents.every((each) => Object.keys(each)[0] === "schemaVersion")).toBe(true);
    }
  });

  test("each part of a document has exactly the listed members", () => {
    const listed = members("part");
    for (const [name, parts] of seen.parts)
      expect([name, shapeOf(parts)]).toEqual([name, [...(listed.get(name) ?? [])].sort()]);
    const fromTypes = ["anonymous, bogus, changed, presented", "server", "finding", "era", "sent", "counts", "figures"];
    expect([...listed.keys()].filter((name) => !fromTypes.includes(name)).sort()).toEqual(
      [...seen.parts.keys()].sort(),
    );
  });

  test("the members of verify match its types", () => {
    const typed = (name: string) => sources.members(probeFile(name), name).sort();
    expect(
      members("document")
        .get("verify")!
        .filter((each) => each !== "schemaVersion")
        .sort(),
    ).toEqual(typed("Verification"));
    expect([...members("part").get("anonymous, bogus, changed, presented")!].sort()).toEqual(typed("AttemptSummary"));
  });

  test("the members of test match its types", () => {
    const typed = (name: string) => sources.members(probeFile(name), name).sort();
    const listed = (column: string, name: string) => [...members(column).get(name)!].sort();
    expect(listed("document", "test")).toEqual(["schemaVersion", ...typed("Report")].sort());
    expect(listed("part", "finding")).toEqual(typed("Finding"));
    expect(listed("part", "counts")).toEqual([...STATUSES].sort());
    expect(listed("part", "sent")).toEqual(typed("Cost"));
    expect(listed("part", "figures")).toEqual(typed("Figures"));
  });

  test("the values of each member are complete", () => {
    const words = (file: string, name: string) => sources.words(file, name).sort();
    expect(oneOf("of a key,")).toEqual(words("src/index.ts", "Status"));
    expect(oneOf("of a version, now:")).toEqual([...words("src/index.ts", "VersionState"), "expired"].sort());
    expect(oneOf("of a refusal")).toEqual(words("src/index.ts", "Reason"));
    expect(oneOf("of a revoked version")).toEqual(words("src/index.ts", "RevokeReason"));
    expect(oneOf("")).toEqual(words("src/index.ts", "Operation"));
    expect(oneOf("of a finding")).toEqual([...STATUSES].sort());
    expect(oneOf("of a test")).toEqual(words(probeFile("Result"), "Result"));
    expect(wordsOf("about")).toEqual(words(probeFile("About"), "About"));
    expect(wordsOf("level")).toEqual(words(probeFile("Level"), "Level"));
    expect(wordsOf("grade")).toEqual([...Object.keys(GRADES), "null"].sort());
    expect(wordsOf("era")).toEqual(words(probeFile("Era"), "Era"));
  });
});

/** Returns the file of the probe that exports a type. */
function probeFile(type: string): string {
  const exported = new RegExp(`^export (type|interface) ${type}\\b`, "m");
  const [file] = [...readSources()].find(([path, text]) => path.startsWith("src/probe/") && exported.test(text)) ?? [];
  if (file === undefined) throw new Error(`the probe exports no ${type}`);
  return file;
}

/** Returns the values in the row whose text starts with `beginning`; with "", those of `op`. */
function oneOf(beginning: string): string[] {
  const { rows } = tableOf(page, "JSON", "member");
  const row = rows.find(([name, text]) => (beginning === "" ? name === "`op`" : text!.startsWith(beginning)))!;
  return spansOf(row[1]!).sort();
}

/** Returns the values in the row of a member. */
function wordsOf(member: string): string[] {
  const { rows } = tableOf(page, "JSON", "member");
  return spansOf(rows.find(([name]) => name === `\`${member}\``)![1]!).sort();
}

/** Returns the members in alphabetical order, with a `?` if some documents lack them. */
function shapeOf(documents: readonly object[]): string[] {
  const members = documents.map((each) =>
    Object.entries(each).flatMap(([name, value]) => (value === undefined ? [] : name)),
  );
  const all = new Set(members.flat());
  return [...all].map((name) => (members.every((each) => each.includes(name)) ? name : `${name}?`)).sort();
}

/** Examples in doc comments may read other variables. */
function withoutComments(text: string): string {
  return text.replaceAll(/^ *(\/\/|\/?\*).*$/gm, "");
}

function headingOf(command: Command): string {
  const terms = command.registeredArguments.map((each) => (each.required ? `<${each.name()}>` : `[${each.name()}]`));
  const names = command.parent?.parent ? [command.parent.name(), command.name()] : [command.name()];
  return `\`${[...names, ...terms].join(" ")}\``;
}

function ownFlags({ options }: Command): Option[] {
  return options.filter(({ helpGroupHeading }) => helpGroupHeading !== "Global options:");
}

function defaultOf({ defaultValue, defaultValueDescription }: Option): string {
  const value: unknown = defaultValueDescription ?? defaultValue;
  return typeof value === "string" ? value : "";
}
