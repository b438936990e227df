#!/bin/sh
# Fails when the door of an MCP server is not shut, or when that could not be proven.
#   MCP_API_KEY=… sh test-door.sh https://host.example/mcp
# Leaves door.xml, a JUnit report. MCP_KEYS says how mcp-keys is run here, if not by npx.
set -eu
url=${1:?usage: test-door.sh <url of the server>}
: "${MCP_API_KEY:?a key that the server lets in}"

status=0
# </dev/null: the key comes from MCP_API_KEY, and nobody waits for one on standard input.
${MCP_KEYS:-npx --yes mcp-keys} test "$url" --report junit >door.xml </dev/null || status=$?

case $status in
0) echo "the door of $url is shut" ;;
8) echo "the door of $url is not shut: see door.xml" >&2 ;;
7) echo "nothing is proven about $url: not reached, not MCP, the key refused, or a limit on the rate" >&2 ;;
*) echo "mcp-keys ended with $status" >&2 ;;
esac
exit "$status"
