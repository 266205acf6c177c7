#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Watches the installed headers: a change is recorded, with the API version it belongs to.

    api_digest.py                            compares with tests/style/api_digest.txt
    api_digest.py --update                   records the headers, with a raised version
    api_digest.py --update --compatible WHY  records them without: built plugins do not notice

Comments and white space do not count. Changed headers need a raised SKYMILL_API_VERSION, with a line
of its own in the history beside it, or somebody's word, kept in the record, that a plugin which is
built already works on as before.
"""
import argparse
import hashlib
import os
import re

import tree
from installed_headers import installed_headers

RECORD = "tests/style/api_digest.txt"
VERSION = "core/include/core/version.h.in"
HOW = ("if a plugin that is built already would notice, raise SKYMILL_API_VERSION in " + VERSION +
       ", say in the history what changed, and run tests/style/api_digest.py --update; if not, "
       "run it with --compatible and the reason")

TOKEN = re.compile(
    r"""(?P<comment>//(?:\\\n|[^\n])*|/\*.*?\*/)"""
    r"""|(?P<keep>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')"""
    r"""|(?P<space>\s+)|(?P<other>\w+|.)""", re.DOTALL)


def essence(text):
    """The tokens of a header, one space between them; directives keep their own lines."""
    lines = []
    code = re.sub(r"\\\n", " ", text)
    tokens = []
    for match in TOKEN.finditer(code):
        if match["space"] and "\n" in match["space"] and tokens and tokens[0] == "#":
            lines.append(" ".join(tokens))
            tokens = []
        elif match["other"] == "#" and tokens:
            lines.append(" ".join(tokens))
            tokens = ["#"]
        elif match["keep"] or match["other"]:
            tokens.append(match[0])
    lines.append(" ".join(tokens))
    return "\n".join(lines)


def digests(root):
    result = {}
    for name, path in sorted(installed_headers(root).items()):
        text = "\n".join(tree.lines(root, path))
        result[name] = hashlib.sha256(essence(text).encode()).hexdigest()[:32]
    return result


def version_text(root):
    return "\n".join(tree.lines(root, VERSION))


def api_version(root):
    return int(re.search(r"^#define SKYMILL_API_VERSION (\d+)", version_text(root), re.MULTILINE)[1])


def has_history(root, version):
    return re.search(rf"^///\s+{version}\s+\d{{4}}-\d{{2}}\s+\S", version_text(root),
                     re.MULTILINE) is not None


class Record:
    """What was recorded: the API version, each header's digest, and why changes need no other."""

    def __init__(self, version=None, headers=None, reasons=None):
        self.version = version
        self.headers = headers or {}
        self.reasons = reasons or []

    @classmethod
    def read(cls, root):
        record = cls()
        if not os.path.exists(os.path.join(root, RECORD)):
            return record
        for line in tree.lines(root, RECORD):
            key, _, rest = line.partition(" ")
            if key == "api":
                record.version = int(rest)
            elif key == "compatible":
                record.reasons.append(rest)
            elif key not in ("", "#"):
                record.headers[rest] = key
        return record

    def write(self, root):
        lines = ["# Made by tests/style/api_digest.py --update; do not edit.", f"api {self.version}"]
        lines += [f"compatible {reason}" for reason in self.reasons]
        lines += [f"{digest} {name}" for name, digest in self.headers.items()]
        with open(os.path.join(root, RECORD), "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")


def faults(root):
    record = Record.read(root)
    recorded, now = record.headers, digests(root)
    version = api_version(root)
    found = []
    for name in sorted(recorded.keys() | now.keys()):
        if recorded.get(name) != now.get(name):
            state = ("is new" if name not in recorded else
                     "is gone" if name not in now else "has changed")
            found.append(f"{name}: {state} since it was recorded for API {record.version}")
    if record.version != version:
        found.append(f"{RECORD}: recorded for API {record.version}, but the headers say {version}")
    if not has_history(root, version):
        found.append(f"{VERSION}: the history has no line '///   {version}  YYYY-MM  what changed'")
    if found:
        found.append(HOW)
    return found


def update(root, compatible=None):
    """Records the headers as they are. @return why that is refused, or None"""
    record, now, version = Record.read(root), digests(root), api_version(root)
    if record.version is not None and version < record.version:
        return f"SKYMILL_API_VERSION went back from {record.version} to {version}"
    if not has_history(root, version):
        return f"the history in {VERSION} says nothing of API {version}"
    reasons = record.reasons if version == record.version else []
    if record.version == version and record.headers != now:
        if not compatible:
            return "the headers changed but SKYMILL_API_VERSION did not; " + HOW
        reasons = reasons + [" ".join(compatible.split())]
    Record(version, now, reasons).write(root)
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--compatible", metavar="WHY",
                        help="why plugins that are built already work on as before")
    parser.add_argument("root", nargs="?", default=os.path.dirname(os.path.dirname(os.path.dirname(
        os.path.abspath(__file__)))))
    options = parser.parse_args()
    if options.update:
        reason = update(options.root, options.compatible)
        if reason:
            raise SystemExit(reason)
    return tree.report(faults(options.root), "installed headers against their record")


if __name__ == "__main__":
    raise SystemExit(main())
