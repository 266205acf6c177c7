# SPDX-License-Identifier: GPL-3.0-or-later
"""Profiles of runs, against their schema and against the kernel's accounting."""
import json
import os
import subprocess
import unittest

import jsonschema

from groups import GroupsTest, NAMES
from skymill_runs import PROGRAM, SOURCE, RunTest

SCHEMA = json.loads((SOURCE / "docs/guide/profile.schema.json").read_text())
CUBE = SOURCE / "pipelines/cube.yaml"


class ProfileTest(RunTest):
    def profile(self, path):
        """A profile, fit for the schema, and its trace."""
        profile = json.loads(path.read_text())
        jsonschema.validate(profile, SCHEMA)
        trace = json.loads((path.parent / "trace.json").read_text())
        return profile, trace

    def accounted(self, *arguments):
        """Runs the program; returns its output, and its CPU seconds as the kernel counted them."""
        with open(self.folder / "output.txt", "w+") as output:
            child = subprocess.Popen([PROGRAM, *map(str, arguments)], cwd=self.folder,
                                     stdout=output, stderr=subprocess.STDOUT)
            _, status, usage = os.wait4(child.pid, 0)
            output.seek(0)
            text = output.read()
        child.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(child.returncode, 0, text)
        return text, usage.ru_utime + usage.ru_stime

    @staticmethod
    def stage(profile, name):
        return next(stage for stage in profile["stages"] if stage["name"] == name)

    def test_stages_and_the_rest_are_what_the_kernel_counted(self):
        ms, _ = self.simulate()
        text, cpu = self.accounted("run", CUBE, "--threads", 2, "--param", f"input={ms}", "--param",
                                   "output=cube", "--param", "size=1024", "--param", "niter=2000",
                                   "--profile", "p")
        profile, trace = self.profile(self.folder / "p/profile.json")
        process, other = profile["process"], profile["other"]
        self.assertGreater(cpu, 2)
        self.assertLess(abs(process["cpu_s"] - cpu), 0.05 * cpu)
        record = json.loads((self.folder / "cube.run.json").read_text())
        peak = record["memory"]["resident_peak_bytes"]
        self.assertLess(abs(process["peak_resident_bytes"] - peak), 0.05 * peak)
        for name, counted in (("read_bytes", "rchar"), ("written_bytes", "wchar")):
            self.assertLess(abs(process[name] - record["io"][counted]),
                            0.05 * record["io"][counted], name)

        # All is owned, and next to all by stages or by what has a name of its own.
        for name in ("cpu_s", "read_bytes", "written_bytes"):
            owned = sum(stage[name] for stage in profile["stages"])
            parts = sum(part[name] for part in other.values())
            delta = 1e-3 if name == "cpu_s" else 4096
            self.assertAlmostEqual(owned + parts, process[name], delta=delta)
            self.assertLess(abs(other["rest"][name]), 0.05 * process[name], name)
        stages = sum(stage["cpu_s"] for stage in profile["stages"])
        self.assertGreater(stages + other["start"]["cpu_s"], 0.8 * process["cpu_s"], text)

        image = self.stage(profile, "image")
        self.assertEqual(max(profile["stages"], key=lambda s: s["cpu_s"])["name"], "image")
        self.assertGreater(image["helped_cpu_s"] + image["cpu_s"], 0)
        for stage in profile["stages"]:
            # A call that is no unit's, such as the end of a sink, is in the sums only.
            for name in ("cpu_s", "wall_s", "read_bytes", "written_bytes"):
                of_units = sum(unit[name] for unit in stage["units"])
                self.assertLessEqual(of_units, stage[name] + 1e-3, (stage["name"], name))
            self.assertLessEqual(stage["peak_resident_bytes"], process["peak_resident_bytes"])
        self.assertEqual(max(s["peak_resident_bytes"] for s in profile["stages"]),
                         process["peak_resident_bytes"])
        self.check_trace(trace, profile)
        for name in [stage["name"] for stage in profile["stages"]] + ["other", "all"]:
            self.assertRegex(text, rf"(?m)^  {name} ")

    def check_trace(self, trace, profile):
        """Spans of a thread lie in each other or side by side; calls have the profile's wall."""
        names = {event["tid"]: event["args"]["name"] for event in trace
                 if event["name"] == "thread_name"}
        wall = {}
        by_thread = {}
        for event in trace:
            if event["ph"] != "X":
                continue
            self.assertIn(event["tid"], names)
            by_thread.setdefault(event["tid"], []).append(event)
            if event["cat"] == "work":
                stage = event["name"].split()[0]
                wall[stage] = wall.get(stage, 0) + event["dur"] * 1e-6
        for stage in profile["stages"]:
            self.assertAlmostEqual(wall.get(stage["name"], 0), stage["wall_s"], delta=1e-3)
        for events in by_thread.values():
            open_until = []
            for event in sorted(events, key=lambda e: (e["ts"], -e["dur"])):
                while open_until and open_until[-1] <= event["ts"] + 1e-3:
                    open_until.pop()
                end = event["ts"] + event["dur"]
                if open_until:
                    self.assertLessEqual(end, open_until[-1] + 1e-3, event)
                open_until.append(end)
        counters = {event["name"] for event in trace if event["ph"] == "C"}
        self.assertEqual(counters, {"resident MB", "bytes MB"})

    def test_the_product_is_the_same_and_a_run_that_goes_on_shows_its_own_work(self):
        ms, _ = self.simulate()
        for name, extra in (("plain", ()), ("measured", ("--profile", "p"))):
            self.cube(ms, name, *extra, size=64, niter=20)
        self.skymill("diff", "plain.image", "measured.image")
        self.cube(ms, "measured", "--profile", "again.json", size=64, niter=20)
        profile, _ = self.profile_of_file("again")
        self.assertNotIn("image", [stage["name"] for stage in profile["stages"]])

    def profile_of_file(self, name):
        profile = json.loads((self.folder / f"{name}.json").read_text())
        jsonschema.validate(profile, SCHEMA)
        return profile, json.loads((self.folder / f"{name}.trace.json").read_text())

    def test_a_failed_run_leaves_its_profile_and_a_dry_run_none(self):
        self.skymill("run", CUBE, "--param", "input=none.ms", "--param", "output=cube", "--profile",
                     "failed.json", code=5)
        self.profile_of_file("failed")
        ms, _ = self.simulate()
        self.cube(ms, "cube", "--dry-run", "--profile", "dry", size=64, niter=20)
        self.assertFalse((self.folder / "dry").exists())


class BatchProfileTest(GroupsTest):
    def test_every_item_has_a_profile_of_its_own(self):
        for number in range(2):
            self.observe(number)
        self.skymill("run", *self.arguments("--profile", "p.json"), code=2)
        self.skymill("watch", *self.arguments("--profile", "p", "--until-idle", "0.5s", poll="0.1s"))
        self.assertEqual(self.made(), NAMES[:2])
        self.assertEqual(sorted(path.name for path in (self.folder / "p").iterdir()),
                         sorted(f"{name}.{kind}.json" for name in NAMES[:2]
                                for kind in ("profile", "trace")))
        for name in NAMES[:2]:
            profile = json.loads((self.folder / f"p/{name}.profile.json").read_text())
            jsonschema.validate(profile, SCHEMA)
            self.assertEqual(profile["other"]["start"]["cpu_s"], 0)
            written = sum(stage["written_bytes"] for stage in profile["stages"])
            size = sum(path.stat().st_size
                       for path in (self.products / f"{name}.ms").rglob("*") if path.is_file())
            self.assertGreater(written, 0.5 * size)


if __name__ == "__main__":
    unittest.main()
