// SPDX-License-Identifier: GPL-3.0-or-later
#include "hdf5_file.h"

#include <core/error.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "chunk_filters.h"

namespace skymill::radio::hdf5 {

namespace {

std::recursive_mutex& calls() {
  static std::recursive_mutex mutex;
  return mutex;
}

const char* const kDamaged = "the file may be damaged or not fully copied; fetch it again";
const char* const kForeign = "give a UVH5 file: HDF5 with the groups Header and Data";

/// Number of elements.
hsize_t extent(hid_t dataset, std::vector<hsize_t>& shape) {
  const Handle space(H5Dget_space(dataset), H5Sclose);
  if (H5Sget_simple_extent_type(space.id()) == H5S_NULL) return 0;
  shape.resize(static_cast<std::size_t>(std::max(0, H5Sget_simple_extent_ndims(space.id()))));
  if (!shape.empty()) H5Sget_simple_extent_dims(space.id(), shape.data(), nullptr);
  hsize_t count = 1;
  for (const hsize_t size : shape) count *= size;
  return count;
}

/// h5py pads texts with zeros, others with blanks.
std::string trimmed(const char* text, std::size_t size) {
  std::string result(text, strnlen(text, size));
  while (!result.empty() && result.back() == ' ') result.pop_back();
  return result;
}

herr_t add_name(hid_t, const char* name, const H5L_info_t*, void* names) {
  static_cast<std::vector<std::string>*>(names)->emplace_back(name);
  return 0;
}

}  // namespace

Lock::Lock() : lock_(calls()) {
  // HDF5's settings of messages belong to the thread.
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  static const bool registered = (register_filters(), true);
  (void)registered;
}

namespace {

/// Keeps the cache of chunk indices small: it would hold the index of the whole file, and grow with
/// the observation, though every chunk is read once and in order.
void bound_index_cache(hid_t file) {
  H5AC_cache_config_t config{};
  config.version = H5AC__CURR_CACHE_CONFIG_VERSION;
  if (H5Fget_mdc_config(file, &config) < 0) return;
  config.set_initial_size = true;
  config.initial_size = config.max_size = 256 << 10;
  config.min_size = 128 << 10;
  config.incr_mode = H5C_incr__off;
  config.flash_incr_mode = H5C_flash_incr__off;
  config.decr_mode = H5C_decr__off;
  H5Fset_mdc_config(file, &config);
}

}  // namespace

File File::open(const std::string& path) {
  File file;
  file.path_ = path;
  std::error_code code;
  const auto status = std::filesystem::status(path, code);
  if (!std::filesystem::exists(status)) file.refuse("there is no such file");
  if (std::filesystem::is_directory(status)) file.refuse("is a directory, not a UVH5 file");
  {
    const std::ifstream readable(path, std::ios::binary);
    if (!readable) file.refuse(std::string("cannot be read: ") + std::strerror(errno));
  }
  const Lock lock;
  // The signature is looked at first, so that no HDF5 and a broken one are told apart.
  if (H5Fis_hdf5(path.c_str()) <= 0) file.refuse("is no HDF5 file", kForeign);
  file.handle_ = Handle(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose);
  if (!file.handle_.valid()) file.refuse("is cut short or damaged", kDamaged);
  bound_index_cache(file.id());
  return file;
}

File File::create(const std::string& path) {
  const Lock lock;
  File file;
  file.path_ = path;
  file.handle_ = Handle(H5Fcreate(path.c_str(), H5F_ACC_EXCL, H5P_DEFAULT, H5P_DEFAULT), H5Fclose);
  if (!file.handle_.valid()) throw Error(ErrorKind::failed, "cannot make '" + path + "'");
  bound_index_cache(file.id());
  return file;
}

void File::refuse(const std::string& what, const std::string& hint) const {
  throw Error(ErrorKind::input, "'" + path_ + "' " + what, hint);
}

bool File::has(const std::string& name) const {
  const Lock lock;
  // H5Lexists wants every group on the way to exist.
  for (std::size_t slash = name.find('/'); slash != std::string::npos;
       slash = name.find('/', slash + 1)) {
    if (H5Lexists(id(), name.substr(0, slash).c_str(), H5P_DEFAULT) <= 0) return false;
  }
  return H5Lexists(id(), name.c_str(), H5P_DEFAULT) > 0;
}

std::vector<std::string> File::members(const std::string& group) const {
  const Lock lock;
  std::vector<std::string> names;
  const Handle opened(H5Gopen2(id(), group.c_str(), H5P_DEFAULT), H5Gclose);
  if (!opened.valid()) refuse("has no group '" + group + "'", kForeign);
  if (H5Literate(opened.id(), H5_INDEX_NAME, H5_ITER_NATIVE, nullptr, add_name, &names) < 0) {
    refuse("has a group '" + group + "' that cannot be read", kDamaged);
  }
  return names;
}

Handle File::dataset(const std::string& name, hid_t access) const {
  const Lock lock;
  if (!has(name)) refuse("has no '" + name + "'", kForeign);
  Handle opened(H5Dopen2(id(), name.c_str(), access), H5Dclose);
  if (!opened.valid()) refuse("has a '" + name + "' that cannot be opened", kDamaged);
  return opened;
}

std::vector<hsize_t> File::shape(const std::string& name) const {
  const Lock lock;
  std::vector<hsize_t> sizes;
  extent(dataset(name).id(), sizes);
  return sizes;
}

template <class T>
std::vector<T> File::numbers(const std::string& name, hid_t type) const {
  const Lock lock;
  const Handle opened = dataset(name);
  std::vector<hsize_t> sizes;
  std::vector<T> values(extent(opened.id(), sizes));
  if (values.empty()) return values;
  const Handle stored(H5Dget_type(opened.id()), H5Tclose);
  const H5T_class_t kind = H5Tget_class(stored.id());
  if (kind != H5T_INTEGER && kind != H5T_FLOAT) refuse("has a '" + name + "' without numbers");
  if (H5Dread(opened.id(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0) {
    refuse("has a '" + name + "' that cannot be read", kDamaged);
  }
  return values;
}

std::vector<double> File::reals(const std::string& name) const {
  return numbers<double>(name, H5T_NATIVE_DOUBLE);
}

std::vector<std::int64_t> File::integers(const std::string& name) const {
  return numbers<std::int64_t>(name, H5T_NATIVE_INT64);
}

std::vector<std::string> File::texts(const std::string& name) const {
  const Lock lock;
  const Handle opened = dataset(name);
  std::vector<hsize_t> sizes;
  const hsize_t count = extent(opened.id(), sizes);
  std::vector<std::string> result;
  if (count == 0) return result;
  const Handle type(H5Dget_type(opened.id()), H5Tclose);
  if (H5Tget_class(type.id()) != H5T_STRING) refuse("has a '" + name + "' that is no text");
  const auto check = [&](herr_t status) {
    if (status < 0) refuse("has a '" + name + "' that cannot be read", kDamaged);
  };
  if (H5Tis_variable_str(type.id()) > 0) {
    std::vector<char*> words(count, nullptr);
    check(H5Dread(opened.id(), type.id(), H5S_ALL, H5S_ALL, H5P_DEFAULT, words.data()));
    for (const char* word : words) {
      result.push_back(word == nullptr ? std::string() : trimmed(word, std::strlen(word)));
    }
    const Handle space(H5Dget_space(opened.id()), H5Sclose);
    H5Dvlen_reclaim(type.id(), space.id(), H5P_DEFAULT, words.data());
    return result;
  }
  const std::size_t width = H5Tget_size(type.id());
  std::vector<char> bytes(count * width);
  check(H5Dread(opened.id(), type.id(), H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data()));
  for (hsize_t k = 0; k < count; ++k) result.push_back(trimmed(&bytes[k * width], width));
  return result;
}

double File::real(const std::string& name) const {
  const auto values = reals(name);
  if (values.empty()) refuse("has an empty '" + name + "'", kDamaged);
  return values.front();
}

std::int64_t File::integer(const std::string& name) const {
  const auto values = integers(name);
  if (values.empty()) refuse("has an empty '" + name + "'", kDamaged);
  return values.front();
}

std::string File::text(const std::string& name) const {
  const auto values = texts(name);
  if (values.empty()) refuse("has an empty '" + name + "'", kDamaged);
  return values.front();
}

bool File::boolean(const std::string& name) const {
  const Lock lock;
  const Handle opened = dataset(name);
  const Handle type(H5Dget_type(opened.id()), H5Tclose);
  std::vector<hsize_t> sizes;
  unsigned char value = 0;
  if (extent(opened.id(), sizes) != 1 || H5Tget_size(type.id()) != 1 ||
      H5Dread(opened.id(), type.id(), H5S_ALL, H5S_ALL, H5P_DEFAULT, &value) < 0) {
    refuse("has a '" + name + "' that is not true or false");
  }
  return value != 0;
}

std::optional<std::string> File::maybe_text(const std::string& name) const {
  if (!has(name)) return std::nullopt;
  const auto values = texts(name);
  return values.empty() ? std::nullopt : std::optional<std::string>(values.front());
}

std::optional<double> File::maybe_real(const std::string& name) const {
  if (!has(name)) return std::nullopt;
  const auto values = reals(name);
  return values.empty() ? std::nullopt : std::optional<double>(values.front());
}

void File::read_rows(hid_t dataset, const std::string& name, hsize_t first, hsize_t count,
                     hid_t type, void* into) const {
  if (count == 0) return;
  const Lock lock;
  std::vector<hsize_t> size;
  extent(dataset, size);
  std::vector<hsize_t> start(size.size(), 0);
  start.at(0) = first;
  size.at(0) = count;
  const Handle space(H5Dget_space(dataset), H5Sclose);
  const Handle memory(H5Screate_simple(static_cast<int>(size.size()), size.data(), nullptr),
                      H5Sclose);
  if (H5Sselect_hyperslab(space.id(), H5S_SELECT_SET, start.data(), nullptr, size.data(), nullptr) <
          0 ||
      H5Dread(dataset, type, memory.id(), space.id(), H5P_DEFAULT, into) < 0) {
    refuse("cannot be read in '" + name + "', rows " + std::to_string(first) + " to " +
               std::to_string(first + count - 1),
           kDamaged);
  }
}

}  // namespace skymill::radio::hdf5
