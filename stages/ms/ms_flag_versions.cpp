// SPDX-License-Identifier: GPL-3.0-or-later
#include <casacore/casa/Arrays/Array.h>
#include <casacore/casa/Arrays/Slicer.h>
#include <casacore/casa/Arrays/Vector.h>
#include <casacore/tables/DataMan/StandardStMan.h>
#include <casacore/tables/DataMan/TiledShapeStMan.h>
#include <casacore/tables/Tables/ArrColDesc.h>
#include <casacore/tables/Tables/ArrayColumn.h>
#include <casacore/tables/Tables/ScaColDesc.h>
#include <casacore/tables/Tables/ScalarColumn.h>
#include <casacore/tables/Tables/SetupNewTab.h>
#include <casacore/tables/Tables/TableDesc.h>
#include <core/error.h>
#include <stages/ms/ms_flag_versions.h>
#include <stages/ms/positions.h>
#include <stages/ms/sample_cells.h>
#include <stages/ms/wall.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>

namespace skymill::radio {

namespace cc = casacore;
namespace fs = std::filesystem;

namespace {

constexpr const char* kList = "FLAG_VERSION_LIST";
constexpr const char* kDraft = ".partial";
constexpr std::size_t kTileBytes = std::size_t{1} << 20;

fs::path folder_of(const std::string& ms) {
  std::string path = ms;
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path + ".flagversions";
}

fs::path table_of(const std::string& ms, const std::string& name) {
  return folder_of(ms) / ("flags." + name);
}

void require_name(const std::string& name) {
  const bool fits = !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.';
  });
  if (fits && name.find(kDraft) == std::string::npos) return;
  throw Error(ErrorKind::input, "'" + name + "' cannot be the name of a flag version",
              "use letters, digits, '_', '-' and '.'");
}

void require_version(const std::string& ms, const std::string& name) {
  require_name(name);
  if (fs::exists(table_of(ms, name))) return;
  std::string all;
  for (const FlagVersion& version : list_flag_versions(ms)) all += " " + version.name;
  throw Error(ErrorKind::input, "'" + ms + "' has no flag version '" + name + "'",
              all.empty() ? "it has none" : "it has:" + all);
}

void write_list(const std::string& ms, const std::vector<FlagVersion>& versions) {
  const fs::path path = folder_of(ms) / kList;
  const fs::path draft = path.string() + kDraft;
  std::ofstream file(draft, std::ios::trunc);
  for (const FlagVersion& version : versions)
    file << version.name << " : " << version.comment << '\n';
  file.close();
  if (!file) throw Error(ErrorKind::failed, "cannot write '" + draft.string() + "'");
  fs::rename(draft, path);
}

void copy_flags(const cc::Table& ms, const cc::Table& from, cc::Table& to) {
  const cc::ArrayColumn<bool> source(from, "FLAG");
  const cc::ScalarColumn<bool> source_row(from, "FLAG_ROW");
  cc::ArrayColumn<bool> target(to, "FLAG");
  cc::ScalarColumn<bool> target_row(to, "FLAG_ROW");
  wall::for_blocks_of_rows(ms, [&](std::size_t first, std::size_t count) {
    const cc::Slicer rows(wall::position({first}), wall::position({count}));
    target_row.putColumnRange(rows, source_row.getColumnRange(rows));
    if (source.isDefined(first)) target.putColumnRange(rows, source.getColumnRange(rows));
  });
  to.flush(true);
}

cc::Table new_version(const std::string& path, const cc::Table& ms) {
  cc::TableDesc description("", cc::TableDesc::Scratch);
  description.addColumn(cc::ScalarColumnDesc<bool>("FLAG_ROW"));
  cc::SetupNewTable setup(path, description, cc::Table::New);
  setup.bindAll(cc::StandardStMan());
  cc::Table table(setup, ms.nrow());
  cc::IPosition tile = wall::position({1, 1});
  if (ms.nrow() > 0) tile = cc::ArrayColumn<bool>(ms, "FLAG").shape(0);
  const std::size_t cells = std::max<std::size_t>(1, static_cast<std::size_t>(tile.product()));
  tile.append(wall::position({std::max<std::size_t>(1, 8 * kTileBytes / cells)}));
  table.addColumn(cc::ArrayColumnDesc<bool>("FLAG", 2), cc::TiledShapeStMan("TiledFLAG", tile));
  return table;
}

}  // namespace

std::vector<FlagVersion> list_flag_versions(const std::string& ms) {
  std::vector<FlagVersion> versions;
  std::ifstream file(folder_of(ms) / kList);
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(" : ");
    if (colon == std::string::npos) continue;
    versions.push_back({line.substr(0, colon), line.substr(colon + 3)});
  }
  return versions;
}

void save_flag_version(const Lane::Token&, const std::string& ms, const std::string& name,
                       const std::string& comment) {
  require_name(name);
  const fs::path path = table_of(ms, name);
  if (fs::exists(path)) {
    throw Error(ErrorKind::input, "'" + ms + "' has a flag version '" + name + "' already",
                "choose another name, or delete that version");
  }
  const wall::TablesLock lock;
  const cc::Table from = wall::open_input(ms, "the MeasurementSet");
  const std::string draft = path.string() + kDraft;
  wall::guarded_write("cannot save flags of '" + ms + "' as '" + name + "'", ms, [&] {
    fs::create_directories(path.parent_path());
    fs::remove_all(draft);
    cc::Table to = new_version(draft, from);
    copy_flags(from, from, to);
    to = cc::Table();
    fs::rename(draft, path);
    std::vector<FlagVersion> versions = list_flag_versions(ms);
    versions.erase(std::remove_if(versions.begin(), versions.end(),
                                  [&](const FlagVersion& one) { return one.name == name; }),
                   versions.end());
    std::string line = comment;
    std::replace(line.begin(), line.end(), '\n', ' ');
    versions.push_back({name, line});
    write_list(ms, versions);
  });
}

void restore_flag_version(const Lane::Token&, const std::string& ms, const std::string& name) {
  require_version(ms, name);
  const wall::TablesLock lock;
  const cc::Table from = wall::open_input(table_of(ms, name).string(), "the flag version");
  wall::require_table(ms, "the MeasurementSet");
  wall::guarded_write("cannot restore flags of '" + ms + "'", ms, [&] {
    cc::Table to(ms, wall::own_lock(), cc::Table::Update);
    if (to.nrow() != from.nrow()) {
      throw Error(ErrorKind::input,
                  "flag version '" + name + "' has " + std::to_string(from.nrow()) + " rows, '" +
                      ms + "' has " + std::to_string(to.nrow()),
                  "it was saved from another state of the data");
    }
    copy_flags(to, from, to);
  });
}

void delete_flag_version(const Lane::Token&, const std::string& ms, const std::string& name) {
  require_version(ms, name);
  wall::guarded_write("cannot delete flag version '" + name + "' of '" + ms + "'", ms, [&] {
    std::vector<FlagVersion> versions = list_flag_versions(ms);
    versions.erase(std::remove_if(versions.begin(), versions.end(),
                                  [&](const FlagVersion& one) { return one.name == name; }),
                   versions.end());
    write_list(ms, versions);
    const std::string draft = table_of(ms, name).string() + kDraft;
    fs::remove_all(draft);
    fs::rename(table_of(ms, name), draft);
    fs::remove_all(draft);
  });
}

std::string new_flag_version(const std::string& ms, const std::string& stem) {
  for (std::size_t number = 1;; ++number) {
    std::string name = stem + "_" + std::to_string(number);
    if (!fs::exists(table_of(ms, name))) return name;
  }
}

}  // namespace skymill::radio
