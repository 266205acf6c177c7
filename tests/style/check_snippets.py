#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Code blocks of the documentation stand in files that are compiled and run.

Above a block stands `<!-- from path -->`: it stands in that file, word for word; or
`<!-- run by path -->`: its commands are run by that test, which reads this page or has the commands.
In docs/guide every fenced block has one of the two.
"""
import os
import re

import tree

MARK = re.compile(r"^\s*<!-- (from|run by) (\S+) -->\s*$")
FENCE = re.compile(r"^(\s*)(```+|~~~+)")


def blocks(lines):
    """(line, mark, path, text) of every block; the first two are None where there is no mark above
    it, and the text where no block follows a mark."""
    number = 0
    while number < len(lines):
        mark = MARK.match(lines[number])
        number += 1 if mark else 0
        start = max(number, 1)
        fence = FENCE.match(lines[number]) if number < len(lines) else None
        if not fence:
            if mark:
                yield start, mark[1], mark[2], None
            else:
                number += 1
            continue
        body = []
        number += 1
        while number < len(lines) and not lines[number].strip().startswith(fence[2]):
            body.append(lines[number].removeprefix(fence[1]))
            number += 1
        number += 1
        yield start, mark and mark[1], mark and mark[2], "\n".join(body)


def is_run(root, page, source, text):
    """Whether the test at `source` runs these commands: it names the page, or has each of them."""
    test = "\n".join(tree.lines(root, source))
    return page in test or all(line in test for line in text.split("\n") if line.strip())


def faults(root):
    found = []
    for path in tree.files(root, (".md",)):
        for number, mark, source, text in blocks(tree.lines(root, path)):
            if mark is None:
                if path.startswith("docs/guide/"):
                    found.append(f"{path}:{number}: a block without a mark: say '<!-- from FILE -->' "
                                 "or '<!-- run by TEST -->'")
            elif text is None:
                found.append(f"{path}:{number}: no code block follows the mark")
            elif not os.path.isfile(os.path.join(root, source)):
                found.append(f"{path}:{number}: there is no file '{source}'")
            elif not text.strip():
                found.append(f"{path}:{number}: the block is empty")
            elif mark == "run by":
                if not is_run(root, path, source, text):
                    found.append(f"{path}:{number}: '{source}' does not run these commands")
            elif f"\n{text}\n" not in "\n" + "\n".join(tree.lines(root, source)) + "\n":
                found.append(f"{path}:{number}: this block does not stand in '{source}' any more")
    return found


if __name__ == "__main__":
    raise SystemExit(tree.report(faults(tree.root_of_arguments()), "snippets"))
