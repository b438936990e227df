"""Checks mcp-keys tokens in Python. Needs only the standard library. Reads keys and never writes them.

    keys = FileKeys("/srv/keys.jsonl")            # a journal: docs/journal.md
    keys = EnvKeys(os.environ)                    # MCP_API_KEYSET: docs/keysets.md
    verdict = keys.check(token, scopes=["notes:read"])
    verdict.ok, verdict.reason, verdict.key["name"], verdict.version["n"]

A refused token is a verdict with a reason, the same one that mcp-keys gives. If the keys cannot be read, StoreError is
raised. A server must then answer 503 rather than 401, because clients discard a valid key on 401.

As a program, it checks tokens from stdin, one per line, against MCP_KEYS_STORE (file:<path> or env:, the default):

    python3 mcp_keys.py < ./ci.key               # add the URL of the server for keys with an audience
"""

from __future__ import annotations

import base64
import calendar
import hashlib
import hmac
import json
import os
import re
import sys
import time
import zlib
from typing import Iterable, Mapping, NamedTuple, Optional, Sequence

from mcp_keys_journal import DIGEST, JournalFile, Key, StoreError

Version = dict  # One of a key's "versions".

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class Verdict(NamedTuple):
    """The result for a token. Has a key and a version if the token belongs to one, even if it is refused."""

    ok: bool
    reason: Optional[str] = None
    key: Optional[Key] = None
    version: Optional[Version] = None


# --- tokens: <prefix>_<id, 12>_<secret, 43><checksum, 6: CRC-32 of everything before it, in base62>

PREFIX = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
WORD = re.compile(r"[0-9A-Za-z]+")
# A prefix, an id and at least half a secret cannot be chance, so this is a mistyped token.
LIKE_OURS = re.compile(r"[a-z][a-z0-9_]{0,23}_[0-9A-Za-z]{11,13}_[0-9A-Za-z]{22,}")


class Token(NamedTuple):
    prefix: str
    id: str


def parse_token(text: str) -> Token | str:
    """Returns the public parts of a token, or the reason: "malformed" (another format) or "mistyped"."""
    prefix, rest = text[:-63], text[-63:]
    shaped = 0 < len(prefix) <= 24 and rest[0] == "_" and rest[13] == "_"
    if not shaped:
        return "mistyped" if LIKE_OURS.match(text[:120]) else "malformed"
    if not PREFIX.fullmatch(prefix):
        return "malformed"
    if not WORD.fullmatch(rest[1:13] + rest[14:]):
        return "mistyped"
    value = 0
    for digit in text[-6:]:
        value = value * 62 + BASE62.index(digit)
    if value != zlib.crc32(text[:-6].encode()):
        return "mistyped"
    return Token(prefix, rest[1:13])


def parse_bearer(header: Optional[str]) -> tuple[Optional[str], Optional[str]]:
    """Returns (token, None) for an Authorization header, or (None, "missing" or "malformed"). RFC 6750, section 2.1."""
    if header is None or header[:6].lower() != "bearer":
        return None, "missing"
    token = header[6:].lstrip(" ")
    if header[6:7] == "\t":
        return None, "malformed"
    if token == "" or header[6] != " ":
        return None, "missing"
    if len(token) > 4096 or not re.fullmatch(r"[A-Za-z0-9._~+/-]+=*", token):
        return None, "malformed"
    return token, None


# --- digests: sha256:<hex> or hmac-sha256:<pepper id>:<hex>, over the whole token

class Pepper(NamedTuple):
    id: str
    key: str


def digest_token(token: str, pepper: Optional[Pepper] = None) -> str:
    if pepper is None:
        return "sha256:" + hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
    keyed = hmac.new(pepper.key.encode(), token.encode("utf-8", "replace"), "sha256")
    return f"hmac-sha256:{pepper.id}:{keyed.hexdigest()}"


def parse_peppers(text: Optional[str]) -> list[Pepper]:
    """Parses MCP_KEYS_PEPPER: <id>:<at least 32 characters>, separated by commas."""
    if text is None or text.strip() == "":
        return []
    found = [re.fullmatch(r"([A-Za-z0-9_-]{1,32}):(.{32,})", entry.strip()) for entry in text.split(",")]
    if None in found:
        raise StoreError("MCP_KEYS_PEPPER does not have the form <id>:<at least 32 characters>")
    return [Pepper(match[1], match[2]) for match in found if match is not None]


