/** A crontab: its variables, and its jobs. */
export interface Crontab {
  readonly variables: Readonly<Record<string, string>>;
  readonly jobs: readonly { readonly schedule: readonly string[]; readonly command: string }[];
}

/** Parses a crontab. @throws if a line is neither a comment, a variable nor a job */
export function readCrontab(text: string): Crontab {
  const variables: Record<string, string> = {};
  const jobs: { schedule: string[]; command: string }[] = [];
  for (const line of text.split("\n").filter((each) => !/^(#|$)/.test(each))) {
    const variable = /^([A-Z_]+)=(\S+)$/.exec(line);
    const job = /^((?:[\d*/,-]+ ){5})(\S.*)$/.exec(line);
    if (variable !== null) variables[variable[1]!] = variable[2]!;
    // A percent sign would be a line break.
    else if (job !== null && !line.includes("%")) jobs.push({ schedule: job[1]!.trim().split(" "), command: job[2]! });
    else throw new Error(`not a line of a crontab: ${line}`);
  }
  return { variables, jobs };
}

/** The sections of a systemd unit, each with its settings. */
export type Unit = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Parses a systemd unit. @throws if a line is no setting, or a setting is empty or repeated */
export function readUnit(text: string): Unit {
  const unit: Record<string, Record<string, string>> = {};
  let section: Record<string, string> | undefined;
  for (const line of text.split("\n").filter((each) => !/^(#|$)/.test(each))) {
    const title = /^\[([A-Z]\w+)\]$/.exec(line)?.[1];
    const [, name, value] = /^([A-Z]\w+)=(\S.*)$/.exec(line) ?? [];
    if (title !== undefined && !(title in unit)) section = unit[title] = {};
    else if (section !== undefined && name !== undefined && value !== undefined && !(name in section))
      section[name] = value;
    else throw new Error(`not a line of a unit: ${line}`);
  }
  return unit;
}
