import { Command } from "commander";
import { resolveConfig } from "../../config.ts";
import { parseStoreSpec } from "../../stores/index.ts";
import { schemaSql } from "../../stores/postgres/schema-sql.ts";
import { DEFAULT_SCHEMA, parseSchema, parseTarget } from "../../stores/postgres/spec.ts";
import type { Context } from "../context.ts";

interface SchemaFlags {
  readonly schema?: string;
}

/** Builds `store schema`, a subcommand of `store`. */
export function schemaCommand(open: () => Context): Command {
  return new Command("schema")
    .summary("print the SQL that creates a store in PostgreSQL")
    .description(
      "Prints the SQL that creates the tables and functions of a store in PostgreSQL, its two roles, and what they may do. Run it " +
        "with psql as an administrator, where commands may not create tables. It connects to nothing, and may run again.",
    )
    .option("--schema <name>", "name of the schema (default: that of the store in use, else mcp_keys)")
    .action((flags: SchemaFlags) => runSchema(open(), flags));
}

async function runSchema(ctx: Context, { schema }: SchemaFlags): Promise<void> {
  const { flags, io, world } = ctx;
  const { scheme, location } = parseStoreSpec(resolveConfig(flags, world.env).store);
  const chosen = scheme === "postgres" ? parseTarget(location, world.env).schema : DEFAULT_SCHEMA;
  const name = schema === undefined ? chosen : parseSchema(schema);
  const sql = schemaSql(name);
  await (flags.json ? io.json({ schema: name, sql }) : io.print(sql));
}
