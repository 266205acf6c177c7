# SPDX-License-Identifier: GPL-3.0-or-later
"""One kernel of two builds, until it is decided."""
from compare import turns
from compare.decision import decide


def compare(old, new, bench, clock, planted=0):
    """The decision on one kernel, and its batches."""
    batches = []
    while True:
        batches.append(turns.batch(old, new, bench, clock, turns.PAIRS * len(batches), planted))
        decision = decide(batches)
        if decision.verdict != "more":
            return decision, batches


def words_of(ratio):
    return f"{ratio.value:6.3f} [{ratio.low:.3f}, {ratio.high:.3f}]"
