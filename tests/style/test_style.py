#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checks of this folder find what is planted, and let pass what is good."""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import api_digest
import check_claims
import check_files
import check_headers
import check_includes
import check_links
import check_snippets

LICENCE = "// SPDX-License-Identifier: GPL-3.0-or-later\n"


class Planted(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.root)

    def plant(self, path, text):
        place = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "w", encoding="utf-8") as file:
            file.write(text)


class Includes(Planted):
    def assert_include(self, path, include, words):
        """That a file with this include is faulty with these words, or good for words=None."""
        self.plant(path, f"{LICENCE}#include {include}\n")
        found = check_includes.faults(self.root)
        if words is None:
            self.assertEqual(found, [])
        else:
            self.assertEqual(len(found), 1, found)
            self.assertIn(f"{path}:2: ", found[0])
            self.assertIn(words, found[0])
        os.remove(os.path.join(self.root, path))

    def test_violations(self):
        for path, include, words in [
            ("core/include/core/a.h", "<yaml-cpp/yaml.h>", "yaml-cpp is not for headers"),
            ("core/include/core/a.h", "<tbb/parallel_for.h>", "tbb is not for headers"),
            ("core/include/core/a.h", "<unistd.h>", "posix is not for headers"),
            ("core/src/a.cpp", "<stages/data/image.h>", "core knows nothing of the stages"),
            ("core/cli/a.cpp", "<casacore/tables/Tables.h>", "stages/ms only"),
            ("stages/kernels/a.h", "<tbb/parallel_for.h>", "tbb is not for headers"),
            ("stages/kernels/a.cpp", "<core/error.h>", "kernels know nothing of core"),
            ("stages/kernels/a.h", "<stages/kernels/parallel_ranges.h>", "for sources of"),
            ("stages/image/a.cpp", "<stages/kernels/parallel_ranges.h>", "for sources of"),
            ("stages/data/a.h", "<stages/kernels/view.h>", "stages/data includes no other"),
            ("stages/ms/a.cpp", "<core/stage.h>", "C++17"),
            ("stages/ms/a.cpp", "<stages/kernels/view.h>", "stages/ms includes stages/data"),
            ("stages/formats/a.cpp", "<stages/image/image_stage.h>",
             "stages/formats includes stages/data, stages/ms"),
            ("stages/formats/a.h", "<fitsio.h>", "cfitsio is not for headers"),
            ("stages/image/a.cpp", "<stages/concat/concat_stage.h>", "meet through data kinds"),
            ("stages/image/a.cpp", "<fitsio.h>", "cfitsio is not for sources"),
            ("stages/image/a.cpp", "<tbb/parallel_for.h>", "tbb is not for sources"),
            ("stages/image/a.cpp", "<erfa.h>", "erfa is not for sources"),
            ("stages/geometry/a.cpp", "<stages/uvh5/uvh5_file.h>", "stages/geometry includes"),
            ("stages/uvh5/a.h", "<hdf5.h>", "hdf5 is not for headers"),
            ("stages/image/a.cpp", "<casacore/ms/MeasurementSets.h>", "stages/ms only"),
            ("stages/image/a.h", "<nlohmann/json.hpp>", "json is not for headers"),
            ("plugins/image/image.cpp", "<stages/concat/concat_stage.h>", "stages/image only"),
            ("plugins/image/image.cpp", "<stages/data/image.h>", "stages/image only"),
            ("plugins/image/image.cpp", "<spdlog/spdlog.h>", "spdlog is not for sources"),
            ("tests/unit/ms/a.cpp", "<casacore/ms/MeasurementSets.h>", "stages/ms only"),
            ("stages/image/a.cpp", "<unheard/of.h>", "belongs to no library"),
            ("stages/image/a.cpp", '"view.h"', "not beside this file"),
            ("stages/image/a.cpp", "<plugins/image/image.h>", "nobody includes a plugin"),
        ]:
            with self.subTest(path=path, include=include):
                self.assert_include(path, include, words)

    def test_a_private_header_does_not_leak_through_another(self):
        self.plant("stages/formats/fits_file.h", LICENCE)
        self.assert_include("stages/formats/a.h", '"fits_file.h"', "for sources of")
        self.assert_include("stages/formats/a.cpp", '"fits_file.h"', None)

    def test_what_is_allowed(self):
        self.plant("core/src/plan.h", LICENCE)
        for path, include in [
            ("core/include/core/a.h", "<string_view>"),
            ("core/include/core/a.h", "<core/error.h>"),
            ("core/src/a.cpp", "<yaml-cpp/yaml.h>"),
            ("core/cli/a.cpp", '"plan.h"'),
            ("stages/kernels/a.cpp", "<fftw3.h>"),
            ("stages/kernels/a.cpp", "<stages/kernels/parallel_ranges.h>"),
            ("stages/ms/a.cpp", "<casacore/ms/MeasurementSets.h>"),
            ("stages/ms/a.h", "<core/lane.h>"),
            ("stages/formats/a.cpp", "<cairo/cairo.h>"),
            ("stages/uvh5/a.cpp", "<stages/geometry/earth_time.h>"),
            ("stages/rephase/a.h", "<stages/geometry/earth_time.h>"),
            ("stages/image/a.cpp", "<nlohmann/json.hpp>"),
            ("stages/image/a.h", "<stages/kernels/view.h>"),
            ("plugins/image/image.cpp", "<stages/image/image_stage.h>"),
            ("tests/unit/core/a.cpp", "<boost/dll/library_info.hpp>"),
        ]:
            with self.subTest(path=path, include=include):
                self.assert_include(path, include, None)


