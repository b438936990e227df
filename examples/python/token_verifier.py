"""Keys of mcp-keys in a server of the official Python SDK. Copy it with mcp_keys.py and mcp_keys_journal.py, then:

    from mcp.server.auth.settings import AuthSettings
    from mcp_keys import FileKeys

    server = MCPServer(  # FastMCP in version 1 of the SDK
        "notes",
        token_verifier=KeysTokenVerifier(FileKeys("/srv/keys.jsonl")),
        # There is no OAuth server, so no metadata of one may be published: clients would go looking for it.
        auth=AuthSettings(issuer_url="https://mcp.example.com", resource_server_url=None),
    )

Tools learn whose key it is from get_access_token(): `client_id` is the key's id. When the keys cannot be read,
StoreError passes through and the SDK answers 500, not 401.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Optional

from mcp_keys import Keys, expires_at

if TYPE_CHECKING:
    from mcp.server.auth.provider import AccessToken

log = logging.getLogger("mcp_keys")


class KeysTokenVerifier:
    """A `TokenVerifier`. `audience` is the URL of this server; without it a key that is bound to any is refused."""

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
            # Not the token: tools print this object, and pass it on to other servers.
            token=f"[key {key['id']}]",
            client_id=key["id"],
            scopes=list(key["scopes"]),
            expires_at=expires_at(verdict.version),
        )
