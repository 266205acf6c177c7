#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gates, history and page of perf/run, on figures that were recorded or are made up."""
import io
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
import unittest.mock

HERE = pathlib.Path(__file__).resolve().parent
PERF = HERE.parents[1] / "perf"
sys.path.insert(0, str(PERF))

from suite import (benchmarks, gates, history, journal, machine, page, runner, session,  # noqa: E402
                   table)

RECORDED = history.read_run(HERE / "recorded/quick.jsonl")
GATES = (PERF / "gates.yaml").read_text()
KNOWN = {"apply", "copy"}


def gate_text(**changes):
    told = {"figure": "apply.all", "at_most": 2, "why": "so"} | changes
    lines = "".join(f"    {key}: {value}\n" for key, value in told.items() if value is not None)
    return f"skymill_gates: 1\ngates:\n  one:\n{lines}"


def figure(value, unit="s", name="apply.all", **more):
    bench, metric = name.split(".")
    return {name: {"bench": bench, "metric": metric, "value": value, "unit": unit} | more}


class Reading(unittest.TestCase):
    def test_what_is_allowed(self):
        gate, = gates.read(gate_text(over="copy.wall", form="quick", peer="wsclean"), KNOWN)
        self.assertEqual((gate.over, gate.at_most, gate.at_least), ("copy.wall", 2, None))
        self.assertEqual(gate.benchmarks(), {"apply", "copy"})
        self.assertEqual(gates.read(gate_text(over="limit"), KNOWN)[0].benchmarks(), {"apply"})

    def test_what_is_unknown_is_an_error(self):
        for text, words in [
            (gate_text(figure="applay.all"), "'applay.all' names no benchmark"),
            (gate_text(figure="apply"), "names no benchmark"),
            (gate_text(over="copie.wall"), "'copie.wall' names no benchmark"),
            (gate_text(over="limits"), "over is limit, peer or benchmark.metric"),
            (gate_text(at_mots=3), "there is no 'at_mots'"),
            (gate_text(at_least=1), "exactly one of at_most and at_least"),
            (gate_text(at_most=None), "exactly one of at_most and at_least"),
            (gate_text(at_most="fast"), "is no number above 0"),
            (gate_text(at_most="true"), "is no number above 0"),
            (gate_text(at_most=0), "is no number above 0"),
            (gate_text(at_most=".nan"), "is no number above 0"),
            (gate_text(form="long"), "form is one of quick, full, both"),
            (gate_text(peer="casa"), "there is no peer 'casa'"),
            (gate_text(why=None), "'why' is missing"),
            (gate_text() + "    why: twice\n", "'why' stands twice"),
            (gate_text().replace("gates: 1", "gates: 2"), "version 2"),
            (gate_text() + "more: 1\n", "nothing else"),
            ("skymill_gates: 1\ngates: [a]\n", "no mapping"),
            ("skymill_gates: 1\ngates: {a: 1}\n", "no mapping"),
            ("{", "no YAML"),
        ]:
            with self.subTest(text=text):
                with self.assertRaises(gates.GateError) as caught:
                    gates.read(text, KNOWN)
                self.assertIn(words, str(caught.exception))