# --- verdicts

def judge(key: Key, version: Version, now: int, scopes: Iterable[str] = (), audience: Optional[str] = None) -> Verdict:
    """Returns the verdict for a version whose digest matched."""

    def reason() -> Optional[str]:
        if version["state"] == "revoked":
            return "revoked"
        if version["state"] == "retired" or (version["state"] == "retiring" and now >= version.get("retiresAt", 0)):
            return "expired"
        if version["expiresAt"] is not None and now >= version["expiresAt"]:
            return "expired"
        if not key["enabled"]:
            return "disabled"
        if key["audience"] and audience not in key["audience"]:
            return "wrong-audience"
        return None if set(scopes) <= set(key["scopes"]) else "insufficient-scope"

    why = reason()
    return Verdict(why is None, why, key, version)


def expires_at(version: Version) -> Optional[int]:
    """Returns the first second in which a valid version is no longer valid, or None for never."""
    ends = [version[name] for name in ("expiresAt", "retiresAt") if version.get(name) is not None]
    return min(ends, default=None)


class Keys:
    """Keys in memory. Subclasses load them."""

    def __init__(self, peppers: Sequence[Pepper] = ()):
        self._peppers = tuple(peppers)
        self._by_id: dict[str, Key] = {}
        self._by_digest: dict[str, tuple[Key, Version]] = {}

    def check(
        self, token: str, scopes: Iterable[str] = (), audience: Optional[str] = None, now: Optional[int] = None
    ) -> Verdict:
        """Returns the verdict for a token. Raises StoreError.

        `audience` is the URL of this server, as in the keys; without it, keys with an audience are refused. `now` is in epoch
        seconds, by default the current time."""
        self.refresh()
        parsed = parse_token(token)
        found = self._find(token, parsed)
        at = int(time.time()) if now is None else now
        if found is None:
            self._require_peppers(parsed, at)
            return Verdict(False, "unknown" if isinstance(parsed, Token) else parsed)
        return judge(*found, at, tuple(scopes), audience)

    def refresh(self) -> None:
        """Loads changed keys."""

    def list(self) -> list[Key]:
        return list(self._by_id.values())

    def _find(self, token: str, parsed: Token | str) -> Optional[tuple[Key, Version]]:
        candidates = [digest_token(token, pepper) for pepper in (*self._peppers, None)]
        key = self._by_id.get(parsed.id) if isinstance(parsed, Token) else None
        for version in [] if key is None else key["versions"]:
            # Compares every candidate, so the time does not reveal which one matched.
            if any([hmac.compare_digest(version["digest"], digest) for digest in candidates]):
                return key, version
        # A token in another format has no id, and a key from a digest has a derived one.
        return next((self._by_digest[digest] for digest in candidates if digest in self._by_digest), None)

    def _require_peppers(self, parsed: Token | str, now: int) -> None:
        """Raises StoreError if the token cannot be checked without a missing pepper: the server's fault, not a refusal."""
        named = self._by_id.get(parsed.id) if isinstance(parsed, Token) else None
        suspects = [key for key in self._by_id.values() if key["prefix"] == "opaque"] if named is None else [named]
        known = {pepper.id for pepper in self._peppers}
        for key in suspects:
            for version in key["versions"]:
                kind, *rest = version["digest"].split(":")
                if kind == "hmac-sha256" and rest[0] not in known and judge({**key, "audience": []}, version, now).ok:
                    raise StoreError(f"the pepper {rest[0]} is not in MCP_KEYS_PEPPER")

    def _hold(self, keys: Iterable[Key]) -> None:
        by_id = {key["id"]: key for key in keys}
        by_digest = {version["digest"]: (key, version) for key in by_id.values() for version in key["versions"]}
        self._by_id, self._by_digest = by_id, by_digest


# --- MCP_API_KEYSET: the digests of keys as JSON, or its base64url; see docs/keysets.md


