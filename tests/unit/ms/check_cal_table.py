# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks a calibration table by every rule of calibration.md 4.1, with python-casacore.

usage: check_cal_table.py <table> [--source <table>] [--centres <Hz>,...] [--uvw <text>] [--mutants <folder>]

--source   the table was read from this one: its main table must be equal, cell by cell, and so what
           the subtables say of antennas, fields and windows; errors at flagged cells and reference
           phases are then those of the source
--centres  where the delays turn about, by window
--uvw      what UVW_CONVENTION must say
--mutants  breaks copies of the table in the folder, one rule at a time, and requires that the check
           of that rule finds each
Exit code 0 when all is good; else one line a fault.
"""
import argparse
import os
import shutil
import sys

import numpy as np
from casacore import tables

SUBTABLES = ["OBSERVATION", "ANTENNA", "FIELD", "SPECTRAL_WINDOW", "HISTORY"]
INTEGERS = ["FIELD_ID", "SPECTRAL_WINDOW_ID", "ANTENNA1", "ANTENNA2", "SCAN_NUMBER",
            "OBSERVATION_ID"]
VISCALS = ["K Jones", "B Jones", "G Jones", "T Jones"]


def opened(path, **options):
    return tables.table(path, ack=False, lockoptions="usernoread", **options)


class Cal:
    """A table with all its cells in memory."""

    def __init__(self, path):
        self.path = path
        t = self.table = opened(path)
        self.info = t.info()
        self.keywords = t.getkeywords()
        self.columns = t.colnames()
        self.viscal = self.keywords.get("VisCal", "")
        self.param = "FPARAM" if self.viscal == "K Jones" else "CPARAM"
        self.rows = t.nrows()
        self.scalars = {c: t.getcol(c) for c in ["TIME", "INTERVAL"] + INTEGERS
                        if c in self.columns}
        self.arrays = {c: [t.getcell(c, r) for r in range(self.rows)]
                       for c in (self.param, "PARAMERR", "FLAG", "SNR") if c in self.columns}

    def closed(self):
        """The same with the table closed, so that others may write it."""
        self.table.close()
        return self

    def sub(self, name):
        return opened(os.path.join(self.path, name))

    def flagged(self, column):
        return [v[f] for v, f in zip(self.arrays[column], self.arrays["FLAG"])]

    def good(self, column):
        return [v[~f] for v, f in zip(self.arrays[column], self.arrays["FLAG"])]


def all_equal(arrays, value):
    return all((a == value).all() for a in arrays)


# Each returns True for a good table.
def info_type(c):
    return c.info["type"] == "Calibration"


def info_subtype(c):
    return c.info["subType"] == c.viscal


def storage(c):
    managers = c.table.getdminfo()
    return all(m["TYPE"] == "StandardStMan" and m["NAME"].startswith("MSMTAB")
               for m in managers.values())


def scalar_columns(c):
    wanted = dict({name: "int" for name in INTEGERS}, TIME="double", INTERVAL="double")
    for name, kind in wanted.items():
        if name not in c.columns:
            return False
        description = c.table.getcoldesc(name)
        if description["valueType"] != kind or description["option"] != 5:
            return False
    return True


def array_columns(c):
    wanted = {c.param: "float" if c.param == "FPARAM" else "complex", "PARAMERR": "float",
              "FLAG": "boolean", "SNR": "float", "WEIGHT": "float"}
    for name, kind in wanted.items():
        if name not in c.columns:
            return False
        description = c.table.getcoldesc(name)
        if description["valueType"] != kind or description.get("ndim") != -1:
            return False
        if description["option"] != 0 or "shape" in description:
            return False
    return True


def one_param(c):
    return ("CPARAM" in c.columns) != ("FPARAM" in c.columns)


def time_measure(c):
    k = c.table.getcolkeywords("TIME")
    return k == {"QuantumUnits": ["s"], "MEASINFO": {"type": "epoch", "Ref": "UTC"}}


def interval_unit(c):
    return c.table.getcolkeywords("INTERVAL") == {"QuantumUnits": ["s"]}


def interval_zero(c):
    return (c.scalars["INTERVAL"] == 0).all()


def feeds(c):
    wanted = 1 if c.viscal == "T Jones" else 2
    return all(v.shape[-1] == wanted for v in c.arrays[c.param])


def channels(c):
    windows = c.sub("SPECTRAL_WINDOW").getcol("NUM_CHAN")
    ids = c.scalars["SPECTRAL_WINDOW_ID"]
    return all(v.shape[0] == (windows[i] if c.viscal == "B Jones" else 1)
               for v, i in zip(c.arrays[c.param], ids))


def equal_shapes(c):
    return all(len({c.arrays[n][r].shape for n in c.arrays}) == 1 for r in range(c.rows))


def weight_undefined(c):
    return not any(c.table.iscelldefined("WEIGHT", r) for r in range(c.rows))


def every_antenna(c):
    """Of every solution each ANTENNA row once, and all with the same time."""
    count = c.sub("ANTENNA").nrows()
    groups = {}
    for r in range(c.rows):
        key = tuple(c.scalars[n][r] for n in ("SPECTRAL_WINDOW_ID", "TIME", "FIELD_ID",
                                              "SCAN_NUMBER", "OBSERVATION_ID"))
        groups.setdefault(key, []).append(c.scalars["ANTENNA1"][r])
    return all(sorted(a) == list(range(count)) for a in groups.values())


def sorted_rows(c):
    s = c.scalars
    order = np.lexsort((s["ANTENNA2"], s["ANTENNA1"], s["TIME"], s["SPECTRAL_WINDOW_ID"]))
    return (order == np.arange(c.rows)).all()


def antenna2(c):
    a2 = c.scalars["ANTENNA2"]
    if c.viscal in ("K Jones", "T Jones"):
        return (a2 == -1).all()
    if not ((a2 >= -1) & (a2 < c.sub("ANTENNA").nrows())).all():
        return False
    return all(a2[r] >= 0 for r in range(c.rows) if not c.arrays["FLAG"][r].all())


def refant_phase(c):
    if c.viscal not in ("G Jones", "B Jones"):
        return True
    for r in range(c.rows):
        if c.scalars["ANTENNA1"][r] == c.scalars["ANTENNA2"][r]:
            good = c.arrays[c.param][r][~c.arrays["FLAG"][r]]
            if (np.abs(np.angle(good)) > 1e-5).any():
                return False
    return True


def finite(c):
    return all(np.isfinite(v).all() for n in (c.param, "PARAMERR", "SNR") for v in c.arrays[n])


def flagged_values(c):
    if c.viscal == "B Jones":
        return True
    return all_equal(c.flagged(c.param), 0 if c.viscal == "K Jones" else 1)


def flagged_errors(c):
    return all_equal(c.flagged("PARAMERR"), 0)


def flagged_snr(c):
    return all_equal(c.flagged("SNR"), 0)


def good_snr(c):
    return all((v > 0).all() for v in c.good("SNR"))


def par_type(c):
    return c.keywords.get("ParType") == ("Float" if c.viscal == "K Jones" else "Complex")


def ms_name(c):
    name = c.keywords.get("MSName", "")
    return name != "" and "/" not in name


def vis_cal(c):
    return c.viscal in VISCALS


def pol_basis(c):
    return c.keywords.get("PolBasis") == "unknown"


def casa_version(c):
    version = c.keywords.get("CASA_Version", "0.0").split("-")[0].split(".")
    return (int(version[0]), int(version[1])) >= (5, 3)


def subtables(c):
    for name in SUBTABLES:
        there = os.path.abspath(os.path.join(c.path, name))
        if os.path.abspath(c.keywords.get(name, "")[len("Table: "):]) != there:
            return False
        if not os.path.exists(os.path.join(there, "table.dat")):
            return False
    return True


def schemas(c):
    """Every column of the MS subtable, of its type and with its units and measures."""
    for name in SUBTABLES:
        sub = c.sub(name)
        for column, wanted in tables.required_ms_desc(name).items():
            if column.startswith("_"):
                continue
            if column not in sub.colnames():
                return False
            found = sub.getcoldesc(column)
            if found["valueType"].lower() != wanted["valueType"].lower():
                return False
            if "QuantumUnits" in wanted.get("keywords", {}) and (
                    list(sub.getcolkeywords(column)["QuantumUnits"])
                    != list(wanted["keywords"]["QuantumUnits"])):
                return False
            if "MEASINFO" in wanted.get("keywords", {}) and (
                    "MEASINFO" not in sub.getcolkeywords(column)):
                return False
    return True


def subtable_cells(c):
    """No cell of what the subtables need is undefined."""
    for name in SUBTABLES:
        sub = c.sub(name)
        for column in sub.colnames():
            if not all(sub.iscelldefined(column, r) for r in range(sub.nrows())):
                return False
    return True


def ids(c):
    s = c.scalars
    limits = {"FIELD_ID": "FIELD", "SPECTRAL_WINDOW_ID": "SPECTRAL_WINDOW", "ANTENNA1": "ANTENNA",
              "OBSERVATION_ID": "OBSERVATION"}
    return all(s[n].min() >= 0 and s[n].max() < c.sub(t).nrows() for n, t in limits.items())


def window_shapes(c):
    sub = c.sub("SPECTRAL_WINDOW")
    return all(len(sub.getcell(n, r)) == sub.getcell("NUM_CHAN", r)
               for r in range(sub.nrows())
               for n in ("CHAN_FREQ", "CHAN_WIDTH", "EFFECTIVE_BW", "RESOLUTION"))


def windows_collapsed(c):
    return c.viscal == "B Jones" or (c.sub("SPECTRAL_WINDOW").getcol("NUM_CHAN") == 1).all()


def window_widths(c):
    sub = c.sub("SPECTRAL_WINDOW")
    for r in range(sub.nrows()):
        width = np.abs(sub.getcell("CHAN_WIDTH", r))
        if not all((np.abs(sub.getcell(n, r)) == width).all()
                   for n in ("EFFECTIVE_BW", "RESOLUTION")):
            return False
        if not np.isclose(sub.getcell("TOTAL_BANDWIDTH", r), width.sum(), rtol=1e-12):
            return False
    return True


def flag_row(c):
    used = set(c.scalars["SPECTRAL_WINDOW_ID"])
    flags = c.sub("SPECTRAL_WINDOW").getcol("FLAG_ROW")
    return all(bool(f) == (r not in used) for r, f in enumerate(flags))


def history(c):
    sub = c.sub("HISTORY")
    return sub.nrows() > 0 and any(
        "UVW" in sub.getcell("MESSAGE", r) for r in range(sub.nrows()))


SOLVED = [interval_zero, flagged_errors, flagged_snr, good_snr, refant_phase]
CHECKS = [info_type, info_subtype, storage, scalar_columns, array_columns, one_param, time_measure,
          interval_unit, feeds, channels, equal_shapes, weight_undefined, every_antenna,
          sorted_rows, antenna2, finite, flagged_values, par_type, ms_name, vis_cal, pol_basis,
          casa_version, subtables, schemas, subtable_cells, ids, window_shapes, windows_collapsed,
          window_widths, flag_row, history]


def equal_cells(path, source):
    """Names of columns of the main table with cells that differ from the source's."""
    mine, theirs = Cal(path), Cal(source)
    if mine.rows != theirs.rows:
        return [f"{mine.rows} rows instead of {theirs.rows}"]
    bad = [n for n in mine.scalars if not (mine.scalars[n] == theirs.scalars[n]).all()]
    for name in theirs.arrays:
        if not all(a.shape == b.shape and (a == b).all()
                   for a, b in zip(mine.arrays[name], theirs.arrays[name])):
            bad.append(name)
    for name in ("ParType", "MSName", "VisCal", "PolBasis"):
        if mine.keywords[name] != theirs.keywords[name]:
            bad.append(name)
    exact = {"ANTENNA": ["NAME", "STATION", "POSITION", "DISH_DIAMETER", "MOUNT"],
             "FIELD": ["NAME", "TIME"],
             "SPECTRAL_WINDOW": ["NAME", "NUM_CHAN", "REF_FREQUENCY", "MEAS_FREQ_REF", "FLAG_ROW"],
             "OBSERVATION": ["TELESCOPE_NAME", "OBSERVER", "PROJECT"]}
    for sub, columns in exact.items():
        for name in columns:
            if not np.array_equal(mine.sub(sub).getcol(name), theirs.sub(sub).getcol(name)):
                bad.append(f"{sub}/{name}")
    for r in range(theirs.sub("SPECTRAL_WINDOW").nrows()):
        for name in ("CHAN_FREQ", "CHAN_WIDTH"):
            if not np.array_equal(mine.sub("SPECTRAL_WINDOW").getcell(name, r),
                                  theirs.sub("SPECTRAL_WINDOW").getcell(name, r)):
                bad.append(f"SPECTRAL_WINDOW/{name}[{r}]")
    for r in range(theirs.sub("FIELD").nrows()):
        off = (mine.sub("FIELD").getcell("PHASE_DIR", r)
               - theirs.sub("FIELD").getcell("PHASE_DIR", r))
        if (np.abs(np.angle(np.exp(1j * off))) > 2e-15).any():
            bad.append(f"FIELD/PHASE_DIR[{r}]")
    return bad


