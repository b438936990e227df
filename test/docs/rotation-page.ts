import { readPage } from "./markdown.ts";

/** A file that a page shows. */
export interface ShownFile {
  /** From its first comment: `# rotate.sh: what it does`. */
  readonly name: string;
  /** The heading above it. */
  readonly section: string;
  readonly lang: string;
  readonly text: string;
}

/** Returns the files that `docs/rotation.md` shows, in order. */
export function readRotationFiles(): ShownFile[] {
  const { text, blocks } = readPage("docs/rotation.md");
  const lines = text.split("\n");
  return blocks.flatMap((block) => {
    const name = /^(?:#!.*\n)?# (\S+?):? /.exec(block.text)?.[1];
    if (name === undefined || block.lang === "sh") return [];
    const section = lines.slice(0, block.line).findLast((line) => /^##+ /.test(line)) ?? "";
    return [{ name, section: section.replace(/^#+ /, ""), lang: block.lang, text: `${block.text}\n` }];
  });
}

/** Returns one file of the page. @param section - start of the heading above it */
export function rotationFile(name: string, section = ""): string {
  const found = readRotationFiles().filter((file) => file.name === name && file.section.startsWith(section));
  if (found.length !== 1) throw new Error(`docs/rotation.md has ${found.length} files ${name} in "${section}"`);
  return found[0]!.text;
}

/** Replaces the lines of a script that set the same name, or start the same command, as a line of the other text. */
export function withLines(script: string, lines: string): string {
  return lines
    .split("\n")
    .filter((line) => !/^(#|$)/.test(line))
    .reduce((text, line) => {
      const start = /^ *(?:\w+=|\w+\(\)|mcp-keys \w+ )/.exec(line)?.[0];
      if (start === undefined) throw new Error(`docs/rotation.md: nothing says which line to replace: ${line}`);
      return text
        .split("\n")
        .map((old) => (old.startsWith(start) ? line : old))
        .join("\n");
    }, script);
}
