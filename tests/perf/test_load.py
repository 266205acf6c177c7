# SPDX-License-Identifier: GPL-3.0-or-later
"""What perf/load.py notices of runs that take more than they may."""
import os
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "perf"))

import load  # noqa: E402


class Watch(unittest.TestCase):
    """Tiers whose ledger this process writes itself."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        root = Path(folder.name)
        (root / "memory").mkdir()
        self.tiers = load.Tiers(root / "memory", root)

    def lease(self, name, size, written=b""):
        own = self.tiers.roots[name] / ".skymill"
        own.mkdir(exist_ok=True)
        (own / "ledger").write_text(f"skymill tier ledger 1\n{os.getpid()} 1 {size} run-1 a.ms\n"
                                    "end 0123456789abcdef\n")
        (own / "run-1").mkdir(exist_ok=True)
        (own / "run-1" / "data").write_bytes(written)

    def faults(self, budget=1 << 40, at_once=1):
        watch = load.Watch(self.tiers, budget, at_once)
        watch.running.add(os.getpid())
        watch.look()
        return watch.faults()

    def test_what_fits_is_no_fault(self):
        self.lease("memory", load.CAPACITY["memory"], b"x" * 100_000)
        self.assertEqual(self.faults(), [])

    def test_leases_beyond_the_capacity_are_noticed(self):
        for name, capacity in load.CAPACITY.items():
            self.lease(name, capacity + 1)
            faults = self.faults()
            self.assertEqual(len(faults), 1, faults)
            self.assertIn(f"leased_{name} reached", faults[0])
            self.lease(name, 0)

    def test_a_lease_in_memory_counts_against_the_budget_of_its_run(self):
        budget = load.resident(os.getpid()) + 64 * load.MIB
        self.lease("memory", 32 * load.MIB)
        self.assertEqual(self.faults(budget), [])
        self.lease("memory", 96 * load.MIB)
        self.assertIn("run_and_lease_bytes reached", self.faults(budget)[0])

    def test_all_runs_together_stay_within_their_budgets(self):
        self.lease("memory", 0, b"x" * (8 * load.MIB))
        budget = load.resident(os.getpid()) + 4 * load.MIB
        self.assertIn("all_bytes reached", self.faults(budget)[0])
        self.assertEqual(self.faults(budget, at_once=2), [])


if __name__ == "__main__":
    unittest.main()