class Files(Planted):
    def assert_fault(self, path, text, words):
        self.plant(path, text)
        found = check_files.faults(self.root)
        self.assertTrue(any(words in fault for fault in found), found)
        os.remove(os.path.join(self.root, path))

    def test_violations(self):
        self.assert_fault("core/src/a.cpp", "int x;\n", "SPDX")
        self.assert_fault("tests/run.sh", "#!/bin/sh\necho\n", "SPDX")
        self.assert_fault(".ci/run", "#!/bin/sh\necho\n", "SPDX")
        self.assert_fault("core/src/a.h", LICENCE, "#pragma once")
        self.assert_fault("core/src/a.cpp", LICENCE + "\n" * 800, "801 lines")
        self.assert_fault("core/src/a.cpp", LICENCE + "std::" "cout << 1;\n", "a.cpp:2: print")
        self.assert_fault("stages/x/a.cpp", LICENCE + "catch (.." ".) {\n", "catch what")
        self.assert_fault("docs/a.md", "look in /wo" "rk/x\n", "a path of")
        self.assert_fault("docs/a.md", "`/ho" "me/me/x`\n", "a path of")
        self.assert_fault("core/src/a.cpp", LICENCE + "// TO" "DO more\n", "unfinished")

    def test_what_is_allowed(self):
        self.plant("tests/a.cpp", LICENCE + "std::" "cout << 1;\n")
        self.plant("tests/run.sh", "#!/bin/sh\n# " + LICENCE[3:] + "cd frame/wo" "rk/x\n")
        self.plant("core/src/a.h", LICENCE + "#pragma once\n")
        self.plant("build/a.cpp", "int x;\n")
        self.assertEqual(check_files.faults(self.root), [])


class Snippets(Planted):
    def test_a_block_must_stand_in_its_file(self):
        self.plant("a.cpp", "int a;\nint b;\nint c;\n")
        page = "words\n\n<!-- from a.cpp -->\n```cpp\n%s```\n"
        for code, faults in [
            ("int b;\nint c;\n", 0), ("int b;\nint d;\n", 1), ("nt b;\n", 1), ("", 1)]:
            self.plant("docs/page.md", page % code)
            self.assertEqual(len(check_snippets.faults(self.root)), faults, code)

    def test_the_file_and_the_block_must_exist(self):
        self.plant("docs/a.md", "<!-- from nowhere.cpp -->\n```cpp\nx\n```\n")
        self.plant("docs/b.md", "<!-- from nowhere.cpp -->\nwords\n")
        self.assertEqual(len(check_snippets.faults(self.root)), 2)

    def test_a_guide_has_only_blocks_that_something_runs(self):
        self.plant("tests/a.py", "reads docs/guide/a.md; runs: make cake\n")
        for page, text, faults in [
            ("docs/guide/a.md", "```sh\nanything\n```\n", 1),
            ("docs/other.md", "```sh\nanything\n```\n", 0),
            ("docs/guide/a.md", "<!-- run by tests/a.py -->\n```sh\nanything\n```\n", 0),
            ("docs/guide/b.md", "<!-- run by tests/a.py -->\n```sh\nmake cake\n```\n", 0),
            ("docs/guide/b.md", "<!-- run by tests/a.py -->\n```sh\nmake bread\n```\n", 1),
            ("docs/guide/b.md", "<!-- run by tests/none.py -->\n```sh\nmake cake\n```\n", 1),
            ("docs/guide/b.md", "word\n\n```sh\na\n```\n\n```sh\nb\n```\n", 2),
        ]:
            with self.subTest(page=page, text=text):
                self.plant(page, text)
                self.assertEqual(len(check_snippets.faults(self.root)), faults)
                os.remove(os.path.join(self.root, page))


