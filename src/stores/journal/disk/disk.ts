import { link, lstat, mkdir, open, readdir, realpath, rename, unlink } from "node:fs/promises";

/** The file system calls of a journal. An argument, because tests make them fail. */
export interface Disk {
  readonly link: typeof link;
  readonly lstat: typeof lstat;
  readonly mkdir: typeof mkdir;
  readonly open: typeof open;
  readonly readdir: typeof readdir;
  readonly realpath: typeof realpath;
  readonly rename: typeof rename;
  readonly unlink: typeof unlink;
}

export const realDisk: Disk = { link, lstat, mkdir, open, readdir, realpath, rename, unlink };
