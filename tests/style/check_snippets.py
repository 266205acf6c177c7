#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Code blocks of the documentation under `<!-- from path -->` stand in that file, word for word."""
import os
import re

import tree

MARK = re.compile(r"^\s*<!-- from (\S+) -->\s*$")
FENCE = re.compile(r"^(\s*)(```+|~~~+)")


def blocks(lines):
    """(line, path, text) of every marked block; text is None where no block follows the mark."""
    number = 0
    while number < len(lines):
        mark = MARK.match(lines[number])
        number += 1
        if not mark:
            continue
        start = number
        fence = FENCE.match(lines[number]) if number < len(lines) else None
        if not fence:
            yield start, mark[1], None
            continue
        body = []
        number += 1
        while number < len(lines) and not lines[number].strip().startswith(fence[2]):
            body.append(lines[number].removeprefix(fence[1]))
            number += 1
        yield start, mark[1], "\n".join(body)


def faults(root):
    found = []
    for path in tree.files(root, (".md",)):
        for number, source, text in blocks(tree.lines(root, path)):
            if text is None:
                found.append(f"{path}:{number}: no code block follows the mark")
            elif not os.path.isfile(os.path.join(root, source)):
                found.append(f"{path}:{number}: there is no file '{source}'")
            elif not text.strip():
                found.append(f"{path}:{number}: the block is empty")
            elif f"\n{text}\n" not in "\n" + "\n".join(tree.lines(root, source)) + "\n":
                found.append(f"{path}:{number}: this block does not stand in '{source}' any more")
    return found


if __name__ == "__main__":
    raise SystemExit(tree.report(faults(tree.root_of_arguments()), "snippets"))
