#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the documentation as a site that needs no network: build_site.py FOLDER.

The pages are those of docs/; FOLDER/site is the site. Fails when mkdocs warns.
"""
import pathlib
import shutil
import subprocess
import sys

import yaml

DOCS = pathlib.Path(__file__).resolve().parent
# Pages of the guide that come first, in this order; others follow by title.
FIRST = ["concepts", "calibration", "imaging", "watching_a_run", "editors"]
TUTORIAL = ["first_plugin"]
APART = {"formats", "performance", *TUTORIAL}


def title(path):
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            return line[2:].strip()
    return path.stem


def entry(path, name=None):
    return {name or title(path): path.relative_to(DOCS).as_posix()}


def navigation():
    guide = {path.stem: path for path in (DOCS / "guide").glob("*.md")}
    others = sorted((path for stem, path in guide.items() if stem not in APART | set(FIRST)),
                    key=title)
    pages = [guide[stem] for stem in FIRST if stem in guide] + others
    reference = DOCS / "reference"
    stages = sorted((reference / "stages").glob("[!R]*.md"))
    nav = [{"Home": "README.md"}, {"Guide": [entry(path) for path in pages]},
           {"Tutorial": [entry(guide[stem]) for stem in TUTORIAL] +
                        [entry(path) for path in sorted((DOCS / "examples").glob("*/README.md"))]},
           {"Formats": "guide/formats.md"},
           {"Reference": [{"Overview": "reference/README.md"},
                          {"Stages": [{"All": "reference/stages/README.md"}] +
                                     [entry(path) for path in stages]},
                          entry(reference / "pipelines.md"), entry(reference / "cli.md"),
                          entry(reference / "data_kinds.md")]}]
    nav.append({"Performance": "guide/performance.md"})
    decisions = [{"All": "adr/README.md"}] + [entry(path) for path in decision_pages()]
    return nav + [{"Decisions": decisions}]


def decision_pages():
    return sorted((DOCS / "adr").glob("[0-9]*.md"))


def copy_pages(source):
    shutil.copytree(DOCS, source, ignore=shutil.ignore_patterns("*.py", "__pycache__", "site.yml"))
    with (source / "adr/README.md").open("a", encoding="utf-8") as index:
        index.write("\n")
        for path in decision_pages():
            index.write(f"- [{title(path)}]({path.name})\n".replace(". ", "\\. ", 1))


def main():
    folder = pathlib.Path(sys.argv[1]).resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    copy_pages(folder / "pages")
    with (DOCS / "site.yml").open(encoding="utf-8") as file:
        config = yaml.safe_load(file)
    config.update(docs_dir="pages", site_dir="site", nav=navigation())
    with (folder / "mkdocs.yml").open("w", encoding="utf-8") as file:
        yaml.safe_dump(config, file, sort_keys=False)
    subprocess.run([sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"], cwd=folder,
                   check=True)
    print(folder / "site")


if __name__ == "__main__":
    main()
