/** Debian keeps servers such as nginx where only root looks. */
export const ENV = { PATH: `${process.env["PATH"] ?? ""}:/usr/sbin` };
