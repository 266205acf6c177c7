# SPDX-License-Identifier: GPL-3.0-or-later
"""The performance regression suite behind perf/run."""
