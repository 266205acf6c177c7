# SPDX-License-Identifier: GPL-3.0-or-later
"""The decision of perf/compare.py, on what perf/trials.py has recorded and on noise made up."""
import json
import math
import random
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "perf"))

from compare import decision  # noqa: E402

PAIRS = 5
MOST = decision.FIRST_BATCHES + decision.MOST_BATCHES


def made_up(slower, noise, seed=1, count=MOST):
    """Batches as if both builds took turns. noise(random, turn) is the factor of a run."""
    source, turn, batches = random.Random(seed), 0, []
    for _ in range(count):
        batch = {"old": [], "new": []}
        for pair in range(PAIRS):
            order = ("old", "new") if pair % 2 == 0 else ("new", "old")
            for side in order:
                factor = slower if side == "new" else 1.0
                batch[side].append(0.1 * factor * noise(source, turn))
                turn += 1
        batches.append(batch)
    return batches


def quiet(source, _):
    return 1 + abs(source.gauss(0, 0.01))


def verdicts(slower, noise, trials=20):
    return [decision.replay(made_up(slower, noise, seed))[0].verdict for seed in range(trials)]


class Recorded(unittest.TestCase):
    def test_planted_slow_downs_are_found_and_equal_builds_pass(self):
        records = sorted((HERE / "recorded").glob("*.json"))
        self.assertTrue(records)
        for path in records:
            record = json.loads(path.read_text())
            same, planted = ([decision.replay(batches) for batches in record["trials"][kind]]
                             for kind in ("same", "planted"))
            with self.subTest(path.name):
                self.assertEqual(record["planted"], 10)
                self.assertEqual((len(same), len(planted)), (20, 20))
                self.assertEqual([d.verdict for d, _ in same if not d.passes], [])
                self.assertNotIn("more", [d.verdict for d, _ in same + planted])
                self.assertGreaterEqual(sum(d.verdict == "slower" for d, _ in planted), 19)

    def test_equal_builds_are_let_go_after_a_few_pairs(self):
        for path in sorted((HERE / "recorded").glob("*.json")):
            record = json.loads(path.read_text())
            pairs = sorted(decision.replay(batches)[0].pairs for batches in record["trials"]["same"])
            self.assertLessEqual(pairs[len(pairs) // 2], 40, path.name)


class Decision(unittest.TestCase):
    def test_quiet_builds_stop_at_the_first_look(self):
        taken, batches = decision.replay(made_up(1.0, quiet))
        self.assertEqual((taken.verdict, taken.pairs, batches), ("same", 10, 2))
        self.assertTrue(taken.passes)

    def test_nothing_is_a_regression_before_thirty_more_pairs(self):
        taken, _ = decision.replay(made_up(2.0, quiet))
        self.assertEqual((taken.verdict, taken.pairs), ("slower", 40))
        self.assertFalse(taken.passes)

    def test_an_improvement_passes_at_the_first_look_and_is_named(self):
        taken, _ = decision.replay(made_up(0.9, quiet))
        self.assertEqual((taken.verdict, taken.pairs), ("faster", 10))

    def test_a_slow_down_below_the_threshold_passes(self):
        self.assertEqual(set(verdicts(1.03, quiet)), {"same"})

    def test_a_tenth_is_found_and_nothing_is_not_while_the_machine_gets_slower(self):
        def drift(source, turn):
            return (1 + 0.003 * turn) * quiet(source, turn)
        self.assertEqual(set(verdicts(1.0, drift)), {"same"})
        self.assertEqual(set(verdicts(1.1, drift)), {"slower"})

    def test_a_neighbour_that_comes_and_goes_hides_nothing(self):
        def sudden(source, turn):
            return (1.4 if turn // 13 % 2 else 1.0) * quiet(source, turn)
        self.assertLessEqual(set(verdicts(1.0, sudden)), {"same", "undecided"})
        self.assertGreaterEqual(verdicts(1.1, sudden).count("slower"), 19)

    def test_runs_of_two_speeds_hide_nothing(self):
        def two_speeds(source, turn):
            return (1.4 if source.random() < 0.3 else 1.0) * quiet(source, turn)
        self.assertLessEqual(set(verdicts(1.0, two_speeds)), {"same", "undecided"})
        self.assertGreaterEqual(verdicts(1.1, two_speeds).count("slower"), 19)

    def test_one_batch_that_was_disturbed_is_no_regression(self):
        for disturbed in range(MOST):
            batches = made_up(1.0, quiet)
            batches[disturbed]["new"] = [3 * s for s in batches[disturbed]["new"]]
            self.assertTrue(decision.replay(batches)[0].passes, disturbed)

    def test_one_quiet_batch_does_not_hide_a_slow_down(self):
        for lucky in range(MOST):
            batches = made_up(1.1, quiet)
            batches[lucky]["new"] = [s / 1.1 for s in batches[lucky]["new"]]
            self.assertEqual(decision.replay(batches)[0].verdict, "slower", lucky)

    def test_a_slow_down_has_to_show_in_minima_and_in_medians(self):
        for new in ([1.2, 1.5, 1.5, 1.5, 1.5], [1.0, 1.8, 1.8, 1.8, 1.8]):
            batches = [{"old": [1.0, 1.5, 1.5, 1.5, 1.5], "new": new}] * MOST
            self.assertEqual(decision.replay(batches)[0].verdict, "same", new)

    def test_noise_alone_ends_and_passes(self):
        def hopeless(source, _):
            return math.exp(abs(source.gauss(0, 1)))
        taken = [decision.replay(made_up(1.0, hopeless, seed)) for seed in range(20)]
        self.assertEqual([d.verdict for d, _ in taken if not d.passes], [])
        self.assertNotIn("more", [d.verdict for d, _ in taken])
        self.assertIn("undecided", [d.verdict for d, _ in taken])

    def test_what_stays_in_doubt_is_decided_by_the_estimates(self):
        ratio = decision.Ratio
        slower = (ratio(1.06, 1.01, 1.2), ratio(1.06, 1.01, 1.2))
        self.assertEqual(decision.verdict_of(MOST - 1, *slower), "more")
        self.assertEqual(decision.verdict_of(MOST, *slower), "slower")
        for doubt in (ratio(1.06, 0.99, 1.2), ratio(1.04, 1.01, 1.2)):
            self.assertEqual(decision.verdict_of(MOST, slower[0], doubt), "undecided")
            self.assertEqual(decision.verdict_of(MOST, doubt, slower[1]), "undecided")

    def test_intervals_hold_in_95_of_100_cases(self):
        for batches in range(6, 60):
            out = decision.outside(batches)

            def beyond(most, n=batches):
                return 2 * sum(math.comb(n, k) for k in range(most + 1)) / 2**n
            self.assertLessEqual(beyond(out), 0.05, batches)
            self.assertGreater(beyond(out + 1), 0.05, batches)

    def test_a_comparison_that_was_cut_short_is_not_decided(self):
        self.assertEqual(decision.replay(made_up(1.1, quiet, count=3))[0].verdict, "more")


if __name__ == "__main__":
    unittest.main()
