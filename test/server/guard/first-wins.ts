/** Parses valid JSON, and keeps the first of two equal members, as some parsers do. */
export function parseFirstWins(json: string): unknown {
  let at = 0;
  /** Returns the next token, without separators. */
  const next = (): string => {
    const token = /[\s,:]*("(?:[^"\\]|\\.)*"|[{}[\]]|[^\s,:"{}[\]]+)/y;
    token.lastIndex = at;
    const [all = "", text = ""] = token.exec(json) ?? [];
    at += all.length;
    return text;
  };
  const read = (token: string): unknown => {
    if (token === "{") return readObject();
    if (token === "[") return readList();
    return JSON.parse(token);
  };
  const readObject = (): object => {
    const members = new Map<string, unknown>();
    for (let token = next(); token !== "}"; token = next()) {
      const name = JSON.parse(token) as string;
      const value = read(next());
      if (!members.has(name)) members.set(name, value);
    }
    return Object.fromEntries(members);
  };
  const readList = (): unknown[] => {
    const items: unknown[] = [];
    for (let token = next(); token !== "]"; token = next()) items.push(read(token));
    return items;
  };
  return read(next());
}
