import { flags, keep, kept, print, standIn, stdin, valued } from "./stand-in.js";

const GLOBAL = { ...valued("project/p", "config/c", "token/t"), ...flags("silent", "json", "raw") };

standIn("doppler", {
  "secrets set": {
    options: { ...GLOBAL, ...valued("visibility", "type"), ...flags("no-interactive") },
    operands: 1,
    run({ values, operands: [text] }) {
      const [name, literal] = text.split("=", 2);
      // Lines, joined again: a line break at the end is lost.
      const value = literal ?? stdin().replace(/\r?\n$/, "");
      keep(name, value);
      // It prints the new value, except with `--silent`.
      if (values.silent !== true) print(`│ ${name} │ ${value} │`);
    },
  },
  "secrets get": {
    options: { ...GLOBAL, ...flags("plain", "copy") },
    operands: 1,
    run: ({ values, operands: [name] }) => print(values.plain === true ? kept(name) : `│ ${name} │ ${kept(name)} │`),
  },
});
