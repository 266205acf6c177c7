# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run has measured so far, kept as it comes: hours of measuring outlive what ends them.

A line `{"run": ...}`, then for each benchmark that has ended its figures and a line
`{"measured": name, "seconds": ...}`; figures without that line are of one that was broken off.
"""
import json


class JournalError(Exception):
    pass


class Journal:
    """`done` has figures and seconds by benchmark."""

    def __init__(self, folder, about, resume=False):
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"unfinished-{about['form']}.jsonl.partial"
        self.done = self.read(about) if resume else {}
        lines = [{"run": about}]
        for name, (figures, seconds) in self.done.items():
            lines += [*figures, {"measured": name, "seconds": seconds}]
        self.path.write_text("".join(json.dumps(line) + "\n" for line in lines))

    def read(self, about):
        """Of an earlier run of the same form and commit."""
        if not self.path.exists():
            raise JournalError(f"no run to resume: {self.path} is not there")
        rows = []
        for line in self.path.read_text().splitlines():
            try:
                rows.append(json.loads(line))
            except json.JSONDecodeError:
                break  # the run ended within this line
        commit = rows[0]["run"]["commit"] if rows else "nothing"
        if commit != about["commit"]:
            raise JournalError(f"{self.path} is of {commit}, and this is {about['commit']}: "
                               "without --resume all is measured anew")
        done, figures = {}, []
        for row in rows[1:]:
            if "measured" in row:
                done[row["measured"]] = figures, row["seconds"]
                figures = []
            else:
                figures.append(row)
        return done

    def add(self, name, figures, seconds):
        with open(self.path, "a") as file:
            for row in [*figures, {"measured": name, "seconds": seconds}]:
                file.write(json.dumps(row) + "\n")

    def close(self):
        """The whole run is kept: this is needed no more."""
        self.path.unlink()