class Judging(unittest.TestCase):
    def judge(self, measured, there=True, **changes):
        gate, = gates.read(gate_text(**changes), KNOWN)
        return gates.judge(gate, measured, lambda peer: there)

    def test_bounds_belong_to_what_is_allowed(self):
        for value, bound, verdict in [
            (2.0, {"at_most": 2}, gates.PASS), (2.01, {"at_most": 2}, gates.FAIL),
            (2.0, {"at_most": None, "at_least": 2}, gates.PASS),
            (1.99, {"at_most": None, "at_least": 2}, gates.FAIL)]:
            self.assertEqual(self.judge(figure(value, "x"), **bound).verdict, verdict)

    def test_what_stands_under_a_figure(self):
        beside = figure(3, limit=2, peer=6) | figure(4, name="copy.wall")
        for over, ratio in ("limit", 1.5), ("peer", 0.5), ("copy.wall", 0.75):
            self.assertEqual(self.judge(beside, over=over).ratio, ratio)

    def test_a_time_alone_cannot_be_a_gate(self):
        verdict = self.judge(figure(1.0))
        self.assertEqual(verdict.verdict, gates.FAIL)
        self.assertIn("no ratio", verdict.words)

    def test_units_must_agree(self):
        measured = figure(1.0) | figure(1.0, "B", name="copy.size")
        self.assertIn("in s, copy.size in B", self.judge(measured, over="copy.size").words)

    def test_a_gate_without_a_measurement_fails_unless_its_peer_is_not_there(self):
        for measured in {}, figure(1.0):  # nothing at all; the figure without its peer
            for there, peer, verdict in [(True, None, gates.FAIL), (False, None, gates.FAIL),
                                         (True, "wsclean", gates.FAIL),
                                         (False, "wsclean", gates.SKIP)]:
                found = self.judge(measured, there, over="peer", peer=peer)
                self.assertEqual(found.verdict, verdict)
                self.assertIsNone(found.ratio)
                self.assertTrue(found.words)

    def test_nothing_is_divided_by_nothing(self):
        self.assertEqual(self.judge(figure(1.0, limit=0), over="limit").verdict, gates.FAIL)

    def test_what_a_benchmark_needs_its_gates_need(self):
        gate = next(g for g in gates.read(GATES) if g.name == "dirty_cube_beside_wsclean")
        self.assertEqual(gates.judge(gate, {}, lambda peer: False).verdict, gates.SKIP)
        self.assertEqual(gates.judge(gate, {}, lambda peer: True).verdict, gates.FAIL)


class OfTheRepository(unittest.TestCase):
    def test_every_quick_gate_is_answered_by_a_recorded_run_and_holds(self):
        measured = runner.by_name(RECORDED.figures)
        asked = gates.asked(gates.read(GATES), "quick",
                            {b.name for b in benchmarks.chosen(benchmarks.GROUPS, "quick")})
        self.assertGreater(len(asked), 20)
        for gate in asked:
            verdict = gates.judge(gate, measured)
            self.assertEqual(verdict.verdict, gates.PASS, f"{gate.name}: {verdict.words}")

    def test_a_gate_finds_what_is_planted(self):
        gate = next(g for g in gates.read(GATES) if g.name == "casa_written_once")
        measured = runner.by_name(RECORDED.figures)
        doubled = measured["cube_writers.CASA_written"]
        doubled = doubled | {"value": 2 * doubled["value"]}
        verdict = gates.judge(gate, measured | {"cube_writers.CASA_written": doubled})
        self.assertEqual(verdict.verdict, gates.FAIL)

    def test_forms_and_groups_decide_what_is_asked(self):
        all_of = gates.read(GATES)
        quick = {g.name for g in gates.asked(all_of, "quick", {"imaging", "apply"})}
        full = {g.name for g in gates.asked(all_of, "full", {"imaging", "apply"})}
        self.assertIn("corrections_beside_a_copy", quick)
        self.assertIn("large_clean_beside_wsclean", full - quick)
        self.assertEqual(gates.asked(all_of, "full", set()), [])

    def test_every_benchmark_has_a_program(self):
        made = (PERF / "CMakeLists.txt").read_text()
        names = [b.name for b in benchmarks.BENCHMARKS]
        self.assertEqual(len(names), len(set(names)))
        for benchmark in benchmarks.BENCHMARKS:
            self.assertIn(benchmark.group, benchmarks.GROUPS)
            for command in [*benchmark.quick, *benchmark.full]:
                word = command.split()[0]
                if word.endswith(".py"):
                    self.assertTrue((PERF / word).exists(), word)
                else:
                    self.assertIn(f"add_executable({word} ", made)

    def test_words_that_name_nothing_are_refused(self):
        for groups, names in (["micro", "macro"], None), (["micro"], ["aply"]):
            with self.assertRaises(ValueError):
                benchmarks.chosen(groups, "quick", names)


