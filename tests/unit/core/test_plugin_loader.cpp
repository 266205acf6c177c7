// SPDX-License-Identifier: GPL-3.0-or-later
#include <catch2/catch.hpp>
#include <core/error.h>
#include <core/version.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "plugin_loader.h"

namespace fs = std::filesystem;
using namespace skymill;
using Catch::Matchers::Contains;

namespace {

std::string plugin(const std::string& name) { return std::string(TEST_PLUGIN_DIR) + "/" + name; }

std::string refusal(const std::string& path) {
  Registry registry;
  try {
    load_plugin(path, registry);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::plugin);
    CHECK(registry.types().empty());
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a plugin of this interface is loaded, also when it is stripped") {
  Registry registry;
  load_plugin(plugin("plugin_good.so"), registry);
  REQUIRE(registry.find("multiply") != nullptr);
  CHECK(registry.find("multiply")->library == plugin("plugin_good.so"));
  CHECK(registry.find("multiply")->shape == Shape::transform);

  const std::string stripped = plugin("stripped.so");
  fs::copy_file(plugin("plugin_good.so"), stripped, fs::copy_options::overwrite_existing);
  REQUIRE(std::system((std::string(TEST_STRIP) + " " + stripped).c_str()) == 0);
  CHECK(plugin_abi_tag(stripped) == SKYMILL_ABI_TAG);
}

TEST_CASE("a stale plugin is refused with both tags and without being run") {
  const std::string text = refusal(plugin("plugin_stale.so"));
  CHECK_THAT(text, Contains("0.libstdcxx_cxx11_release"));
  CHECK_THAT(text, Contains(SKYMILL_ABI_TAG));
  CHECK_THAT(text, Contains("build the plugin again"));
  CHECK(std::getenv("SKYMILL_TEST_STALE_PLUGIN_RAN") == nullptr);
}

TEST_CASE("a foreign library, a text and a missing file are refused in words") {
  CHECK_THAT(refusal(plugin("plugin_foreign.so")), Contains("not a skymill plugin"));
  const std::string text_file = plugin("text.so");
  std::ofstream(text_file) << "not a library\n";
  CHECK_THAT(refusal(text_file), Contains("not a shared library"));
  CHECK_THAT(refusal(plugin("nowhere.so")), Contains("there is no plugin"));
}

TEST_CASE("two plugins that bring the same stage are an error naming both files") {
  Registry registry;
  load_plugin(plugin("plugin_good.so"), registry);
  CHECK_THROWS_WITH(load_plugin(plugin("plugin_twin.so"), registry),
                    Contains("plugin_good.so") && Contains("plugin_twin.so"));
}

TEST_CASE("SKYMILL_PLUGIN_PATH takes absolute folders only, and lists what it refuses") {
  const std::string path = std::string(TEST_PLUGIN_DIR) + "/only:relative/folder";
  fs::create_directories(std::string(TEST_PLUGIN_DIR) + "/only");
  fs::copy_file(plugin("plugin_good.so"), plugin("only/good.so"),
                fs::copy_options::overwrite_existing);
  fs::copy_file(plugin("plugin_stale.so"), plugin("only/stale.so"),
                fs::copy_options::overwrite_existing);
  ::setenv("SKYMILL_PLUGIN_PATH", path.c_str(), 1);
  Registry registry;
  const auto files = load_plugins({}, registry);
  ::unsetenv("SKYMILL_PLUGIN_PATH");
  std::size_t loaded = 0, refused = 0;
  for (const PluginFile& file : files) {
    if (file.from != "SKYMILL_PLUGIN_PATH") continue;
    file.loaded ? ++loaded : ++refused;
    if (!file.loaded) CHECK_FALSE(file.reason.empty());
  }
  CHECK(loaded == 1);
  CHECK(refused == 2);  // the stale one and the relative folder
  CHECK(registry.find("multiply") != nullptr);
}
