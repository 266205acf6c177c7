#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mistakes that authors and users of plugins make, planted into skeletons: each is refused with a
message that says what to do."""
import re
import shutil
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
        told = "".join(said.split())  # Catch2 breaks lines where it likes, before a bracket too
        for word in words:
            self.assertIn("".join(word.split()), told, said)

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
            # nothing where a name must stand
            ("output: $(output)", 'output: ""', ["mine.yaml:15:13: error", "'output' is empty",
                                                 "The MeasurementSet to make"]),
            # two stages to read from
            ("use: ms_writer", "use: ms_writer\n    in: [mine, mine]",
             ["mine.yaml:15:9: error", "'in' is '[mine, mine]'", "the name of one stage above"]),
            # a bracket that nobody closes
            ("antennas: 5", "antennas: {", ["not valid YAML", "look above for a '{'"]),
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

    def test_results_that_nobody_reads(self):
        (self.folder / "m.yaml").write_text("skymill: 1\nstages:\n  simulate: { nchan: 4 }\n")
        said = self.shell("skymill check m.yaml")
        self.assert_said(said, "m.yaml:3:3: warning: nothing reads what 'simulate' gives",
                         "put a stage below it", "1 stage, no mistakes")
        # In a batch a link may follow from the item.
        said = self.shell("skymill check selfcal --param input=a.ms --param output=b")
        self.assertNotIn("warning", said)

    def test_a_product_of_two_stages(self):
        (self.folder / "m.yaml").write_text(
            "skymill: 1\nstages:\n  simulate: { nchan: 4 }\n"
            "  a: { use: ms_writer, output: a.ms }\n"
            "  b: { use: ms_writer, output: ./a.ms, in: simulate }\n")
        said = self.shell("skymill run m.yaml", 2)
        self.assert_said(said, "m.yaml:5:3: stage 'b'", "'./a.ms' is a product of 'a' (m.yaml:4:3)",
                         "another name")
        self.assertFalse(list(self.folder.glob("a.ms*")))

    def test_a_name_that_is_nearly_one(self):
        self.assert_said(self.shell("skymill check cub", 2), "'cub'", "did you mean 'cube'?")
        self.assert_said(self.shell("skymill check .", 2), "'.' is a folder", "a YAML file in it")
        self.assert_said(self.shell("skymill check simulate --param output=a.ms --memory much", 2),
                         "--memory much", "4GiB")

    def test_files_that_are_no_plugins(self):
        (self.folder / "text.so").write_text("text")
        (self.folder / "empty.so").write_text("")
        for name, words in [("text.so", ["(4 bytes)", "not a shared library", "build it again"]),
                            ("empty.so", ["(0 bytes)", "not a shared library"]),
                            ("none.so", ["there is no plugin", "none.so'", "build it first"]),
                            (".", ["is not a file", "build/clip.so"])]:
            with self.subTest(name=name):
                self.assert_said(self.shell(f"skymill plugins --plugin {name}", 4), *words)
        for folder, words in [("here", ["'here' is not searched", "write it from /"]),
                              ("/nowhere/at/all", ["'/nowhere/at/all'", "no such folder"]),
                              ("$PWD", ["/text.so' (4 bytes)"])]:
            with self.subTest(folder=folder):
                said = self.shell(f'SKYMILL_PLUGIN_PATH="{folder}" skymill check simulate '
                                  "--param output=a.ms")
                self.assert_said(said, "warning", *words)

    def test_what_a_plugin_throws(self):
        folder = self.plugin(
            "transform",
            (".h", "params_(std::move(params)) {}",
             "params_(std::move(params)) { if (params_.factor == 3) throw 3; }"),
            (".cpp", "  Transform::plan(planning);",
             '  if (params_.factor == 4) throw std::runtime_error("no table");\n'
             "  Transform::plan(planning);"),
            (".cpp", "  for (auto& value", "  if (params_.factor == 5) throw 5;\n  for (auto& value"),
            (".cpp", "#include <cstdint>", "#include <cstdint>\n#include <stdexcept>"))
        for factor, words in [(3, ["mine.yaml:14:3", "the constructor of 'mine'", "no std::exception",
                                   "plan()"]),
                              (4, ["mine.yaml:14:3", "plan() of 'mine' threw: no table",
                                   "skymill::Error"]),
                              (5, ["stage 'mine'", "no std::exception", "skymill::Error"])]:
            with self.subTest(factor=factor):
                said = self.shell("skymill run mine.yaml --plugin build/mine.so "
                                  f"--set mine.factor={factor}", 1, folder)
                self.assert_said(said, *words)
                self.assertEqual([path.name for path in folder.glob("mine.ms*")
                                  if not path.name.endswith(".run.json")], [])

    def test_a_library_that_is_not_there(self):
        folder = self.new("transform", (".cpp", "namespace mine {", "int other();\nnamespace mine {"),
                          (".cpp", "  ctx.count(", "  other();\n  ctx.count("))
        (folder / "other.cpp").write_text("int other() { return 1; }\n")
        with (folder / "CMakeLists.txt").open("a") as text:
            text.write("add_library(other SHARED other.cpp)\ntarget_link_libraries(mine PRIVATE other)\n")
        self.shell("cmake -S . -B build && cmake --build build --target mine", folder=folder)
        self.shell("skymill check mine.yaml --plugin build/mine.so", folder=folder)
        (folder / "build/libother.so").unlink()
        said = self.shell("skymill check mine.yaml --plugin build/mine.so", 4, folder)
        self.assert_said(said, "cannot be loaded", "libother.so", "LD_LIBRARY_PATH")

    def test_what_the_compiler_says_first(self):
        for ending, text, other, words in [
            # the function of the shape has another name
            (".h", "  skymill::Chunk<Visibilities> operator()(", "  int work(",
             "a stage overrides what its shape asks for"),
            # a type that no parameter has
            (".h", "  double factor", "  float factor", "a parameter is a bool, int"),
            # nothing to derive from
            (".h", " : public skymill::Transform<Visibilities, Visibilities>", "",
             "a stage derives from one of the five shapes"),
        ]:
            with self.subTest(other=other):
                folder = self.new("transform", (ending, text, other))
                said = self.shell("cmake -S . -B build && cmake --build build --target mine", 1, folder)
                errors = [line for line in said.split("\n") if "error: static assertion" in line]
                self.assertTrue(errors, said)
                self.assertIn(words, errors[0])
                shutil.rmtree(folder)

    def test_no_catch2(self):
        folder = self.new("sink")
        said = self.shell("cmake -S . -B build -DCMAKE_DISABLE_FIND_PACKAGE_Catch2=ON", 1, folder)
        self.assert_said(said, "need Catch2 2", "apt install catch2")

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

    def test_ports_of_another_kind_than_the_class(self):
        folder = self.plugin("transform", (".cpp", "Visibilities::kDataKind, \"the product\"",
                                           '{"images", 1}, "the product"'))
        (folder / "mine.yaml").write_text("skymill: 1\nstages: { simulate: {}, mine: {}, "
                                          "write: { use: ms_writer, output: a.ms } }\n")
        said = self.shell("skymill run mine.yaml --plugin build/mine.so", 2, folder)
        self.assert_said(said, "'write.in' cannot read 'mine.out'", "images@1")

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
            # fields that the schema forgets, and one that descriptions use up
            (".h", "  double factor = 1;\n",
             "  double factor = 1;\n  double timeout = 1;\n  double offset = 0;\n"),
            (".cpp", "  return s;", '  s.field("timeout", &MineParams::timeout, "How long");\n  return s;'),
            # state that calls share
            (".h", "  MineParams params_;\n", "  MineParams params_;\n  mutable int calls_ = 0;\n"),
            (".cpp", "static_cast<float>(params_.factor);\n",
             "static_cast<float>(params_.factor);\n  chunk->data[0] += ++calls_;\n"
             # memory that plan() does not announce
             "  const std::vector<double> table(64 << 17, 1.0);\n"
             "  chunk->data[0] *= static_cast<float>(table[chunk->data.size()]);\n"))
        self.build(folder)
        said = self.shell("ctest --test-dir build --output-on-failure", 8, folder)
        self.assert_said(said, "3 members, and its schema declares 2", "add a field()",
                         "'timeout' is a key of stages",
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
