import { Chalk } from "chalk";
import type { Painter } from "./painter.ts";

/**
 * Creates a painter with colours.
 * @param level - colour depth, as in `OutputStream`: chalk alone ignores `NO_COLOR`
 */
export function createColorPainter(level: 1 | 2 | 3): Painter {
  const chalk = new Chalk({ level });
  const ofStatus = {
    active: chalk.green,
    expiring: chalk.yellow,
    expired: chalk.red,
    disabled: chalk.yellow,
    revoked: chalk.red,
  };
  return {
    bold: (text) => chalk.bold(text),
    dim: (text) => chalk.dim(text),
    error: (text) => chalk.red.bold(text),
    warn: (text) => chalk.yellow(text),
    good: (text) => chalk.green(text),
    status: (status) => ofStatus[status](status),
  };
}
