#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks what the run record says of the clip stage: check_record.py RECORD PLUGIN."""
import json
import sys


def main():
    record_path, plugin = sys.argv[1:]
    with open(record_path, encoding="utf-8") as file:
        record = json.load(file)
    assert record["exit_code"] == 0 and record["verdict"] == "clean", record
    names = [stage["name"] for stage in record["stages"]]
    assert names == ["simulate", "clip", "write"], names
    clip = record["stages"][1]
    assert clip["use"] == "clip" and clip["library"] == plugin, clip
    assert clip["shape"] == "transform" and clip["version"] == 1, clip
    assert clip["chunks"] == 6, clip
    parameters = clip["parameters"]
    assert float(parameters["nsigma"]["value"]) == 4, parameters
    # 6 integrations of 45 baselines, 4 channels and 2 hands
    assert clip["counters"]["visibilities"] == 6 * 45 * 4 * 2, clip
    assert 0 <= clip["counters"]["flagged"] < 6 * 45 * 4 * 2 // 20, clip
    print("clip ran and flagged", clip["counters"]["flagged"], "visibilities")


if __name__ == "__main__":
    main()
