import { shellQuote } from "../../core/shell-quote.ts";
import type { Entry, Site } from "../../stores/inspect-files.ts";
import type { Examination, Saw } from "../finding.ts";
import { orNull } from "../subject.ts";

const STICKY = 0o1000;
const OTHERS_WRITE = 0o022;

export const files: Examination = {
  about: "who can read and write the files of the store",
  exit: 6,
  async examine(patient) {
    const site = await orNull(patient.site);
    if (site === null) return [];
    const { uid } = patient.world;
    if (uid === null) return [{ status: "info", saw: "owners and modes are not looked at on this system" }];
    const faults = judgeSite(site, uid, /^(file:|keychain:.*)$/.test(patient.config.store));
    if (faults.length > 0 || site.journal === null || site.folder === null) return faults;
    const [file, folder] = [site.journal.mode, site.folder.mode].map((mode) => mode.toString(8).padStart(4, "0"));
    return [{ status: "pass", saw: `file ${file ?? ""} in a folder ${folder ?? ""}, and nobody else can write there` }];
  },
};

/** @param ours - Whether the folder is the data folder, which must be closed to others altogether. */
export function judgeSite({ folder, journal, beside, above }: Site, uid: number, ours: boolean): Saw[] {
  return [
    ...(folder === null ? [] : judgeFolder(folder, uid, ours ? 0o077 : OTHERS_WRITE)),
    ...above.flatMap((each) => judgeAbove(each, uid)),
    ...(journal === null ? [] : judgeFile(journal, uid)),
    ...beside.flatMap((each) => judgeFile(each, uid)),
  ];
}

function judgeFolder({ path, is, mode, uid: owner }: Entry, uid: number, closed: number): Saw[] {
  if (is !== "folder")
    return [{ status: "fail", saw: `${path} is not a folder`, mend: `see what it is: ls -ld ${shellQuote(path)}` }];
  const found: Saw[] = [];
  if (owner !== uid && owner !== 0) {
    found.push({
      status: "fail",
      saw: `the folder ${path} belongs to another user`,
      mend: "keep the store in a folder of your own",
    });
  }
  if ((mode & closed) !== 0) {
    const change = closed === OTHERS_WRITE ? "go-w" : "700";
    found.push({
      status: "fail",
      saw: `the folder ${path} is open to others (${show(mode)})`,
      mend: `chmod ${change} ${shellQuote(path)}`,
    });
  }
  return found;
}

/** In a folder with the sticky bit others can make files, and not replace yours. */
function judgeAbove({ path, mode, uid: owner }: Entry, uid: number): Saw[] {
  if (owner !== uid && owner !== 0) {
    const saw = `${path}, above the store, belongs to another user, who can put another folder in its place`;
    return [{ status: "warn", saw, mend: "keep the store in a folder of your own" }];
  }
  if ((mode & OTHERS_WRITE) === 0 || (mode & STICKY) !== 0) return [];
  const saw = `${path}, above the store, can be written by others (${show(mode)}), who can put another folder in its place`;
  return [{ status: "warn", saw, mend: `chmod go-w ${shellQuote(path)}` }];
}

/** A mark is read or not; all others are what the store answers by. */
function judgeFile({ path, kind, is, mode, uid: owner }: Entry, uid: number): Saw[] {
  const status = kind === "journal" || kind === "uses" ? "fail" : "warn";
  const quoted = shellQuote(path);
  if (is !== "file") {
    const what = is === "link" ? "a symbolic link" : is === "folder" ? "a folder" : "no regular file";
    return [{ status, saw: `${path} is ${what}`, mend: `see what it is: ls -ld ${quoted}` }];
  }
  if (owner !== uid)
    return [{ status, saw: `${path} belongs to another user`, mend: `see whose it is: ls -l ${quoted}` }];
  if ((mode & 0o077) !== 0) {
    const mend = `chmod 600 ${quoted}; if somebody may have used the gap, rotate the keys`;
    return [{ status, saw: `${path} is open to others (${show(mode)})`, mend }];
  }
  if ((mode & 0o400) === 0)
    return [{ status, saw: `${path} cannot be read by its owner (${show(mode)})`, mend: `chmod 600 ${quoted}` }];
  return [];
}

function show(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}
