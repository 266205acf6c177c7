# SPDX-License-Identifier: GPL-3.0-or-later
"""`skymill tiers` and `skymill clean` with a machine file of the test's own."""
import fcntl
import os
import unittest

from skymill_runs import RunTest


class Tiers(RunTest):
    def setUp(self):
        super().setUp()
        self.root = self.folder / "fast"
        self.root.mkdir()
        self.machine = self.folder / "machine.yaml"
        self.machine.write_text("skymill_machine: 1\ntiers:\n"
                                f"  fast: {{ root: {self.root}, kind: nvme, capacity: 3MiB,"
                                " reserve: 1kB }\n"
                                f"  gone: {{ root: {self.folder}/none, kind: hdd }}\n")
        self.environment = dict(os.environ, SKYMILL_MACHINE=str(self.machine))

    def test_tiers_are_shown_with_units(self):
        text = self.skymill("tiers", env=self.environment).stdout
        self.assertIn(f"fastest first ({self.machine})", text)
        self.assertIn(f"fast  nvme, {self.root}\n  capacity  3 MiB\n", text)
        self.assertIn("leased    0 B", text)
        self.assertIn("free      3 MiB: of its capacity of 3 MiB, 0 B are leased", text)
        self.assertIn(f"unusable  the root '{self.folder}/none' cannot be used", text)
        self.assertEqual(list(self.root.iterdir()), [])

    def test_mistakes_of_the_machine_file_are_located(self):
        self.machine.write_text("skymill_machine: 1\ntiers:\n  a: { root: /a, kind: tape }\n")
        text = self.skymill("tiers", env=self.environment, code=2).stderr
        self.assertIn("machine.yaml:3:24: error: 'kind' is 'tape'", text)

    def test_clean_lists_what_it_removes(self):
        orphan = self.root / ".skymill" / "run-1"
        orphan.mkdir(parents=True)
        (orphan / "half").write_bytes(b"x" * 2048)
        products = self.folder / "products"
        products.mkdir()
        for name in ("a.ms", "held.ms"):
            (products / f"{name}.partial").mkdir()
            (products / f".{name}.lock").touch()
        (products / "other.partial").touch()
        with open(products / ".held.ms.lock") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            looked = self.skymill("clean", "--dry-run", products, env=self.environment).stdout
            self.assertIn(f"would remove {orphan} (2 KiB): no lease names it", looked)
            self.assertTrue(orphan.exists())
            text = self.skymill("clean", products, env=self.environment).stdout
        self.assertEqual(text, looked.replace("would remove", "removed"))
        self.assertFalse(orphan.exists())
        self.assertEqual(sorted(p.name for p in products.iterdir()),
                         [".held.ms.lock", "held.ms.partial", "other.partial"])
        again = self.skymill("clean", env=self.environment).stdout
        self.assertEqual(again, "nothing is left over\n")


if __name__ == "__main__":
    unittest.main()
