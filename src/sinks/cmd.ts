import { spawn } from "node:child_process";
import { KeysError } from "../errors.ts";
import type { CommandOptions } from "./command.ts";

/**
 * Runs a command in the shell that Node knows, which is `cmd /d /s /c` on Windows, with the text on its stdin. What it left
 * unread cannot be told here, so that every failure but that of starting it is uncertain.
 * @throws {@link KeysError} `DELIVERY_FAILED` `DELIVERY_UNCERTAIN`
 */
export async function deliverThroughCmd(
  text: string,
  command: string,
  { env, signal, stderr = 2 }: Pick<CommandOptions, "env" | "signal" | "stderr">,
): Promise<void> {
  const isInterrupted = (): boolean => signal.aborted;
  if (isInterrupted()) throw new KeysError("DELIVERY_FAILED", "interrupted before the command was run");
  const child = spawn(command, { shell: true, env, stdio: ["pipe", stderr, stderr], windowsHide: true });
  const refused: unknown[] = [];
  child.stdin?.on("error", (cause) => refused.push(cause)).end(text);
  const stop = (): void => void child.kill();
  signal.addEventListener("abort", stop, { once: true });
  try {
    const status = await new Promise((resolve, reject) => {
      child.once("error", reject).once("close", resolve);
    }).catch((cause: unknown) => {
      throw new KeysError("DELIVERY_FAILED", "cannot run the shell", { cause });
    });
    if (isInterrupted()) throw new KeysError("DELIVERY_UNCERTAIN", "interrupted while the command ran");
    if (status !== 0)
      throw new KeysError("DELIVERY_UNCERTAIN", `the command failed with exit status ${String(status)}`);
    if (refused.length > 0) throw new KeysError("DELIVERY_UNCERTAIN", "the command did not read the token");
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
