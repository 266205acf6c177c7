# SPDX-License-Identifier: GPL-3.0-or-later
"""What perf/counts.py says of counts beside those that are kept."""
import contextlib
import io
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "perf"))

import counts  # noqa: E402


def judged(counted, kept):
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        good = counts.judge(counted, kept)
    return good, printed.getvalue()


class Counts(unittest.TestCase):
    def test_more_than_one_percent_fails_and_says_which_kernel_and_by_how_much(self):
        good, text = judged({"gridding": 101_100_000, "apply": 5_000_000},
                            {"gridding": 100_000_000, "apply": 5_000_000})
        self.assertFalse(good)
        line = text.splitlines()[0]
        self.assertRegex(line, r"gridding .* \+1\.10 %.*MORE than 1 % above the 100000000 kept")
        self.assertNotIn("MORE", text.splitlines()[1])

    def test_up_to_one_percent_passes(self):
        good, _ = judged({"apply": 5_049_000}, {"apply": 5_000_000})
        self.assertTrue(good)

    def test_fewer_pass_and_should_be_kept(self):
        good, text = judged({"apply": 4_000_000}, {"apply": 5_000_000})
        self.assertTrue(good)
        self.assertIn("keep it with --update", text)

    def test_what_is_not_kept_is_not_judged(self):
        good, text = judged({"apply": 4_000_000}, {})
        self.assertTrue(good)
        self.assertIn("nothing kept to compare with", text)


if __name__ == "__main__":
    unittest.main()
