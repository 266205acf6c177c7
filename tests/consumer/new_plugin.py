#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""`skymill new-plugin`: each shape's skeleton builds, passes its tests and runs, by the commands
that it prints; names that cannot be are refused."""
import json
import os
import unittest

from installed import Installed

SHAPES = os.environ.get("SKYMILL_SHAPES", "source transform reduce sink task").split()


class Skeletons(Installed):
    def check(self, shape):
        said = self.shell(f"skymill new-plugin a_{shape}_2 --shape {shape} --folder here")
        commands = [line.strip() for line in said.split("\n") if line.startswith("  ")]
        self.assertEqual(len(commands), 5, said)
        self.shell("\n".join(commands))
        folder = self.folder / "here"
        record = json.loads(next(folder.glob("*.run.json")).read_text())
        stages = {stage["name"]: stage for stage in record["stages"]}
        self.assertEqual(stages[f"a_{shape}_2"]["shape"], shape)
        self.assertEqual(record["verdict"], "clean")
        texts = [path.read_text() for path in folder.iterdir() if path.is_file()
                 and path.suffix in (".h", ".cpp", ".yaml", ".md", ".txt")]
        for word in ("my_stage", "MyStage", "MY_SHAPE"):
            self.assertFalse(any(word in text for text in texts), word)
        self.assertIn("build/", (folder / ".gitignore").read_text())


for name in SHAPES:
    setattr(Skeletons, f"test_{name}", lambda self, shape=name: self.check(shape))


class Refusals(Installed):
    def test_names(self):
        for name, words in [("MyFlagger", "write 'my_flagger'"), ("my-flagger", "write 'my_flagger'"),
                            ("2nd", "a letter first"), ("double", "write 'double_stage'"),
                            ("test", "something else in C++, in CMake or"), ("a__b", "write 'a_b'"),
                            ("select", "function or variable of that name"), ("my flagger", "'my_flagger'"),
                            ("transform", "write 'transform_stage'"), ("../up", "write 'up'"),
                            ("simulate", "there is a stage of that name already, in '"),
                            ("x" * 51, "more than 50 letters")]:
            with self.subTest(name=name):
                said = self.shell(f"skymill new-plugin '{name}' --shape sink", 2)
                self.assertIn(words, said)
                self.assertEqual(list(self.folder.iterdir()), [])

    def test_shape_and_folder(self):
        self.assertIn("--shape", self.shell("skymill new-plugin good", 2))
        self.assertIn("transform", self.shell("skymill new-plugin good --shape round", 2))
        (self.folder / "good").mkdir()
        said = self.shell("skymill new-plugin good --shape sink", 2)
        self.assertIn("'good' exists already", said)
        self.assertEqual(list((self.folder / "good").iterdir()), [])


if __name__ == "__main__":
    unittest.main()
