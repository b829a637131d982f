#!/usr/bin/env python3
"""Verifies this copy of a log: reads every file, hashes every entry, compares every tile.

    python3 verify.py [DIR] [--key KEY] [--older CHECKPOINT]

DIR is the export, by default the folder of this script. KEY is the key of the log as you were
given it by those who run it, by another way than this copy; without it the key in log.pub is
used, which proves only that the copy fits together. CHECKPOINT is a checkpoint that you kept
from before: the log must begin with it.

Needs Python 3.8 and nothing else; the signature is checked by the program openssl (1.1.1 or
later). Exit codes: 0 all is as signed; 1 something is not, and is named; 2 something could not
be checked, and is named.
"""

import argparse
import base64
import hashlib
import json
import os
import struct
import subprocess
import sys
import tempfile

FAULTS = []
UNCHECKED = []
SUMMED = ["checkpoint", "disclosures/openings.jsonl", "log.pub", "VERIFY.md", "verify.py"]


def fault(file, what):
    FAULTS.append(f"{file}: {what}")


def sha256(*parts):
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.digest()


def parse_key(text):
    """name, id and 32 bytes of a verifier key: NAME+ID+BASE64 (C2SP signed-note)."""
    name, key_id, data = text.split("+", 2)
    raw = base64.b64decode(data, validate=True)
    if len(raw) != 33 or raw[0] != 1:
        raise ValueError("it is no Ed25519 key of a log")
    expected = sha256(name.encode(), b"\n", raw)[:4]
    if bytes.fromhex(key_id) != expected or key_id != expected.hex():
        raise ValueError("its id does not fit")
    return name, expected, raw[1:]


def parse_checkpoint(raw):
    """origin, size, root, signed text and signatures of a checkpoint (C2SP tlog-checkpoint)."""
    text, marks = raw.decode("utf-8").split("\n\n", 1)
    lines = text.split("\n")
    size = int(lines[1])
    if str(size) != lines[1]:
        raise ValueError("its size is not written as it must be")
    root = base64.b64decode(lines[2], validate=True)
    if len(root) != 32 or base64.b64encode(root).decode() != lines[2]:
        raise ValueError("its root is no hash")
    signatures = []
    for line in marks.rstrip("\n").split("\n"):
        if not line.startswith("\u2014 "):
            raise ValueError("a line after the text is no signature")
        name, data = line[2:].split(" ", 1)
        blob = base64.b64decode(data, validate=True)
        signatures.append((name, blob[:4], blob[4:]))
    return lines[0], size, root, (text + "\n").encode(), signatures


def signed_by(key, text, signatures):
    """True, False, or None where openssl cannot be asked."""
    name, key_id, public = key
    found = [s for n, i, s in signatures if n == name and i == key_id]
    if not found:
        return False
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, n) for n in ("key", "text", "signature")]
        der = bytes.fromhex("302a300506032b6570032100") + public
        for path, content in zip(paths, (der, text, found[0])):
            with open(path, "wb") as file:
                file.write(content)
        command = ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-rawin",
                   "-inkey", paths[0], "-in", paths[1], "-sigfile", paths[2]]
        try:
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        except OSError:
            return None
    if b"Verified Successfully" in done.stdout and done.returncode == 0:
        return True
    return False if b"Failure" in done.stdout + done.stderr else None


def position(index, width):
    """The end of a tile's path: x001/x234/067, with .p/W for a partial one."""
    groups = [f"{index % 1000:03d}"]
    while index >= 1000:
        index //= 1000
        groups.insert(0, f"x{index % 1000:03d}")
    return "/".join(groups) + (f".p/{width}" if width < 256 else "")


def read(folder, name):
    try:
        with open(os.path.join(folder, *name.split("/")), "rb") as file:
            return file.read()
    except OSError:
        return None


def read_bundle(raw, width):
    entries, at = [], 0
    while at < len(raw):
        (length,) = struct.unpack_from(">H", raw, at)
        entry = raw[at + 2:at + 2 + length]
        if len(entry) != length:
            raise ValueError("it is cut off")
        entries.append(entry)
        at += 2 + length
    if len(entries) != width:
        raise ValueError(f"it holds {len(entries)} entries, not {width}")
    return entries


