import { flags, fileAt, keep, keptNames, print, refuse, standIn, stdin, valued } from "./stand-in.js";

const REPO = valued("repo/R");
const LEVELS = { ...REPO, ...valued("org/o", "env/e", "app/a"), ...flags("user/u") };

standIn("gh", {
  "secret set": {
    options: { ...LEVELS, ...valued("body/b", "env-file/f", "visibility/v", "repos/r"), ...flags("no-store") },
    operands: 1,
    run({ values, operands: [name] }) {
      if (values["env-file"] !== undefined) refuse(`a dotenv file, not a value: ${fileAt(values["env-file"])}`);
      // Standard input without its line breaks at the end.
      keep(values.env === undefined ? name : `${values.env} ${name}`, values.body ?? stdin().replace(/[\r\n]+$/, ""));
    },
  },
  "secret list": {
    options: LEVELS,
    operands: 0,
    run: () => print(keptNames().join("\n")),
  },
});
