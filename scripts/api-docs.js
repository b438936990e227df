// Writes docs/api.md from the doc comments of everything src/index.ts exports.
//   npm run docs:api
// The comments in src/index.ts are the headings of the page. `test/docs/api.test.ts` fails when the page is out of date.
import { readFile, writeFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import prettier from "prettier";
import ts from "typescript";

const root = resolve(import.meta.dirname, "..");
const index = join(root, "src/index.ts");
const page = join(root, "docs/api.md");

/**
 * @typedef {object} ApiExport
 * @property {string} topic - the comment in src/index.ts that it is listed under
 * @property {string} name
 * @property {string} file - relative to the root
 * @property {number} line - where its doc comment starts, counted from 1
 * @property {string} signature - the declaration without bodies
 * @property {string} text - the doc comment up to its first tag
 * @property {{ name: string, text: string }[]} tags - all tags but `@example`
 * @property {{ code: string, line: number }[]} examples - the code of each `@example`, and its line in the file
 */

/** Reads every export of src/index.ts, in its order. @returns {ApiExport[]} */
export function readApi() {
  const { config } = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, { ...ts.sys, readDirectory: () => [] }, root);
  // Only syntax and symbols are read, so the declarations of the language and of Node are not loaded.
  const program = ts.createProgram([index], { ...options, noLib: true, types: [] });
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(index);
  let topic = "";
  return source.statements.filter(ts.isExportDeclaration).flatMap((statement) => {
    const [comment] = ts.getLeadingCommentRanges(source.text, statement.pos)?.slice(-1) ?? [];
    if (comment !== undefined) topic = source.text.slice(comment.pos, comment.end).replace(/^\/\/ /, "");
    return statement.exportClause.elements.map((element) => {
      const symbol = checker.getAliasedSymbol(checker.getSymbolAtLocation(element.name));
      return readExport(topic, element.name.text, symbol.declarations[0]);
    });
  });
}

function readExport(topic, name, declaration) {
  const node = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
  const source = node.getSourceFile();
  const doc = node.jsDoc?.at(-1);
  const start = doc?.pos ?? node.getStart();
  const line = source.getLineAndCharacterOfPosition(start).line + 1;
  return {
    topic,
    name,
    file: relative(root, source.fileName).replaceAll("\\", "/"),
    line,
    signature: signatureOf(declaration),
    ...readComment(doc === undefined ? "" : source.text.slice(doc.pos, doc.end), line),
  };
}

/** Takes a doc comment apart. A line that starts with `@` begins a tag, except inside a fenced block. */
function readComment(comment, line) {
  const lines = comment
    .replace(/^\/\*\*/, "")
    .replace(/\*\/$/, "")
    .split("\n");
  const parts = [{ name: "", lines: [], line }];
  let isFenced = false;
  for (const [i, each] of lines.entries()) {
    const text = each
      .replace(/^\s*\* ?/, "")
      .replace(/^\s+(?=@)/, "")
      .trimEnd();
    if (text.trimStart().startsWith("```")) isFenced = !isFenced;
    // A tag may follow a sentence on the same line: `/** Returns … @throws … */`.
    const tag = isFenced ? null : /^(.*?)(?:^|(?<=\s))@([a-z]+)\b ?(.*)$/.exec(text);
    if (tag === null || (tag[1] ?? "").includes("`")) parts.at(-1).lines.push(text);
    else {
      if (tag[1].trim() !== "") parts.at(-1).lines.push(tag[1].trim());
      parts.push({ name: tag[2], lines: [tag[3]], line: line + i });
    }
  }
  const [head, ...tags] = parts.map((part) => ({ ...part, text: part.lines.join("\n").trim() }));
  return {
    text: head.text,
    tags: tags.filter(({ name }) => name !== "example").map(({ name, text }) => ({ name, text })),
    examples: tags
      .filter(({ name }) => name === "example")
      .map(({ text, line: at, lines: all }) => ({
        code: /```ts\n([^]*?)\n```/.exec(text)?.[1] ?? "",
        line: at + all.findIndex((each) => each.startsWith("```")) + 1,
      })),
  };
}

