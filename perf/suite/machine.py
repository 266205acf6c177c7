# SPDX-License-Identifier: GPL-3.0-or-later
"""What figures depend on besides the code. Times of two machines are never compared."""
import datetime
import hashlib
import os
import re
import subprocess
from pathlib import Path

INSTRUCTIONS = ("sse4_2", "avx", "avx2", "fma", "avx512f", "avx512vl", "avx512_bf16", "asimd", "sve")


def first_line(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except OSError:
        return "unknown"
    return (done.stdout.splitlines() or ["unknown"])[0]


def cpu():
    """The model's name and those instruction sets that matter here."""
    model, flags = "unknown", set()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            model = value.strip()
        if key.strip() in ("flags", "Features"):
            flags = set(value.split())
    return model, [name for name in INSTRUCTIONS if name in flags]


def caches():
    """Such as `L1 Data 32K`, of the first processor."""
    found = []
    for index in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        level, kind, size = ((index / part).read_text().strip() for part in
                             ("level", "type", "size"))
        found.append(f"L{level} {kind} {size}")
    return found


def memory_bytes():
    return int(re.search(r"MemTotal:\s+(\d+) kB", Path("/proc/meminfo").read_text())[1]) * 1024


def build_settings(build):
    """What CMake was told, of a build folder."""
    found = dict(re.findall(r"^(CMAKE_CXX_COMPILER|CMAKE_BUILD_TYPE|CMAKE_CXX_FLAGS):\w+=(.*)$",
                            (build / "CMakeCache.txt").read_text(), re.MULTILINE))
    return {"build_type": found.get("CMAKE_BUILD_TYPE", ""),
            "compiler": first_line(found.get("CMAKE_CXX_COMPILER", "c++"), "--version"),
            "flags": found.get("CMAKE_CXX_FLAGS", "")}


def commit(source):
    """With a `+` after it when the work tree has changes."""
    def git(*arguments):
        return first_line("git", "-C", str(source), *arguments)
    changed = git("status", "--porcelain", "--untracked-files=no") != "unknown"
    return git("rev-parse", "--short", "HEAD") + ("+" if changed else "")


def fingerprint(build, source):
    model, instructions = cpu()
    return {"cpu": model, "cores": len(os.sched_getaffinity(0)), "instructions": instructions,
            "caches": caches(), "memory_bytes": memory_bytes(), "kernel": os.uname().release,
            **build_settings(build), "commit": commit(source)}


def folder_name(machine):
    """Of what makes figures incomparable; another kernel, compiler or commit is what we look for."""
    gib = round(machine["memory_bytes"] / 2**30)
    same = [machine[key] for key in ("cpu", "cores", "instructions", "caches", "build_type")]
    digest = hashlib.sha256(repr([*same, gib]).encode()).hexdigest()[:8]
    words = re.sub(r"[^a-z0-9]+", "-", re.sub(r"\((r|tm)\)", "", machine["cpu"].lower())).strip("-")
    return f"{words}-{machine['cores']}-cores-{gib}-gib-{digest}"


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
