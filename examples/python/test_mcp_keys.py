"""Tests mcp_keys.py with the test vectors of mcp-keys: python3 -B -m unittest"""

import asyncio
import base64
import hashlib
import json
import os
import sys
import tempfile
import types
import unittest
from pathlib import Path
from types import SimpleNamespace

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from mcp_keys import (  # noqa: E402
    EnvKeys,
    FileKeys,
    Pepper,
    Token,
    digest_token,
    expires_at,
    parse_bearer,
    parse_peppers,
    parse_token,
)
from mcp_keys_journal import Damaged, StoreError, fits, is_digest  # noqa: E402
from token_verifier import KeysTokenVerifier  # noqa: E402

VECTORS = Path(os.environ.get("MCP_KEYS_VECTORS", HERE / "../../test/vectors"))


def vectors(name):
    return json.loads((VECTORS / f"{name}.json").read_text("utf-8"))


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "keys.jsonl"

    def write(self, text, suffix=""):
        path = Path(f"{self.path}{suffix}")
        path.touch(0o600)
        path.write_bytes(text.encode())
        return str(path)


class Tokens(unittest.TestCase):
    def test_tokens(self):
        for case in vectors("token")["valid"]:
            with self.subTest(case["name"]):
                self.assertEqual(parse_token(case["token"]), Token(case["prefix"], case["id"]))
        for case in vectors("token")["invalid"]:
            with self.subTest(case["name"]):
                self.assertEqual(parse_token(case["token"]), case["reason"])

    def test_digests(self):
        for case in vectors("digest")["valid"]:
            with self.subTest(case["name"]):
                pepper = Pepper(**case["pepper"]) if "pepper" in case else None
                self.assertEqual(digest_token(case["token"], pepper), case["digest"])
                self.assertTrue(is_digest(case["digest"]))
        for case in vectors("digest")["invalid"]:
            with self.subTest(case["name"]):
                self.assertFalse(is_digest(case["digest"]))

    def test_headers(self):
        for case in vectors("header")["valid"]:
            with self.subTest(case["name"]):
                self.assertEqual(parse_bearer(case["header"]), (case["token"], None))
        for case in vectors("header")["invalid"]:
            with self.subTest(case["name"]):
                self.assertEqual(parse_bearer(case["header"]), (None, case["reason"]))

    def test_refuses_text_that_is_not_valid_unicode(self):
        self.assertEqual(EnvKeys({}).check("\udcff").reason, "malformed")


