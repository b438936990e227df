import { fileAt, isKept, keep, kept, print, refuse, standIn, stdin, valued } from "./stand-in.js";

const OPTIONS = valued("mount", "cas", "field", "format", "method", "namespace", "address");

function write({ operands: [path, pair] }) {
  const [, name, value] = /^([^=@]+)=(.*)$/.exec(pair) ?? refuse("Failed to parse K=V data");
  // `-` is all of standard input, byte for byte; `@` is a file.
  const text = value === "-" ? stdin() : value.startsWith("@") ? fileAt(value.slice(1)) : value;
  keep(`${path} ${name}`, text);
  print("version    1");
}

standIn(
  "vault",
  {
    "kv put": { options: OPTIONS, operands: 2, run: write },
    "kv patch": {
      options: OPTIONS,
      operands: 2,
      run(call) {
        const [path, pair] = call.operands;
        if (!isKept(`${path} ${pair.split("=")[0]}`)) refuse(`No value found at ${path}`);
        write(call);
      },
    },
    "kv get": {
      options: OPTIONS,
      operands: 1,
      run: ({ values: { field }, operands: [path] }) => print(kept(`${path} ${field}`)),
    },
  },
  // Go's flag package: one dash is enough, and the first operand ends the flags.
  (args) => {
    const end = args.findIndex((arg) => !arg.startsWith("-"));
    return [...args.slice(0, end).map((arg) => arg.replace(/^-+/, "--")), "--", ...args.slice(end)];
  },
);