class Claims(Planted):
    HEAD = "words\n\n| claim | our figure | command |\n|---|---|---|\n"

    def setUp(self):
        super().setUp()
        self.plant("perf/CMakeLists.txt", "add_executable(perf_fast fast.cpp)\n")
        self.plant("perf/fast.cpp", 'LICENCE; if (word == "--files") {}\n')
        self.plant("perf/slow.py", 'parser.add_argument("--runs")\n')
        self.plant("perf/figures.py", 'parser.add_argument("--json")\n')
        self.plant("perf/README.md", "| command | what |\n|---|---|\n| `perf/slow.py` | it |\n")

    def claim(self, row):
        self.plant("docs/guide/performance.md", self.HEAD + row + "\n")
        return check_claims.faults(self.root)

    def test_what_is_allowed(self):
        for row in ["| quick | 3 times | `perf/slow.py [--runs 3] --json FILE` |",
                    "| quick | 3 times | run `build/release/bin/perf_fast X --files 2` |"]:
            self.assertEqual(self.claim(row), [], row)

    def test_violations(self):
        for row, words in [
            ("| quick | 3 times | measured |", "names no command"),
            ("| quick | 3 times | `perf/gone.py` |", "'perf/gone.py' is no command"),
            ("| quick | 3 times | `perf_gone 1` |", "'perf_gone' is no command"),
            ("| quick | 3 times | `perf/slow.py --turns 3` |", "no option '--turns'"),
            ("| quick | 3 times | `perf_fast [--runs 3]` |", "no option '--runs'"),
            ("| quick | much | `perf/slow.py` |", "no figure"),
            ("| quick | `perf/slow.py` |", "2 cells under 3 heads")]:
            found = self.claim(row)
            self.assertEqual(len(found), 1, found)
            self.assertIn("performance.md:5: ", found[0])
            self.assertIn(words, found[0])

    def test_pages_and_their_tables_must_be_there(self):
        self.assertIn("page is missing", check_claims.faults(self.root)[0])
        self.plant("docs/guide/performance.md", "words\n")
        self.assertIn("no table", check_claims.faults(self.root)[0])


class Links(Planted):
    def test_links_lead_to_files_and_headings(self):
        self.plant("docs/b.md", "# Some `words`, and more\n")
        for text, faults in [
                ("[b](b.md) [b](b.md#some-words-and-more) [x](https://x.org/y) [m](#here)", 0),
                ("[b](c.md)", 1), ("[b](b.md#some-word)", 1), ("[a](#there)", 1),
                ("![b](b.png)", 1), ("```\n[b](c.md)\n```", 0)]:
            self.plant("docs/a.md", f"## Here\n\n{text}\n")
            self.assertEqual(len(check_links.faults(self.root)), faults, text)

    def test_concepts_are_symbols(self):
        self.plant("core/a.h", "class SKYMILL_API Chunk {\n")
        for row, faults in [("`Chunk` in `core/a.h`", 0), ("`Chunks` in `core/a.h`", 1),
                            ("`Chunk` in `core/b.h`", 1), ("Chunk", 1)]:
            self.plant("docs/guide/concepts.md", f"| Chunk | {row} |\n")
            self.assertEqual(len(check_links.faults(self.root)), faults, row)


class Headers(Planted):
    def setUp(self):
        super().setUp()
        self.plant("core/include/core/export.h", "#pragma once\n")

    def test_a_header_must_stand_alone(self):
        self.plant("core/include/core/good.h", "#pragma once\n#include <string>\nstd::string f();\n")
        self.assertEqual(check_headers.faults(self.root, self.root, ["g++"]), [])
        self.plant("core/include/core/bad.h", "#pragma once\nstd::string g();\n")
        found = check_headers.faults(self.root, self.root, ["g++"])
        self.assertEqual([fault.split(":")[0] for fault in found], ["core/bad.h"])

    def test_a_promise_of_c17_is_kept_and_asked_for(self):
        promise = "// Kept in the common subset of C++17 and C++20: a reason.\n"
        header = "#pragma once\ntemplate <class T>\nconcept Any = true;\n"
        self.plant("stages/data/a.h", promise + header)
        found = check_headers.faults(self.root, self.root, ["g++"])
        self.assertEqual(len(found), 1)
        self.assertIn("c++17", found[0])
        self.plant("stages/data/a.h", header)
        self.assertEqual(check_headers.faults(self.root, self.root, ["g++"]), [])
        self.plant("stages/ms/b.h", "#include <stages/data/a.h>\n")
        found = check_headers.faults(self.root, self.root, ["g++"])
        self.assertEqual(len(found), 1)
        self.assertIn("stages/ms/b.h:1", found[0])


