import { shellQuote } from "../../core/shell-quote.ts";
import type { InspectedFile, StoreFiles } from "../../stores/inspect-files.ts";
import { canBeForged, judgeFile, judgeFolder, newFileMode } from "../../stores/file-access.ts";
import type { Access } from "../../stores/file-access.ts";
import { closeFolder, moveStore } from "../../stores/folder-advice.ts";
import { orNull } from "../context.ts";
import type { Diagnostic, Observation } from "../diagnostic.ts";

const STICKY = 0o1000;
const OTHERS_WRITE = 0o022;

export const files: Diagnostic = {
  about: "the permissions of the store's files",
  exit: 6,
  async run(context) {
    const files = await orNull(context.files);
    if (files === null) return [];
    const { uid } = context.world;
    if (uid === null) return [{ status: "info", observed: "owners and modes are not checked on this system" }];
    const isDataFolder = /^(file:|keychain:.*)$/.test(context.config.store);
    const { path } = await context.openStore();
    const journal = { path: path ?? "", exists: files.journal !== null };
    const faults = judge(files, { uid, group: files.group }, isDataFolder, journal);
    if (faults.length > 0 || files.journal === null || files.folder === null) return faults;
    const [file, folder] = [files.journal, files.folder].map(({ mode }) => formatMode(mode));
    const who = { read: "others can only read", write: "the group can read and write" };
    const observed = `${files.group === undefined ? "only the owner can write" : who[files.group]} here: file ${file ?? ""}, folder ${folder ?? ""}`;
    return [{ status: files.group === "write" ? "info" : "pass", observed }];
  },
};

/** The path of the journal, and whether it is there to be moved. */
interface Store {
  readonly path: string;
  readonly exists: boolean;
}

/** @param isDataFolder - whether the folder is mcp-keys' own, which must be closed to other users altogether */
function judge(
  { folder, journal, isJournal, sidecars, parents }: StoreFiles,
  access: Access,
  isDataFolder: boolean,
  store: Store,
): Observation[] {
  return [
    ...(folder === null ? [] : judgeStoreFolder(folder, access, isDataFolder, store)),
    ...parents.flatMap((each) => judgeParent(each, access, store)),
    ...(journal === null ? [] : judgeJournal(journal, isJournal, access)),
    ...sidecars.flatMap((each) => judgeSidecar(each, access)),
  ];
}

function judgeStoreFolder(folder: InspectedFile, access: Access, isDataFolder: boolean, store: Store): Observation[] {
  const { path, type, mode } = folder;
  if (type !== "folder")
    return [{ status: "fail", observed: `${path} is not a folder`, fix: `see what it is: ls -ld ${shellQuote(path)}` }];
  const fault = judgeFolder(folder, access, isDataFolder);
  if (fault === "owner") {
    return [{ status: "fail", observed: `the folder ${path} belongs to another user`, fix: moveStore(store) }];
  }
  if (fault === null) return [];
  const change = isDataFolder ? "700" : access.group === "write" ? "o-w" : "go-w";
  const fix = closeFolder(path, folder, access, change, store);
  return [{ status: "fail", observed: `other users can access the folder ${path} (${formatMode(mode)})`, fix }];
}

/** Judges a parent folder. With the sticky bit, other users can create files in it but cannot replace yours. */
function judgeParent(folder: InspectedFile, access: Access, store: Store): Observation[] {
  const { path, mode, uid: owner } = folder;
  if (owner !== access.uid && owner !== 0) {
    const observed = `the parent folder ${path} belongs to another user, who can replace the store's folder`;
    return [{ status: "warn", observed, fix: moveStore(store) }];
  }
  if ((mode & OTHERS_WRITE) === 0 || (mode & STICKY) !== 0) return [];
  const observed = `other users can write to the parent folder ${path} (${formatMode(mode)}) and replace the store's folder`;
  return [{ status: "warn", observed, fix: closeFolder(path, folder, access, "go-w", store) }];
}

function judgeJournal(file: InspectedFile, isJournal: boolean, access: Access): Observation[] {
  const { path, type, mode } = file;
  const quoted = shellQuote(path);
  if (type !== "file") return [{ status: "fail", observed: whatItIs(file), fix: `see what it is: ls -ld ${quoted}` }];
  const fault = judgeFile(file, access);
  if (fault === "owner") {
    const fix = `see whose it is: ls -l ${quoted}`;
    return [{ status: "fail", observed: `${path} belongs to another user`, fix }];
  }
  if (fault === "mode" && !isJournal) {
    const fix = "choose another path: --store file:<path>";
    return [{ status: "fail", observed: `${path} does not look like a key store, and other users can access it`, fix }];
  }
  if (fault === "mode") {
    const fix = `chmod ${newFileMode(access).toString(8)} ${quoted}; if somebody may have used this, rotate the keys`;
    return [{ status: "fail", observed: `other users can access ${path} (${formatMode(mode)})`, fix }];
  }
  if ((mode & 0o400) === 0 && file.uid === access.uid) {
    const observed = `the owner cannot read ${path} (${formatMode(mode)})`;
    return [{ status: "fail", observed, fix: `chmod 600 ${quoted}` }];
  }
  return [];
}

/** Judges a sidecar. The store ignores the ones that it did not write itself, so these only warn. */
function judgeSidecar(file: InspectedFile, access: Access): Observation[] {
  const { path, kind, type, mode, uid: owner } = file;
  const look = `see what it is: ls -ld ${shellQuote(path)}`;
  if (kind === "stray")
    return [{ status: "warn", observed: `${path} is not a file of the store: it is ignored`, fix: look }];
  if (type !== "file") return [{ status: "warn", observed: `${whatItIs(file)}: it is ignored`, fix: look }];
  const fault = judgeFile(file, access);
  if (fault === "owner")
    return [{ status: "warn", observed: `${path} belongs to another user: it is ignored`, fix: look }];
  const fix = `chmod ${newFileMode(access).toString(8)} ${shellQuote(path)}`;
  if (fault === "mode") {
    const ignored = kind !== "uses" || canBeForged(file, access) ? ": it is ignored" : "";
    return [{ status: "warn", observed: `other users can access ${path} (${formatMode(mode)})${ignored}`, fix }];
  }
  if ((mode & 0o400) !== 0 || owner !== access.uid) return [];
  return [{ status: "warn", observed: `the owner cannot read ${path} (${formatMode(mode)}): it is ignored`, fix }];
}

function whatItIs({ path, type }: InspectedFile): string {
  return `${path} is ${type === "link" ? "a symbolic link" : type === "folder" ? "a folder" : "not a regular file"}`;
}

function formatMode(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}