class Tree:
    """The right edge of a Merkle tree (RFC 6962): a hash for each bit of the size."""

    def __init__(self):
        self.size, self.peaks = 0, []

    def push(self, leaf):
        level, size = leaf, self.size
        while size & 1:
            level = sha256(b"\x01", self.peaks.pop(), level)
            size >>= 1
        self.peaks.append(level)
        self.size += 1

    def root(self):
        if not self.peaks:
            return sha256(b"")
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = sha256(b"\x01", peak, root)
        return root


def perfect(hashes):
    while len(hashes) > 1:
        hashes = [sha256(b"\x01", hashes[n], hashes[n + 1]) for n in range(0, len(hashes), 2)]
    return hashes[0]


def check_sums(folder):
    listed = (read(folder, "SHA256SUMS") or b"").decode("utf-8", "replace")
    expected = ""
    for name in SUMMED:
        raw = read(folder, name)
        if raw is None:
            if name != "disclosures/openings.jsonl":
                fault(name, "it is missing")
            continue
        line = f"{hashlib.sha256(raw).hexdigest()}  {name}\n"
        if line not in listed:
            fault(name, "it is not what SHA256SUMS says")
        expected += line
    if listed != expected and not FAULTS:
        fault("SHA256SUMS", "it is missing, or lists other files than there are")


def read_openings(folder):
    openings = {}
    raw = read(folder, "disclosures/openings.jsonl")
    for number, line in enumerate((raw or b"").decode("utf-8", "replace").splitlines(), 1):
        try:
            opening = json.loads(line)["opening"]
            openings[opening["entry"]] = opening["fields"]
        except (ValueError, KeyError, TypeError):
            fault("disclosures/openings.jsonl", f"line {number} is no opening")
    return openings


def check_opening(entry, fields):
    """Each disclosed value hashes, with its salt, to the digest in the entry line."""
    identity = bytes.fromhex(entry["id"].replace("-", ""))
    for field, shown in fields.items():
        value = json.dumps(shown["value"], ensure_ascii=False, separators=(",", ":"))
        parts = [b"amparo/private/v1", bytes.fromhex(shown["salt"]), identity,
                 field.encode(), value.encode()]
        digest = sha256(*(struct.pack(">I", len(part)) + part for part in parts))
        if entry.get("private", {}).get(field) != digest.hex():
            return False
    return True


