import pg from "pg";

/** Connects. Errors between queries are ignored: a test sees them with its next query. */
export async function connect(config: pg.ClientConfig): Promise<pg.Client> {
  const client = new pg.Client({ connectionTimeoutMillis: 10_000, database: "postgres", ...config });
  client.on("error", () => undefined);
  try {
    await client.connect();
  } catch (error) {
    // A connection that stays open before its login blocks `drop database`.
    void client.end();
    throw error;
  }
  return client;
}

/** Tells whether a server answers a query. */
export async function canConnect(config: pg.ClientConfig): Promise<boolean> {
  try {
    const client = await connect(config);
    await client.query("select 1");
    await client.end();
    return true;
  } catch {
    return false;
  }
}
