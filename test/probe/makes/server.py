"""An MCP server of the legacy era, without sessions. Prints its port."""

import hmac
import json
import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer

KEY = os.environ["MCP_API_KEY"]
OPEN = "--open" in sys.argv
PLAIN = "--plain" in sys.argv
TOOLS = [{"name": "add", "inputSchema": {"type": "object"}}]


def result_of(method, params):
    if method == "initialize":
        info = {"name": "by-python", "version": "1.0"}
        return {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": info}
    if method == "tools/list":
        return {"tools": TOOLS}
    if method == "tools/call" and params.get("name") == "add":
        return {"content": [{"type": "text", "text": "3"}]}
    return {} if method == "ping" else None


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0" if PLAIN else "HTTP/1.1"

    def log_message(self, *_):
        pass

    def send(self, status, body=None, **headers):
        data = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def is_admitted(self):
        """Sends the refusal itself. The body stays unread, so the connection ends."""
        host = (self.headers.get("Host") or "").split(":")[0]
        if host not in ("127.0.0.1", "localhost") or self.headers.get("Origin") is not None:
            self.close_connection = True
            return self.send(403, {"error": "forbidden"})
        if self.path.split("?")[0] != "/mcp":
            self.close_connection = True
            return self.send(404, {"error": "not found"})
        scheme, _, key = (self.headers.get("Authorization") or "").partition(" ")
        if OPEN or (scheme.lower() == "bearer" and hmac.compare_digest(key.encode(), KEY.encode())):
            return True
        error = ', error="invalid_token"' if scheme.lower() == "bearer" and key else ""
        self.close_connection = True
        return self.send(401, {"error": "unauthorized"}, WWW_Authenticate='Bearer realm="mcp"' + error)

    def do_GET(self):
        if self.is_admitted():
            self.send(405, {"error": "method not allowed"}, Allow="POST")

    do_HEAD = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_GET

    def do_POST(self):
        if not self.is_admitted():
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            message = json.loads(body)
            method, id = message["method"], message.get("id")
        except (ValueError, KeyError, TypeError):
            return self.send(400, {"jsonrpc": "2.0", "id": None, "error": {"code": -32700, "message": "parse error"}})
        if id is None:
            return self.send(202)
        params = message.get("params")
        result = result_of(method, params if isinstance(params, dict) else {})
        if result is None:
            return self.send(200, {"jsonrpc": "2.0", "id": id, "error": {"code": -32601, "message": "unknown method"}})
        self.send(200, {"jsonrpc": "2.0", "id": id, "result": result})


if __name__ == "__main__":
    server = (HTTPServer if PLAIN else ThreadingHTTPServer)(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()
