import { keep, keptNames, need, print, standIn, stdin, valued } from "./stand-in.js";

const WORKER = valued("name", "env/e", "config/c");

standIn("wrangler", {
  "secret put": {
    options: WORKER,
    operands: 1,
    run({ values, operands: [key] }) {
      need(values, "name");
      keep(key, stdin().trimEnd());
      print(`✨ Success! Uploaded secret ${key}`);
    },
  },
  "secret list": {
    options: { ...WORKER, ...valued("format") },
    operands: 0,
    run({ values }) {
      need(values, "name");
      print(JSON.stringify(keptNames().map((name) => ({ name, type: "secret_text" }))));
    },
  },
});
