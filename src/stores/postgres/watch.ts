import { listen } from "./listen.ts";
import type { Tables } from "./tables.ts";

/** How often the position is read, in milliseconds. Enough on its own: notifications only make it faster. */
const POLL_MS = 1_000;

/**
 * Implements {@link KeyStore.watch}. Does not keep the process alive.
 * @param listens - false to poll only; `undefined` to listen where it works
 */
export async function watchStore(
  tables: Tables,
  listens: boolean | undefined,
  wake: () => void,
  report: (line: string) => void = () => undefined,
): Promise<() => void> {
  let isStopped = false;
  const wakeIfOn = () => {
    if (!isStopped) wake();
  };
  const stopPolling = poll(tables, wakeIfOn);
  const stopListening = listens === false ? () => undefined : listen(tables, listens === true, wakeIfOn, report);
  return () => {
    isStopped = true;
    stopPolling();
    stopListening();
  };
}

function poll({ database, schema }: Tables, wake: () => void): () => void {
  let known: string | null = null;
  let isPolling = false;
  const look = async () => {
    if (isPolling) return;
    isPolling = true;
    // The reader that is woken reports what is wrong.
    const rows = await database
      .use((session) => session.query(`select epoch, seq::text from ${schema}.head`))
      .catch(() => []);
    isPolling = false;
    const position = JSON.stringify(rows);
    if (known !== null && position !== known) wake();
    known = position;
  };
  void look();
  const timer = setInterval(() => void look(), POLL_MS);
  timer.unref();
  return () => clearInterval(timer);
}
