import { flags, keep, keptNames, need, print, refuse, standIn, stdin, valued } from "./stand-in.js";

const APP = valued("app/a", "config/c");

standIn("fly", {
  "secrets import": {
    options: { ...APP, ...flags("stage", "detach", "dns-checks") },
    operands: 0,
    run({ values }) {
      need(values, "app");
      for (const line of stdin()
        .split("\n")
        .filter((each) => each.trim() !== "" && !each.startsWith("#"))) {
        const [, name, value] =
          /^([^=]+)=(.*)$/.exec(line) ?? refuse(`Secrets must be provided as NAME=VALUE pairs (${line} is invalid)`);
        keep(name.trim(), value.replace(/^ +/, "").replace(/^(["'])(.*)\1$/, "$2"));
      }
    },
  },
  "secrets list": {
    options: { ...APP, ...flags("json/j") },
    operands: 0,
    run: () => print(keptNames().join("\n")),
  },
});
