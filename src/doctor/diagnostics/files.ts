import { shellQuote } from "../../core/shell-quote.ts";
import type { InspectedFile, StoreFiles } from "../../stores/inspect-files.ts";
import type { Diagnostic, Observation } from "../finding.ts";
import { orNull } from "../context.ts";

const STICKY = 0o1000;
const OTHERS_WRITE = 0o022;

export const files: Diagnostic = {
  about: "who can read and write the files of the store",
  exit: 6,
  async run(context) {
    const files = await orNull(context.files);
    if (files === null) return [];
    const { uid } = context.world;
    if (uid === null) return [{ status: "info", observed: "owners and modes are not looked at on this system" }];
    const faults = judgeSite(files, uid, /^(file:|keychain:.*)$/.test(context.config.store));
    if (faults.length > 0 || files.journal === null || files.folder === null) return faults;
    const [file, folder] = [files.journal.mode, files.folder.mode].map((mode) => mode.toString(8).padStart(4, "0"));
    return [
      { status: "pass", observed: `file ${file ?? ""} in a folder ${folder ?? ""}, and nobody else can write there` },
    ];
  },
};

/** @param ours - Whether the folder is the data folder, which must be closed to others altogether. */
export function judgeSite(
  { folder, journal, sidecars, parents }: StoreFiles,
  uid: number,
  ours: boolean,
): Observation[] {
  return [
    ...(folder === null ? [] : judgeFolder(folder, uid, ours ? 0o077 : OTHERS_WRITE)),
    ...parents.flatMap((each) => judgeAbove(each, uid)),
    ...(journal === null ? [] : judgeFile(journal, uid)),
    ...sidecars.flatMap((each) => judgeFile(each, uid)),
  ];
}

function judgeFolder({ path, type, mode, uid: owner }: InspectedFile, uid: number, closed: number): Observation[] {
  if (type !== "folder")
    return [{ status: "fail", observed: `${path} is not a folder`, fix: `see what it is: ls -ld ${shellQuote(path)}` }];
  const found: Observation[] = [];
  if (owner !== uid && owner !== 0) {
    found.push({
      status: "fail",
      observed: `the folder ${path} belongs to another user`,
      fix: "keep the store in a folder of your own",
    });
  }
  if ((mode & closed) !== 0) {
    const change = closed === OTHERS_WRITE ? "go-w" : "700";
    found.push({
      status: "fail",
      observed: `the folder ${path} is open to others (${show(mode)})`,
      fix: `chmod ${change} ${shellQuote(path)}`,
    });
  }
  return found;
}

/** In a folder with the sticky bit others can make files, and not replace yours. */
function judgeAbove({ path, mode, uid: owner }: InspectedFile, uid: number): Observation[] {
  if (owner !== uid && owner !== 0) {
    const observed = `${path}, above the store, belongs to another user, who can put another folder in its place`;
    return [{ status: "warn", observed, fix: "keep the store in a folder of your own" }];
  }
  if ((mode & OTHERS_WRITE) === 0 || (mode & STICKY) !== 0) return [];
  const observed = `${path}, above the store, can be written by others (${show(mode)}), who can put another folder in its place`;
  return [{ status: "warn", observed, fix: `chmod go-w ${shellQuote(path)}` }];
}

/** A mark is read or not; all others are what the store answers by. */
function judgeFile({ path, kind, type, mode, uid: owner }: InspectedFile, uid: number): Observation[] {
  const status = kind === "journal" || kind === "uses" ? "fail" : "warn";
  const quoted = shellQuote(path);
  if (type !== "file") {
    const what = type === "link" ? "a symbolic link" : type === "folder" ? "a folder" : "no regular file";
    return [{ status, observed: `${path} is ${what}`, fix: `see what it is: ls -ld ${quoted}` }];
  }
  if (owner !== uid)
    return [{ status, observed: `${path} belongs to another user`, fix: `see whose it is: ls -l ${quoted}` }];
  if ((mode & 0o077) !== 0) {
    const fix = `chmod 600 ${quoted}; if somebody may have used the gap, rotate the keys`;
    return [{ status, observed: `${path} is open to others (${show(mode)})`, fix }];
  }
  if ((mode & 0o400) === 0)
    return [{ status, observed: `${path} cannot be read by its owner (${show(mode)})`, fix: `chmod 600 ${quoted}` }];
  return [];
}

function show(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}
