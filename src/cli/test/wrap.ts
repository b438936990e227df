/** Breaks text between words so that no line is wider than `width`; lines after the first begin with `indent` blanks. */
export function wrap(text: string, width: number, indent: number): string {
  const lines = [""];
  let room = width - indent;
  if (room < 20) return text;
  room = Math.max(20, room);
  for (const word of text.split(" ")) {
    const line = lines[lines.length - 1] ?? "";
    if (line === "") lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= room) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.join(`\n${" ".repeat(indent)}`);
}
