# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a build is slower than another, from recorded seconds and nothing else.

Samples come in batches of pairs, {"old": [seconds], "new": [seconds]}, the k-th of both measured
one right after the other. A batch gives two ratios new / old: of its minima, and the median of its
pairs'. The estimates are the medians of these over batches, and their intervals hold in at least
95 of 100 cases whatever the distribution of the noise is, as they count only how many batches lie
above and below (the sign test). A regression has to show in both.
"""
import math
import statistics
from dataclasses import dataclass

FIRST_BATCHES = 2     # then a first look: most builds end here
CONFIRM_BATCHES = 6   # more before anything is called a regression: 30 pairs
MOST_BATCHES = 20     # more than the first: 100 pairs
QUIET = 1.02          # at the first look: stop and pass
THRESHOLD = 1.05      # half of the slow-down that must be found
FASTER = 0.98


@dataclass(frozen=True)
class Ratio:
    """An estimate of new / old with its interval."""
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Decision:
    """verdict: same, faster, undecided (all of which pass), slower, or more (batches needed)."""
    verdict: str
    minima: Ratio
    medians: Ratio
    pairs: int

    @property
    def passes(self):
        return self.verdict != "slower"


def outside(batches):
    """How many batches the interval leaves out at each end; it is short of 95 % below six."""
    chance = 0.0
    for count in range(batches):
        chance += math.comb(batches, count) / 2**batches
        if chance > 0.025:
            return max(count - 1, 0)
    return 0


def ratio_of(values):
    ordered = sorted(values)
    beyond = outside(len(ordered))
    return Ratio(statistics.median(ordered), ordered[beyond], ordered[-1 - beyond])


def decide(batches):
    """The decision after these batches; with fewer than FIRST_BATCHES always `more`."""
    minima = ratio_of([min(b["new"]) / min(b["old"]) for b in batches])
    medians = ratio_of([statistics.median(new / old for new, old in zip(b["new"], b["old"]))
                        for b in batches])
    return Decision(verdict_of(len(batches), minima, medians), minima, medians,
                    sum(len(b["old"]) for b in batches))


def verdict_of(batches, minima, medians):
    both = (minima, medians)
    highest = max(ratio.high for ratio in both)
    if batches < FIRST_BATCHES:
        return "more"
    if batches < FIRST_BATCHES + CONFIRM_BATCHES:
        quiet = all(ratio.value <= QUIET for ratio in both) and highest < THRESHOLD
        return passing(highest) if quiet else "more"
    if all(ratio.low > THRESHOLD for ratio in both):
        return "slower"
    if any(ratio.high < THRESHOLD for ratio in both):
        return passing(highest)
    if batches < FIRST_BATCHES + MOST_BATCHES:
        return "more"
    # Noise is all there is to go by: slower in both for certain, and by more than is allowed.
    if all(ratio.value >= THRESHOLD and ratio.low > 1 for ratio in both):
        return "slower"
    return "undecided"


def passing(highest):
    return "faster" if highest < FASTER else "same"


def replay(batches):
    """The decision of a comparison that stops as soon as it can, and the batches it took."""
    for count in range(1, len(batches) + 1):
        decision = decide(batches[:count])
        if decision.verdict != "more":
            return decision, count
    return decision, len(batches)
