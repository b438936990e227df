import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseResponse } from "../../../src/http/socket/parse-response.ts";
import { RUNS } from "../../arbitraries.ts";

const parse = (text: string, ended = false, method = "POST"): ReturnType<typeof parseResponse> =>
  parseResponse(Buffer.from(text, "latin1"), ended, method);

describe("parseResponse", () => {
  test("waits for the end of the head", () => {
    expect(parse("")).toBeNull();
    expect(parse("HTTP/1.1 401 Unauthorized\r\nServer: x\r\n")).toBeNull();
  });

  test("reads a body by its length, and leaves what follows", () => {
    const parsed = parse("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1");
    expect(parsed).toMatchObject({ status: 200, complete: true, keepsConnection: true });
    expect(String(parsed?.body)).toBe("{}");
    expect(String(parsed?.rest)).toBe("HTTP/1.1");
  });

  test("reads chunks and skips trailers", () => {
    const parsed = parse(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x=y\r\n{\r\n1\r\n}\r\n0\r\nT: 1\r\n\r\nmore",
    );
    expect(parsed).toMatchObject({ complete: true });
    expect(String(parsed?.body)).toBe("{}");
    expect(String(parsed?.rest)).toBe("more");
  });

  test("a body without a length ends with the connection", () => {
    const text = "HTTP/1.0 200 OK\r\n\r\nabc";
    expect(parse(text)).toMatchObject({ complete: false, keepsConnection: false });
    expect(parse(text, true)).toMatchObject({ complete: true });
  });

  test("skips interim answers, however many, and stops at a protocol switch", () => {
    const interim = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n".repeat(20_000);
    expect(parse(`${interim}HTTP/1.1 204 No Content\r\n\r\n`)).toMatchObject({ status: 204, complete: true });
    expect(parse("HTTP/1.1 101 Switching Protocols\r\n\r\nframes")).toMatchObject({ status: 101 });
  });

  test.each(["HEAD", "POST"])("an answer to %s has the body that the method allows", (method) => {
    const parsed = parse("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", false, method);
    expect(String(parsed?.body)).toBe(method === "HEAD" ? "" : "{}");
  });

  test.each([
    "SSH-2.0-OpenSSH",
    "HTTP/2 200\r\n\r\n",
    "HTTP/1.1 20\r\n\r\n",
    "HTTP/1.1 2000 OK\r\n\r\n",
    "\u0015\u0003",
  ])("refuses %j, which is not HTTP/1", (text) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: "HPE_INVALID_CONSTANT" }));
  });

  test("repeated headers are kept, and names cannot reach the prototype", () => {
    const parsed = parse("HTTP/1.1 200 OK\r\nSet-Cookie: a\r\nset-cookie: b\r\n__proto__: c\r\n\r\n", true);
    expect(parsed?.headers["set-cookie"]).toEqual(["a", "b"]);
    expect(parsed?.headers["__proto__"]).toEqual(["c"]);
    expect(parsed?.headers["constructor"]).toBeUndefined();
  });

  test("reads the same response whatever body it has, by its length and in chunks", () => {
    const body = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(body, fc.integer({ min: 1, max: 50 }), (sent, size) => {
        const byLength = Buffer.concat([
          Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${sent.length}\r\n\r\n`),
          sent,
        ]);
        const chunks: Buffer[] = [Buffer.from("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")];
        for (let at = 0; at < sent.length; at += size) {
          const chunk = sent.subarray(at, at + size);
          chunks.push(Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from("\r\n"));
        }
        const chunked = Buffer.concat([...chunks, Buffer.from("0\r\n\r\n")]);
        for (const whole of [byLength, chunked]) {
          expect(parseResponse(whole, false, "POST")).toMatchObject({ complete: true, body: sent });
          for (const end of [whole.length - 1, Math.floor(whole.length / 2)]) {
            const part = parseResponse(whole.subarray(0, end), false, "POST");
            expect(part?.complete).not.toBe(true);
          }
        }
      }),
      { numRuns: RUNS.some },
    );
  });

  test("any bytes are refused, read or waited for", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 100 }), fc.boolean(), (text, ended) => {
        for (const bytes of [
          text,
          `HTTP/1.1 200 OK\r\n${text}`,
          `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${text}`,
        ]) {
          try {
            const parsed = parseResponse(Buffer.from(bytes), ended, "POST");
            expect(parsed === null || parsed.body.length + parsed.rest.length <= Buffer.byteLength(bytes)).toBe(true);
          } catch (error) {
            expect(error).toMatchObject({ code: "HPE_INVALID_CONSTANT" });
          }
        }
      }),
      { numRuns: RUNS.some },
    );
  });
});