class EnvKeys(Keys):
    """The keyset in MCP_API_KEYSET, read once. Without it, every token is refused."""

    def __init__(self, env: Mapping[str, str]):
        super().__init__(parse_peppers(env.get("MCP_KEYS_PEPPER")))
        text = env.get("MCP_API_KEYSET", "").strip()
        # The standard library has no Ed25519, and a signature that is not verified is worth nothing.
        if "MCP_KEYS_KEYSET_PUBLIC_KEY" in env:
            raise StoreError("MCP_KEYS_KEYSET_PUBLIC_KEY is set, but signatures cannot be verified here; unset it")
        self._hold(parse_keyset(text) if text != "" else [])


def parse_keyset(text: str) -> list[Key]:
    """Returns the keys of a keyset as a store holds them. Raises StoreError."""
    try:
        if re.fullmatch(r"[A-Za-z0-9_-]+=*", text):
            text = _decode(text)
        document = json.loads(text)
        if "payload" in document:
            document = json.loads(_decode(document["payload"]))
        if document["keyset"] != 1:
            raise ValueError("written by another version")
        return [_stored(key) for key in document["keys"]]
    except (ValueError, TypeError, KeyError, AttributeError) as fault:
        raise StoreError("MCP_API_KEYSET is not a keyset; write it with: mcp-keys export --keyset") from fault


def _stored(key: Key) -> Key:
    if not isinstance(key["enabled"], bool) or not isinstance(key["prefix"], str) or not key["versions"]:
        raise ValueError("not a key")
    for texts in (key["scopes"], key["audience"]):
        if not isinstance(texts, list):
            raise ValueError("not a list")
    whole = {"id": key["id"], "name": key.get("name", key["id"]), "tags": {}, "createdAt": 0, "createdBy": "keyset"}
    same = {name: key[name] for name in ("prefix", "enabled", "scopes", "audience")}
    return {**whole, **same, "revision": 1, "versions": [_stored_version(version) for version in key["versions"]]}


def _stored_version(version: Version) -> Version:
    state, end = version["state"], version["expiresAt"]
    if not DIGEST.fullmatch(version["digest"]) or state not in ("pending", "current", "retiring"):
        raise ValueError("not a version")
    same = {"n": version["n"], "digest": version["digest"], "state": state, "createdAt": 0}
    retires = {"retiresAt": _epoch(version["retiresAt"])} if state == "retiring" else {}
    return {**same, "expiresAt": None if end is None else _epoch(end), **retires}


def _epoch(text: str) -> int:
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))


def _decode(text: str) -> str:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("utf-8")


class FileKeys(Keys):
    """The keys of a journal. Reads the file again when it has changed, which it checks for each token."""

    def __init__(self, path: str, peppers: Sequence[Pepper] = ()):
        super().__init__(peppers)
        self._file = JournalFile(path)
        self.refresh()

    def refresh(self) -> None:
        keys = self._file.news()
        if keys is not None:
            self._hold(keys)


def open_keys(env: Mapping[str, str]) -> Keys:
    """Opens the keys of MCP_KEYS_STORE: file:<path>, or env:, the default."""
    spec = env.get("MCP_KEYS_STORE") or "env:"
    if spec == "env:":
        return EnvKeys(env)
    if spec.startswith("file:") and spec != "file:":
        return FileKeys(os.path.expanduser(spec[5:]), parse_peppers(env.get("MCP_KEYS_PEPPER")))
    raise StoreError("MCP_KEYS_STORE must be file:<path> or env:")


def main() -> int:
    status = 0
    audience = sys.argv[1] if len(sys.argv) > 1 else None
    try:
        keys = open_keys(os.environ)
        for line in sys.stdin:
            ok, reason, key, version = keys.check(line.rstrip("\r\n"), audience=audience)
            whose = {} if key is None else {"key": {"id": key["id"], "name": key["name"]}, "version": version["n"]}
            print(json.dumps({"ok": ok, **({} if ok else {"reason": reason}), **whose}), flush=True)
            status = status if ok else 4
    except StoreError as fault:
        print(f"error: {fault}", file=sys.stderr)
        return 6
    return status


if __name__ == "__main__":
    sys.exit(main())
