import { fileAt, isKept, keep, kept, need, refuse, standIn, stdin, valued } from "./stand-in.js";

const GLOBAL = valued("project", "location", "format");
const DATA = valued("data-file");

/** All of standard input for `-`, byte for byte, else a file. */
const dataOf = ({ "data-file": path }) => (path === "-" ? stdin() : fileAt(path));

standIn("gcloud", {
  "secrets create": {
    options: { ...GLOBAL, ...DATA, ...valued("replication-policy", "locations", "labels") },
    operands: 1,
    run({ values, operands: [name] }) {
      if (isKept(name)) refuse(`Secret [${name}] already exists`);
      keep(name, dataOf(values));
    },
  },
  "secrets versions add": {
    options: { ...GLOBAL, ...DATA },
    operands: 1,
    run({ values, operands: [name] }) {
      need(values, "data-file");
      if (!isKept(name)) refuse(`NOT_FOUND: Secret [${name}]`);
      keep(name, dataOf(values));
    },
  },
  "secrets versions access": {
    options: { ...GLOBAL, ...valued("secret") },
    operands: 1,
    run({ values }) {
      need(values, "secret");
      process.stdout.write(kept(values.secret));
    },
  },
});
