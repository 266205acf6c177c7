// SPDX-License-Identifier: GPL-3.0-or-later
#include <catch2/catch.hpp>
#include <core/error.h>
#include <core/memory.h>

#include <cstdlib>

using namespace skymill;
using Catch::Matchers::Contains;

TEST_CASE("shares are counted and come back when they go") {
  MemoryBudget budget(100, "a test");
  {
    const MemoryShare first = budget.reserve(60, "first");
    CHECK(budget.free() == 40);
    try {
      const MemoryShare second = budget.reserve(50, "second");
      FAIL("more than there is was given");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::resources);
      CHECK_THAT(error.what(), Contains("second") && Contains("50 B") && Contains("40 B") &&
                                   Contains("a test"));
    }
    MemoryShare moved = budget.reserve(10, "third");
    const MemoryShare last = std::move(moved);
    CHECK(budget.free() == 30);
  }
  CHECK(budget.free() == 100);
  CHECK(budget.peak() == 70);
}

TEST_CASE("the machine's budget is the least of what is asked and what is granted") {
  CHECK(machine_budget(std::size_t{1} << 20).total() == std::size_t{1} << 20);
  CHECK(machine_budget(std::size_t{1} << 20).reason() == "--memory");
  CHECK(machine_budget(std::size_t{1} << 60).total() < std::size_t{1} << 60);
  ::setenv("SLURM_MEM_PER_NODE", "16", 1);
  CHECK(machine_budget(std::nullopt).total() == std::size_t{16} << 20);
  ::unsetenv("SLURM_MEM_PER_NODE");
}