class Journals(Folder):
    def test_journals(self):
        for case in vectors("journal")["cases"]:
            with self.subTest(case["name"]):
                self.setUp()
                for suffix, text in case.get("sidecars", {}).items():
                    self.write(text, suffix)
                path = self.write(case["file"])
                if "damaged" in case:
                    with self.assertRaises(Damaged) as caught:
                        FileKeys(path)
                    self.assertEqual(caught.exception.line, case["damaged"])
                elif case.get("newer"):
                    self.assertRaisesRegex(StoreError, "newer", FileKeys, path)
                elif case.get("keychain"):
                    self.assertRaisesRegex(StoreError, "keychain", FileKeys, path)
                else:
                    states = {key["name"]: [each["state"] for each in key["versions"]] for key in FileKeys(path).list()}
                    self.assertEqual(states, case["keys"])

    def test_verdicts(self):
        judged = vectors("journal")["judged"]
        path = self.write(judged["file"])
        for case in judged["verdicts"]:
            with self.subTest(case["name"]):
                keys = FileKeys(path, parse_peppers(case.get("pepper")))
                if case["reason"] == "PEPPER_MISSING":
                    with self.assertRaisesRegex(StoreError, "pepper"):
                        keys.check(case["token"], case.get("scopes", ()), case["audience"], case["now"])
                    continue
                verdict = keys.check(case["token"], case.get("scopes", ()), case["audience"], case["now"])
                self.assertEqual((verdict.ok, verdict.reason), (case["reason"] is None, case["reason"]))

    def test_sees_changes_at_the_next_check(self):
        whole = next(case["file"] for case in vectors("journal")["cases"] if case["name"].startswith("two keys"))
        first = whole[: whole.index("\n", 1)]
        keys = FileKeys(str(self.path))
        self.assertEqual(keys.list(), [])
        for text, names in ((first, ["ci"]), (whole, ["ci", "laptop"])):
            self.write(text)
            keys.refresh()
            self.assertEqual([key["name"] for key in keys.list()], names)
        # An older copy or a missing file is a loss of history.
        self.write(first)
        self.assertRaisesRegex(Damaged, "went back", keys.refresh)
        self.path.unlink()
        self.assertRaisesRegex(Damaged, "went back", keys.refresh)
        self.write(whole)
        keys.refresh()

    def test_rejects_a_journal_replaced_by_one_of_a_keychain(self):
        cases = {case["name"]: case["file"] for case in vectors("journal")["cases"]}
        token = vectors("digest")["valid"][0]["token"]
        keys = FileKeys(self.write(cases["empty"]))
        self.assertEqual(keys.check(token).reason, "unknown")
        self.write(cases["the journal of a keychain store"])
        self.assertRaisesRegex(StoreError, "keychain", keys.check, token)

    def test_no_token_matches_a_forgotten_digest(self):
        cases = {case["name"]: case["file"] for case in vectors("journal")["cases"]}
        keys = FileKeys(self.write(cases["a forgotten digest of a revoked version"]))
        for text in ("forgotten", vectors("digest")["valid"][0]["token"]):
            self.assertFalse(keys.check(text).ok)

    def test_reads_on_across_a_compaction(self):
        cases = {case["name"]: case for case in vectors("journal")["cases"]}
        sealed = cases["sealed, but the next file is not renamed yet"]
        keys = FileKeys(self.write(cases["two keys, one of them rotated"]["file"]))
        for suffix, text in sealed["sidecars"].items():
            successor = self.write(text, suffix)
        self.write(sealed["file"])
        keys.refresh()
        os.rename(successor, self.path)
        keys.refresh()
        self.write(cases["compacted, then written"]["file"])
        keys.refresh()
        self.assertEqual([key["enabled"] for key in keys.list()], [False, True])

    @unittest.skipUnless(hasattr(os, "getuid"), "needs users")
    def test_rejects_a_file_that_others_can_read_or_replace(self):
        path = self.write(vectors("journal")["judged"]["file"])
        FileKeys(path)
        link = f"{path}.link"
        os.symlink(path, link)
        self.assertRaises(StoreError, FileKeys, link)
        self.assertRaises(StoreError, FileKeys, str(self.path.parent))
        os.mkfifo(f"{path}.pipe", 0o600)
        self.assertRaises(StoreError, FileKeys, f"{path}.pipe")
        os.chmod(path, 0o640)
        self.assertRaises(StoreError, FileKeys, path)
        os.chmod(path, 0o600)
        os.chmod(self.path.parent, 0o720)
        self.assertRaises(StoreError, FileKeys, path)


class Times(unittest.TestCase):
    def test_a_time_after_the_year_9999_is_no_time(self):
        self.assertTrue(fits(253402300799, "time") and fits(None, "end"))
        for late in (253402300800, 2**53 - 1, -1):
            self.assertFalse(fits(late, "time") or fits(late, "end"))


