#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the run of clip.yaml with nsigma=2: check_run.py MEASUREMENT_SET PLUGIN.

The record must say that the plugin's stage ran, and its flags must have reached the product.
"""
import json
import sys

from casacore import tables

VISIBILITIES = 6 * 45 * 4 * 2  # integrations, baselines, channels, hands


def main():
    product, plugin = sys.argv[1:]
    with open(product + ".run.json", encoding="utf-8") as file:
        record = json.load(file)
    assert record["exit_code"] == 0 and record["verdict"] == "clean", record
    names = [stage["name"] for stage in record["stages"]]
    assert names == ["simulate", "clip", "write"], names
    clip = record["stages"][1]
    assert clip["use"] == "clip" and clip["library"] == plugin, clip
    assert clip["shape"] == "transform" and clip["version"] == 1, clip
    assert clip["chunks"] == 6, clip
    assert float(clip["parameters"]["nsigma"]["value"]) == 2, clip
    assert clip["counters"]["visibilities"] == VISIBILITIES, clip
    flagged = clip["counters"]["flagged"]
    assert 0 < flagged < VISIBILITIES // 5, clip
    flags = tables.table(product, ack=False).getcol("FLAG")
    assert flags.size == VISIBILITIES and flags.sum() == flagged, (flags.size, flags.sum(), flagged)
    print("clip ran; it flagged", flagged, "of", VISIBILITIES, "visibilities, as the product has it")


if __name__ == "__main__":
    main()