class History(unittest.TestCase):
    def test_the_median_counts(self):
        change = history.change([1.0, 9.0, 1.0], 1.5)
        self.assertEqual((change.count, change.relative), (3, 0.5))

    def test_few_values_say_nothing_for_certain(self):
        self.assertFalse(history.change([1.0, 1.0, 1.0, 1.0], 99).significant)
        self.assertEqual(history.words_of(history.change([], 1.0), "s"), "first")
        self.assertEqual(history.words_of(history.change([2.0], 1.0), "s"), "-50.0 % of 1")

    def test_the_threshold_is_q3_and_three_iqr_of_steps(self):
        # Steps of 1 %, 2 %, 3 % and 4 %: quartiles 1.75 % and 3.25 %.
        values = [1.0]
        for step in (0.01, 0.02, 0.03, 0.04):
            values.append(values[-1] * (1 + step))
        self.assertAlmostEqual(history.threshold_of(values), 0.0325 + 3 * 0.015)

    def test_more_than_usual_is_significant_and_named(self):
        earlier = [1.00, 1.01, 1.00, 1.01, 1.00, 1.01]
        self.assertFalse(history.change(earlier, 1.013).significant)
        slower = history.change(earlier, 1.2)
        self.assertTrue(slower.significant)
        self.assertIn("worse", history.words_of(slower, "s"))
        self.assertIn("better", history.words_of(slower, "Mvis/s"))
        self.assertIn("better", history.words_of(history.change(earlier, 0.8), "B"))

    def test_what_is_noisy_may_differ(self):
        self.assertFalse(history.change([1, 1.4, 0.9, 1.5, 1.0, 1.3], 1.6).significant)

    def test_only_the_same_command_is_compared(self):
        run = history.Run({}, [{"bench": "a", "metric": "m", "arguments": "a 1", "value": 1},
                               {"bench": "a", "metric": "m", "arguments": "a 2", "value": 2}], [])
        self.assertEqual(history.values_of([run], ("a", "m", "a 2")), [2])


class Machine(unittest.TestCase):
    def test_machines_and_builds_have_folders_of_their_own(self):
        about = RECORDED.about
        name = machine.folder_name(about)
        self.assertRegex(name, r"^[a-z0-9-]+$")
        for key, value in [("cpu", "other"), ("cores", 64), ("build_type", "Debug"),
                           ("memory_bytes", 2**40), ("caches", [])]:
            self.assertNotEqual(machine.folder_name(about | {key: value}), name)
        for key in "commit", "kernel", "compiler":
            self.assertEqual(machine.folder_name(about | {key: "other"}), name)

    def test_this_one_has_a_fingerprint(self):
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "CMakeCache.txt").write_text(
                "CMAKE_BUILD_TYPE:STRING=Release\nCMAKE_CXX_COMPILER:FILEPATH=/nowhere/c++\n")
            about = machine.fingerprint(pathlib.Path(folder), HERE)
        self.assertEqual((about["build_type"], about["compiler"]), ("Release", "unknown"))
        self.assertGreater(about["memory_bytes"], 2**28)