/** The declaration as written, without bodies, `export` and the doc comment above it. */
function signatureOf(declaration) {
  const text = (node) => node.getText();
  if (ts.isFunctionDeclaration(declaration)) {
    const { parameters, type, typeParameters } = declaration;
    const generics = typeParameters === undefined ? "" : `<${typeParameters.map(text).join(", ")}>`;
    return `function ${declaration.name.text}${generics}(${parameters.map(text).join(", ")}): ${type.getText()};`;
  }
  if (ts.isVariableDeclaration(declaration)) return `const ${constantOf(declaration)}`;
  if (ts.isClassDeclaration(declaration)) return classOf(declaration);
  return declaration
    .getText()
    .replace(/^\/\*\*[^]*?\*\/\s*/, "")
    .replace(/^export /, "");
}

/** Shows the value of a constant, or for a registry its type with the names of its members. */
function constantOf({ name, initializer }) {
  let value = initializer;
  let type = "";
  while (ts.isAsExpression(value) || ts.isSatisfiesExpression(value)) {
    if (ts.isSatisfiesExpression(value)) type = value.type.getText();
    value = value.expression;
  }
  if (!ts.isObjectLiteralExpression(value)) return `${name.getText()} = ${value.getText()};`;
  const names = value.properties.map((each) => JSON.stringify(each.name.text));
  return `${name.getText()}: ${type.replace("Record<string,", `Record<${names.join(" | ")},`)};`;
}

function classOf({ name, heritageClauses = [], members }) {
  const shown = members.filter((member) => !ts.isPrivateIdentifier(member.name ?? member) && !isSymbol(member));
  const lines = shown.map((member) => {
    const end = member.body?.pos ?? member.end;
    const doc = member.jsDoc?.at(-1)?.getText() ?? "";
    return `${doc}\n${member.getSourceFile().text.slice(member.getStart(), end).trim().replace(/;?$/, ";")}`;
  });
  const heritage = heritageClauses.map((clause) => ` ${clause.getText()}`).join("");
  return `class ${name.text}${heritage} {\n${lines.join("\n")}\n}`;
}

function isSymbol(member) {
  return member.name !== undefined && ts.isComputedPropertyName(member.name);
}

/** The whole page. @returns {Promise<string>} */
export async function renderApi(api = readApi()) {
  const topics = [...new Set(api.map(({ topic }) => topic))];
  const parts = topics.map((topic) => {
    const entries = api.filter((each) => each.topic === topic);
    return `## ${topic}\n\n${entries.map(renderExport).join("\n\n")}`;
  });
  const text = `${HEAD}\n\n${topics.map((topic) => `- [${topic}](#${slugOf(topic)})`).join("\n")}\n\n${parts.join("\n\n")}\n`;
  return prettier.format(text, { ...(await prettier.resolveConfig(page)), parser: "markdown" });
}

const HEAD = `# API

Every export of \`mcp-keys\`, with an example that is type-checked. \`npm run docs:api\` writes this page from the doc comments.
Unless a comment says otherwise, times are in seconds since 1970 and durations in seconds. Errors are \`KeysError\`; their codes are
in [errors.md](errors.md).`;

const TITLES = { throws: "Throws", returns: "Returns", see: "See" };

function renderExport({ name, signature, text, tags, examples }) {
  const listed = tags.map((tag) => {
    const said = plain(tag.text).replaceAll(/\s*\n\s*/g, " ");
    if (tag.name === "param") return said.replace(/^(\w+)\s*(?:- )?/, "- `$1`: ");
    return `- ${TITLES[tag.name] ?? tag.name}: ${said}`;
  });
  const shown = examples.map(({ code }) => `\`\`\`ts\n${code}\n\`\`\``);
  return [`### \`${name}\``, `\`\`\`ts\n${plain(signature)}\n\`\`\``, plain(text), listed.join("\n"), ...shown]
    .filter((part) => part !== "")
    .join("\n\n");
}

/** `{@link Keys.check}` → `Keys.check`, as code in text. */
function plain(text) {
  return text.replaceAll(/\{@link ([^}]+)\}/g, "`$1`");
}

function slugOf(title) {
  return title
    .toLowerCase()
    .replaceAll(/[^a-z0-9 -]/g, "")
    .replaceAll(" ", "-");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = await renderApi();
  if ((await readFile(page, "utf8").catch(() => "")) !== text) await writeFile(page, text);
}
