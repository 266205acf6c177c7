# SPDX-License-Identifier: GPL-3.0-or-later
"""Events of runs, line by line, against their schema."""
import json
import os
import signal
import subprocess
import unittest

import jsonschema

from skymill_runs import PROGRAM, SOURCE, RunTest

SCHEMA = json.loads((SOURCE / "docs/guide/events.schema.json").read_text())
SIZE = {"size": 64, "niter": 20}


class EventsTest(RunTest):
    def checked(self, text):
        """The events of a text, each fit for the schema."""
        validator = jsonschema.Draft7Validator(SCHEMA)
        events = [json.loads(line) for line in text.splitlines()]
        for event in events:
            # The schema of its own kind says more clearly than `oneOf` what does not fit.
            own = [s for s in SCHEMA["oneOf"] if s["title"] == event["event"]]
            self.assertEqual(len(own), 1, event)
            jsonschema.validate(event, own[0])
            validator.validate(event)
        return events

    @staticmethod
    def of(events, name):
        return [event for event in events if event["event"] == name]

    def test_a_cube_tells_every_channel_with_its_row(self):
        ms, _ = self.simulate()
        prefix = self.cube(ms, "cube", "--events", "events.jsonl", **SIZE)
        events = self.checked((self.folder / "events.jsonl").read_text())
        record = json.loads((self.folder / "cube.run.json").read_text())
        self.assertEqual((events[0]["event"], events[-1]["event"]), ("run_started", "run_ended"))
        self.assertEqual({event["run"] for event in events}, {record["run"]})
        times = [event["t_s"] for event in self.of(events, "sample")]
        self.assertEqual(times, sorted(times))

        image = next(stage for stage in record["stages"] if stage["name"] == "image")
        rows = {row["channel"]: row for row in image["tables"]["channels"]}
        told = {row["row"]["channel"]: row["row"] for event in self.of(events, "unit_done")
                for row in event.get("rows", []) if row["table"] == "channels"}
        self.assertEqual(told, rows)
        stops = {}
        for row in rows.values():
            stops[row["stop"]] = stops.get(row["stop"], 0) + 1
        imaging = next(e for e in self.of(events, "pass_ended") if e["stages"][0] == "image")
        self.assertEqual((imaging["stopped"], imaging["units"]), (stops, len(rows)))
        self.assertEqual({e["stage"] for e in self.of(events, "stage_ended")},
                         {stage["name"] for stage in record["stages"]})

        end = events[-1]
        self.assertEqual((end["verdict"], end["exit_code"]), ("clean", 0))
        self.assertEqual({e["path"] for e in self.of(events, "output")},
                         {output["path"] for output in record["outputs"]})
        self.assertEqual(end["record"], f"{prefix}.run.json")

    def test_standard_output_has_nothing_but_events(self):
        done = self.skymill("run", SOURCE / "pipelines/simulate.yaml", "--param", "output=sim.ms",
                            "--events", "-")
        events = self.checked(done.stdout)
        self.assertEqual(events[-1]["event"], "run_ended")
        self.assertIn("done in", done.stderr)

    def test_a_failed_run_ends_with_its_error(self):
        done = self.skymill("run", SOURCE / "pipelines/cube.yaml", "--param", "input=none.ms",
                            "--param", "output=cube", "--events", "-", code=5)
        end = self.checked(done.stdout)[-1]
        self.assertEqual((end["event"], end["verdict"], end["exit_code"]), ("run_ended", "failed", 5))
        self.assertIn("none.ms", end["error"])

    def test_a_dry_run_leaves_no_events_and_a_bad_place_is_said_before_the_run(self):
        ms, _ = self.simulate()
        self.cube(ms, "cube", "--dry-run", "--events", "events.jsonl", **SIZE)
        self.assertFalse((self.folder / "events.jsonl").exists())
        self.cube(ms, "cube", "--events", "no/where", code=1, **SIZE)
        self.assertIn("cannot write the events to 'no/where'", self.last.stderr)
        self.assertFalse((self.folder / "cube.image").exists())

    def test_a_reader_that_goes_away_does_not_end_the_run(self):
        pipe = self.folder / "pipe"
        os.mkfifo(pipe)
        run = subprocess.Popen([PROGRAM, "run", SOURCE / "pipelines/simulate.yaml", "--param",
                                "output=sim.ms", "--events", pipe], cwd=self.folder,
                               stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        with open(pipe) as reader:
            self.assertEqual(json.loads(reader.readline())["event"], "run_started")
        _, said = run.communicate(timeout=600)
        self.assertEqual(run.returncode, 0, said)
        self.assertEqual(said.count("no more events"), 1, said)
        self.assertTrue((self.folder / "sim.ms").exists())

    def test_a_stopped_run_says_so(self):
        run = subprocess.Popen([PROGRAM, "run", SOURCE / "pipelines/simulate.yaml", "--param",
                                "output=sim.ms", "--events", "-"], cwd=self.folder,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        lines = []
        with run:
            for line in run.stdout:
                lines.append(line)
                if json.loads(line)["event"] == "run_started":
                    run.send_signal(signal.SIGTERM)
        self.assertEqual(run.returncode, 75)
        end = self.checked("".join(lines))[-1]
        self.assertEqual((end["event"], end["verdict"], end["exit_code"]), ("run_ended", "stopped", 75))


if __name__ == "__main__":
    unittest.main()
