#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Follows docs/guide/first_plugin.md: its commands are run and its files written, in its order.

Blocks of one file are put together; what comes of them must be the file that the repository has.
"""
import json
import re
import unittest

from installed import SOURCE, Installed

PAGE = SOURCE / "docs/guide/first_plugin.md"
BLOCK = re.compile(r"^<!-- (from|run by) (\S+) -->\n```\w*\n(.*?)\n```$", re.MULTILINE | re.DOTALL)
# Where the reader puts what the page shows of a file.
PLACES = {"clip.h": "clip.h", "clip.cpp": "clip.cpp", "first_test.cpp": "clip_test.cpp",
          "clip.yaml": "clip.yaml"}


class Tutorial(Installed):
    def test_word_for_word(self):
        written = {}
        here = self.folder
        for mark, source, text in BLOCK.findall(PAGE.read_text()):
            name = source.rpartition("/")[2]
            if mark == "from" and name in PLACES:
                written.setdefault(name, []).append(text)
                continue
            if mark == "from":
                continue  # a part of the skeleton that is explained
            for file, parts in written.items():
                whole = "\n\n".join(parts) + "\n"
                self.assertEqual(whole, (SOURCE / "tests/consumer" / file).read_text(),
                                 f"the page does not show all of {file}")
                (here / PLACES[file]).write_text(whole)
            self.shell(text, folder=here)
            here = self.folder / "clip"
        self.assertEqual(set(written), set(PLACES))
        record = json.loads((here / "clipped.ms.run.json").read_text())
        self.assertEqual(record["exit_code"], 0)
        self.assertGreater(record["stages"][1]["counters"]["visibilities"], 0)


if __name__ == "__main__":
    unittest.main()
