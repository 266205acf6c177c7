#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manual pages and completion are whole, and shells and groff take them as they are."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import unittest

from skymill_runs import PROGRAM, RunTest

# Asks bash's own completion as the terminal does: the words as it splits them.
ASK = r"""
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_skymill "$PROGRAM" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}"
"""

# The same of zsh, in a terminal of its own: types a line and a tab, reads what is shown.
ASK_ZSH = r"""
zmodload zsh/zpty
zpty z env -i PATH=$PATH HOME=$HOME TERM=dumb zsh -f
zpty -w z "PS1=; fpath=($1 \$fpath); path=($2 \$path); autoload -U compinit; compinit -u -D"
zpty -w z "zstyle ':completion:*' list-prompt ''; zstyle ':completion:*' select-prompt ''; LISTMAX=9999"
zpty -w z "print rea''dy"
zpty -r -m z shown '*ready*'
zpty -w -n z "$3"$'\t\t'
shown=
for i in {1..40}; do
  while zpty -r -t z part; do shown+=$part; done
  [[ $shown == *$~4* ]] && break
  sleep 0.25
done
print -r -- $shown
zpty -d z
"""


class ManualPages(RunTest):
    def commands(self):
        help_text = self.skymill("--help").stdout
        listed = help_text[help_text.index("Commands:"):help_text.index("Exit codes:")]
        names = re.findall(r"^  ([a-z-]+)  ", listed, re.MULTILINE)
        self.assertGreater(len(names), 10)
        return names

    def test_every_command_has_one_without_warnings(self):
        self.skymill("manual", "--output", self.folder / "man1")
        pages = sorted(path.name for path in (self.folder / "man1").iterdir())
        self.assertEqual(pages, sorted(["skymill.1"] + [f"skymill-{name}.1"
                                                       for name in self.commands()]))
        for page in pages:
            with self.subTest(page=page):
                done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", page], text=True,
                                      capture_output=True, cwd=self.folder / "man1", check=True)
                self.assertEqual(done.stderr, "")
                plain = re.sub(r"\x1b\[[0-9;]*m|.\x08", "", done.stdout)
                for section in ("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "SEE ALSO"):
                    self.assertIn("\n" + section, "\n" + plain)

    def test_options_stand_in_them_as_in_the_help(self):
        for name in self.commands():
            with self.subTest(command=name):
                shown = self.skymill("manual", name).stdout.replace("\\-", "-")
                options = re.findall(r"--[a-z-]+", self.skymill(name, "--help").stdout)
                self.assertIn("--help", options)
                for option in options:
                    self.assertIn(option, shown)

    def test_a_command_that_is_none(self):
        said = self.skymill("manual", "runn", code=2).stderr
        self.assertIn("did you mean 'run'", said)


class Help(RunTest):
    def test_it_fits_a_terminal(self):
        commands = self.skymill("manual", "--format", "markdown").stdout
        for name in re.findall(r"^## skymill (\S+)", commands, re.MULTILINE):
            shown = self.skymill(name, "--help").stdout
            self.assertLessEqual(max(map(len, shown.split("\n"))), 80, shown)
            self.assertNotIn("skymill run" if name != "run" else "skymill check", shown)
        for arguments in (["--help"], ["describe"], ["pipelines"], ["describe", "image"],
                          ["pipelines", "cube"]):
            shown = self.skymill(*arguments).stdout
            for line in shown.split("\n"):
                if "/" not in line:  # paths are not cut
                    self.assertLessEqual(len(line), 80)

    def test_mistakes_name_the_command_and_what_was_meant(self):
        for arguments, words in [
                (["run", "--thread", "3", "cube"],
                 ["no option '--thread'", "did you mean '--threads'?", "'skymill run --help'"]),
                (["run", "--param=a=b"], ["FILE|NAME is missing: Pipeline description"]),
                (["run", "cube", "--set"], ["--set has no value", "write --set STAGE.KEY=VALUE"]),
                (["new-plugin"], ["is missing", "'skymill new-plugin --help'"]),
                (["new-plugin", "good"],
                 ["--shape is missing; write one of: source, transform, reduce, sink, task"]),
                (["new-plugin", "good", "--shape"], ["--shape has no value; write one of: source"]),
                (["new-plugin", "good", "--shape", "transfrom"], ["did you mean 'transform'?"]),
                (["new-plugin", "my", "flagger", "--shape", "sink"],
                 ["'flagger' is one argument too many", "quotes"]),
                (["describe", "image", "--format", "jsn"], ["did you mean 'json'?"]),
                (["--log-level", "debug", "chekc", "cube"], ["no command 'chekc'", "'check'"]),
                ([], ["no command is given", "'skymill --help'"])]:
            with self.subTest(arguments=arguments):
                said = self.skymill(*arguments, code=2).stderr
                for word in words:
                    self.assertIn(word, said)
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_a_plugin_before_the_argument(self):
        missing = self.skymill("describe", "--plugin", "none.so", "image", code=4).stderr
        self.assertIn("none.so'", missing)
        self.assertNotIn("image", missing)


class BashCompletion(RunTest):
    def setUp(self):
        super().setUp()
        self.script = self.folder / "skymill.bash"
        self.script.write_text(self.skymill("completion", "bash").stdout)

    def complete(self, *words):
        done = subprocess.run(["bash", "-c", ASK, "ask", self.script, "skymill", *words],
                              capture_output=True, text=True, cwd=self.folder, check=True,
                              env={"PROGRAM": PROGRAM, "PATH": "/usr/bin:/bin"})
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def test_shellcheck_has_nothing_to_say(self):
        done = subprocess.run(["shellcheck", "-s", "bash", "-S", "warning", self.script],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_commands_and_options(self):
        self.assertIn("run", self.complete(""))
        self.assertEqual(self.complete("expl"), ["explain"])
        self.assertEqual(self.complete("--log-l"), ["--log-level"])
        self.assertEqual(self.complete("run", "--thr"), ["--threads"])
        self.assertEqual(self.complete("describe", "--thr"), [])
        self.assertEqual(self.complete("--log-level", "debug", "run", "--ev"), ["--events"])

    def test_choices_with_and_without_an_equals_sign(self):
        self.assertEqual(self.complete("describe", "--format", "j"), ["json"])
        self.assertEqual(self.complete("describe", "--format", "=", "m"), ["markdown"])
        self.assertEqual(self.complete("describe", "--format", "="),
                         ["text", "markdown", "json", "names"])
        self.assertEqual(self.complete("completion", ""), ["bash", "zsh"])

    def test_stages(self):
        stages = self.skymill("describe", "--format", "names").stdout.split()
        self.assertGreater(len(stages), 20)
        self.assertEqual(self.complete("describe", ""), stages)
        self.assertEqual(self.complete("describe", "ms_r"), ["ms_reader"])

    def test_descriptions_that_ship_and_files(self):
        (self.folder / "mine.yaml").write_text("skymill: 1\n")
        (self.folder / "mine.txt").write_text("")
        (self.folder / "minute").mkdir()
        self.assertEqual(self.complete("run", "con"), ["convert", "convert_batch"])
        self.assertEqual(sorted(self.complete("run", "min")), ["mine.yaml", "minute"])
        self.assertIn("mine.txt", self.complete("inspect", "mi"))
        self.assertEqual(self.complete("clean", "mi"), ["minute"])

    def test_parameters_of_the_description(self):
        self.assertEqual(self.complete("run", "cube", "--param", "si"),
                         ["sidelobethreshold=", "size="][::-1])
        # --memory's value is no description.
        self.assertEqual(self.complete("run", "--memory", "4GiB", "cube", "--param", "rob"),
                         ["robust="])
        (self.folder / "mine.yaml").write_text(
            "skymill: 1\nparameters: { depth: 3 }\nstages: { simulate: {} }\n")
        self.assertEqual(self.complete("run", "mine.yaml", "--param", "d"), ["depth="])
        self.assertIn("mine.yaml",
                      self.complete("run", "cube", "--param", "input", "=", "mi"))


@unittest.skipUnless(shutil.which("zsh"), "there is no zsh")
def has_terminals():
    """Whether pseudo-terminals can be made: not where /dev/pts is not mounted."""
    try:
        for end in os.openpty():
            os.close(end)
    except OSError:
        return False
    return True


@unittest.skipUnless(has_terminals(), "no pseudo-terminal can be made")
class ZshCompletion(RunTest):
    def shown(self, line, pattern):
        functions = self.folder / "functions"
        functions.mkdir(exist_ok=True)
        (functions / "_skymill").write_text(self.skymill("completion", "zsh").stdout)
        done = subprocess.run(
            ["zsh", "-f", "-c", ASK_ZSH, "ask", functions, pathlib.Path(PROGRAM).parent, line,
             pattern],
            capture_output=True, text=True, cwd=self.folder, timeout=120, check=True)
        return done.stdout

    def test_commands_stages_descriptions_and_parameters(self):
        for line, words in [("skymill expl", "explain"), ("skymill describe ms_r", "ms_reader"),
                            ("skymill run find_c", "find_calibrator"),
                            ("skymill run --thr", "--threads"),
                            ("skymill run cube --param robu", "robust=")]:
            with self.subTest(line=line):
                self.assertIn(words, self.shown(line, words))


class Pipelines(RunTest):
    def test_what_a_description_declares(self):
        shown = json.loads(self.skymill("pipelines", "cube", "--format", "json").stdout)
        parameters = {entry["name"]: entry for entry in shown["parameters"]}
        self.assertTrue(parameters["input"]["required"])
        self.assertEqual(parameters["weighting"]["default"], "briggs")
        self.assertEqual(parameters["casa"]["default"], ["image", "residual", "psf", "model"])
        self.assertIn("size", self.skymill("pipelines", "cube").stdout)
        names = self.skymill("pipelines", "--format", "names").stdout.split()
        everything = json.loads(self.skymill("pipelines", "--format", "json").stdout)
        self.assertEqual([entry["name"] for entry in everything], names)
        self.assertIn("dsa110", names)

    def test_one_that_is_none(self):
        self.skymill("pipelines", "cubes", code=2)


class Describe(RunTest):
    def test_the_three_forms_say_the_same(self):
        for stage in json.loads(self.skymill("describe", "--format", "json").stdout):
            name = stage["name"]
            with self.subTest(stage=name):
                text = " ".join(self.skymill("describe", name).stdout.split())
                page = self.skymill("describe", name, "--format", "markdown").stdout
                self.assertEqual(
                    json.loads(self.skymill("describe", name, "--format", "json").stdout), stage)
                self.assertIn(f"{stage['shape']}, version {stage['version']}", text)
                self.assertIn(f"{stage['shape']} of the plugin `{stage['plugin']}`", page)
                for parameter in stage["parameters"]:
                    self.assertIn(parameter["name"] + " " + parameter["type"], text)
                    self.assertIn(f"| `{parameter['name']}` | {parameter['type']} |", page)
                ports = stage["ports"]
                for port in ports["sides"] + ports["outputs"] + [ports["input"] or {}]:
                    if port:
                        self.assertIn(f"{port['name']}: {port['kind']}", text)
                        self.assertIn(f"| `{port['name']}` |", page)
                        for column in port["columns"]:
                            self.assertIn(column, text)
                for promise in stage["promises"]["words"]:
                    self.assertIn(promise, text)
                    self.assertIn(f"\n- {promise}\n", page)


if __name__ == "__main__":
    unittest.main()
