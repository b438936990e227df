import { expect, test } from "vitest";
import { findTrace } from "../../../src/probe/stack-trace.ts";

test.each([
  [
    "Node",
    "<pre>SyntaxError: Unexpected token<br> &nbsp; &nbsp;at JSON.parse (&lt;anonymous&gt;)<br> &nbsp; &nbsp;at parse (/srv/app/node_modules/body-parser/lib/types/json.js:92:19)</pre>",
    "a stack trace of Node",
  ],
  ["Node in JSON", String.raw`{"stack":"Error: x\n    at async file:///app/server.mjs:12:9"}`, "a stack trace of Node"],
  ["Node on Windows", String.raw`at Object.<anonymous> (C:\app\server.js:1:7)`, "a stack trace of Node"],
  [
    "Node internals",
    "    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)",
    "a stack trace of Node",
  ],
  [
    "Python",
    'Traceback (most recent call last):\n  File "/app/main.py", line 3, in <module>\nValueError',
    "a stack trace of Python",
  ],
  ["Java", "\tat org.example.mcp.Server.handle(Server.java:42)", "a stack trace of Java"],
  ["Kotlin", "\tat org.example.mcp.ServerKt.main(Server.kt:7)", "a stack trace of Java"],
  [".NET", String.raw`   at Mcp.Server.Handle(String key) in C:\src\Server.cs:line 42`, "a stack trace of .NET"],
  ["Go", "panic: runtime error\n\ngoroutine 1 [running]:\nmain.main()", "a stack trace of Go"],
  ["Ruby", "/app/server.rb:12:in `call'", "a stack trace of Ruby"],
  ["PHP", "PHP Fatal error: Uncaught\nStack trace:\n#0 /var/www/x.php(3): f()", "a stack trace of PHP"],
  ["Rust", "thread 'main' panicked at src/main.rs:4:5", "a panic of Rust"],
  ["a source path", `{"error":"cannot load '/home/ada/mcp/keys.ts'"}`, "the path of a source file"],
])("recognizes a stack trace: %s", (_, text, name) => {
  expect(findTrace(text)).toBe(name);
});

test.each([
  "",
  '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error"}}',
  '{"error":"invalid_token","error_description":"Token has no expiration time"}',
  "Unexpected token } in JSON at position 12",
  "Cannot GET /mcp/index.js",
  "see https://example.com/docs/auth.ts:12:3",
  "look at /mcp or at http://127.0.0.1:3000/mcp at 12:30:45",
  "File not found",
])("finds nothing in %j", (text) => {
  expect(findTrace(text)).toBeNull();
});

test("takes linear time on long answers", () => {
  for (const piece of ["at ", "at a.b.c(", "/home/", "at x (/", ".rb:1", "Stack trace: ", "C:\\"]) {
    expect(findTrace(piece.repeat(65_536 / piece.length))).toBeNull();
  }
});
