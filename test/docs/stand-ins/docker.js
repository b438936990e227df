import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileAt, flags, isKept, keep, keptNames, print, refuse, standIn, stdin, valued } from "./stand-in.js";

/** The secrets of the service: the source by the name of its file. */
const SERVICE = join(process.env.STAND_IN, "service.json");

standIn("docker", {
  "secret create": {
    options: valued("label/l", "driver/d", "template-driver"),
    operands: 2,
    run({ operands: [name, source] }) {
      const data = source === "-" ? stdin() : fileAt(source);
      if (data === "") refuse("data is empty");
      if (isKept(name)) refuse(`secret ${name} already exists`);
      keep(name, data);
      print("qfqgcm5xwbxzc5mcz1rvuwqeb");
    },
  },
  "secret ls": {
    options: { ...valued("filter/f", "format"), ...flags("quiet/q") },
    operands: 0,
    run({ values: { filter = "name=", format = "{{.Name}}" } }) {
      const prefix = /^name=(.*)$/.exec(filter)?.[1] ?? refuse("only the filter name");
      for (const name of keptNames().filter((each) => each.startsWith(prefix)))
        print(format.replace("{{.Name}}", name));
    },
  },
  "service create": {
    options: valued("name", "secret"),
    operands: 1,
    run: ({ values }) => attach({}, values.secret),
  },
  "service update": {
    options: {
      "secret-rm": { type: "string", multiple: true },
      ...valued("secret-add"),
      ...flags("quiet/q", "detach/d"),
    },
    operands: 1,
    run({ values: { "secret-rm": removed = [], "secret-add": added } }) {
      const before = Object.entries(JSON.parse(readFileSync(SERVICE, "utf8")));
      attach(Object.fromEntries(before.filter(([, source]) => !removed.includes(source))), added);
    },
  },
});

/** Gives a service one more secret. */
function attach(secrets, text) {
  const [, source, target] = /^source=([^,]+),target=([^,]+)$/.exec(text) ?? refuse("only source and target");
  if (!isKept(source)) refuse(`secret not found: ${source}`);
  if (target in secrets) refuse(`secret references have a conflicting target: ${target}`);
  writeFileSync(SERVICE, JSON.stringify({ ...secrets, [target]: source }));
}
