import { fileAt, keep, kept, need, print, refuse, standIn, valued } from "./stand-in.js";

const SECRET = valued("vault-name", "name/n", "id", "output/o", "query", "subscription");

standIn("az", {
  "keyvault secret set": {
    options: { ...SECRET, ...valued("value", "file/f", "encoding/e", "description", "expires") },
    operands: 0,
    run({ values }) {
      need(values, "vault-name", "name");
      const { value, file, encoding = "utf-8" } = values;
      if ((value === undefined) === (file === undefined)) refuse("incorrect usage: --value VALUE | --file PATH");
      const text = value ?? fileAt(file);
      const stored = file !== undefined && encoding === "base64" ? Buffer.from(text).toString("base64") : text;
      keep(values.name, stored);
      // It prints the whole secret, except with `--output none`.
      if (values.output !== "none") print(JSON.stringify({ id: values.name, value: stored }));
    },
  },
  "keyvault secret show": {
    options: { ...SECRET, ...valued("version/v") },
    operands: 0,
    run({ values }) {
      need(values, "vault-name", "name");
      const value = kept(values.name);
      print(values.query === "value" && values.output === "tsv" ? value : JSON.stringify({ value }));
    },
  },
});