def faults(path, options):
    c = Cal(path)
    solved = [] if options.source else SOLVED
    found = []
    for check in CHECKS + solved:
        try:
            good = check(c)
        except (KeyError, RuntimeError, ValueError, IndexError) as error:
            good = False
            found.append(f"{check.__name__}: {str(error)[:200]}")
        if not good:
            found.append(check.__name__)
    sub = c.sub("SPECTRAL_WINDOW")
    for r, centre in enumerate(options.centres):
        if centre and sub.getcell("CHAN_FREQ", r)[sub.getcell("NUM_CHAN", r) // 2] != centre:
            found.append(f"centre of window {r}")
    if options.uvw and c.keywords.get("UVW_CONVENTION") != options.uvw:
        found.append("UVW_CONVENTION")
    return found


# Each breaks the rule of the check that has its name.
def with_table(path, action, sub=None):
    t = tables.table(os.path.join(path, sub) if sub else path, readonly=False, ack=False)
    action(t)
    t.close()


def put_info(key, value):
    return lambda p: with_table(p, lambda t: t.putinfo(dict(t.info(), **{key: value})))


def put_keyword(key, value):
    return lambda p: with_table(p, lambda t: t.putkeyword(key, value))


def put_cell(column, row, value, sub=None):
    return lambda p: with_table(p, lambda t: t.putcell(column, row, value), sub)


def changed_cell(column, row, change, sub=None):
    return lambda p: with_table(p, lambda t: t.putcell(column, row, change(t.getcell(column, row))),
                                sub)


def remove_column(column, sub=None):
    return lambda p: with_table(p, lambda t: t.removecols(column), sub)


def remove_rows(rows, sub=None):
    return lambda p: with_table(p, lambda t: t.removerows(rows), sub)


def put_column_keyword(column, key, value):
    return lambda p: with_table(p, lambda t: t.putcolkeyword(column, key, value))


def replaced_column(column, **changes):
    """The same values in a column of another description."""
    def action(t):
        description = dict(t.getcoldesc(column), **changes)
        keywords = t.getcolkeywords(column)
        values = [t.getcell(column, r) for r in range(t.nrows())]
        t.removecols(column)
        description.pop("keywords", None)
        t.addcols({column: description}, {"TYPE": "StandardStMan", "NAME": "MSMTAB_9"})
        t.putcolkeywords(column, keywords)
        for row, value in enumerate(values):
            t.putcell(column, row, value)
    return lambda p: with_table(p, action)


def other_manager(p):
    def action(t):
        t.removecols("WEIGHT")
        t.addcols(tables.maketabdesc(tables.makearrcoldesc("WEIGHT", 0.0, ndim=-1,
                                                           valuetype="float")),
                  {"TYPE": "IncrementalStMan", "NAME": "ISM"})
    with_table(p, action)


def add_param(p):
    c = Cal(p).closed()
    other = "CPARAM" if c.param == "FPARAM" else "FPARAM"
    with_table(p, lambda t: t.addcols(tables.maketabdesc(
        tables.makearrcoldesc(other, 0.0, ndim=-1, valuetype="float"))))


def flagged_cell(c):
    """A row with a flagged cell, and the place of that in it."""
    for r in range(c.rows):
        if c.arrays["FLAG"][r].any():
            return r, tuple(np.argwhere(c.arrays["FLAG"][r])[0])
    raise AssertionError("no cell is flagged")


def change_place(column, place_of, value):
    def broken(p):
        c = Cal(p).closed()
        r, place = place_of(c)
        cell = c.arrays[c.param if column == "PARAM" else column][r].copy()
        cell[place] = value
        with_table(p, lambda t: t.putcell(c.param if column == "PARAM" else column, r, cell))
    return broken


def good_cell(c):
    for r in range(c.rows):
        if not c.arrays["FLAG"][r].all():
            return r, tuple(np.argwhere(~c.arrays["FLAG"][r])[0])
    raise AssertionError("all is flagged")


def refant_cell(c):
    for r in range(c.rows):
        if c.scalars["ANTENNA1"][r] == c.scalars["ANTENNA2"][r]:
            if not c.arrays["FLAG"][r].all():
                return r, tuple(np.argwhere(~c.arrays["FLAG"][r])[0])
    raise AssertionError("no reference antenna")


def all_cells(change):
    def broken(p):
        def action(t):
            for name in [n for n in ("CPARAM", "FPARAM", "PARAMERR", "FLAG", "SNR")
                         if n in t.colnames()]:
                t.putcell(name, 0, change(t.getcell(name, 0)))
        with_table(p, action)
    return broken


def wrong_refant(p):
    c = Cal(p).closed()
    with_table(p, lambda t: t.putcell("ANTENNA2", good_cell(c)[0],
                                      0 if c.viscal in ("K Jones", "T Jones") else -1))


def swap_rows(p):
    def action(t):
        a, b = t.getcell("ANTENNA1", 0), t.getcell("ANTENNA1", 1)
        t.putcell("ANTENNA1", 0, b)
        t.putcell("ANTENNA1", 1, a)
    with_table(p, action)


def drop_measure(p):
    with_table(p, lambda t: t.removecolkeyword("POSITION", "MEASINFO"), "ANTENNA")


def undefined_cell(p):
    with_table(p, lambda t: t.addrows(1), "FIELD")


def two_channels(p):
    def action(t):
        for name in ("CHAN_FREQ", "CHAN_WIDTH", "EFFECTIVE_BW", "RESOLUTION"):
            t.putcell(name, 0, np.repeat(t.getcell(name, 0), 2))
        t.putcell("NUM_CHAN", 0, 2 * t.getcell("NUM_CHAN", 0))
        t.putcell("TOTAL_BANDWIDTH", 0, 2 * t.getcell("TOTAL_BANDWIDTH", 0))
    with_table(p, action, "SPECTRAL_WINDOW")


def flip_flag_row(p):
    with_table(p, lambda t: t.putcol("FLAG_ROW", ~t.getcol("FLAG_ROW")), "SPECTRAL_WINDOW")


def wipe_history(p):
    with_table(p, lambda t: t.putcol("MESSAGE", ["x"] * t.nrows()), "HISTORY")


def move_subtable(p):
    shutil.rmtree(os.path.join(p, "HISTORY"))


def mutants(viscal):
    window = "SPECTRAL_WINDOW"
    found = {
        info_type: put_info("type", "Measurement Set"),
        info_subtype: put_info("subType", "D Jones"),
        storage: other_manager,
        scalar_columns: replaced_column("SCAN_NUMBER", valueType="double"),
        array_columns: replaced_column("SNR", valueType="double"),
        one_param: add_param,
        time_measure: put_column_keyword("TIME", "MEASINFO", {"type": "epoch", "Ref": "TAI"}),
        interval_unit: put_column_keyword("INTERVAL", "QuantumUnits", ["d"]),
        interval_zero: put_cell("INTERVAL", 0, 10.0),
        feeds: all_cells(lambda v: np.repeat(v, 2, axis=1)),
        channels: all_cells(lambda v: np.repeat(v, 3, axis=0)),
        equal_shapes: changed_cell("SNR", 0, lambda v: np.repeat(v, 2, axis=0)),
        weight_undefined: put_cell("WEIGHT", 0, np.ones((1, 2), np.float32)),
        every_antenna: remove_rows([2]),
        sorted_rows: swap_rows,
        antenna2: wrong_refant,
        finite: change_place("PARAM", good_cell, np.nan),
        par_type: put_keyword("ParType", "Double"),
        ms_name: put_keyword("MSName", "/data/x.ms"),
        vis_cal: put_keyword("VisCal", viscal[0]),
        pol_basis: put_keyword("PolBasis", "LINEAR"),
        casa_version: lambda p: with_table(p, lambda t: t.removekeyword("CASA_Version")),
        subtables: move_subtable,
        schemas: drop_measure,
        subtable_cells: undefined_cell,
        ids: put_cell("FIELD_ID", 0, 99),
        window_shapes: put_cell("NUM_CHAN", 0, 5, window),
        window_widths: changed_cell("RESOLUTION", 0, lambda v: 7 * v, window),
        flag_row: flip_flag_row,
        history: wipe_history,
        flagged_errors: change_place("PARAMERR", flagged_cell, 3),
        flagged_snr: change_place("SNR", flagged_cell, 3),
        good_snr: change_place("SNR", good_cell, 0),
    }
    if viscal != "B Jones":
        found[windows_collapsed] = two_channels
        found[flagged_values] = change_place("PARAM", flagged_cell, 7)
    if viscal in ("B Jones", "G Jones"):
        found[refant_phase] = change_place("PARAM", refant_cell, 1j)
    return found


def survivors(path, folder):
    """Checks that a table broken in their rule still passes."""
    viscal = Cal(path).viscal
    found = []
    broken = mutants(viscal)
    untested = {"B Jones": {windows_collapsed, flagged_values}, "G Jones": set()}
    missing = set(CHECKS + SOLVED) - set(broken) - untested.get(viscal, {refant_phase})
    found += [f"{check.__name__} has no mutant" for check in missing]
    for check, damage in broken.items():
        copy = os.path.join(folder, "mutant")
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(path, copy)
        damage(copy)
        try:
            good = check(Cal(copy))
        except (KeyError, RuntimeError, ValueError, IndexError):
            good = False
        if good:
            found.append(f"a mutant of {check.__name__} passes")
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("table")
    parser.add_argument("--source")
    parser.add_argument("--centres", default="")
    parser.add_argument("--uvw")
    parser.add_argument("--mutants")
    options = parser.parse_args()
    options.centres = [float(v) if v else 0 for v in options.centres.split(",")]
    found = faults(options.table, options)
    if options.source:
        found += [f"differs from its source: {name}"
                  for name in equal_cells(options.table, options.source)]
    if options.mutants:
        found += survivors(options.table, options.mutants)
    print("\n".join(found) if found else f"{options.table}: good")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
