# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts the rows of a MeasurementSet for which TaQL conditions hold, by python-casacore.

usage: count_rows.py <ms> <file with a condition a line>; prints a count a line.
"""
import os
import shutil
import sys
import tempfile

from casacore import tables


def main(source, conditions):
    with tempfile.TemporaryDirectory() as scratch:
        # python-casacore touches lock files, so it gets a copy.
        ms = shutil.copytree(source, os.path.join(scratch, "copy.ms"), copy_function=shutil.copyfile)
        os.system(f"chmod -R u+w '{ms}'")
        with tables.table(ms, ack=False) as table, open(conditions) as lines:
            for line in lines:
                print(table.query(line.strip()).nrows())


main(sys.argv[1], sys.argv[2])