class Running(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.build = pathlib.Path(folder.name)
        (self.build / "bin").mkdir()

    def program(self, body):
        path = self.build / "bin/perf_made_up"
        path.write_text("#!/bin/sh\n" + body)
        path.chmod(0o755)
        benchmark = benchmarks.Benchmark("made_up", "io", quick=("perf_made_up 'a b' {work}",))
        return runner.run(benchmark, "quick", self.build, self.build / "work")

    def test_figures_come_with_group_and_arguments(self):
        line = {"bench": "made_up", "metric": "m", "value": 1.5, "unit": "s"}
        figures, _ = self.program(f"test \"$1\" = 'a b' && echo '{json.dumps(line)}' >> $4\n")
        self.assertEqual(figures, [line | {"group": "io",
                                           "arguments": "perf_made_up 'a b' {work}"}])
        self.assertEqual(list((self.build / "work").iterdir()), [])

    def test_what_is_wrong_with_a_benchmark_is_said(self):
        other = '{"bench": "other", "metric": "m", "value": 1, "unit": "s"}'
        bare = '{"bench": "made_up", "metric": "m", "value": 1}'
        for body, words in [("echo broken; exit 3", "ended with 3:\nbroken"),
                            ("true", "left no figures"),
                            (f"echo '{other}' > $4", "of 'other'"),
                            (f"echo '{bare}' > $4", "no figure with a unit")]:
            with self.assertRaises(runner.BenchmarkError) as caught:
                self.program(body + "\n")
            self.assertIn(words, str(caught.exception))

    def test_perf_run_ends_with_2_when_called_wrongly(self):
        for arguments, words in [(["--build", str(self.build)], "is no build"),
                                 (["--groups", "macro"], "is no build")]:
            done = subprocess.run([PERF / "run", *arguments, "--build", str(self.build)],
                                  capture_output=True, text=True)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(words, done.stderr)
        (self.build / "CMakeCache.txt").write_text("")
        done = subprocess.run([PERF / "run", "--build", str(self.build)], capture_output=True,
                              text=True)
        self.assertEqual(done.returncode, 2)
        self.assertIn("-DSKYMILL_PERF=ON", done.stderr)


class Session(unittest.TestCase):
    """A benchmark whose ratio is what stands in the next line of a file."""

    ABOUT = {"form": "quick", "commit": "0123abc"}

    def judged(self, *ratios, resume=None):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        build = pathlib.Path(folder.name)
        self.results = resume or build / "results"
        (build / "bin").mkdir()
        (build / "ratios").write_text("".join(f"{ratio}\n" for ratio in ratios))
        program = build / "bin/perf_apply"
        program.write_text(f"""#!/bin/sh
cd {build} && ratio=$(head -n 1 ratios) && test -n "$ratio" && sed -i 1d ratios || exit 1
echo '{{"bench": "apply", "metric": "all", "unit": "x", "value": '$ratio'}}' >> $2
""")
        program.chmod(0o755)
        made = benchmarks.Benchmark("apply", "calibrate", quick=("perf_apply",))
        kept = journal.Journal(self.results, self.ABOUT, resume is not None)
        with unittest.mock.patch.object(session, "say"):
            done = session.Session([made], "quick", build, build / "work", kept)
            verdict, = done.judge(gates.read(gate_text(), KNOWN))
        return verdict, done, (build / "ratios").read_text()

    def test_what_holds_is_measured_once(self):
        verdict, done, left = self.judged(1.5, 1)
        self.assertEqual((verdict.verdict, verdict.ratio, left), (gates.PASS, 1.5, "1\n"))
        self.assertEqual(len(done.figures), 1)

    def test_what_fails_is_measured_once_more_and_that_counts(self):
        self.assertEqual(self.judged(9, 1.5)[0].verdict, gates.PASS)
        verdict, _, left = self.judged(9, 8, 1)
        self.assertEqual((verdict.verdict, verdict.ratio, left), (gates.FAIL, 8, "1\n"))

    def test_a_benchmark_that_does_not_run_fails(self):
        verdict, done, _ = self.judged()
        self.assertEqual((verdict.verdict, done.failed), (gates.FAIL, {"apply"}))
        verdict, done, _ = self.judged(9)  # the second time
        self.assertEqual((verdict.verdict, done.failed), (gates.FAIL, {"apply"}))

    def test_what_was_measured_before_a_run_was_broken_off_is_not_measured_again(self):
        self.judged(1.5)
        path, = self.results.iterdir()
        with open(path, "a") as file:
            file.write('{"bench": "other", "metric": "all"}\n{"bench": "oth')
        verdict, done, left = self.judged(1, resume=self.results)
        self.assertEqual((verdict.verdict, verdict.ratio, left), (gates.PASS, 1.5, "1\n"))
        self.assertEqual(len(done.figures), 1)
        self.assertNotIn("oth", path.read_text())
        done = journal.Journal(self.results, self.ABOUT, resume=True).done
        self.assertEqual(list(done), ["apply"])

    def test_one_that_failed_is_measured_when_the_run_goes_on(self):
        self.judged()
        self.assertEqual(self.judged(1.5, resume=self.results)[0].verdict, gates.PASS)

    def test_a_run_of_another_commit_is_not_gone_on_with(self):
        self.judged(1.5)
        for about, words in ((self.ABOUT | {"commit": "fff"}, "is of 0123abc, and this is fff"),
                             (self.ABOUT | {"form": "full"}, "no run to resume")):
            with self.assertRaisesRegex(journal.JournalError, words):
                journal.Journal(self.results, about, resume=True)
        self.assertEqual(journal.Journal(self.results, self.ABOUT).done, {})

    def test_runs_of_a_machine_are_kept_beside_each_other(self):
        with tempfile.TemporaryDirectory() as folder:
            results = pathlib.Path(folder)
            gate, = gates.read(gate_text(), KNOWN)
            verdict = gates.Verdict(gate, gates.PASS, 1.5, "")
            for number, day in enumerate(("2030-01-02", "2030-01-01")):
                about = RECORDED.about | {"when": f"{day}T00:00:00Z"}
                earlier, place = session.keep(results, about, RECORDED.figures, [verdict])
                self.assertEqual(len(earlier), number)
            runs = history.read_runs(place.parent)
            self.assertEqual([run.about["when"][:10] for run in runs], ["2030-01-01", "2030-01-02"])
            self.assertEqual(runs[0].figures, RECORDED.figures)
            self.assertEqual(runs[0].gates[0]["gate"], "one")
            self.assertEqual(len(list(place.parent.iterdir())), 3)


class Showing(unittest.TestCase):
    def test_the_table_has_every_figure_and_verdict(self):
        asked = gates.asked(gates.read(GATES), "quick", {"apply", "cube_writers"})
        measured = runner.by_name(RECORDED.figures)
        verdicts = [gates.judge(gate, measured) for gate in asked]
        out = io.StringIO()
        table.show(RECORDED.figures, verdicts, [RECORDED] * 6, out)
        text = out.getvalue()
        for found in RECORDED.figures:
            self.assertIn(found["metric"], text)
        self.assertIn(f"gates: {len(asked)} passed, 0 failed", text)
        self.assertIn("+0.0 %", text)
        self.assertEqual([table.amount(*pair) for pair in
                          [(0.0123, "s"), (12, "s"), (2e9, "B"), (0.5, "x"), (3, "Mvis/s")]],
                         ["12.3 ms", "12 s", "2 GB", "0.5 x", "3 Mvis/s"])

    def test_a_failure_is_named_with_its_reason(self):
        gate, = gates.read(gate_text(over="limit"), KNOWN)
        out = io.StringIO()
        table.show([], [gates.judge(gate, {})], [], out)
        self.assertIn("FAIL: one: apply.all was not measured", out.getvalue())
        self.assertIn("apply.all over limit: so", out.getvalue())

    def test_the_page_is_one_file_with_all_series(self):
        text = page.text([RECORDED, RECORDED])
        self.assertNotIn("{{", text.replace("{{}}", "")[:2000])
        self.assertNotRegex(text, r"(src|href)=\"(?!data:)")
        told = text.split('id="data">')[1].split("</script>")[0]
        data = json.loads(told)
        self.assertEqual(len(data["series"]), len(RECORDED.figures))
        self.assertTrue(all(len(s["points"]) == 2 for s in data["series"]))

    def test_the_style_is_that_of_a_run_and_what_is_otherwise(self):
        of_run, own = (path.read_text() for path in page.STYLES)
        self.assertEqual(set(of_run.splitlines()[1:]) & set(own.splitlines()[1:]), set())
        script = (PERF / "suite/page.js").read_text()
        colours = set(re.findall(r"--[a-z]{2,}", own + script))
        self.assertGreater(len(colours), 4)
        for colour in colours:
            self.assertIn(f"{colour}: #", of_run)

    def test_text_cannot_leave_its_place_in_the_page(self):
        run = history.Run(RECORDED.about | {"cpu": "</script><script>alert(1)"}, [], [])
        self.assertNotIn("</script><script>alert", page.text([run]))


if __name__ == "__main__":
    unittest.main()
