// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "cli.h"

namespace fs = std::filesystem;

namespace skymill::cli {

namespace {

std::vector<std::string> compare_bytes(const std::string& a, const std::string& b) {
  std::ifstream in_a(a, std::ios::binary);
  std::ifstream in_b(b, std::ios::binary);
  std::istreambuf_iterator<char> at_a(in_a), at_b(in_b), end;
  for (std::size_t offset = 0;; ++offset, ++at_a, ++at_b) {
    if (at_a == end && at_b == end) return {};
    if (at_a == end || at_b == end || *at_a != *at_b) {
      return {"the files differ from byte " + std::to_string(offset) + " on"};
    }
  }
}

}  // namespace

Command add_diff(CLI::App& app, const Common& common) {
  auto a = std::make_shared<std::string>();
  auto b = std::make_shared<std::string>();
  app.add_option("A", *a, "First product")->required()->type_name("PATH");
  app.add_option("B", *b, "Second product")->required()->type_name("PATH");
  app.footer("Exit code 0: identical; 1: they differ, and each difference is a line.");
  return [a, b, &common] {
    const Log log = make_log(common, make_console());
    const Registry registry = load_registry(common, log);
    for (const std::string* path : {a.get(), b.get()}) {
      if (!fs::exists(*path)) {
        throw Error(ErrorKind::input, "'" + *path + "' does not exist");
      }
    }
    std::vector<std::string> differences;
    std::string how = "bytes";
    const Comparison* chosen = nullptr;
    for (const Comparison& comparison : registry.comparisons()) {
      if (comparison.accepts(*a) && comparison.accepts(*b)) chosen = &comparison;
    }
    if (chosen) {
      how = chosen->name;
      DescriptionOptions defaults;
      differences = chosen->differences(*a, *b, make_context(make_services(defaults, log)));
    } else if (fs::is_regular_file(*a) && fs::is_regular_file(*b)) {
      differences = compare_bytes(*a, *b);
    } else {
      throw Error(ErrorKind::input,
                  "no plugin knows how to compare '" + *a + "' with '" + *b + "'");
    }
    for (const std::string& difference : differences) print(difference + "\n");
    if (differences.empty()) print("identical (" + how + ")\n");
    return differences.empty() ? 0 : 1;
  };
}

}  // namespace skymill::cli
