import { fileAt, flags, isKept, keep, keptNames, print, refuse, standIn, stdin, valued } from "./stand-in.js";

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
    run: () => print(keptNames().join("\n")),
  },
  "service update": {
    options: { ...valued("secret-rm", "secret-add"), ...flags("quiet/q", "detach/d") },
    operands: 1,
    run({ values }) {
      const source =
        /^source=([^,]+),target=[^,]+$/.exec(values["secret-add"])?.[1] ?? refuse("only source and target");
      if (!isKept(source)) refuse(`secret not found: ${source}`);
    },
  },
});
