#!/bin/sh
# Fails if an MCP server accepts anything but a valid key, or if that could not be proven.
#   MCP_API_KEY=… sh test-server.sh https://host.example/mcp
# Writes mcp-access.xml, a JUnit report. MCP_KEYS is the command that runs mcp-keys, if not npx.
set -eu
url=${1:?usage: test-server.sh <url of the server>}
: "${MCP_API_KEY:?a key that the server accepts}"

status=0
# The key comes from MCP_API_KEY; with </dev/null nothing waits for one on standard input.
${MCP_KEYS:-npx --yes mcp-keys} test "$url" --save junit=mcp-access.xml </dev/null || status=$?

case $status in
0) echo "$url is protected" ;;
8) echo "$url is unprotected: see mcp-access.xml" >&2 ;;
7) echo "$url is inconclusive: unreachable, not MCP, the key refused, or a rate limit" >&2 ;;
*) echo "mcp-keys ended with $status" >&2 ;;
esac
exit "$status"
