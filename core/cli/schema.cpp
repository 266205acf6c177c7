// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli.h"
#include "description_schema.h"

namespace skymill::cli {

Command add_schema(CLI::App& app, const Common& common) {
  app.footer(
      "Editors that know YAML complete and check a description that begins with\n"
      "'# yaml-language-server: $schema=FILE'; see the guide to editors.");
  return [&common] {
    print(description_schema(load_registry(common, make_log(common, make_console()))));
    return 0;
  };
}

}  // namespace skymill::cli