def check_log(folder, size, wanted):
    """Reads every bundle and tile; answers the root at each wanted size, and the known files."""
    tree, roots, known = Tree(), {}, set()
    openings, disclosed = read_openings(folder), 0
    rows = [[]]
    for index in range((size + 255) // 256):
        width = min(256, size - index * 256)
        name = "tile/entries/" + position(index, width)
        known.add(name)
        try:
            entries = read_bundle(read(folder, name) or b"", width)
        except (ValueError, struct.error) as error:
            fault(name, error)
            return tree, roots, None, disclosed
        leaves = []
        for seq, line in enumerate(entries, index * 256):
            leaf = sha256(b"\x00", line)
            leaves.append(leaf)
            tree.push(leaf)
            if tree.size in wanted:
                roots[tree.size] = tree.root()
            if not line.startswith(b'{"seq":%d,' % seq):
                fault(name, f"the line at e{seq} does not say that it is e{seq}")
            if openings and b'"private":' in line:
                entry = json.loads(line)
                fields = openings.pop(entry["id"], None)
                try:
                    if fields is not None and not check_opening(entry, fields):
                        raise ValueError
                    disclosed += fields is not None
                except (ValueError, KeyError, TypeError, AttributeError):
                    fault("disclosures/openings.jsonl",
                          f"what it discloses of e{seq} is not what was recorded")
        check_tiles(folder, rows, leaves, index, known)
    for level, row in enumerate(rows):
        if level and row and not len(row) % 256 == 0:
            done = len(row) // 256
            check_tile(folder, level, done, row[done * 256:], known)
    if openings:
        fault("disclosures/openings.jsonl", f"{len(openings)} openings are of no entry")
    return tree, roots, known, disclosed


def check_tiles(folder, rows, leaves, index, known):
    """Compares the tile over these leaves, and each full one above that they complete."""
    check_tile(folder, 0, index, leaves, known)
    level = 0
    while len(leaves) == 256:
        level += 1
        if len(rows) == level:
            rows.append([])
        rows[level].append(perfect(leaves))
        if len(rows[level]) % 256:
            break
        index = len(rows[level]) // 256 - 1
        leaves = rows[level][index * 256:]
        check_tile(folder, level, index, leaves, known)


def check_tile(folder, level, index, hashes, known):
    name = f"tile/{level}/" + position(index, len(hashes))
    known.add(name)
    if read(folder, name) != b"".join(hashes):
        fault(name, "it is missing, or not the hashes of the entries")


def check_strangers(folder, known):
    """Files that a reader could take for part of the log; others are the host's own business."""
    for part in ("tile", "disclosures"):
        for at, _, names in os.walk(os.path.join(folder, part)):
            for name in names:
                path = os.path.relpath(os.path.join(at, name), folder).replace(os.sep, "/")
                if path not in known and path not in SUMMED:
                    fault(path, "it is no part of this export")


def check_signature(key, text, signatures, what):
    signed = signed_by(key, text, signatures)
    if signed is None:
        UNCHECKED.append(f"{what}: its signature, since openssl cannot be run or is too old")
    elif not signed:
        fault(what, "it is not signed with the key of the log")


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    parser = argparse.ArgumentParser(description="Verify this copy of a log.")
    parser.add_argument("dir", nargs="?", default=here, help="the export [default: here]")
    parser.add_argument("--key", help="the key of the log, as those who run it gave it to you")
    parser.add_argument("--older", help="a checkpoint that you kept from before")
    options = parser.parse_args()
    folder = options.dir
    check_sums(folder)
    try:
        given = options.key or (read(folder, "log.pub") or b"").decode().rstrip("\n")
        key = parse_key(given)
        origin, size, root, text, signatures = parse_checkpoint(read(folder, "checkpoint") or b"")
    except (ValueError, IndexError) as error:
        fault("checkpoint or key", f"it does not read: {error}")
        return report(None, 0, 0)
    if origin != key[0]:
        fault("checkpoint", "it is of another log than the key")
    check_signature(key, text, signatures, "checkpoint")
    wanted, older = set(), None
    if options.older:
        try:
            with open(options.older, "rb") as file:
                older = parse_checkpoint(file.read())
        except (OSError, ValueError, IndexError) as error:
            fault(options.older, f"it does not read: {error}")
    if older:
        if older[0] != origin:
            fault(options.older, "it is of another log")
        check_signature(key, older[3], older[4], options.older)
        wanted.add(older[1])
    tree, roots, known, disclosed = check_log(folder, size, wanted)
    if known is not None:
        check_strangers(folder, known)
        if tree.root() != root:
            fault("checkpoint", "the entries lead to another root: this is not what was signed")
        if older and older[1] > size:
            fault(options.older, f"it has {older[1]} entries, and this copy {size}: cut or older")
        elif older and older[1] and roots.get(older[1]) != older[2]:
            fault(options.older, "the log does not begin with it: it was rewritten")
    if not options.key:
        print("note: no --key was given; the key in log.pub was used, which came with the copy")
    return report(root, tree.size, disclosed)


def report(root, size, disclosed):
    for line in FAULTS:
        print(f"FAULT {line}")
    for line in UNCHECKED:
        print(f"NOT CHECKED {line}")
    if FAULTS:
        print(f"not as signed: {len(FAULTS)} faults")
        return 1
    print(f"{size} entries, root {root.hex()}, {disclosed} disclosures: "
          + ("all hashes fit" if UNCHECKED else "all is as signed"))
    return 2 if UNCHECKED else 0


if __name__ == "__main__":
    sys.exit(main())
