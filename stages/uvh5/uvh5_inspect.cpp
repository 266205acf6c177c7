// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/uvh5/uvh5_inspect.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <vector>

#include "dataset_reader.h"

namespace skymill::radio {

namespace {

constexpr std::size_t kColumns = 8;
using Line = std::array<std::string, kColumns>;

/// `12.0 KiB`
std::string amount(double bytes) {
  const char* const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  for (; bytes >= 1024 && unit < 4; ++unit) bytes /= 1024;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f %s" : "%.1f %s", bytes, units[unit]);
  return text.data();
}

std::string number_name(hid_t type) {
  const std::string bits = std::to_string(8 * H5Tget_size(type));
  const char* const order = H5Tget_order(type) == H5T_ORDER_BE ? ", big endian" : "";
  switch (H5Tget_class(type)) {
    case H5T_INTEGER:
      return (H5Tget_sign(type) == H5T_SGN_NONE ? "uint" : "int") + bits + order;
    case H5T_FLOAT:
      return "float" + bits + order;
    case H5T_ENUM:
      return H5Tget_size(type) == 1 ? "bool" : "enum" + bits;
    case H5T_STRING:
      return H5Tis_variable_str(type) > 0 ? "text" : "text of " + std::to_string(H5Tget_size(type));
    default:
      return bits + " bits";
  }
}

std::string type_name(hid_t type) {
  if (H5Tget_class(type) != H5T_COMPOUND) return number_name(type);
  std::string members;
  const int count = H5Tget_nmembers(type);
  for (int k = 0; k < count; ++k) {
    const hdf5::Handle member(H5Tget_member_type(type, static_cast<unsigned>(k)), H5Tclose);
    char* const name = H5Tget_member_name(type, static_cast<unsigned>(k));
    members += (k > 0 ? ", " : "") + std::string(name) + ": " + number_name(member.id());
    H5free_memory(name);
  }
  return "{" + members + "}";
}

/// As the reader of UVH5 wants it; nothing for what no reader of rows takes.
std::optional<hdf5::CellType> wanted_type(hid_t type) {
  switch (H5Tget_class(type)) {
    case H5T_COMPOUND:
      return hdf5::CellType::complex_float;
    case H5T_FLOAT:
      return hdf5::CellType::real_double;
    case H5T_INTEGER:
      return hdf5::CellType::integer;
    case H5T_ENUM:
      if (H5Tget_size(type) == 1) return hdf5::CellType::byte;
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

std::string filters_text(const hdf5::DatasetLayout& layout) {
  std::string text;
  for (const hdf5::ChunkFilter& filter : layout.filters) {
    text += (text.empty() ? "" : ", ") + hdf5::filter_name(filter.number);
    const bool level = filter.number == H5Z_FILTER_DEFLATE && !filter.values.empty();
    if (level) text += " " + std::to_string(filter.values[0]);
  }
  return text.empty() ? "none" : text;
}

std::string access_text(const AccessPlan& plan) {
  if (plan.direct) return "direct";
  if (plan.cache_slots == 0) return "library";
  return std::string("library, ") + profile_name(plan.profile) + ": " +
         amount(static_cast<double>(plan.cache_bytes)) + ", " + std::to_string(plan.cache_slots) +
         " slots";
}

Line line_of(const hdf5::OpenFile& file, const std::string& name) {
  const hdf5::Handle dataset = file.file.dataset(name);
  const hdf5::Handle type(H5Dget_type(dataset.id()), H5Tclose);
  const hdf5::DatasetLayout layout = hdf5::layout_of(dataset.id());
  const auto wanted = wanted_type(type.id());
  Line line;
  line[0] = name;
  line[1] = layout.shape.empty() ? "scalar" : hdf5::text_of(layout.shape);
  line[2] = type_name(type.id());
  line[4] = filters_text(layout);
  line[5] = amount(static_cast<double>(H5Dget_storage_size(dataset.id())));
  switch (layout.storage) {
    case hdf5::Storage::contiguous:
      line[3] = "contiguous";
      break;
    case hdf5::Storage::chunked:
      line[3] = hdf5::text_of(layout.chunk) + ", " +
                amount(static_cast<double>(layout.chunk_bytes())) + " x " +
                std::to_string(layout.chunks());
      break;
    case hdf5::Storage::other:
      line[3] = "compact or elsewhere";
      break;
  }
  if (layout.shape.empty() || !wanted) {
    line[6] = "library";
    line[7] = "read at once";
    return line;
  }
  return line;
}

void collect(const hdf5::File& file, const std::string& group, std::vector<std::string>& names) {
  for (const std::string& member : file.members(group.empty() ? "/" : group)) {
    const std::string name = group.empty() ? member : group + "/" + member;
    const hdf5::Handle object(H5Oopen(file.id(), name.c_str(), H5P_DEFAULT), H5Oclose);
    if (!object.valid()) file.refuse("has a '" + name + "' that cannot be opened");
    const H5I_type_t kind = H5Iget_type(object.id());
    if (kind == H5I_DATASET) names.push_back(name);
    constexpr std::size_t kDeepest = 200;  // a group may contain itself
    if (kind == H5I_GROUP && name.size() < kDeepest) collect(file, name, names);
  }
}

/// The reader's choice, when the data set is not held open by anybody else.
void add_access(const hdf5::OpenFile& file, Line& line) {
  if (!line[6].empty()) return;
  std::optional<hdf5::CellType> type;
  {
    const hdf5::Handle dataset = file.file.dataset(line[0]);
    const hdf5::Handle stored(H5Dget_type(dataset.id()), H5Tclose);
    type = wanted_type(stored.id());
  }
  try {
    const hdf5::DatasetReader reader(file, line[0], *type);
    line[6] = access_text(reader.plan());
    line[7] = reader.plan().reason;
  } catch (const Error& error) {
    line[6] = "not readable";
    line[7] = error.message();
  }
}

std::string table_of(const std::vector<Line>& lines) {
  std::array<std::size_t, kColumns> width{};
  for (const Line& line : lines) {
    for (std::size_t c = 0; c < kColumns; ++c) width[c] = std::max(width[c], line[c].size());
  }
  std::string text;
  for (const Line& line : lines) {
    for (std::size_t c = 0; c + 1 < kColumns; ++c) {
      text += line[c] + std::string(width[c] - line[c].size() + 2, ' ');
    }
    text += line.back() + "\n";
  }
  return text;
}

}  // namespace

bool is_hdf5(const std::string& path) {
  const hdf5::Lock lock;
  return H5Fis_hdf5(path.c_str()) > 0;
}

std::string inspect_hdf5(const std::string& path) {
  const hdf5::Lock lock;
  const hdf5::OpenFile file = hdf5::OpenFile::open(path);
  std::vector<std::string> names;
  collect(file.file, "", names);
  std::vector<Line> lines{
      {"dataset", "shape", "type", "chunk", "filters", "stored", "reading by rows", "why"}};
  for (const std::string& name : names) {
    lines.push_back(line_of(file, name));
    add_access(file, lines.back());
  }
  return path + ": HDF5, " + amount(static_cast<double>(file.raw->size())) + ", " +
         std::to_string(names.size()) + " data sets\n" + table_of(lines);
}

}  // namespace skymill::radio
