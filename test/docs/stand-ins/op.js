import { isKept, keep, kept, need, print, refuse, standIn, stdin, valued } from "./stand-in.js";

const GLOBAL = valued("vault", "format", "account");

/** What `op` knows of an item, apart from its value. */
const item = (title) => ({ title, category: "API_CREDENTIAL", fields: [{ id: "credential", type: "CONCEALED" }] });

standIn("op", {
  "item create": {
    options: { ...GLOBAL, ...valued("category", "title", "template") },
    operands: 0,
    run({ values }) {
      need(values, "category", "title");
      keep(values.title, "");
    },
  },
  "item get": {
    options: GLOBAL,
    operands: 1,
    run({ values, operands: [title] }) {
      if (values.format !== "json") refuse("only --format json");
      if (stdin() !== "") refuse("standard input names another item");
      kept(title);
      print(JSON.stringify(item(title)));
    },
  },
  "item edit": {
    options: { ...GLOBAL, ...valued("template", "title") },
    operands: 1,
    run({ operands: [title] }) {
      if (!isKept(title)) refuse(`"${title}" isn't an item`);
      const edited = JSON.parse(stdin());
      const value = edited.fields.find(({ id }) => id === "credential")?.value ?? "";
      keep(title, value);
      // It prints the item.
      print(JSON.stringify(edited));
    },
  },
  read: {
    options: GLOBAL,
    operands: 1,
    run({ operands: [reference] }) {
      const [, title] = /^op:\/\/[^/]+\/([^/]+)\/credential$/.exec(reference) ?? refuse("not a secret reference");
      print(kept(title));
    },
  },
});
