// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/diagnostics.h>

#include <catch2/catch.hpp>

using namespace skymill;

TEST_CASE("diagnostics are sorted, printed once and thrown together") {
  Diagnostics diagnostics;
  diagnostics.throw_if_errors();
  diagnostics.error({"b.yaml", 2, 1}, "second file");
  diagnostics.error({"a.yaml", 10, 2}, "later", "do this");
  diagnostics.warning({"a.yaml", 9, 5}, "first");
  diagnostics.error({"a.yaml", 10, 2}, "later", "do this");
  diagnostics.error({"--set a.b", 0, 0}, "command line");
  CHECK(diagnostics.error_count() == 3);
  const std::string lines =
      "--set a.b: error: command line\n"
      "a.yaml:9:5: warning: first\n"
      "a.yaml:10:2: error: later; do this\n"
      "b.yaml:2:1: error: second file\n";
  CHECK(diagnostics.text() == lines);
  try {
    diagnostics.throw_if_errors();
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::description);
    CHECK(std::string(error.what()) + "\n" == lines);
  }
}

TEST_CASE("warnings alone are no errors") {
  Diagnostics diagnostics;
  diagnostics.warning({}, "old");
  CHECK_NOTHROW(diagnostics.throw_if_errors());
  CHECK(diagnostics.text() == "warning: old\n");
}

TEST_CASE("did you mean") {
  const std::vector<std::string> names{"nsigma", "min_freq", "mode", "niter", "imsize", "GHz"};
  CHECK(did_you_mean("nsigm", names) == "did you mean 'nsigma'?");
  CHECK(closest_word("nsgima", names) == "nsigma");     // swapped
  CHECK(closest_word("minfreq", names) == "min_freq");  // lost
  CHECK(closest_word("nitter", names) == "niter");      // inserted
  CHECK(closest_word("NITER", names) == "niter");       // letter case
  CHECK(closest_word("size", names) == "imsize");
  CHECK(closest_word("Gh", names) == "GHz");
  CHECK(closest_word("weighting", names).empty());
  CHECK(closest_word("xy", names).empty());
  CHECK(closest_word("", names).empty());
  CHECK(closest_word("a", {"b", "c"}).empty());
  CHECK(closest_word("a", {"b", "A"}) == "A");
  CHECK(closest_word(std::string(100000, 'a'), {std::string(100000, 'b')}).empty());
  CHECK(did_you_mean("weighting", {}).empty());
}
