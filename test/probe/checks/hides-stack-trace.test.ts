import { expect, test } from "vitest";
import { findTrace } from "../../../src/probe/checks/hides-stack-trace.ts";

test.each([
  [
    "Node",
    "<pre>SyntaxError: Unexpected token<br> &nbsp; &nbsp;at JSON.parse (&lt;anonymous&gt;)<br> &nbsp; &nbsp;at parse (/srv/app/node_modules/body-parser/lib/types/json.js:92:19)</pre>",
    "a Node.js stack trace",
  ],
  ["Node in JSON", String.raw`{"stack":"Error: x\n    at async file:///app/server.mjs:12:9"}`, "a Node.js stack trace"],
  ["Node on Windows", String.raw`at Object.<anonymous> (C:\app\server.js:1:7)`, "a Node.js stack trace"],
  [
    "Node internals",
    "    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)",
    "a Node.js stack trace",
  ],
  [
    "Python",
    'Traceback (most recent call last):\n  File "/app/main.py", line 3, in <module>\nValueError',
    "a Python stack trace",
  ],
  ["Java", "\tat org.example.mcp.Server.handle(Server.java:42)", "a Java stack trace"],
  ["Kotlin", "\tat org.example.mcp.ServerKt.main(Server.kt:7)", "a Java stack trace"],
  [".NET", String.raw`   at Mcp.Server.Handle(String key) in C:\src\Server.cs:line 42`, "a .NET stack trace"],
  ["Go", "panic: runtime error\n\ngoroutine 1 [running]:\nmain.main()", "a Go stack trace"],
  ["Ruby", "/app/server.rb:12:in `call'", "a Ruby stack trace"],
  ["PHP", "PHP Fatal error: Uncaught\nStack trace:\n#0 /var/www/x.php(3): f()", "a PHP stack trace"],
  ["Rust", "thread 'main' panicked at src/main.rs:4:5", "a Rust panic"],
  ["a source path", `{"error":"cannot load '/home/ada/mcp/keys.ts'"}`, "a source path"],
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
