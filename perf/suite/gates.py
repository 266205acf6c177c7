# SPDX-License-Identifier: GPL-3.0-or-later
"""perf/gates.yaml: ratios that must hold on any machine.

A gate is a figure over another one of the same run, in the same unit; there is no way to write down
a time. Whatever the file says that is not known here is an error.
"""
import dataclasses

import yaml

from . import benchmarks

FORMS = ("quick", "full", "both")
KEYS = {"figure", "over", "at_most", "at_least", "form", "peer", "why"}
PASS, FAIL, SKIP = "pass", "FAIL", "skipped"


class GateError(Exception):
    pass


class StrictLoader(yaml.SafeLoader):
    """Without keys that stand twice, which YAML itself lets overwrite each other."""

    def construct_mapping(self, node, deep=False):
        keys = [key.value for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise GateError(f"line {node.start_mark.line + 1}: '{key}' stands twice")
        return super().construct_mapping(node, deep)


@dataclasses.dataclass(frozen=True)
class Gate:
    name: str
    figure: str          # benchmark.metric
    over: str | None     # limit, peer, another benchmark.metric; none: the figure is a ratio
    at_most: float | None
    at_least: float | None
    form: str
    peer: str | None     # without it nothing can be measured
    why: str

    def figures(self):
        return [self.figure] + ([self.over] if self.over and "." in self.over else [])

    def benchmarks(self):
        return {figure.split(".")[0] for figure in self.figures()}

    def needs(self):
        """Peers, its own and those of its benchmarks."""
        return ([self.peer] if self.peer else []) + [
            peer for b in benchmarks.BENCHMARKS if b.name in self.benchmarks() for peer in b.needs]

    def holds(self, ratio):
        return ratio <= self.at_most if self.at_most is not None else ratio >= self.at_least

    def words(self):
        return (f"at most {self.at_most:g}" if self.at_most is not None
                else f"at least {self.at_least:g}")


@dataclasses.dataclass(frozen=True)
class Verdict:
    gate: Gate
    verdict: str
    ratio: float | None
    words: str  # why there is no ratio


def read_gate(name, told, known):
    def fault(words):
        raise GateError(f"gate '{name}': {words}")

    if not isinstance(told, dict):
        fault("is no mapping")
    for key in told:
        if key not in KEYS:
            fault(f"there is no '{key}'; there are {', '.join(sorted(KEYS))}")
    for key in ("figure", "why"):
        if not isinstance(told.get(key), str) or not told[key]:
            fault(f"'{key}' is missing")
    bounds = [key for key in ("at_most", "at_least") if key in told]
    if len(bounds) != 1:
        fault("exactly one of at_most and at_least is needed")
    bound = told[bounds[0]]
    if isinstance(bound, bool) or not isinstance(bound, (int, float)) or not bound > 0:
        fault(f"'{bounds[0]}' is no number above 0")
    if told.get("form", "both") not in FORMS:
        fault(f"form is one of {', '.join(FORMS)}")
    if told.get("peer") is not None and told["peer"] not in benchmarks.PEERS:
        fault(f"there is no peer '{told['peer']}'; there are {', '.join(benchmarks.PEERS)}")
    over = told.get("over")
    if over is not None and over not in ("limit", "peer") and "." not in str(over):
        fault("over is limit, peer or benchmark.metric")
    gate = Gate(name, told["figure"], over, told.get("at_most"), told.get("at_least"),
                told.get("form", "both"), told.get("peer"), told["why"])
    for figure in gate.figures():
        benchmark, _, metric = figure.partition(".")
        if benchmark not in known or not metric:
            fault(f"'{figure}' names no benchmark; there are {', '.join(sorted(known))}")
    return gate


def read(text, known=None):
    """The gates of a file's text. known: names of benchmarks, all by default."""
    known = known or {b.name for b in benchmarks.BENCHMARKS}
    try:
        told = yaml.load(text, StrictLoader)
    except yaml.YAMLError as error:
        raise GateError(f"no YAML: {error}") from error
    if not isinstance(told, dict) or set(told) != {"skymill_gates", "gates"}:
        raise GateError("the file has 'skymill_gates: 1' and 'gates', and nothing else")
    if told["skymill_gates"] != 1:
        raise GateError(f"version {told['skymill_gates']} of the format is not known; 1 is")
    if not isinstance(told["gates"], dict):
        raise GateError("'gates' is no mapping")
    return [read_gate(name, gate, known) for name, gate in told["gates"].items()]


def asked(gates, form, names):
    """Those that a run of some benchmarks can answer."""
    return [gate for gate in gates
            if gate.form in (form, "both") and gate.benchmarks() <= set(names)]


def ratio_of(gate, measured):
    """@throws GateError, with what is missing"""
    def figure(name):
        if name not in measured:
            raise GateError(f"{name} was not measured")
        return measured[name]

    above = figure(gate.figure)
    if gate.over is None:
        if above["unit"] != "x":
            raise GateError(f"{gate.figure} is in {above['unit']}, no ratio, and nothing stands "
                            "under it")
        return above["value"]
    if gate.over in ("limit", "peer"):
        if gate.over not in above:
            raise GateError(f"{gate.figure} has no {gate.over}")
        below, unit = above[gate.over], above["unit"]
    else:
        other = figure(gate.over)
        below, unit = other["value"], other["unit"]
    if unit != above["unit"]:
        raise GateError(f"{gate.figure} is in {above['unit']}, {gate.over} in {unit}")
    if not below > 0:
        raise GateError(f"what stands under {gate.figure} is {below:g}")
    return above["value"] / below


def judge(gate, measured, is_there=benchmarks.is_there):
    """measured: figures by `benchmark.metric`. Without a measurement a gate fails, unless what is
    not ours to measure is not there."""
    try:
        ratio = ratio_of(gate, measured)
    except GateError as error:
        absent = [peer for peer in gate.needs() if not is_there(peer)]
        if absent:
            return Verdict(gate, SKIP, None, f"{benchmarks.PEERS[absent[0]][0]} is not there")
        return Verdict(gate, FAIL, None, str(error))
    return Verdict(gate, PASS if gate.holds(ratio) else FAIL, ratio, "")
