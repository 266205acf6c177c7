# SPDX-License-Identifier: GPL-3.0-or-later
"""What a script measured, for other programs to read: figures.h for scripts."""
import json
import math
from pathlib import Path


def add_option(parser):
    parser.add_argument("--json", type=Path, metavar="FILE",
                        help="append a JSON line for every figure")


class Figures:
    """Appends `{"bench", "metric", "value", "unit"}` and `limit` or `peer` to a file, if any."""

    def __init__(self, bench, path):
        self.bench, self.path = bench, path

    def add(self, metric, value, unit, *, limit=None, peer=None):
        """unit: `s`, `B`, ... or `x`, a ratio; limit, peer: what it is held against, likewise."""
        if self.path is None:
            return
        line = {"bench": self.bench, "metric": metric, "value": float(value), "unit": unit}
        line |= {name: float(other) for name, other in (("limit", limit), ("peer", peer))
                 if other is not None}
        if not all(math.isfinite(n) for n in line.values() if isinstance(n, float)):
            raise ValueError(f"{line} is no figure")
        with open(self.path, "a") as file:
            print(json.dumps(line), file=file)
