// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <dlfcn.h>
#include <stages/geometry/earth_orientation.h>

#include <cstdlib>
#include <filesystem>

namespace fs = std::filesystem;

namespace skymill::radio {

namespace {

/// Folders named share/skymill/eop of the prefix under which this library lies. Its own folder may
/// be lib or one below it (lib/x86_64-linux-gnu); a build tree is laid out like a prefix.
std::vector<fs::path> shipped_folders() {
  Dl_info info{};
  if (::dladdr(reinterpret_cast<const void*>(&shipped_folders), &info) == 0) return {};
  std::error_code code;
  const fs::path library = fs::canonical(info.dli_fname, code);
  if (code) return {};
  const fs::path prefix = library.parent_path().parent_path();
  const fs::path inner = fs::path("share") / "skymill" / "eop";
  return {prefix / inner, prefix.parent_path() / inner};
}

}  // namespace

EarthOrientation EarthOrientation::find(const std::string& path) {
  if (!path.empty()) return read(path);
  if (const char* named = std::getenv("SKYMILL_EOP"); named != nullptr && *named != '\0') {
    return read(named);
  }
  std::string looked;
  for (const fs::path& folder : shipped_folders()) {
    for (const char* name : {"finals2000A.all", "eop_excerpt.txt"}) {
      std::error_code code;
      if (fs::is_regular_file(folder / name, code)) return read((folder / name).string());
    }
    looked += (looked.empty() ? "" : " and ") + folder.string();
  }
  throw Error(ErrorKind::input, "no table of Earth orientation was found in " + looked,
              "name IERS finals2000A.all with eop or SKYMILL_EOP");
}

}  // namespace skymill::radio
