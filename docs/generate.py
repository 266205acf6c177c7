#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes docs/reference from what the program says of itself, and what headers say of data kinds.

    docs/generate.py PROGRAM           writes the pages
    docs/generate.py --check PROGRAM   says which pages are not as they would be written
"""
import argparse
import json
import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs/reference"
MADE = "<!-- Made by docs/generate.py; do not edit. -->\n"
KIND = re.compile(
    r"((?:^///.*\n)+)(?:struct|class) (\w+)[^;]*?kDataKind\{\"(\w+)\", (\d+)\}", re.MULTILINE)


class Program:
    def __init__(self, path):
        self.path = path
        # Plugins of the user's own are no part of the reference.
        self.environment = {name: value for name, value in os.environ.items()
                            if not name.startswith("SKYMILL_")}

    def says(self, *arguments):
        done = subprocess.run([self.path, *arguments], capture_output=True, text=True,
                              env=self.environment, check=True)
        return done.stdout


def words(text):
    """Text in which Markdown sees neither tags nor emphasis."""
    return text.replace("<", "&lt;").replace("*", "\\*")


def page(title, body):
    return f"{MADE}# {title}\n\n{body.strip()}\n"


def stage_pages(program, stages):
    pages = {}
    for stage in stages:
        name = stage["name"]
        markdown = program.says("describe", name, "--format", "markdown")
        pages[f"stages/{name}.md"] = page(name, markdown.split("\n", 1)[1])
    return pages


def stage_list(stages):
    text = ("Every stage there is, by plugin. `skymill describe STAGE` says the same in the "
            "terminal, `--format json` to programs.\n")
    for plugin in sorted({stage["plugin"] for stage in stages}):
        text += f"\n## {plugin}\n\n| Stage | Shape | What it does |\n|---|---|---|\n"
        for stage in stages:
            if stage["plugin"] == plugin:
                name = stage["name"]
                text += f"| [`{name}`]({name}.md) | {stage['shape']} | {words(stage['summary'])} |\n"
    return page("Stages", text)


def kind_docs():
    """{kind: (struct, words, header)} as the headers have them."""
    docs = {}
    for folder in ("core/include", "stages"):
        for header in sorted((ROOT / folder).rglob("*.h")):
            for match in KIND.finditer(header.read_text(encoding="utf-8")):
                said = re.sub(r"^/// ?", "", match[1], flags=re.MULTILINE).strip()
                docs[f"{match[3]}@{match[4]}"] = (
                    match[2], said, header.relative_to(ROOT).as_posix())
    return docs


def stage_links(names):
    return ", ".join(f"[`{name}`](stages/{name}.md)" for name in sorted(names)) or "none"


def kind_page(stages):
    gives, takes, columns = {}, {}, {}
    for stage in stages:
        ports = stage["ports"]
        for port in ports["outputs"]:
            gives.setdefault(port["kind"], set()).add(stage["name"])
            columns.setdefault(port["kind"], set()).update(port["columns"])
        for port in ports["sides"] + ([ports["input"]] if ports["input"] else []):
            takes.setdefault(port["kind"], set()).add(stage["name"])
            columns.setdefault(port["kind"], set()).update(port["columns"])
    docs = kind_docs()
    text = ("What flows between stages. A kind has a name and a version, which is raised when old "
            "readers could not read it; ports of one kind fit together.\n")
    for kind in sorted(gives.keys() | takes.keys()):
        text += f"\n## {kind}\n\n"
        if kind in docs:
            struct, said, header = docs[kind]
            text += f"`{struct}` in `{header}`. {said}\n\n"
        text += f"- given by {stage_links(gives.get(kind, ()))}\n"
        text += f"- taken by {stage_links(takes.get(kind, ()))}\n"
        if columns[kind]:
            names = ", ".join(f"`{name}`" for name in sorted(columns[kind]))
            text += f"- columns that stages name: {names}\n"
    return page("Data kinds", text)


def remarks(name):
    """What the comment at the head of a shipped description says; its commands as code."""
    lines = []
    for line in (ROOT / f"pipelines/{name}.yaml").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        line = line[1:].removeprefix(" ")
        lines.append(line if line.startswith("  ") else words(line))
    text = re.sub(r"(?:^  .*(?:\n|$))+",
                  lambda code: "```sh\n" + re.sub(r"^  ", "", code[0], flags=re.MULTILINE).rstrip() +
                  "\n```\n", "\n".join(lines) + "\n", flags=re.MULTILINE)
    # The first paragraph says again what the description is.
    return text.partition("\n\n")[2].strip()


def pipelines_page(program):
    text = ("`skymill run NAME` runs one, with `--param NAME=VALUE` for each parameter; "
            "`skymill pipelines NAME` shows these.\n")
    for name in program.says("pipelines", "--format", "names").split():
        # Of a path, so that parameters are those of this tree's description.
        section = program.says("pipelines", str(ROOT / f"pipelines/{name}.yaml"),
                               "--format", "markdown")
        head, table = section.split("\n\n", 2)[:2], section.split("\n\n", 2)[2:]
        text += "\n" + "\n\n".join(filter(None, [*head, remarks(name), *table]))
    return page("Shipped descriptions", text)


def index_page():
    return page("Reference", """Made from the program's own declarations:

- [Stages](stages/README.md): parameters, ports, versions
- [Shipped descriptions](pipelines.md): their parameters
- [Command line](cli.md): commands, options, exit codes, variables
- [Data kinds](data_kinds.md): what flows between stages
""")


def pages_of(program):
    stages = json.loads(program.says("describe", "--format", "json"))
    pages = stage_pages(program, stages)
    pages["stages/README.md"] = stage_list(stages)
    pages["pipelines.md"] = pipelines_page(program)
    pages["cli.md"] = page("Command line", program.says("manual", "--format", "markdown"))
    pages["data_kinds.md"] = kind_page(stages)
    pages["README.md"] = index_page()
    return pages


def differences(pages):
    found = []
    for name, text in sorted(pages.items()):
        path = FOLDER / name
        if not path.exists():
            found.append(f"docs/reference/{name} is missing")
        elif path.read_text(encoding="utf-8") != text:
            found.append(f"docs/reference/{name} is not what the program says")
    for path in sorted(FOLDER.rglob("*.md")):
        name = path.relative_to(FOLDER).as_posix()
        if name not in pages:
            found.append(f"docs/reference/{name} is of nothing that is there any more")
    return found


def write(pages):
    for path in FOLDER.rglob("*.md"):
        if path.relative_to(FOLDER).as_posix() not in pages:
            path.unlink()
    for name, text in pages.items():
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--check", action="store_true")
    parser.add_argument("program")
    options = parser.parse_args()
    pages = pages_of(Program(options.program))
    if not options.check:
        write(pages)
        print(f"{len(pages)} pages in docs/reference")
        return 0
    found = differences(pages)
    for line in found:
        print(line)
    print(f"{len(pages)} pages compared" if not found else
          "run docs/generate.py PROGRAM, or build the target docs_reference")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
