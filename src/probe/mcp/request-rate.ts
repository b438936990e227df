import { KeysError } from "../../errors.ts";

/** Seconds in the units of a rate, and how a text names them. */
const UNITS = [
  { letter: "s", seconds: 1, name: "a second" },
  { letter: "m", seconds: 60, name: "a minute" },
  { letter: "h", seconds: 3600, name: "an hour" },
] as const;

/** Requests per second. */
const MOST = 1000;
const LEAST = 1 / 3600;

/**
 * Parses a rate: requests per second (`20`, `0.2`), per minute (`12/m`) or per hour (`30/h`).
 * @returns requests per second
 * @throws {@link KeysError} `USAGE` for any other text, less than one an hour, or more than 1000 a second
 */
export function parseRate(text: string, flag = "--rate"): number {
  const [, number = "", letter = "s"] = /^(\d{1,6}(?:\.\d{1,6})?|\.\d{1,6})(?:\/([smh]))?$/.exec(text.trim()) ?? [];
  const rate = number === "" ? NaN : Number(number) / secondsOf(letter);
  if (rate >= LEAST && rate <= MOST) return rate;
  throw new KeysError(
    "USAGE",
    `${flag} must be a number of requests per second up to ${String(MOST)}, or per minute or hour`,
    {
      hint: `for example: ${flag} 20, ${flag} 0.2 or ${flag} 12/m`,
    },
  );
}

/** Describes a rate: `20 a second`, and with the unit `requests `: `12 requests a minute`. */
export function formatRate(rate: number, unit = ""): string {
  const { number, name } = inUnit(rate);
  return `${String(number)} ${number === 1 ? unit.replace("s ", " ") : unit}${name}`;
}

/** Writes a rate, rounded down, as {@link parseRate} reads it: `20`, `12/m`. */
export function rateFlag(rate: number): string {
  const { number, letter } = inUnit(Math.max(rate, LEAST));
  return letter === "s" ? String(number) : `${String(number)}/${letter}`;
}

function inUnit(rate: number): { number: number; letter: string; name: string } {
  for (const { letter, seconds, name } of UNITS) {
    const number = rate * seconds;
    const rounded = Math.floor(number + 1e-9);
    // `1.5 a second`, but `90 a minute` and not `0.02 a second`.
    if (rounded >= 2 || letter === "h" || (Math.abs(number - rounded) < 1e-9 && rounded === 1)) {
      return { number: Math.max(1, rounded), letter, name };
    }
  }
  return { number: 1, letter: "h", name: "an hour" };
}

function secondsOf(letter: string): number {
  return UNITS.find((unit) => unit.letter === letter)?.seconds ?? 1;
}