class ApiDigest(Planted):
    HEADER = "#pragma once\n#define A 1\nint f(int a);\n"

    def setUp(self):
        super().setUp()
        os.makedirs(os.path.join(self.root, "tests/style"))
        self.set_version(1)
        self.plant("core/include/core/a.h", self.HEADER)
        self.assertIsNone(api_digest.update(self.root))

    def set_version(self, api, history=None):
        lines = "".join(f"///   {version}  2026-11  words\n"
                        for version in range(1, (history or api) + 1))
        self.plant("core/include/core/version.h.in",
                   f"{lines}#define SKYMILL_API_VERSION {api}\n")

    def test_comments_and_space_do_not_count(self):
        self.assertEqual(api_digest.faults(self.root), [])
        self.plant("core/include/core/a.h",
                   "#pragma once\n#define A 1\n\n/// Words.\nint  f(int a); // more\n")
        self.assertEqual(api_digest.faults(self.root), [])

    def test_a_change_is_found_and_not_recorded_without_another_version(self):
        for text in ["#define A 2\nint f(int a);\n", "#define A 1\nint f(long a);\n",
                     "#define A 1 int f(int a);\n", ""]:
            self.plant("core/include/core/a.h", "#pragma once\n" + text)
            found = api_digest.faults(self.root)
            self.assertIn("core/a.h: has changed", found[0])
            self.assertIn("--update", found[-1])
            self.assertIn("SKYMILL_API_VERSION did not", api_digest.update(self.root))
            self.assertEqual(api_digest.faults(self.root), found)

    def test_another_version_needs_its_history_and_is_then_recorded(self):
        self.plant("core/include/core/a.h", "#pragma once\nint g();\n")
        self.set_version(2, history=1)
        self.assertIn("says nothing of API 2", api_digest.update(self.root))
        self.set_version(2)
        self.assertTrue(api_digest.faults(self.root))
        self.assertIsNone(api_digest.update(self.root))
        self.assertEqual(api_digest.faults(self.root), [])
        self.set_version(1)
        self.assertIn("went back", api_digest.update(self.root))

    def test_somebodys_word_is_kept_until_the_next_version(self):
        self.plant("core/include/core/a.h", self.HEADER + "int g();\n")
        self.assertIsNone(api_digest.update(self.root, "a function more"))
        self.assertEqual(api_digest.faults(self.root), [])
        self.plant("core/include/core/a.h", self.HEADER + "int g();\nint h();\n")
        self.assertIsNone(api_digest.update(self.root, "and another"))
        self.assertEqual(api_digest.Record.read(self.root).reasons,
                         ["a function more", "and another"])
        self.set_version(2)
        self.assertIsNone(api_digest.update(self.root))
        self.assertEqual(api_digest.Record.read(self.root).reasons, [])

    def test_text_in_quotes_counts(self):
        self.assertNotEqual(api_digest.essence('"a  // b"'), api_digest.essence('"a // b"'))

    def test_a_header_more_or_less_is_a_change(self):
        self.plant("stages/data/b.h", "int b;\n")
        self.assertIn("stages/data/b.h: is new", api_digest.faults(self.root)[0])
        self.assertIsNone(api_digest.update(self.root, "a header more"))
        os.remove(os.path.join(self.root, "stages/data/b.h"))
        self.assertIn("stages/data/b.h: is gone", api_digest.faults(self.root)[0])

    def test_the_program_says_it_by_its_exit_code(self):
        script = os.path.join(os.path.dirname(os.path.abspath(api_digest.__file__)), "api_digest.py")

        def run(*arguments):
            return subprocess.run([sys.executable, script, *arguments, self.root],
                                  capture_output=True, text=True, check=False).returncode

        self.assertEqual(run(), 0)
        self.plant("core/include/core/a.h", self.HEADER + "int g();\n")
        self.assertNotEqual(run(), 0)
        self.assertNotEqual(run("--update"), 0)
        self.assertNotEqual(run(), 0)
        self.assertEqual(run("--update", "--compatible", "a function more"), 0)
        self.assertEqual(run(), 0)


if __name__ == "__main__":
    unittest.main()
