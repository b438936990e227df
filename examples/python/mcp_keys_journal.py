"""Reads the journal of mcp-keys (docs/journal.md) and never writes it. Needs only the standard library."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from typing import Any, Optional

Key = dict  # As in a record of the journal.

MAX_SAFE = 2**53 - 1
LAST_SECOND = 253402300799  # Of the year 9999.
DIGEST = re.compile(r"(?:sha256|hmac-sha256:[A-Za-z0-9_-]{1,32}):[0-9a-f]{64}")
FORGOTTEN = "forgotten"  # In place of the deleted digest of a revoked version.
KEPT = b'"digest":"kept:'  # Cannot occur in text from a user, because its quotes are escaped.


class StoreError(Exception):
    """The keys cannot be read. A server answers 503, because the token may be valid."""


class Damaged(StoreError):
    """The journal was altered or is incomplete. `line` counts from 1; None if no single line is damaged."""

    def __init__(self, what: str, line: Optional[int] = None):
        super().__init__(what if line is None else f"line {line} of the journal is damaged: {what}")
        self.line = line


def is_digest(text: object) -> bool:
    return isinstance(text, str) and DIGEST.fullmatch(text) is not None


GENESIS = "0" * 64
NOWHERE = "0" * 64  # The `next` of a journal that has ended.
OPENING = re.compile(rb'\{"v":1,"seq":([0-9]{1,16}),"prev":"(.{64})","at":', re.DOTALL)
NEWER = re.compile(rb'\{"v":(?:[2-9]|[1-9][0-9]+),')
SUM = re.compile(rb',"sum":"([0-9a-f]{64})"\}')
SUM_LENGTH = 74
MAX_LINE = 16 * 1024 * 1024  # A longer line is not a record.


class Journal:
    """Parses one file of a journal. Raises Damaged, or StoreError for a later format."""

    def __init__(self, data: bytes):
        self.keys: dict[str, Key] = {}
        self.seq = 0
        self.head = GENESIS
        self.heads = {0: GENESIS}  # seq → sum of the records that applied.
        self.next: Optional[str] = None  # The SHA-256 of the next file, if this one ends with a seal.
        self._data = data
        self._line = 1
        self._until = 0
        self._lacks_tab = False  # Whether the line before this point is a complete record without its tab.
        rest = len(data) - self._verify()
        if self._lacks_tab and rest == 1:
            self._fail("its end was altered")
        if self.seq < self._until:
            raise Damaged("some of the keys that its compaction kept are missing", self._line + 1)

    def _verify(self) -> int:
        data = self._data
        at = self._close_line(0)
        while at < len(data):
            start = at + 1
            newline = data.find(b"\n", start)
            end = len(data) if newline == -1 else newline
            lacks_tab, self._lacks_tab = self._lacks_tab, False
            self._line += 1
            record_end = self._judge_line(start, end)
            if record_end is not None:
                at = self._close_line(record_end)
            elif newline != -1:
                if lacks_tab and start == end:
                    raise Damaged("its end was altered", self._line - 1)
                at = end  # Cut short by a crash: void.
            else:
                self._line -= 1
                self._lacks_tab = lacks_tab
                break
        return at

    def _close_line(self, at: int) -> int:
        """Skips from the end of a record to the newline that starts the next line."""
        data = self._data
        if self._lacks_tab:
            if data[at : at + 1] != b"\t":
                if data[at : at + 1] not in (b"", b"\n"):
                    self._fail("its end was altered")
                return at
            self._lacks_tab = False
            at += 1
        while data[at : at + 1] == b"\0":
            at += 1
        if data[at : at + 1] not in (b"", b"\n"):
            self._fail("other bytes follow its end")
        return at

    def _judge_line(self, start: int, end: int) -> Optional[int]:
        """Returns where the record of the line ends, or None if the line is blank or cut short."""
        line = self._data[start:end].rstrip(b"\0")
        if line == b"":
            return None
        if line.endswith(b"\t"):
            digest = verified_sum(line[:-1])
            if digest is None:
                self._fail("it was altered")
            self._apply(line[:-1], digest)
            return start + len(line)
        line = self._data[start:end]
        digest = verified_sum(line)
        if digest is not None:
            self._apply(line, digest)
            self._lacks_tab = True
            return end
        if b"\t" in line or verified_sum(line[:-1]) is not None:
            self._fail("it was altered")
        return None

    def _apply(self, line: bytes, digest: str) -> None:
        opening = OPENING.match(line)
        if opening is None:
            if NEWER.match(line):
                raise StoreError("the journal was written by a newer version of mcp-keys")
            self._fail("it is not a record")
        seq, prev = int(opening[1]), opening[2].decode("latin-1")
        if not 1 <= seq <= MAX_SAFE:
            self._fail("it is not a record")
        special = line[-SUM_LENGTH - 1 : -SUM_LENGTH] != b"]"
        record = self._parse(line) if special else None
        if self.seq == 0 and record is not None and "until" in record:
            # The first record of a compacted journal continues the dropped history.
            self.seq, self.head, self._until = seq - 1, prev, record["until"]
            self.heads = {self.seq: self.head}
        if prev != self.head or seq != self.seq + 1 or self.next is not None:
            if prev == self.head or self.heads.get(seq - 1, "")[:32] != prev[:32]:
                self._fail("it does not follow from the lines before it")
            return  # It lost a race: void.
        record = record or self._parse(line)
        self.seq, self.head, self.heads[seq] = seq, digest, digest
        self.next = record.get("next")
        for key in record["keys"]:
            self.keys[key["id"]] = key

    def _parse(self, line: bytes) -> dict:
        record = parse_record(line)
        if record is None:
            self._fail("it is not a record")
        return record

    def _fail(self, what: str) -> Any:
        raise Damaged(what, self._line)


def verified_sum(line: bytes) -> Optional[str]:
    """Returns the sum of a line if it matches the bytes of the line."""
    match = SUM.fullmatch(line[-SUM_LENGTH:])
    digest = hashlib.sha256(line[:-SUM_LENGTH]).hexdigest()
    fits_limit = len(line) <= MAX_LINE
    return digest if fits_limit and match is not None and match[1].decode() == digest else None


def parse_record(line: bytes) -> Optional[dict]:
    def refuse(constant: str) -> Any:
        raise ValueError(constant)

    def integer(digits: str) -> int | float:
        return int(digits) if len(digits) < 20 else float(digits)

    try:
        record = json.loads(line.decode("utf-8", "replace"), parse_constant=refuse, parse_int=integer)
    except (ValueError, RecursionError):
        return None
    return record if fits(record, RECORD) else None


# Members with "?" are optional.
RECORD = {"seq": "count", "at": "time", "by": str, "op": str, "version?": "count", "detail?": str, "keys": "keys"}
RECORD |= {"until?": "count", "nonce?": str, "next?": str}
KEY = {"id": str, "name": str, "prefix": str, "scopes": "texts", "audience": "texts", "tags": "tags", "owner?": str}
KEY |= {"note?": str, "createdAt": "time", "createdBy": str, "enabled": bool, "revision": "count"}
KEY |= {"versions": "versions"}
VERSION = {"n": "count", "createdAt": "time", "digest": "digest", "state": "state", "expiresAt": "end"}
VERSION |= {"promotedAt?": "time", "retiresAt?": "time", "reason?": str}
STATES = ("pending", "current", "retiring", "retired", "revoked")


def fits(value: object, shape: Any) -> bool:
    """Checks whether a value from JSON has a shape."""
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            return False
        names = ((name.rstrip("?"), name.endswith("?"), inner) for name, inner in shape.items())
        return all(fits(value[name], inner) if name in value else optional for name, optional, inner in names)
    if isinstance(shape, type):
        return isinstance(value, shape)
    if shape == "count":
        whole = isinstance(value, (int, float)) and not isinstance(value, bool) and value == value // 1
        return whole and 0 <= value <= MAX_SAFE
    if shape == "time":
        return fits(value, "count") and value <= LAST_SECOND
    if shape == "digest":
        return is_digest(value) or value == FORGOTTEN
    if shape == "state":
        return value in STATES
    if shape == "end":
        return value is None or fits(value, "time")
    if shape == "tags":
        return isinstance(value, dict) and all(isinstance(each, str) for each in value.values())
    inner = {"keys": KEY, "texts": str, "versions": VERSION}[shape]
    return isinstance(value, list) and all(fits(each, inner) for each in value) and (shape != "versions" or value != [])


class JournalFile:
    """The journal at a path, which other processes may write, compact and replace."""

    def __init__(self, path: str):
        self._path = os.path.abspath(path)
        self._fingerprint: object = None
        self._journal = Journal(b"")

    def news(self) -> Optional[list[Key]]:
        """Returns all keys if the file has changed since the last call, else None. Raises StoreError."""
        for _ in range(20):
            fingerprint = self._look()
            if fingerprint is not None and fingerprint == self._fingerprint:
                return None
            _check_folder(self._path)
            fingerprint, data = _read_private(self._path)
            journal = Journal(data)
            if journal.next not in (None, NOWHERE):
                successor = self._successor(journal.next)
                if successor is None:
                    # Another process may have renamed it meanwhile. If not, it is lost.
                    if self._look() == fingerprint:
                        raise Damaged("it was compacted, but the file that replaces it is missing or was altered")
                    continue
                journal = successor
            before = self._journal.seq
            if before > 0 and min(journal.heads) <= before and journal.heads.get(before) != self._journal.head:
                raise Damaged("its history went back: records that were read before are missing")
            self._fingerprint, self._journal = fingerprint, journal
            return list(journal.keys.values())
        raise StoreError(f"{self._path} is being compacted repeatedly")

    def _look(self) -> object:
        try:
            return _fingerprint(os.lstat(self._path))
        except FileNotFoundError:
            return None
        except OSError as cause:
            raise StoreError(f"cannot read {self._path}: {cause.strerror}") from cause

    def _successor(self, digest: str) -> Optional[Journal]:
        """Reads the file that a seal names. Returns None if it is missing, renamed or altered."""
        _, data = _read_private(f"{self._path}.{digest[:12]}.next")
        return Journal(data) if hashlib.sha256(data).hexdigest() == digest else None


def _fingerprint(found: os.stat_result) -> object:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _read_private(path: str) -> tuple[object, bytes]:
    """Reads a file that only its owner can read or write. Returns no bytes if it is missing."""
    flags = os.O_RDONLY
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
        flags |= getattr(os, name, 0)
    try:
        with open(os.open(path, flags), "rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise StoreError(f"{path} is not a regular file")
            if hasattr(os, "getuid") and (found.st_uid != os.getuid() or found.st_mode & 0o077):
                raise StoreError(f"{path} belongs to another user or is open to others: chmod 600")
            data = file.read()
    except FileNotFoundError:
        return None, b""
    except OSError as cause:
        raise StoreError(f"cannot read {path}: {cause.strerror}") from cause
    if KEPT in data:
        raise StoreError(f"{path} belongs to a keychain store: its digests are in the keychain")
    return _fingerprint(found), data


def _check_folder(path: str) -> None:
    """Rejects a folder in which other users could replace the file."""
    folder = os.path.dirname(path)
    try:
        found = os.stat(folder)
    except FileNotFoundError:
        return
    except OSError as cause:
        raise StoreError(f"cannot read {folder}: {cause.strerror}") from cause
    if hasattr(os, "getuid") and (found.st_uid not in (os.getuid(), 0) or found.st_mode & 0o022):
        raise StoreError(f"the folder {folder} belongs to another user or is open to others: chmod go-w")
