// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin_loader.h"

#include <core/version.h>

#include "cli.h"

namespace skymill::cli {

Command add_plugins(CLI::App& app, const Common& common) {
  app.footer("Example: skymill plugins --plugin build/clip.so");
  return [&common] {
    Registry registry;
    print("this program's tag: " SKYMILL_ABI_TAG "\ninstalled plugins: " +
          installed_plugin_folder() + "\n\n");
    for (const PluginFile& file : load_plugins(common.plugins, registry)) {
      std::string stages;
      for (const std::string& stage : file.stages) stages += (stages.empty() ? "" : ", ") + stage;
      print((file.loaded ? "loaded   " : "refused  ") + file.path + " (" + file.from + ")\n");
      print("         " +
            (file.loaded ? "stages: " + (stages.empty() ? "none" : stages) : file.reason) + "\n");
    }
    return 0;
  };
}

}  // namespace skymill::cli
