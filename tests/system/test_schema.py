#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The JSON Schema that editors use says of descriptions what `skymill check` says."""
import json
import os
import re
import subprocess
import tempfile
import unittest

import jsonschema
import yaml

SKYMILL = os.environ["SKYMILL"]
SOURCE = os.environ["SKYMILL_SOURCE"]


class EditorLoader(yaml.SafeLoader):
    """Types as editors give them, by YAML 1.2: `no` is a text, `12:30:00` too, `1e5` a number."""


EditorLoader.yaml_implicit_resolvers = {}
for tag, pattern, first in [
        ("tag:yaml.org,2002:bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
        ("tag:yaml.org,2002:null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
        ("tag:yaml.org,2002:int", r"^[-+]?[0-9]+$", "-+0123456789"),
        ("tag:yaml.org,2002:float", r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$",
         "-+.0123456789")]:
    EditorLoader.add_implicit_resolver(tag, re.compile(pattern), list(first))
EditorLoader.add_constructor("tag:yaml.org,2002:int", lambda loader, node: int(node.value))
EditorLoader.add_constructor("tag:yaml.org,2002:float", lambda loader, node: float(node.value))


def skymill(*arguments):
    return subprocess.run([SKYMILL, *arguments], capture_output=True, text=True, check=False)


GOOD = {
    "a stage by its type's name": "stages: { simulate: { nchan: 4 } }",
    "a stage without settings": "stages:\n  simulate:\n",
    "a link, a switch and what to do after a failure": """
parameters:
  fast: true
  size: { default: [256, 512], doc: "image size" }
stages:
  read: { use: simulate, when: $(fast) }
  image: { in: read, imsize: $(size), cell: 2arcsec, retry: 2, retry_on: [failed, resources],
           timeout: 10 min, on_failure: continue }
  keep: { use: concat, output: sky, after: image }
""",
    "quantities in every form": """
stages:
  simulate: { start_mjd: 60950.5, dec: -26d05m10s, interval: 2 min, freq: 1.4 GHz,
              gain_phase: "30", ra: 12:30:49.4 }
""",
    "the type that comes from a parameter": """
parameters: { source: simulate }
stages: { read: { use: $(source), nchan: 4 } }
""",
    "a rule between stages": """
stages: { a: { use: simulate, nchan: 8 }, b: { use: simulate, nchan: 8 } }
require: [{ equal: [a.nchan, b.nchan], message: "as many channels" }]
""",
}

# Each with the words by which the program refuses it.
BROKEN = {
    "a parameter that is none": ("stages: { simulate: { nchans: 4 } }", "no parameter 'nchans'"),
    "a stage that is none": ("stages: { read: { use: simulator } }", "no stage 'simulator'"),
    "a name that is no stage": ("stages: { reader: { nchan: 4 } }", "no stage 'reader'"),
    "a unit of something else": ("stages: { simulate: { freq: 2 m } }", "is in 'm'"),
    "a value out of its range": ("stages: { simulate: { nchan: 0 } }", "'nchan' is 0"),
    "a text for a number": ("stages: { simulate: { nchan: many } }", "'nchan' is 'many'"),
    "a choice that is none": (
        "stages: { simulate: {}, image: { weighting: heavy } }", "'weighting' is 'heavy'"),
    "a required parameter left out": (
        "stages: { read: { use: ms_reader } }", "'input' is missing"),
    "a required name left empty": (
        'stages: { simulate: {}, write: { use: ms_writer, output: "" } }', "'output' is empty"),
    "a link to two stages": (
        "stages: { simulate: {}, write: { use: ms_writer, output: a.ms, in: [simulate, simulate] } }",
        "'in' is '[simulate, simulate]'"),
    "a link left out": (
        "stages: { simulate: {}, apply: {} }", "needs calibration@1 on 'solutions'"),
    "a key of the file that is none": (
        "stage: { simulate: {} }\nstages: { simulate: {} }", "no key 'stage'"),
    "a parameter without a default": (
        "parameters: { x: { doc: words } }\nstages: { simulate: {} }", "'x' has no default"),
    "a comparison too many": (
        "stages: { simulate: {} }\n"
        "require: [{ equal: [simulate.nchan, simulate.nchan], at_least: [simulate.nchan, "
        "simulate.nchan] }]", "one comparison"),
    "a source that gives no items": (
        "each: { use: simulate }\nstages: { simulate: {} }", "'each' needs a source"),
    "no stages": ("stages: {}", "there are no stages"),
    "retrying what cannot be": ("stages: { simulate: { retry: 2 } }", "cannot be asked for again"),
}


class Schema(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.schema = json.loads(skymill("schema").stdout)
        jsonschema.Draft7Validator.check_schema(cls.schema)
        cls.validator = jsonschema.Draft7Validator(cls.schema)
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)

    def mistakes(self, text):
        document = yaml.load(text, EditorLoader)  # a subclass of SafeLoader
        return [error.message for error in self.validator.iter_errors(document)]

    def check(self, text):
        path = os.path.join(self.folder.name, "description.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return skymill("check", path)

    def test_shipped_descriptions_are_good(self):
        folder = os.path.join(SOURCE, "pipelines")
        names = sorted(os.listdir(folder))
        self.assertGreater(len(names), 10)
        for name in names:
            with self.subTest(name=name), open(os.path.join(folder, name), encoding="utf-8") as file:
                self.assertEqual(self.mistakes(file.read()), [])

    def test_the_description_of_the_guide_is_good(self):
        with open(os.path.join(SOURCE, "docs/guide/editors.md"), encoding="utf-8") as page:
            text = page.read().split("```yaml\n")[1].split("```")[0]
        self.assertIn("yaml-language-server", text)
        self.assertEqual(self.mistakes(text), [])
        said = self.check(text)
        self.assertEqual(said.returncode, 0, said.stderr)

    def test_what_the_program_takes_is_good(self):
        for name, text in GOOD.items():
            with self.subTest(name=name):
                text = "skymill: 1\n" + text
                said = self.check(text)
                self.assertEqual(said.returncode, 0, said.stderr)
                self.assertEqual(self.mistakes(text), [])

    def test_what_the_program_refuses_is_not(self):
        self.assertGreaterEqual(len(BROKEN), 10)
        for name, (text, words) in BROKEN.items():
            with self.subTest(name=name):
                text = "skymill: 1\n" + text
                said = self.check(text)
                self.assertEqual(said.returncode, 2, said.stdout)
                self.assertIn(words, said.stderr)
                self.assertNotEqual(self.mistakes(text), [])

    def test_every_parameter_of_every_stage_is_in_it(self):
        stages = json.loads(skymill("describe", "--format", "json").stdout)
        self.assertGreater(len(stages), 20)
        for stage in stages:
            keys = self.schema["definitions"]["stage_" + stage["name"]]["properties"]
            for parameter in stage["parameters"]:
                with self.subTest(stage=stage["name"], parameter=parameter["name"]):
                    self.assertIn(parameter["doc"].split(".")[0],
                                  keys[parameter["name"]]["description"])
                    if not parameter["required"]:
                        self.assertIn("default", keys[parameter["name"]])

    def test_defaults_as_text_are_values_too(self):
        for stage in json.loads(skymill("describe", "--format", "json").stdout):
            keys = self.schema["definitions"]["stage_" + stage["name"]]["properties"]
            for parameter in stage["parameters"]:
                if parameter["required"]:
                    continue
                with self.subTest(stage=stage["name"], parameter=parameter["name"]):
                    jsonschema.validate(keys[parameter["name"]]["default"],
                                        keys[parameter["name"]])


if __name__ == "__main__":
    unittest.main()
