#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Links between our pages lead somewhere, and the words of the concepts are symbols.

A link in a .md file leads to a file of the tree, and after '#' to a heading of it; links to other
sites are not followed. A row of docs/guide/concepts.md that says "`Name` in `file`" needs a class or
struct of that name in the file.
"""
import os
import re

import tree

FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\(([^)\s]+)\)|!\[[^\]\n]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.*?)\s*$", re.MULTILINE)
CONCEPTS = "docs/guide/concepts.md"
SYMBOL = re.compile(r"`(\w+)` in `([\w/.]+)`")


def anchors(text):
    """The names of headings, as GitHub makes them."""
    names = set()
    for heading in HEADING.findall(FENCE.sub("", text)):
        plain = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        name = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        names.add(name)
    return names


def text_of(root, path):
    return "\n".join(tree.lines(root, path))


def link_faults(root, path):
    found = []
    for match in LINK.finditer(FENCE.sub("", text_of(root, path))):
        link = match[1] or match[2]
        if re.match(r"[a-z]+:", link):
            continue
        place, _, anchor = link.partition("#")
        target = os.path.normpath(os.path.join(os.path.dirname(path), place)) if place else path
        if not os.path.exists(os.path.join(root, target)):
            found.append(f"{path}: '{link}' leads nowhere")
        elif anchor and target.endswith(".md") and anchor not in anchors(text_of(root, target)):
            found.append(f"{path}: '{link}' ends at no heading")
    return found


def concept_faults(root):
    if not os.path.exists(os.path.join(root, CONCEPTS)):
        return []
    found = []
    rows = SYMBOL.findall(text_of(root, CONCEPTS))
    for name, path in rows:
        declared = re.compile(rf"^(?:class|struct)(?: SKYMILL_API)? {name}\b", re.MULTILINE)
        if not os.path.exists(os.path.join(root, path)):
            found.append(f"{CONCEPTS}: there is no {path}")
        elif not declared.search(text_of(root, path)):
            found.append(f"{CONCEPTS}: there is no {name} in {path}")
    return found if rows else [f"{CONCEPTS}: no row names a symbol"]


def faults(root):
    found = []
    for path in tree.files(root):
        if path.endswith(".md"):
            found += link_faults(root, path)
    return found + concept_faults(root)


if __name__ == "__main__":
    raise SystemExit(tree.report(faults(tree.root_of_arguments()), "links"))
