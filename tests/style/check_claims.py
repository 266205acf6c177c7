#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every row of figures about speed names a command of perf/ that exists, with options that it has.

Of every table with a column `command` in the pages below: that column's first code is a script of
perf/ or a program of perf/CMakeLists.txt. A column `our figure` has one.
"""
import os
import re

import tree

PAGES = ("docs/guide/performance.md", "perf/README.md")
CODE = re.compile(r"`([^`]+)`")
PROGRAM = re.compile(r"add_executable\((\w+)\s+(\S+\.cpp)")
OPTION = re.compile(r"(?<!\S)\[?(--[a-z][\w-]*)")


def cells(line):
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]


def tables(lines):
    """(heads, [(number, cells)]) of every table."""
    number = 0
    while number < len(lines):
        if not (lines[number].startswith("|") and number + 1 < len(lines)
                and re.match(r"^\|[\s:|-]+$", lines[number + 1])):
            number += 1
            continue
        heads = cells(lines[number])
        rows = []
        number += 2
        while number < len(lines) and lines[number].startswith("|"):
            rows.append((number + 1, cells(lines[number])))
            number += 1
        yield heads, rows


def source_of(root, command):
    """The file of perf/ behind a command's first word; None for what is none of perf/."""
    word = command.split()[0]
    name = os.path.basename(word)
    if word.startswith("perf/"):
        return word if os.path.isfile(os.path.join(root, word)) else None
    made = dict(PROGRAM.findall("\n".join(tree.lines(root, "perf/CMakeLists.txt"))))
    return f"perf/{made[name]}" if name in made else None


def command_fault(root, cell):
    code = CODE.search(cell)
    if not code:
        return "this row names no command"
    source = source_of(root, code[1])
    if source is None:
        return f"'{code[1].split()[0]}' is no command of perf/"
    text = "\n".join(tree.lines(root, source) + tree.lines(root, "perf/figures.py"))
    for option in OPTION.findall(code[1]):
        if f'"{option}"' not in text:
            return f"{source} has no option '{option}'"
    return None


def faults(root):
    found = []
    for path in PAGES:
        if not os.path.isfile(os.path.join(root, path)):
            found.append(f"{path}:1: the page is missing")
            continue
        rows_seen = 0
        for heads, rows in tables(tree.lines(root, path)):
            if "command" not in heads:
                continue
            for number, row in rows:
                rows_seen += 1
                if len(row) != len(heads):
                    found.append(f"{path}:{number}: {len(row)} cells under {len(heads)} heads")
                    continue
                words = command_fault(root, row[heads.index("command")])
                if words:
                    found.append(f"{path}:{number}: {words}")
                if "our figure" in heads and not re.search(r"\d", row[heads.index("our figure")]):
                    found.append(f"{path}:{number}: there is no figure")
        if rows_seen == 0:
            found.append(f"{path}:1: no table has a column 'command'")
    return found


if __name__ == "__main__":
    raise SystemExit(tree.report(faults(tree.root_of_arguments()), "claims"))
