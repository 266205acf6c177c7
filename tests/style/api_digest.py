#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Watches the installed headers: a change is recorded, with the API version it belongs to.

    api_digest.py            compares with tests/style/api_digest.txt
    api_digest.py --update   records the headers as they are

Comments and white space do not count. While the version of skymill is 0.x, recording is all that
is asked; from 1.0 on, changed headers need a raised SKYMILL_API_VERSION.
"""
import argparse
import hashlib
import os
import re

import tree
from installed_headers import installed_headers

RECORD = "tests/style/api_digest.txt"
HOW = ("if a plugin that is built already would notice, raise SKYMILL_API_VERSION in "
       "core/include/core/version.h.in; then run tests/style/api_digest.py --update")

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


def api_version(root):
    text = "\n".join(tree.lines(root, "core/include/core/version.h.in"))
    return int(re.search(r"^#define SKYMILL_API_VERSION (\d+)", text, re.MULTILINE)[1])


def before_1_0(root):
    text = "\n".join(tree.lines(root, "CMakeLists.txt"))
    return re.search(r"project\(skymill VERSION (\d+)", text)[1] == "0"


def read_record(root):
    """(API version, {header: digest}) as recorded; (None, {}) without a record."""
    if not os.path.exists(os.path.join(root, RECORD)):
        return None, {}
    version, headers = None, {}
    for line in tree.lines(root, RECORD):
        words = line.split()
        if not words or words[0] == "#":
            continue
        if words[0] == "api":
            version = int(words[1])
        else:
            headers[words[1]] = words[0]
    return version, headers


def write_record(root):
    lines = ["# Made by tests/style/api_digest.py --update; do not edit.", f"api {api_version(root)}"]
    lines += [f"{digest} {name}" for name, digest in digests(root).items()]
    with open(os.path.join(root, RECORD), "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def faults(root):
    version, recorded = read_record(root)
    now = digests(root)
    found = []
    for name in sorted(recorded.keys() | now.keys()):
        if recorded.get(name) != now.get(name):
            state = ("is new" if name not in recorded else
                     "is gone" if name not in now else "has changed")
            found.append(f"{name}: {state} since it was recorded for API {version}")
    if version != api_version(root):
        found.append(f"{RECORD}: recorded for API {version}, but the headers say "
                     f"{api_version(root)}")
    if found:
        found.append(HOW)
    return found


def refusal(root):
    """Why the headers may not be recorded as they are, or None."""
    version, recorded = read_record(root)
    if before_1_0(root) or version is None or version != api_version(root):
        return None
    if recorded == digests(root):
        return None
    return "the headers changed but SKYMILL_API_VERSION did not; raise it first"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--update", action="store_true")
    parser.add_argument("root", nargs="?", default=os.path.dirname(os.path.dirname(os.path.dirname(
        os.path.abspath(__file__)))))
    options = parser.parse_args()
    if options.update:
        reason = refusal(options.root)
        if reason:
            raise SystemExit(reason)
        write_record(options.root)
    return tree.report(faults(options.root), "installed headers against their record")


if __name__ == "__main__":
    raise SystemExit(main())
