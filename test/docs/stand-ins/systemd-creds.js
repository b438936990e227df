import { basename } from "node:path";
import { fileAt, keep, kept, refuse, standIn, stdin, valued } from "./stand-in.js";

const OPTIONS = valued("name", "with-key", "not-after", "newline", "uid");

/** The name is part of the encrypted file, and `decrypt` compares it with the name of the file. */
const nameFor = ({ name }, path) => name ?? basename(path);

standIn("systemd-creds", {
  encrypt: {
    options: OPTIONS,
    operands: 2,
    run({ values, operands: [input, output] }) {
      if (nameFor(values, output) !== basename(output)) refuse("the name does not match the file");
      keep(output, input === "-" ? stdin() : fileAt(input));
    },
  },
  decrypt: {
    options: OPTIONS,
    operands: 2,
    run({ values, operands: [input] }) {
      if (nameFor(values, input) !== basename(input)) refuse("embedded credential name does not match");
      process.stdout.write(kept(input));
    },
  },
});
