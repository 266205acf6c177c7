// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/uvh5/uvh5_file.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "header_parts.h"

namespace skymill::radio {

namespace {

constexpr std::size_t kLeastCache = std::size_t{1} << 20;
constexpr std::size_t kMostCache = std::size_t{64} << 20;
constexpr std::size_t kRowsOfGeometry = 4096;  // looked at to tell how positions are meant
constexpr std::size_t kCacheSlots = 12421;     // a prime, many times the chunks of a band of rows

/// Properties for opening a data set: a cache that holds a band of chunks across one row, since
/// reads end inside chunks (dsa110.md 6.4); the file's own setting is one for all data sets.
hdf5::Handle cached_access(const hdf5::Handle& dataset) {
  hdf5::Handle access(H5Pcreate(H5P_DATASET_ACCESS), H5Pclose);
  const hdf5::Handle made(H5Dget_create_plist(dataset.id()), H5Pclose);
  if (H5Pget_layout(made.id()) != H5D_CHUNKED) return access;
  const hdf5::Handle space(H5Dget_space(dataset.id()), H5Sclose);
  const hdf5::Handle type(H5Dget_type(dataset.id()), H5Tclose);
  hsize_t shape[H5S_MAX_RANK] = {}, chunk[H5S_MAX_RANK] = {};
  const int rank = H5Sget_simple_extent_dims(space.id(), shape, nullptr);
  H5Pget_chunk(made.id(), rank, chunk);
  std::size_t bytes = H5Tget_size(type.id()) * chunk[0];
  for (int axis = 1; axis < rank; ++axis) {
    bytes *= (shape[axis] + chunk[axis] - 1) / chunk[axis] * chunk[axis];
  }
  H5Pset_chunk_cache(access.id(), kCacheSlots, std::clamp(2 * bytes, kLeastCache, kMostCache),
                     0.75);
  return access;
}

/// The type {r, i} of complex floats in memory.
hdf5::Handle complex_type() {
  hdf5::Handle type(H5Tcreate(H5T_COMPOUND, sizeof(std::complex<float>)), H5Tclose);
  H5Tinsert(type.id(), "r", 0, H5T_NATIVE_FLOAT);
  H5Tinsert(type.id(), "i", sizeof(float), H5T_NATIVE_FLOAT);
  return type;
}

bool is_complex(hid_t dataset) {
  const hdf5::Handle type(H5Dget_type(dataset), H5Tclose);
  return H5Tget_class(type.id()) == H5T_COMPOUND && H5Tget_nmembers(type.id()) == 2 &&
         H5Tget_member_index(type.id(), "r") >= 0 && H5Tget_member_index(type.id(), "i") >= 0;
}

std::string text_of(const std::vector<hsize_t>& shape) {
  std::string text = "[";
  for (const hsize_t size : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  return text + "]";
}

}  // namespace

struct Uvh5File::Impl {
  hdf5::File file;
  Uvh5Header header;
  std::map<std::int64_t, std::int32_t> index_of_number;
  bool interval_per_row = true;
  bool has_centre_ids = false;
  mutable std::uint64_t bytes_read = 0;
  // Closed before the file, which stands above.
  hdf5::Handle time, interval, antenna1, antenna2, uvw, centre;
  hdf5::Handle visdata, flags, nsamples;

