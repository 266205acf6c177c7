#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mistakes that authors and users of plugins make, planted into skeletons: each is refused with a
message that says what to do."""
import re
import unittest

from installed import Installed


class Mistakes(Installed):
    def new(self, shape, *changes):
        """A skeleton `mine` with texts of its files replaced: (file ending, text, other text)."""
        self.shell(f"skymill new-plugin mine --shape {shape}")
        folder = self.folder / "mine"
        for ending, text, other in changes:
            path = folder / f"mine{ending}"
            before = path.read_text()
            self.assertIn(text, before)
            path.write_text(before.replace(text, other, 1))
        return folder

    def plugin(self, shape, *changes):
        folder = self.new(shape, *changes)
        self.shell("cmake -S . -B build && cmake --build build --target mine", folder=folder)
        return folder

    def assert_said(self, said, *words):
        said = " ".join(said.split())  # Catch2 breaks lines where it likes
        for word in words:
            self.assertIn(word, said)

    def test_in_a_description(self):
        folder = self.plugin("source")
        check = "skymill check mine.yaml --plugin build/mine.so"
        good = (folder / "mine.yaml").read_text()
        self.shell(check, folder=folder)
        for text, other, words in [
            # a wrong unit
            ("flux: 2.5Jy", "flux: 2.5GHz", ["mine.yaml:12:11: error", "GHz", "Jy"]),
            # a wrong type
            ("antennas: 5", "antennas: five", ["mine.yaml:11:15: error", "'antennas'", "whole number"]),
            # outside of its limits
            ("antennas: 5", "antennas: 1", ["mine.yaml:11:15: error", "2 to 1000"]),
            # a slip of the pen in a parameter, and in a stage
            ("antennas: 5", "antenas: 5", ["mine.yaml:11:5: error", "did you mean 'antennas'"]),
            ("use: ms_writer", "use: ms_writter", ["no stage 'ms_writter'", "did you mean 'ms_writer'"]),
            # nothing to read from
            ("  mine:\n    antennas: 5\n    flux: 2.5Jy\n", "",
             ["reads visibilities@1, but no stage stands above it", "put a stage that gives them"]),
        ]:
            with self.subTest(other=other):
                self.assertIn(text, good)
                (folder / "mine.yaml").write_text(good.replace(text, other))
                self.assert_said(self.shell(check, 2, folder), *words)
        (folder / "mine.yaml").write_text(good)
        # a stale build: the tag is that of another interface
        library = (folder / "build/mine.so").read_bytes()
        tag = re.search(rb"skymill\.abi\.(\d)\.", library)
        (folder / "build/mine.so").write_bytes(library.replace(tag[0], b"skymill.abi.0."))
        self.assert_said(self.shell(check, 4, folder), "was built for 0.",
                         f"needs {tag[1].decode()}.", "build the plugin again")

    def test_a_column_that_nobody_gives(self):
        folder = self.plugin("transform", (".cpp", '{"data", "flag"}', '{"data", "flag", "model"}'))
        said = self.shell("skymill run mine.yaml --plugin build/mine.so", 2, folder)
        self.assert_said(said, "'mine' cannot read 'simulate.out'", "needs", "model", "has")

    def test_a_name_that_is_taken(self):
        folder = self.plugin("transform", (".cpp", 'add<mine::Mine>("mine")',
                                           'add<mine::Mine>("simulate")'))
        said = self.shell("skymill plugins --plugin build/mine.so", 4, folder)
        self.assert_said(said, "two plugins bring a stage 'simulate'", "/simulate.so'",
                         "build/mine.so'", "another name")

    def test_a_constructor_that_throws(self):
        folder = self.plugin(
            "transform", (".h", "params_(std::move(params)) {}",
                          'params_(std::move(params)) { throw std::runtime_error("no table"); }'),
            (".h", "#include <utility>", "#include <stdexcept>\n#include <utility>"))
        said = self.shell("skymill check mine.yaml --plugin build/mine.so", 1, folder)
        self.assert_said(said, "stage 'mine'", "constructor", "no table", "plan()")

    def test_a_unit_that_is_none(self):
        folder = self.plugin("transform", (".cpp", ".range(-1e6, 1e6)", '.unit("furlong")'))
        said = self.shell("skymill check mine.yaml --plugin build/mine.so", 4, folder)
        self.assert_said(said, "'furlong'", "parameter 'factor'", "is not a unit", "Hz, s, m")

    def test_no_way_in(self):
        folder = self.plugin("transform", (".cpp", "SKYMILL_PLUGIN(registry) {",
                                           "void enter(skymill::Registry& registry) {"))
        said = self.shell("skymill check mine.yaml --plugin build/mine.so", 4, folder)
        self.assert_said(said, "carries no skymill.abi tag", "SKYMILL_PLUGIN")

    def test_a_symbol_that_nobody_defines(self):
        folder = self.new("transform", (".cpp", "namespace mine {", "namespace mine {\n\nvoid lost();"),
                          (".cpp", "  ctx.count(", "  lost();\n  ctx.count("))
        said = self.shell("cmake -S . -B build && cmake --build build --target mine", 1, folder)
        self.assert_said(said, "undefined reference", "lost()")

    def test_what_the_conformance_suite_finds_in_a_transform(self):
        folder = self.new(
            "transform",
            # a field that the schema forgets
            (".h", "  double factor = 1;\n", "  double factor = 1;\n  double offset = 0;\n"),
            # state that calls share
            (".h", "  MineParams params_;\n", "  MineParams params_;\n  mutable int calls_ = 0;\n"),
            (".cpp", "static_cast<float>(params_.factor);\n",
             "static_cast<float>(params_.factor);\n  chunk->data[0] += ++calls_;\n"
             # memory that plan() does not announce
             "  const std::vector<double> table(64 << 17, 1.0);\n"
             "  chunk->data[0] *= static_cast<float>(table[chunk->data.size()]);\n"))
        self.build(folder)
        said = self.shell("ctest --test-dir build --output-on-failure", 8, folder)
        self.assert_said(said, "2 members, and its schema declares 1", "add a field()",
                         "the results differ", "'data'", "keep nothing between",
                         "it holds", "of memory, but", "set_scratch")

    def test_what_the_conformance_suite_finds_in_a_sink(self):
        folder = self.new(
            "sink",
            # the product is written in its place
            (".cpp", "  sum_.resize(chunk->nchan);\n",
             "  sum_.resize(chunk->nchan);\n  std::ofstream(params_.output) << 1;\n"),
            (".cpp", "  skymill::Draft draft = ctx.draft(params_.output, params_.overwrite);\n",
             "  skymill::Draft draft = ctx.draft(params_.output, true);\n"))
        self.build(folder)
        said = self.shell("ctest --test-dir build --output-on-failure", 8, folder)
        self.assert_said(said, "it leaves 'table.txt', which is not whole", "ctx.draft(")


if __name__ == "__main__":
    unittest.main()
