import { fileAt, flags, isKept, keep, kept, print, refuse, standIn, stdin, valued } from "./stand-in.js";

const GLOBAL = valued("namespace/n", "context", "output/o");

standIn("kubectl", {
  "create secret generic": {
    options: { ...GLOBAL, ...valued("from-file", "from-literal", "from-env-file", "type", "dry-run", "field-manager") },
    operands: 1,
    run({ values, operands: [name] }) {
      const [, key, path] = /^([^=]+)=(.+)$/.exec(values["from-file"] ?? "") ?? refuse("only --from-file=key=path");
      const data = Buffer.from(fileAt(path)).toString("base64");
      if (values["dry-run"] === "client") {
        if (values.output !== "yaml") return print(`secret/${name} created (dry run)`);
        return print(`apiVersion: v1\ndata:\n  ${key}: ${data}\nkind: Secret\nmetadata:\n  name: ${name}`);
      }
      if (isKept(`${name} ${key}`)) refuse(`secrets "${name}" already exists`);
      return keep(`${name} ${key}`, Buffer.from(data, "base64").toString());
    },
  },
  apply: {
    options: { ...GLOBAL, ...valued("filename/f", "field-manager"), ...flags("server-side", "force-conflicts") },
    operands: 0,
    run({ values }) {
      const text = values.filename === "-" ? stdin() : fileAt(values.filename);
      if (text.trim() === "") refuse("no objects passed to apply");
      const [, key, data] = /^data:\n {2}(.+): (.+)$/m.exec(text) ?? refuse("only one datum");
      const [, name] = /^ {2}name: (.+)$/m.exec(text) ?? refuse("resource name may not be empty");
      const value = Buffer.from(data, "base64").toString();
      keep(`${name} ${key}`, value);
      // The client's way to apply leaves a copy of the manifest in an annotation.
      if (values["server-side"] !== true) keep(`${name} last-applied-configuration`, value);
      print(`secret/${name} serverside-applied`);
    },
  },
  "get secret": {
    options: GLOBAL,
    operands: 1,
    run({ values, operands: [name] }) {
      const [, path] = /^jsonpath=\{\.data\.(.+)\}$/.exec(values.output) ?? refuse("only jsonpath");
      process.stdout.write(Buffer.from(kept(`${name} ${path.replaceAll("\\", "")}`)).toString("base64"));
    },
  },
});
