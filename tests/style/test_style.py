#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checks of this folder find what is planted, and let pass what is good."""
import os
import shutil
import tempfile
import unittest

import api_digest
import check_files
import check_headers
import check_includes
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
    def setUp(self):
        super().setUp()
        os.makedirs(os.path.join(self.root, "tests/style"))
        self.set_version("0.1.0", 1)
        self.plant("core/include/core/a.h", "#pragma once\n#define A 1\nint f(int a);\n")
        api_digest.write_record(self.root)

    def set_version(self, version, api):
        self.plant("CMakeLists.txt", f"project(skymill VERSION {version} LANGUAGES CXX)\n")
        self.plant("core/include/core/version.h.in", f"#define SKYMILL_API_VERSION {api}\n")

    def test_comments_and_space_do_not_count(self):
        self.assertEqual(api_digest.faults(self.root), [])
        self.plant("core/include/core/a.h",
                   "#pragma once\n#define A 1\n\n/// Words.\nint  f(int a); // more\n")
        self.assertEqual(api_digest.faults(self.root), [])

    def test_a_change_is_found_until_it_is_recorded(self):
        for text in ["#define A 2\nint f(int a);\n", "#define A 1\nint f(long a);\n",
                     "#define A 1 int f(int a);\n"]:
            self.plant("core/include/core/a.h", "#pragma once\n" + text)
            found = api_digest.faults(self.root)
            self.assertIn("core/a.h: has changed", found[0])
            self.assertIn("--update", found[-1])
            api_digest.write_record(self.root)
            self.assertEqual(api_digest.faults(self.root), [])

    def test_text_in_quotes_counts(self):
        self.assertNotEqual(api_digest.essence('"a  // b"'), api_digest.essence('"a // b"'))

    def test_a_header_more_or_less_is_a_change(self):
        self.plant("stages/data/b.h", "int b;\n")
        self.assertIn("stages/data/b.h: is new", api_digest.faults(self.root)[0])
        api_digest.write_record(self.root)
        os.remove(os.path.join(self.root, "stages/data/b.h"))
        self.assertIn("stages/data/b.h: is gone", api_digest.faults(self.root)[0])

    def test_from_1_0_a_change_needs_another_api_version(self):
        self.plant("core/include/core/a.h", "int g();\n")
        self.assertIsNone(api_digest.refusal(self.root))
        self.set_version("1.0.0", 1)
        self.assertIn("raise it first", api_digest.refusal(self.root))
        self.set_version("1.0.0", 2)
        self.assertIsNone(api_digest.refusal(self.root))


if __name__ == "__main__":
    unittest.main()
