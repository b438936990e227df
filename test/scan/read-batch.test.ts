import fc from "fast-check";
import { expect, test } from "vitest";
import { BatchReader } from "../../src/scan/read-batch.ts";

const anObject = fc.record({
  id: fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: 40, maxLength: 40 }),
  type: fc.constantFrom("blob", "commit", "tag", "tree", "missing"),
  path: fc.string().map((text) => text.replaceAll("\n", " ")),
  content: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
});

test("reads every object, however the output is cut into parts", () => {
  fc.assert(
    fc.property(fc.array(anObject), fc.integer({ min: 1, max: 30 }), (objects, size) => {
      const output = Buffer.concat(
        objects.flatMap(({ id, type, path, content }) =>
          type === "missing"
            ? [Buffer.from(`${id} missing\n`)]
            : [Buffer.from(`${id} ${type} ${content.length} ${path}\n`), content, Buffer.from("\n")],
        ),
      );
      const read: { id: string; type: string; path: string; content: Buffer[] }[] = [];
      const reader = new BatchReader(({ id, type, path }) => {
        const object = { id, type, path: path.toString(), content: [] as Buffer[] };
        read.push(object);
        return (part) => void object.content.push(Buffer.from(part));
      });
      for (let at = 0; at < output.length; at += size) reader.push(output.subarray(at, at + size));
      const isThere = (type: string) => type !== "missing";
      expect(read.map((each) => ({ ...each, content: Buffer.concat(each.content) }))).toEqual(
        objects.map((each) => ({
          ...each,
          path: isThere(each.type) ? each.path : "",
          content: isThere(each.type) ? each.content : Buffer.alloc(0),
        })),
      );
    }),
  );
});
