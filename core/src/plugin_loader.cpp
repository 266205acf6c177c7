// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin_loader.h"

#include <core/error.h>
#include <dlfcn.h>

#include <algorithm>
#include <boost/dll/library_info.hpp>
#include <boost/dll/shared_library.hpp>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <set>
#include <sstream>

namespace fs = std::filesystem;

namespace skymill {

namespace {

/// Keeps every library to the end of the process: some are never safe to unload, and types and
/// names of theirs are in use everywhere (architecture.md 3.6).
void keep_loaded(boost::dll::shared_library library) {
  static auto* kept = new std::vector<boost::dll::shared_library>;  // never destroyed, on purpose
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  kept->push_back(std::move(library));
}

const std::string& how_to_rebuild() {
  static const std::string text =
      "build the plugin again against this skymill (cmake --build on its folder after installing "
      "this version)";
  return text;
}

[[noreturn]] void refuse_registration(const std::string& path, const std::string& problem) {
  throw Error(ErrorKind::plugin,
              "plugin '" + path + "' failed while it registered its stages: " + problem,
              "look at what its SKYMILL_PLUGIN, schema() and ports() call");
}

}  // namespace

std::string plugin_abi_tag(const std::string& path) {
  if (!fs::exists(path)) {
    throw Error(ErrorKind::plugin, "there is no plugin '" + path + "'",
                "build it first, or correct the path");
  }
  if (!fs::is_regular_file(path)) {
    throw Error(ErrorKind::plugin, "plugin '" + path + "' is not a file",
                "name the library that the build has made, such as build/clip.so");
  }
  try {
    boost::dll::library_info info(path);
    const std::string prefix = SKYMILL_ABI_SECTION_PREFIX;
    for (const std::string& section : info.sections()) {
      if (section.rfind(prefix, 0) == 0) return section.substr(prefix.size());
    }
  } catch (const std::exception&) {  // of a stream that ended: it says nothing to anybody
    throw Error(ErrorKind::plugin,
                "'" + path + "' (" + std::to_string(fs::file_size(path)) +
                    " bytes) is not a shared library of this machine, or not the whole of one",
                "name the .so that the build has made, or build it again");
  }
  return {};
}

void load_plugin(const std::string& path, Registry& registry) {
  const std::string tag = plugin_abi_tag(path);
  if (tag.empty()) {
    throw Error(ErrorKind::plugin,
                "'" + path + "' is not a skymill plugin: it carries no skymill.abi tag (this " +
                    "program's tag is " SKYMILL_ABI_TAG ")",
                "make it with skymill_add_plugin() and SKYMILL_PLUGIN");
  }
  if (tag != SKYMILL_ABI_TAG) {
    throw Error(
        ErrorKind::plugin,
        "plugin '" + path + "' was built for " + tag + "; this program needs " SKYMILL_ABI_TAG,
        how_to_rebuild());
  }
  try {
    // skymill_add_plugin() links with -z now: a symbol that a plugin lacks is found here and not in
    // the middle of a run. The libraries that it needs look theirs up when they are first called,
    // which takes a fifth off loading them.
    boost::dll::shared_library library(
        path, boost::dll::load_mode::rtld_lazy | boost::dll::load_mode::rtld_local);
    auto& enter = library.get<void(Registry&)>("skymill_plugin_register");
    keep_loaded(library);
    registry.set_library(path);
    enter(registry);
    registry.set_library({});
  } catch (const boost::system::system_error& problem) {
    throw Error(ErrorKind::plugin, "plugin '" + path + "' cannot be loaded: " + problem.what(),
                "where a library is missing, install it or put its folder into LD_LIBRARY_PATH; "
                "else " +
                    how_to_rebuild());
  } catch (const Error& error) {
    registry.set_library({});
    throw error.within("plugin '" + path + "'");
  } catch (const std::exception& problem) {
    registry.set_library({});
    refuse_registration(path, problem.what());
  } catch (...) {
    registry.set_library({});
    refuse_registration(path, "something that is no std::exception was thrown");
  }
}

std::string installed_plugin_folder() {
  Dl_info info{};
  if (::dladdr(reinterpret_cast<const void*>(&installed_plugin_folder), &info) == 0) return {};
  std::error_code code;
  const fs::path core = fs::canonical(info.dli_fname, code);
  return code ? std::string() : (core.parent_path() / "skymill" / "plugins").string();
}

namespace {

void load_folder(const fs::path& folder, const std::string& from, Registry& registry,
                 std::vector<PluginFile>& files) {
  std::set<fs::path> libraries;  // in order of name, so that messages do not depend on the disk
  std::error_code code;
  for (const auto& entry : fs::directory_iterator(folder, code)) {
    if (entry.path().extension() == ".so") libraries.insert(entry.path());
  }
  for (const fs::path& library : libraries) {
    PluginFile file{library.string(), from, false, {}, {}};
    try {
      load_plugin(file.path, registry);
      file.loaded = true;
    } catch (const Error& error) {
      file.reason = error.what();
    }
    files.push_back(std::move(file));
  }
}

}  // namespace

std::vector<PluginFile> load_plugins(const std::vector<std::string>& named_files,
                                     Registry& registry) {
  std::vector<PluginFile> files;
  load_folder(installed_plugin_folder(), "installed", registry, files);
  if (const char* path = std::getenv("SKYMILL_PLUGIN_PATH")) {
    std::istringstream folders(path);
    std::string folder;
    while (std::getline(folders, folder, ':')) {
      if (folder.empty()) continue;
      const bool is_absolute = fs::path(folder).is_absolute();
      if (!is_absolute || !fs::is_directory(folder)) {
        files.push_back({folder,
                         "SKYMILL_PLUGIN_PATH",
                         false,
                         "SKYMILL_PLUGIN_PATH: '" + folder + "' is not searched: " +
                             (is_absolute ? "there is no such folder"
                                          : "it is a relative folder; write it from /"),
                         {}});
        continue;
      }
      load_folder(folder, "SKYMILL_PLUGIN_PATH", registry, files);
    }
  }
  for (const std::string& name : named_files) {
    const std::string path = fs::absolute(name).string();
    load_plugin(path, registry);
    files.push_back({path, "--plugin", true, {}, {}});
  }
  for (PluginFile& file : files) {
    for (const auto& [name, type] : registry.types()) {
      if (type.library == file.path) file.stages.push_back(name);
    }
  }
  return files;
}

}  // namespace skymill
