// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/plugin.h>

#include <string>
#include <vector>

namespace skymill {

/// One file that the search looked at, and what became of it.
struct PluginFile {
  std::string path;
  std::string from;  ///< which rule found it: "installed", "SKYMILL_PLUGIN_PATH", "--plugin"
  bool loaded = false;
  std::string reason;               ///< why it was refused; empty when loaded
  std::vector<std::string> stages;  ///< what it brought
};

/// The ABI tag in a file's ELF sections, read without loading it; empty when it has none.
/// @throws Error (plugin) when the file is missing or not a shared library
std::string plugin_abi_tag(const std::string& path);

/// Loads one plugin into the registry; it stays loaded to the end of the process.
/// @throws Error (plugin) naming both tags and what to do when it does not fit
void load_plugin(const std::string& path, Registry& registry);

/// Loads the plugins beside the program, those of SKYMILL_PLUGIN_PATH and the named files. The
/// working directory is never searched. A file of the first two places that does not fit is
/// listed with the reason and left out; a named file that does not fit is an error.
std::vector<PluginFile> load_plugins(const std::vector<std::string>& named_files,
                                     Registry& registry);

/// Where this program's own plugins are: `skymill/plugins` beside the core library.
std::string installed_plugin_folder();

}  // namespace skymill
