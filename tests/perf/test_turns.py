# SPDX-License-Identifier: GPL-3.0-or-later
"""perf/compare.py with programs that only say how long they took, so no time is measured here."""
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PERF = Path(__file__).resolve().parents[2] / "perf"
sys.path.insert(0, str(PERF))

from compare import turns  # noqa: E402

# As perf_kernels; each run is a line in TURNS: the build's name.
PROGRAM = """#!{python}
import json, os, sys
name, seconds = "{name}", {seconds}
if sys.argv[1] == "list":
    for clock in ("cpu", "wall"):
        print(json.dumps({{"bench": "on_" + clock, "clock": clock}}))
    sys.exit(0)
if "--planted" in sys.argv:
    seconds *= 1 + float(sys.argv[sys.argv.index("--planted") + 1]) / 100
if {broken}:
    sys.exit(3)
assert "--wait" in sys.argv
for line in sys.stdin:
    open(os.environ["TURNS"], "a").write(name + "\\n")
    print(json.dumps({{"bench": sys.argv[1], "cpu_s": seconds, "wall_s": 5 * seconds}}), flush=True)
"""


class Turns(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.turns = self.folder / "turns"
        os.environ["TURNS"] = str(self.turns)
        self.addCleanup(os.environ.pop, "TURNS")

    def build(self, name, seconds, broken=False):
        path = self.folder / name / "bin" / "perf_kernels"
        path.parent.mkdir(parents=True)
        path.write_text(PROGRAM.format(python=sys.executable, name=name, seconds=seconds,
                                       broken=broken))
        path.chmod(0o755)
        return self.folder / name

    def compare(self, old, new, *options):
        return subprocess.run([sys.executable, "-B", PERF / "compare.py", old, new, *options],
                              capture_output=True, text=True)

    def test_builds_take_turns_and_the_order_changes(self):
        seconds = turns.batch(self.build("old", 0.1), self.build("new", 0.2), "on_cpu", "cpu", 0)
        self.assertEqual(seconds, {"old": [0.1] * 5, "new": [0.2] * 5})
        order = "old new  old new  new old  old new  new old  old new".split()
        self.assertEqual(self.turns.read_text().split(), order)

    def test_the_order_goes_on_in_the_next_batch(self):
        turns.batch(self.build("old", 0.1), self.build("new", 0.2), "on_cpu", "cpu", turns.PAIRS)
        self.assertEqual(self.turns.read_text().split()[2:4], ["new", "old"])

    def test_work_is_planted_in_the_new_one_alone(self):
        same = self.build("same", 0.1)
        seconds = turns.batch(same, same, "on_wall", "wall", 0, planted=10)
        self.assertEqual((seconds["old"][0], round(seconds["new"][0], 6)), (0.5, 0.55))

    def test_a_slower_build_fails_and_is_named(self):
        lines = self.folder / "lines.jsonl"
        done = self.compare(self.build("old", 0.1), self.build("new", 0.11), "--bench", "on_cpu",
                            "--json", lines)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("slower: on_cpu", done.stdout)
        expected = {"bench": "compare", "unit": "x", "limit": 1.05}
        for line, estimate in zip(lines.read_text().splitlines(), ("minima", "medians"),
                                  strict=True):
            row = json.loads(line)
            self.assertAlmostEqual(row.pop("value"), 1.1)
            self.assertEqual(row, expected | {"metric": f"on_cpu_cpu_{estimate}"})

    def test_equal_builds_pass(self):
        done = self.compare(self.build("old", 0.1), self.build("new", 0.1), "--bench",
                            "on_cpu,on_wall")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.count(" same"), 2)

    def test_a_kernel_that_one_build_lacks_is_an_error(self):
        done = self.compare(self.build("old", 0.1), self.build("new", 0.1), "--bench", "typo")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("not in both builds: 'typo'; they have on_cpu, on_wall", done.stderr)

    def test_a_program_that_fails_and_one_that_is_missing_are_errors(self):
        good = self.build("good", 0.1)
        done = self.compare(good, self.build("broken", 0.1, broken=True), "--bench", "on_cpu")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("ended with exit code 3", done.stderr)
        done = self.compare(good, self.folder)
        self.assertIn("perf_kernels is missing: build the target", done.stderr)


if __name__ == "__main__":
    unittest.main()
