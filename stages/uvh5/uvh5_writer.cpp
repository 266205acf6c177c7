// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/geometry/earth_time.h>
#include <stages/uvh5/uvh5_writer.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "hdf5_file.h"

namespace skymill::radio {

namespace {

constexpr double kDegree = 3.14159265358979323846 / 180;

/// Properties of a new data set, without the time of day, so that equal data give equal files.
hdf5::Handle creation_properties() {
  hdf5::Handle properties(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  H5Pset_obj_track_times(properties.id(), false);
  return properties;
}

hdf5::Handle complex_type() {
  hdf5::Handle type(H5Tcreate(H5T_COMPOUND, sizeof(std::complex<float>)), H5Tclose);
  H5Tinsert(type.id(), "r", 0, H5T_NATIVE_FLOAT);
  H5Tinsert(type.id(), "i", sizeof(float), H5T_NATIVE_FLOAT);
  return type;
}

/// numpy's bool in HDF5.
hdf5::Handle boolean_type() {
  hdf5::Handle type(H5Tenum_create(H5T_NATIVE_INT8), H5Tclose);
  const std::int8_t no = 0, yes = 1;
  H5Tenum_insert(type.id(), "FALSE", &no);
  H5Tenum_insert(type.id(), "TRUE", &yes);
  return type;
}

hdf5::Handle fixed_text(std::size_t width) {
  hdf5::Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
  H5Tset_size(type.id(), std::max<std::size_t>(1, width));
  H5Tset_strpad(type.id(), H5T_STR_NULLPAD);
  return type;
}

/// A new file. The cache of chunk indices is kept small: it would hold the index of the whole
/// file, and grow with the observation, though every chunk is written once and in order.
hdf5::Handle create_file(const std::string& path, bool latest_format) {
  const hdf5::Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  if (latest_format) H5Pset_libver_bounds(access.id(), H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
  H5AC_cache_config_t cache{};
  cache.version = H5AC__CURR_CACHE_CONFIG_VERSION;
  H5Pget_mdc_config(access.id(), &cache);
  cache.set_initial_size = true;
  cache.initial_size = cache.max_size = 256 << 10;
  cache.min_size = 128 << 10;
  cache.incr_mode = H5C_incr__off;
  cache.flash_incr_mode = H5C_flash_incr__off;
  cache.decr_mode = H5C_decr__off;
  H5Pset_mdc_config(access.id(), &cache);
  hdf5::Handle file(H5Fcreate(path.c_str(), H5F_ACC_EXCL, H5P_DEFAULT, access.id()), H5Fclose);
  if (!file.valid()) throw Error(ErrorKind::failed, "cannot make '" + path + "'");
  return file;
}

}  // namespace

struct Uvh5Writer::Impl {
  std::string path;
  hdf5::Handle file;
  Uvh5Subband subband;
  std::size_t rows = 0;

  [[noreturn]] void refuse(const std::string& name) const {
    throw Error(ErrorKind::failed, "cannot write '" + name + "' of '" + path + "'",
                "look at the room that the disk has left");
  }
  void check(herr_t status, const std::string& name) const {
    if (status < 0) refuse(name);
  }
  void group(const std::string& name) const {
    const hdf5::Handle made(
        H5Gcreate2(file.id(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Gclose);
    if (!made.valid()) refuse(name);
  }

  /// Makes and fills a data set of constant size; an empty shape is a scalar.
  void put(const std::string& name, hid_t type, const std::vector<hsize_t>& shape,
           const void* values) const {
    const hdf5::Handle space(
        shape.empty() ? H5Screate(H5S_SCALAR)
                      : H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr),
        H5Sclose);
    const hdf5::Handle properties = creation_properties();
    const hdf5::Handle made(H5Dcreate2(file.id(), name.c_str(), type, space.id(), H5P_DEFAULT,
                                       properties.id(), H5P_DEFAULT),
                            H5Dclose);
    if (!made.valid()) refuse(name);
    check(H5Dwrite(made.id(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), name);
  }
  void put(const std::string& name, double value) const {
    put(name, H5T_NATIVE_DOUBLE, {}, &value);
  }
  void put_count(const std::string& name, std::size_t count) const {
    const auto value = static_cast<std::int64_t>(count);
    put(name, H5T_NATIVE_INT64, {}, &value);
  }
  void put(const std::string& name, const std::string& text) const {
    const hdf5::Handle type = fixed_text(text.size());
    put(name, type.id(), {}, text.data());
  }
  void put_python_text(const std::string& name, const char* text) const {
    const hdf5::Handle type = fixed_text(1);
    H5Tset_size(type.id(), H5T_VARIABLE);
    H5Tset_strpad(type.id(), H5T_STR_NULLTERM);
    H5Tset_cset(type.id(), H5T_CSET_UTF8);
    put(name, type.id(), {}, &text);
  }

  bool grows() const {
    return subband.layout == Uvh5Layout::writer || subband.layout == Uvh5Layout::seed;
  }
  bool generic() const { return subband.layout == Uvh5Layout::generic; }
  void make_rows(const std::string& name, hid_t type, std::vector<hsize_t> shape) const;

  void grow(const std::string& name, hid_t type, std::size_t count, const void* values) const;
  void overwrite_count(const std::string& name, std::size_t count) const;
  void write_header() const;
  void write_antennas() const;
  void make_data() const;
};

/// Makes a data set with an axis of rows, its first.
void Uvh5Writer::Impl::make_rows(const std::string& name, hid_t type,
                                 std::vector<hsize_t> shape) const {
  const bool cells = name.compare(0, 5, "Data/") == 0;
  const RowStorage storage =
      row_storage(subband.layout, std::vector<std::uint64_t>(shape.begin(), shape.end()),
                  H5Tget_size(type), cells, subband.rows, subband.baselines, subband.deflate);
  shape.at(0) = storage.rows.value_or(0);
  auto most = shape;
  if (!storage.rows) most[0] = H5S_UNLIMITED;
  const hdf5::Handle space(
      H5Screate_simple(static_cast<int>(shape.size()), shape.data(), most.data()), H5Sclose);
  const hdf5::Handle layout = creation_properties();
  if (!storage.chunk.empty()) {
    const std::vector<hsize_t> chunk(storage.chunk.begin(), storage.chunk.end());
    check(H5Pset_chunk(layout.id(), static_cast<int>(chunk.size()), chunk.data()), name);
  }
  if (storage.deflate > 0) {
    H5Pset_shuffle(layout.id());
    H5Pset_deflate(layout.id(), static_cast<unsigned>(storage.deflate));
  }
  const hdf5::Handle made(
      H5Dcreate2(file.id(), name.c_str(), type, space.id(), H5P_DEFAULT, layout.id(), H5P_DEFAULT),
      H5Dclose);
  if (!made.valid()) refuse(name);
}

void Uvh5Writer::Impl::grow(const std::string& name, hid_t type, std::size_t count,
                            const void* values) const {
  // Opened anew as the correlator does it, whose partial chunks are on disk after every append.
  const hdf5::Handle dataset(H5Dopen2(file.id(), name.c_str(), H5P_DEFAULT), H5Dclose);
  if (!dataset.valid()) refuse(name);
  hdf5::Handle space(H5Dget_space(dataset.id()), H5Sclose);
  std::vector<hsize_t> size(static_cast<std::size_t>(H5Sget_simple_extent_ndims(space.id())));
  H5Sget_simple_extent_dims(space.id(), size.data(), nullptr);
  if (size[0] < rows + count) {
    size[0] = rows + count;
    check(H5Dset_extent(dataset.id(), size.data()), name);
    space = hdf5::Handle(H5Dget_space(dataset.id()), H5Sclose);
  }
  std::vector<hsize_t> start(size.size(), 0);
  start[0] = rows;
  size[0] = count;
  const hdf5::Handle memory(H5Screate_simple(static_cast<int>(size.size()), size.data(), nullptr),
                            H5Sclose);
  check(
      H5Sselect_hyperslab(space.id(), H5S_SELECT_SET, start.data(), nullptr, size.data(), nullptr),
      name);
  check(H5Dwrite(dataset.id(), type, memory.id(), space.id(), H5P_DEFAULT, values), name);
}

void Uvh5Writer::Impl::overwrite_count(const std::string& name, std::size_t count) const {
  const hdf5::Handle dataset(H5Dopen2(file.id(), name.c_str(), H5P_DEFAULT), H5Dclose);
  const auto value = static_cast<std::int64_t>(count);
  check(H5Dwrite(dataset.id(), H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, &value), name);
}

void Uvh5Writer::Impl::write_header() const {
  const std::size_t channels = subband.freq_hz.size();
  std::vector<double> steps;
  for (std::size_t c = 1; c < channels; ++c) {
    steps.push_back(std::abs(subband.freq_hz[c] - subband.freq_hz[c - 1]));
  }
  std::sort(steps.begin(), steps.end());
  put("Header/latitude", subband.position.latitude_rad / kDegree);
  put("Header/longitude", subband.position.longitude_rad / kDegree);
  put("Header/altitude", subband.position.height_m);
  put("Header/telescope_name", subband.telescope_name);
  put("Header/instrument", std::string("DSA"));
  put("Header/object_name", std::string("search"));
  put("Header/history", subband.history);
  put("Header/phase_type", std::string("drift"));
  put("Header/phase_center_app_dec", subband.pointing_dec_rad);
  put_count("Header/Nants_data", subband.antennas_in_data);
  put_count("Header/Nants_telescope", subband.antennas.size());
  put_count("Header/Nbls", subband.baselines);
  for (const char* name : {"Header/Nblts", "Header/Ntimes"}) put_count(name, 0);
  put_count("Header/Nfreqs", channels);
  put_count("Header/Npols", subband.polarizations.size());
  put_count("Header/Nspws", 1);
  const double width = steps.empty() ? subband.width_hz : steps[steps.size() / 2];
  if (generic()) {
    const std::vector<double> widths(channels, width);
    put("Header/version", std::string("1.0"));
    put("Header/vis_units", std::string("uncalib"));
    put("Header/freq_array", H5T_NATIVE_DOUBLE, {channels}, subband.freq_hz.data());
    put("Header/channel_width", H5T_NATIVE_DOUBLE, {channels}, widths.data());
  } else {
    put("Header/freq_array", H5T_NATIVE_DOUBLE, {1, channels}, subband.freq_hz.data());
    put("Header/channel_width", width);
  }
  const std::int64_t window = 1;
  put("Header/spw_array", H5T_NATIVE_INT64, {1}, &window);
  const std::vector<std::int64_t> codes(subband.polarizations.begin(), subband.polarizations.end());
  put("Header/polarization_array", H5T_NATIVE_INT64, {codes.size()}, codes.data());
  put("Header/extra_keywords/phase_center_dec", subband.pointing_dec_rad);
  put("Header/extra_keywords/ha_phase_center", 0.0);
  put_python_text("Header/extra_keywords/phase_center_epoch", "HADEC");
  std::string delays;
  for (std::size_t k = 0; k < 2 * subband.antennas.size(); ++k) {
    const int delay = k < subband.delays_ns.size() ? subband.delays_ns[k] : 0;
    delays += (k > 0 ? " " : "") + std::to_string(delay);
  }
  put("Header/extra_keywords/applied_delays_ns", delays);
}

void Uvh5Writer::Impl::write_antennas() const {
  const std::size_t count = subband.antennas.size();
  const auto centre = geocentric_m(subband.position);
  constexpr std::size_t kWidth = 4;
  std::vector<char> names(count * kWidth, 0);
  std::vector<std::int64_t> numbers(count);
  std::vector<double> diameters(count), offsets(3 * count);
  for (std::size_t k = 0; k < count; ++k) {
    const Antenna& antenna = subband.antennas[k];
    if (antenna.name.size() > kWidth) {
      throw Error(ErrorKind::input, "the antenna '" + antenna.name + "' has a name of more than " +
                                        std::to_string(kWidth) + " letters");
    }
    std::memcpy(&names[k * kWidth], antenna.name.data(), antenna.name.size());
    numbers[k] = static_cast<std::int64_t>(k);
    diameters[k] = antenna.diameter_m;
    for (std::size_t axis = 0; axis < 3; ++axis) {
      offsets[3 * k + axis] = antenna.position_m[axis] - centre[axis];
    }
  }
  const hdf5::Handle type = fixed_text(kWidth);
  put("Header/antenna_names", type.id(), {count}, names.data());
  put("Header/antenna_numbers", H5T_NATIVE_INT64, {count}, numbers.data());
  put("Header/antenna_diameters", H5T_NATIVE_DOUBLE, {count}, diameters.data());
  put("Header/antenna_positions", H5T_NATIVE_DOUBLE, {count, 3}, offsets.data());
}

void Uvh5Writer::Impl::make_data() const {
  make_rows("Header/ant_1_array", H5T_NATIVE_INT64, {0});
  make_rows("Header/ant_2_array", H5T_NATIVE_INT64, {0});
  make_rows("Header/uvw_array", generic() ? H5T_NATIVE_DOUBLE : H5T_NATIVE_FLOAT, {0, 3});
  make_rows("Header/time_array", H5T_NATIVE_DOUBLE, {0});
  make_rows("Header/integration_time", H5T_NATIVE_DOUBLE, {0});
  std::vector<hsize_t> shape{0, 1, subband.freq_hz.size(), subband.polarizations.size()};
  if (generic()) shape.erase(shape.begin() + 1);  // version 1.0 has no axis of windows
  make_rows("Data/visdata", complex_type().id(), shape);
  make_rows("Data/flags", boolean_type().id(), shape);
  make_rows("Data/nsamples", H5T_NATIVE_FLOAT, shape);
}

Uvh5Writer::Uvh5Writer(const std::string& path, const Uvh5Subband& subband)
    : impl_(std::make_unique<Impl>()) {
  const hdf5::Lock lock;
  impl_->subband = subband;
  impl_->path = path;
  impl_->file = create_file(path, subband.latest_format);
  for (const char* name : {"Header", "Data", "Header/extra_keywords"}) impl_->group(name);
  impl_->write_header();
  impl_->write_antennas();
  impl_->make_data();
}

Uvh5Writer::~Uvh5Writer() = default;
Uvh5Writer::Uvh5Writer(Uvh5Writer&&) noexcept = default;
Uvh5Writer& Uvh5Writer::operator=(Uvh5Writer&&) noexcept = default;

void Uvh5Writer::append(const Uvh5Rows& rows, const Uvh5Cells& cells) {
  Impl& my = *impl_;
  const std::size_t count = rows.time_jd.size();
  const std::size_t number = count * my.subband.freq_hz.size() * my.subband.polarizations.size();
  const bool whole = my.subband.baselines > 0 && count % my.subband.baselines == 0;
  if (!whole || rows.interval_s.size() != count || rows.antenna1.size() != count ||
      rows.antenna2.size() != count || rows.uvw_m.size() != 3 * count ||
      cells.data.size() != number || cells.flag.size() != number ||
      cells.nsamples.size() != number) {
    throw Error(ErrorKind::failed,
                "integrations for '" + my.path + "' have arrays of different lengths");
  }
  if (!my.grows() && my.rows + count > my.subband.rows) {
    throw Error(ErrorKind::input,
                "more than the " + std::to_string(my.subband.rows) + " rows came for which '" +
                    my.path + "' has been laid out",
                "the layouts writer and seed grow");
  }
  const hdf5::Lock lock;
  const std::vector<std::int64_t> antenna1(rows.antenna1.begin(), rows.antenna1.end());
  const std::vector<std::int64_t> antenna2(rows.antenna2.begin(), rows.antenna2.end());
  my.grow("Header/time_array", H5T_NATIVE_DOUBLE, count, rows.time_jd.data());
  my.grow("Header/integration_time", H5T_NATIVE_DOUBLE, count, rows.interval_s.data());
  my.grow("Header/uvw_array", H5T_NATIVE_DOUBLE, count, rows.uvw_m.data());
  my.grow("Header/ant_1_array", H5T_NATIVE_INT64, count, antenna1.data());
  my.grow("Header/ant_2_array", H5T_NATIVE_INT64, count, antenna2.data());
  my.grow("Data/visdata", complex_type().id(), count, cells.data.data());
  my.grow("Data/flags", boolean_type().id(), count, cells.flag.data());
  my.grow("Data/nsamples", H5T_NATIVE_FLOAT, count, cells.nsamples.data());
  my.rows += count;
  my.overwrite_count("Header/Ntimes", my.rows / my.subband.baselines);
  my.overwrite_count("Header/Nblts", my.rows);
}

void Uvh5Writer::finish() {
  Impl& my = *impl_;
  if (!my.grows() && my.rows != my.subband.rows) {
    throw Error(ErrorKind::input,
                "only " + std::to_string(my.rows) + " of the " + std::to_string(my.subband.rows) +
                    " rows came for which '" + my.path + "' has been laid out",
                "the layouts writer and seed grow");
  }
  const hdf5::Lock lock;
  my.check(H5Fflush(my.file.id(), H5F_SCOPE_GLOBAL), "Data");
  my.file.reset();
}

std::size_t Uvh5Writer::rows_written() const { return impl_->rows; }

}  // namespace skymill::radio