class Environment(unittest.TestCase):
    token = vectors("digest")["valid"][0]["token"]
    digest = vectors("digest")["valid"][0]["digest"]

    def keyset(self, digest=None, **more):
        version = {"n": 1, "digest": digest or self.digest, "state": "current", "expiresAt": None, **more}
        key = {"id": "7Fq2x9Lm0aBc", "name": "ci", "prefix": "opaque", "enabled": True, "scopes": ["read"]}
        keys = [{**key, "audience": [], "versions": [version]}]
        return {"keyset": 1, "store": "file:/k", "seq": 1, "at": "2026-11-27T12:00:00Z", "keys": keys}

    def test_checks_a_keyset_from_the_environment(self):
        keyed = vectors("digest")["valid"][1]
        other = "sha256:" + hashlib.sha256(b"other").hexdigest()
        pepper = f"{keyed['pepper']['id']}:{keyed['pepper']['key']}"
        end = {"expiresAt": "1970-01-01T00:01:40Z"}
        overlap = {"state": "retiring", "retiresAt": "1970-01-01T00:00:50Z"}
        for keyset, now, reason in (
            (self.keyset(other), 0, "unknown"),
            (self.keyset(), 0, None),
            (self.keyset(**end), 99, None),
            (self.keyset(**end), 100, "expired"),
            (self.keyset(**end, **overlap), 49, None),
            (self.keyset(**end, **overlap), 50, "expired"),
            (self.keyset(keyed["digest"]), 0, None),
        ):
            whole = json.dumps(keyset)
            payload = base64.urlsafe_b64encode(whole.encode()).decode().rstrip("=")
            signed = json.dumps({"payload": payload, "protected": "", "signature": ""})
            for text in (f" {whole}\n", payload, signed):
                with self.subTest(text):
                    keys = EnvKeys({"MCP_API_KEYSET": text, "MCP_KEYS_PEPPER": pepper})
                    parsed = keys.check(self.token, now=now)
                    # An unknown token in another format is malformed, not unknown.
                    self.assertEqual(parsed.ok, reason is None)
                    if reason == "expired":
                        self.assertEqual(parsed.reason, reason)
        self.assertEqual(EnvKeys({}).check(self.token).ok, False)
        keys = EnvKeys({"MCP_API_KEYSET": json.dumps(self.keyset())})
        self.assertEqual(keys.check(self.token, ["write"]).reason, "insufficient-scope")

    def test_raises_for_invalid_variables(self):
        for keyset in ({}, [], {**self.keyset(), "keyset": 2}, self.keyset("forgotten"), self.keyset(state="revoked")):
            with self.subTest(keyset):
                self.assertRaises(StoreError, EnvKeys, {"MCP_API_KEYSET": json.dumps(keyset)})
        for text in (self.digest, json.dumps(self.keyset())[:-1], "mcp_7Fq2x9Lm0aBc_1"):
            with self.subTest(text):
                self.assertRaises(StoreError, EnvKeys, {"MCP_API_KEYSET": text})
        signed = {"MCP_API_KEYSET": json.dumps(self.keyset()), "MCP_KEYS_KEYSET_PUBLIC_KEY": "MCowBQYDK2VwAyEA"}
        self.assertRaisesRegex(StoreError, "signatures", EnvKeys, signed)
        self.assertRaisesRegex(StoreError, "signatures", EnvKeys, {**signed, "MCP_KEYS_KEYSET_PUBLIC_KEY": ""})
        keyed = vectors("digest")["valid"][1]["digest"]
        keys = EnvKeys({"MCP_API_KEYSET": json.dumps(self.keyset(keyed))})
        self.assertRaisesRegex(StoreError, "pepper", keys.check, self.token)
        self.assertRaises(StoreError, EnvKeys, {"MCP_KEYS_PEPPER": "short:pepper"})


class Verifier(Folder):
    def setUp(self):
        super().setUp()
        # Stands in for the SDK, which need not be installed.
        for name in ("mcp", "mcp.server", "mcp.server.auth", "mcp.server.auth.provider"):
            self.addCleanup(sys.modules.pop, name, None)
            sys.modules[name] = types.ModuleType(name)
        sys.modules["mcp.server.auth.provider"].AccessToken = SimpleNamespace

    def test_tools_get_the_key_but_not_the_token(self):
        judged = vectors("journal")["judged"]
        tokens = {case["name"]: case["token"] for case in judged["verdicts"]}
        keys = FileKeys(self.write(judged["file"]))
        verifier = KeysTokenVerifier(keys, audience="https://mcp.example.com/mcp")
        access = asyncio.run(verifier.verify_token(tokens["pending"]))
        expected = {"token": "[key 0It5A2Op3dEf]", "client_id": "0It5A2Op3dEf", "scopes": [], "expires_at": None}
        self.assertEqual(vars(access), expected)
        with self.assertLogs("mcp_keys") as logged:
            self.assertIsNone(asyncio.run(verifier.verify_token(tokens["revoked"])))
            self.assertIsNone(asyncio.run(verifier.verify_token("nothing like it")))
        self.assertNotIn(tokens["revoked"], str(logged.output))
        self.path.write_text("\nnothing like it\t")
        with self.assertRaises(StoreError):
            asyncio.run(verifier.verify_token(tokens["pending"]))

    def test_the_earlier_expiry_counts(self):
        self.assertEqual(expires_at({"expiresAt": 300, "retiresAt": 200}), 200)
        self.assertEqual(expires_at({"expiresAt": 300}), 300)
        self.assertIsNone(expires_at({"expiresAt": None}))


if __name__ == "__main__":
    unittest.main()
