import { shellQuote } from "../../core/shell-quote.ts";
import type { InspectedFile, StoreFiles } from "../../stores/inspect-files.ts";
import { orNull } from "../context.ts";
import type { Diagnostic, Observation } from "../diagnostic.ts";

const STICKY = 0o1000;
const OTHERS_WRITE = 0o022;
const OTHERS_ALL = 0o077;

export const files: Diagnostic = {
  about: "the permissions of the store's files",
  exit: 6,
  async run(context) {
    const files = await orNull(context.files);
    if (files === null) return [];
    const { uid } = context.world;
    if (uid === null) return [{ status: "info", observed: "owners and modes are not checked on this system" }];
    const isDataFolder = /^(file:|keychain:.*)$/.test(context.config.store);
    const faults = judgeFiles(files, uid, isDataFolder);
    if (faults.length > 0 || files.journal === null || files.folder === null) return faults;
    const [file, folder] = [files.journal, files.folder].map(({ mode }) => formatMode(mode));
    const observed = `only the owner can write here: file ${file ?? ""}, folder ${folder ?? ""}`;
    return [{ status: "pass", observed }];
  },
};

/** @param isDataFolder - whether the folder is mcp-keys' own, which must be closed to other users altogether */
function judgeFiles(
  { folder, journal, sidecars, parents }: StoreFiles,
  uid: number,
  isDataFolder: boolean,
): Observation[] {
  return [
    ...(folder === null ? [] : judgeFolder(folder, uid, isDataFolder ? OTHERS_ALL : OTHERS_WRITE)),
    ...parents.flatMap((each) => judgeParent(each, uid)),
    ...(journal === null ? [] : judgeFile(journal, uid)),
    ...sidecars.flatMap((each) => judgeFile(each, uid)),
  ];
}

function judgeFolder({ path, type, mode, uid: owner }: InspectedFile, uid: number, forbidden: number): Observation[] {
  if (type !== "folder")
    return [{ status: "fail", observed: `${path} is not a folder`, fix: `see what it is: ls -ld ${shellQuote(path)}` }];
  const found: Observation[] = [];
  if (owner !== uid && owner !== 0) {
    found.push({
      status: "fail",
      observed: `the folder ${path} belongs to another user`,
      fix: "keep the store in your own folder",
    });
  }
  if ((mode & forbidden) !== 0) {
    const change = forbidden === OTHERS_WRITE ? "go-w" : "700";
    found.push({
      status: "fail",
      observed: `other users can access the folder ${path} (${formatMode(mode)})`,
      fix: `chmod ${change} ${shellQuote(path)}`,
    });
  }
  return found;
}

/** Judges a parent folder. With the sticky bit, other users can create files in it but cannot replace yours. */
function judgeParent({ path, mode, uid: owner }: InspectedFile, uid: number): Observation[] {
  if (owner !== uid && owner !== 0) {
    const observed = `the parent folder ${path} belongs to another user, who can replace the store's folder`;
    return [{ status: "warn", observed, fix: "keep the store in your own folder" }];
  }
  if ((mode & OTHERS_WRITE) === 0 || (mode & STICKY) !== 0) return [];
  const observed = `other users can write to the parent folder ${path} (${formatMode(mode)}) and replace the store's folder`;
  return [{ status: "warn", observed, fix: `chmod go-w ${shellQuote(path)}` }];
}

/** Judges a file. The store needs the journal and the last-used times; it ignores other bad files, so these only warn. */
function judgeFile({ path, kind, type, mode, uid: owner }: InspectedFile, uid: number): Observation[] {
  const status = kind === "journal" || kind === "uses" ? "fail" : "warn";
  const quoted = shellQuote(path);
  if (type !== "file") {
    const what = type === "link" ? "a symbolic link" : type === "folder" ? "a folder" : "not a regular file";
    return [{ status, observed: `${path} is ${what}`, fix: `see what it is: ls -ld ${quoted}` }];
  }
  if (owner !== uid)
    return [{ status, observed: `${path} belongs to another user`, fix: `see whose it is: ls -l ${quoted}` }];
  if ((mode & OTHERS_ALL) !== 0) {
    const fix = `chmod 600 ${quoted}; if somebody may have used this, rotate the keys`;
    return [{ status, observed: `other users can access ${path} (${formatMode(mode)})`, fix }];
  }
  if ((mode & 0o400) === 0)
    return [{ status, observed: `the owner cannot read ${path} (${formatMode(mode)})`, fix: `chmod 600 ${quoted}` }];
  return [];
}

function formatMode(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}