  void require_shape(const std::string& name, const std::vector<hsize_t>& wanted) const;
  hdf5::Handle open_cells(const std::string& name) const;
  void open_rows();
  std::vector<std::int32_t> antennas(const hdf5::Handle& dataset, const std::string& name,
                                     std::size_t first, std::size_t count) const;
};

void Uvh5File::Impl::require_shape(const std::string& name,
                                   const std::vector<hsize_t>& wanted) const {
  const auto shape = file.shape(name);
  if (shape == wanted) return;
  file.refuse("has a '" + name + "' of shape " + text_of(shape) + " where the header says " +
                  text_of(wanted),
              "it may not have been finished or not fully copied");
}

hdf5::Handle Uvh5File::Impl::open_cells(const std::string& name) const {
  std::vector<hsize_t> wanted{header.rows, header.channels(), header.polarizations.size()};
  // Files before version 1.0 have the axis of spectral windows.
  if (file.shape(name).size() == 4) wanted.insert(wanted.begin() + 1, 1);
  require_shape(name, wanted);
  const hdf5::Lock lock;
  const hdf5::Handle access = cached_access(file.dataset(name));
  return file.dataset(name, access.id());
}

void Uvh5File::Impl::open_rows() {
  const hsize_t rows = header.rows;
  for (const char* name : {"Header/time_array", "Header/ant_1_array", "Header/ant_2_array"}) {
    require_shape(name, {rows});
  }
  require_shape("Header/uvw_array", {rows, 3});
  time = file.dataset("Header/time_array");
  antenna1 = file.dataset("Header/ant_1_array");
  antenna2 = file.dataset("Header/ant_2_array");
  uvw = file.dataset("Header/uvw_array");
  interval = file.dataset("Header/integration_time");
  interval_per_row = file.shape("Header/integration_time").size() == 1;
  if (interval_per_row) require_shape("Header/integration_time", {rows});
  has_centre_ids = header.phasing == Phasing::tracked && file.has("Header/phase_center_id_array");
  if (has_centre_ids) {
    require_shape("Header/phase_center_id_array", {rows});
    centre = file.dataset("Header/phase_center_id_array");
  }
}

Uvh5File::Uvh5File(const std::string& path) : impl_(std::make_unique<Impl>()) {
  const hdf5::Lock lock;
  Impl& my = *impl_;
  my.file = hdf5::File::open(path);
  my.header = parse_header(my.file);
  for (std::size_t k = 0; k < my.header.antenna_numbers.size(); ++k) {
    my.index_of_number[my.header.antenna_numbers[k]] = static_cast<std::int32_t>(k);
  }
  my.open_rows();
  my.visdata = my.open_cells("Data/visdata");
  my.flags = my.open_cells("Data/flags");
  my.nsamples = my.open_cells("Data/nsamples");
  if (!is_complex(my.visdata.id())) my.file.refuse("has a 'Data/visdata' of no complex type");
  const hdf5::Handle flag_type(H5Dget_type(my.flags.id()), H5Tclose);
  if (H5Tget_size(flag_type.id()) != 1) my.file.refuse("has a 'Data/flags' that are not bytes");
  my.header.time_first_jd = read_rows(0, 1, false).time_jd.front();
  turn_old_positions(my.header, read_rows(0, std::min(my.header.rows, kRowsOfGeometry)));
  my.header.time_last_jd = read_rows(my.header.rows - 1, 1, false).time_jd.front();
}

Uvh5File::~Uvh5File() = default;
Uvh5File::Uvh5File(Uvh5File&&) noexcept = default;
Uvh5File& Uvh5File::operator=(Uvh5File&&) noexcept = default;

const Uvh5Header& Uvh5File::header() const { return impl_->header; }
std::uint64_t Uvh5File::bytes_read() const { return impl_->bytes_read; }

std::vector<std::int32_t> Uvh5File::Impl::antennas(const hdf5::Handle& dataset,
                                                   const std::string& name, std::size_t first,
                                                   std::size_t count) const {
  std::vector<std::int64_t> numbers(count);
  file.read_rows(dataset.id(), name, first, count, H5T_NATIVE_INT64, numbers.data());
  std::vector<std::int32_t> indices(count);
  for (std::size_t k = 0; k < count; ++k) {
    const auto found = index_of_number.find(numbers[k]);
    if (found == index_of_number.end()) {
      file.refuse("has antenna " + std::to_string(numbers[k]) + " in row " +
                  std::to_string(first + k) + " of '" + name +
                  "', which is not among its antenna_numbers");
    }
    indices[k] = found->second;
  }
  return indices;
}

Uvh5Rows Uvh5File::read_rows(std::size_t first, std::size_t count, bool with_uvw) const {
  const hdf5::Lock lock;
  const Impl& my = *impl_;
  if (count > my.header.rows || first > my.header.rows - count) {
    my.file.refuse("has " + std::to_string(my.header.rows) + " rows, not " +
                   std::to_string(first + count));
  }
  Uvh5Rows rows;
  rows.time_jd.resize(count);
  my.file.read_rows(my.time.id(), "Header/time_array", first, count, H5T_NATIVE_DOUBLE,
                    rows.time_jd.data());
  for (std::size_t k = 0; k < count; ++k) {
    if (std::isfinite(rows.time_jd[k]) && rows.time_jd[k] > 2400000.5) continue;
    my.file.refuse("has the time JD " + std::to_string(rows.time_jd[k]) + " in row " +
                   std::to_string(first + k));
  }
  rows.interval_s.resize(count);
  if (my.interval_per_row) {
    my.file.read_rows(my.interval.id(), "Header/integration_time", first, count, H5T_NATIVE_DOUBLE,
                      rows.interval_s.data());
  } else {
    rows.interval_s.assign(count, my.file.real("Header/integration_time"));
  }
  rows.antenna1 = my.antennas(my.antenna1, "Header/ant_1_array", first, count);
  rows.antenna2 = my.antennas(my.antenna2, "Header/ant_2_array", first, count);
  rows.centre_id.assign(count, my.header.phase_centres.empty() ? 0 : my.header.phase_centres[0].id);
  if (my.has_centre_ids) {
    my.file.read_rows(my.centre.id(), "Header/phase_center_id_array", first, count,
                      H5T_NATIVE_INT32, rows.centre_id.data());
  }
  if (with_uvw) {
    rows.uvw_m.resize(3 * count);
    my.file.read_rows(my.uvw.id(), "Header/uvw_array", first, count, H5T_NATIVE_DOUBLE,
                      rows.uvw_m.data());
  }
  return rows;
}

void Uvh5File::read_cells(std::size_t first, std::size_t count, Uvh5Cells& cells,
                          const Uvh5Selection& selection) const {
  const hdf5::Lock lock;
  const Impl& my = *impl_;
  if (count > my.header.rows || first > my.header.rows - count) {
    my.file.refuse("has " + std::to_string(my.header.rows) + " rows, not " +
                   std::to_string(first + count));
  }
  const std::size_t number = count * my.header.channels() * my.header.polarizations.size();
  cells.data.resize(number);
  cells.flag.resize(selection.flags ? number : 0);
  cells.nsamples.resize(selection.nsamples ? number : 0);
  const hdf5::Handle type = complex_type();
  my.file.read_rows(my.visdata.id(), "Data/visdata", first, count, type.id(), cells.data.data());
  if (selection.flags) {
    const hdf5::Handle flag_type(H5Dget_type(my.flags.id()), H5Tclose);
    my.file.read_rows(my.flags.id(), "Data/flags", first, count, flag_type.id(), cells.flag.data());
  }
  if (selection.nsamples) {
    my.file.read_rows(my.nsamples.id(), "Data/nsamples", first, count, H5T_NATIVE_FLOAT,
                      cells.nsamples.data());
  }
  my.bytes_read += number * sizeof(std::complex<float>) + cells.flag.size() +
                   cells.nsamples.size() * sizeof(float);
}

}  // namespace skymill::radio
