import { spawn as spawnPty } from "@lydell/node-pty";
import { BIN } from "./process.ts";

export const CTRL_C = "\u0003";
export const CTRL_D = "\u0004";

interface Terminal {
  /** Resolves when the screen shows the text, colours removed; rejects after ten seconds with the actual screen. */
  shows(text: string | RegExp): Promise<void>;
  type(text: string): void;
  /** Closes the window: the terminal goes away. */
  hangUp(): void;
  /** Everything written to the terminal. */
  readonly raw: () => string;
  readonly ended: Promise<number>;
}

/** Runs a shell command in a real terminal; `mcp-keys` in the command is the built CLI. */
export function openTerminal(command: string, env: Record<string, string>): Terminal {
  const script = command.replaceAll("mcp-keys", `'${process.execPath}' '${BIN}'`);
  const pty = spawnPty("sh", ["-c", script], { name: env["TERM"] ?? "xterm", cols: 200, rows: 50, env });
  let raw = "";
  let look: (() => void) | undefined;
  pty.onData((data) => {
    raw += data;
    look?.();
  });
  const ended = new Promise<number>((resolve) => {
    pty.onExit(({ exitCode, signal }) => {
      resolve(signal ? 128 + signal : exitCode);
    });
  });
  return {
    shows: (text) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          reject(new Error(`the terminal shows: ${JSON.stringify(raw)}`));
        }, 10_000);
        look = () => {
          const screen = raw.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, "");
          if (typeof text === "string" ? !screen.includes(text) : !text.test(screen)) return;
          clearTimeout(timer);
          resolve();
        };
        look();
      }),
    type: (text) => {
      pty.write(text);
    },
    hangUp: () => {
      (pty as unknown as { destroy(): void }).destroy();
    },
    raw: () => raw,
    ended,
  };
}
