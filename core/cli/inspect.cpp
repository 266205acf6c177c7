// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>

#include <filesystem>

#include "cli.h"

namespace skymill::cli {

Command add_inspect(CLI::App& app, const Common& common) {
  auto path = std::make_shared<std::string>();
  app.add_option("FILE", *path, "What to look into")->required()->type_name("PATH");
  app.footer("Example: skymill inspect incoming/2025-10-02T06:30:00_sb00.hdf5");
  return [path, &common] {
    const Registry registry = load_registry(common, make_log(common, make_console()));
    if (!std::filesystem::exists(*path)) {
      throw Error(ErrorKind::input, "'" + *path + "' does not exist");
    }
    std::string kinds;
    for (const Inspector& inspector : registry.inspectors()) {
      if (const auto text = inspector.text(*path)) {
        print(*text);
        return 0;
      }
      kinds += (kinds.empty() ? "" : ", ") + inspector.name;
    }
    throw Error(ErrorKind::input, "no plugin can look into '" + *path + "'",
                kinds.empty() ? "no plugin here looks into files" : "plugins look into: " + kinds);
  };
}

}  // namespace skymill::cli
