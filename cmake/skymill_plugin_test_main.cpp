// SPDX-License-Identifier: GPL-3.0-or-later
// Part of every plugin's tests: the main function, and what any plugin must fulfil.
#define CATCH_CONFIG_MAIN
#include <core/count_heap.h>
#include <core/plugin.h>
#include <core/testing.h>
#include <catch2/catch.hpp>

extern "C" void skymill_plugin_register(skymill::Registry& registry);

TEST_CASE("every stage of the plugin describes itself well") {
  skymill::Registry registry;
  skymill_plugin_register(registry);
  CHECK(registry.types().size() + registry.comparisons().size() > 0);
  for (const auto& [name, type] : registry.types()) {
    INFO("stage '" << name << "'");
    for (const std::string& fault : skymill::testing::description_faults(type)) FAIL_CHECK(fault);
  }
}
