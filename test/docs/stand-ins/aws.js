import { fileAt, isKept, keep, kept, need, print, refuse, standIn, valued } from "./stand-in.js";

const GLOBAL = valued("region", "profile", "output", "query");

/** A parameter: the content of a file after `file://`, unchanged, else the text itself. */
const parameter = (text) => (text.startsWith("file://") ? fileAt(text.slice("file://".length)) : text);

standIn("aws", {
  "secretsmanager create-secret": {
    options: { ...GLOBAL, ...valued("name", "description", "kms-key-id", "secret-string") },
    operands: 0,
    run({ values }) {
      need(values, "name");
      if (isKept(values.name)) refuse("ResourceExistsException");
      keep(values.name, parameter(values["secret-string"] ?? ""));
      print(`{ "Name": "${values.name}" }`);
    },
  },
  "secretsmanager put-secret-value": {
    options: { ...GLOBAL, ...valued("secret-id", "client-request-token", "secret-string", "version-stages") },
    operands: 0,
    run({ values }) {
      need(values, "secret-id");
      if (!isKept(values["secret-id"])) refuse("ResourceNotFoundException");
      keep(values["secret-id"], parameter(values["secret-string"] ?? ""));
      print(`{ "VersionStages": ["AWSCURRENT"] }`);
    },
  },
  "secretsmanager get-secret-value": {
    options: { ...GLOBAL, ...valued("secret-id", "version-id", "version-stage") },
    operands: 0,
    run({ values }) {
      need(values, "secret-id");
      const value = kept(values["secret-id"]);
      print(
        values.query === "SecretString" && values.output === "text" ? value : JSON.stringify({ SecretString: value }),
      );
    },
  },
});
