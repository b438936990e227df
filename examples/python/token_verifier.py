"""Checks mcp-keys tokens in a server of the official Python SDK.

Copy this file, mcp_keys.py and mcp_keys_journal.py, then:

    from mcp.server.auth.settings import AuthSettings
    from mcp_keys import FileKeys

    server = MCPServer(  # FastMCP in version 1 of the SDK
        "notes",
        token_verifier=KeysTokenVerifier(FileKeys("/srv/keys.jsonl")),
        # There is no OAuth server, so publish no metadata of one. Clients would start OAuth.
        auth=AuthSettings(issuer_url="https://mcp.example.com", resource_server_url=None),
    )

Tools get the id of the key as `client_id` from get_access_token(). If the keys cannot be read, StoreError is raised and
the SDK answers 500, not 401.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Optional

from mcp_keys import Keys, expires_at

if TYPE_CHECKING:
    from mcp.server.auth.provider import AccessToken

log = logging.getLogger("mcp_keys")


class KeysTokenVerifier:
    """A `TokenVerifier`. `audience` is the URL of this server. Without it, keys with an audience are refused."""

    def __init__(self, keys: Keys, audience: Optional[str] = None):
        self._keys = keys
        self._audience = audience

    async def verify_token(self, token: str) -> Optional[AccessToken]:
        from mcp.server.auth.provider import AccessToken

        verdict = self._keys.check(token, audience=self._audience)
        if not verdict.ok:
            log.warning("refused (%s): key %s", verdict.reason, verdict.key["name"] if verdict.key else "unknown")
            return None
        key = verdict.key
        return AccessToken(
            # Not the token, because tools may print this object or send it to other servers.
            token=f"[key {key['id']}]",
            client_id=key["id"],
            scopes=list(key["scopes"]),
            expires_at=expires_at(verdict.version),
        )
