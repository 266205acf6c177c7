// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/uvh5/uvh5_file.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "dataset_reader.h"
#include "header_parts.h"

namespace skymill::radio {

namespace {

constexpr std::size_t kRowsOfGeometry = 4096;  // looked at to tell how positions are meant

bool is_complex(hid_t dataset) {
  const hdf5::Handle type(H5Dget_type(dataset), H5Tclose);
  return H5Tget_class(type.id()) == H5T_COMPOUND && H5Tget_nmembers(type.id()) == 2 &&
         H5Tget_member_index(type.id(), "r") >= 0 && H5Tget_member_index(type.id(), "i") >= 0;
}

/// A data set that is read by rows.
using Reader = std::unique_ptr<hdf5::DatasetReader>;

}  // namespace

struct Uvh5File::Impl {
  hdf5::OpenFile open;
  Uvh5Header header;
  Uvh5Reading reading;
  std::map<std::int64_t, std::int32_t> index_of_number;
  double interval_s = 0;  ///< of all rows, where there is no reader for it
  mutable std::uint64_t bytes_read = 0;
  Reader time, interval, antenna1, antenna2, uvw, centre;
  Reader visdata, flags, nsamples;

  const hdf5::File& file() const { return open.file; }
  void require_rows(std::size_t first, std::size_t count) const;
  void require_shape(const std::string& name, const std::vector<hsize_t>& wanted) const;
  Reader rows_reader(const std::string& name, hdf5::CellType type) const;
  Reader cells_reader(const std::string& name, hdf5::CellType type) const;
  void open_rows();
  void open_cells();
  std::vector<std::int32_t> antennas(hdf5::DatasetReader& reader, std::size_t first,
                                     std::size_t count) const;
  std::vector<const hdf5::DatasetReader*> readers() const;
};

void Uvh5File::Impl::require_rows(std::size_t first, std::size_t count) const {
  if (count <= header.rows && first <= header.rows - count) return;
  file().refuse("has " + std::to_string(header.rows) + " rows, not " +
                std::to_string(first + count));
}

void Uvh5File::Impl::require_shape(const std::string& name,
                                   const std::vector<hsize_t>& wanted) const {
  const auto shape = file().shape(name);
  if (shape == wanted) return;
  file().refuse("has a '" + name + "' of shape " + hdf5::text_of(shape) +
                    " where the header says " + hdf5::text_of(wanted),
                "it may not have been finished or not fully copied");
}

Reader Uvh5File::Impl::rows_reader(const std::string& name, hdf5::CellType type) const {
  return std::make_unique<hdf5::DatasetReader>(
      open, name, type, hdf5::ReadingOptions{AccessPattern::rows_onward, reading.direct});
}

Reader Uvh5File::Impl::cells_reader(const std::string& name, hdf5::CellType type) const {
  std::vector<hsize_t> wanted{header.rows, header.channels(), header.polarizations.size()};
  // Files before version 1.0 have the axis of spectral windows.
  if (file().shape(name).size() == 4) wanted.insert(wanted.begin() + 1, 1);
  require_shape(name, wanted);
  return rows_reader(name, type);
}

void Uvh5File::Impl::open_rows() {
  const hsize_t rows = header.rows;
  for (const char* name : {"Header/time_array", "Header/ant_1_array", "Header/ant_2_array"}) {
    require_shape(name, {rows});
  }
  require_shape("Header/uvw_array", {rows, 3});
  time = rows_reader("Header/time_array", hdf5::CellType::real_double);
  antenna1 = rows_reader("Header/ant_1_array", hdf5::CellType::integer);
  antenna2 = rows_reader("Header/ant_2_array", hdf5::CellType::integer);
  uvw = rows_reader("Header/uvw_array", hdf5::CellType::real_double);
  if (file().shape("Header/integration_time").size() == 1) {
    require_shape("Header/integration_time", {rows});
    interval = rows_reader("Header/integration_time", hdf5::CellType::real_double);
  } else {
    interval_s = file().real("Header/integration_time");
  }
  if (header.phasing == Phasing::tracked && file().has("Header/phase_center_id_array")) {
    require_shape("Header/phase_center_id_array", {rows});
    centre = rows_reader("Header/phase_center_id_array", hdf5::CellType::integer);
  }
}

void Uvh5File::Impl::open_cells() {
  {
    const hdf5::Lock lock;
    if (!is_complex(file().dataset("Data/visdata").id())) {
      file().refuse("has a 'Data/visdata' of no complex type");
    }
    const hdf5::Handle flag_type(H5Dget_type(file().dataset("Data/flags").id()), H5Tclose);
    if (H5Tget_size(flag_type.id()) != 1) {
      file().refuse("has a 'Data/flags' that are not bytes");
    }
  }
  visdata = cells_reader("Data/visdata", hdf5::CellType::complex_float);
  flags = cells_reader("Data/flags", hdf5::CellType::byte);
  nsamples = cells_reader("Data/nsamples", hdf5::CellType::real_float);
}

Uvh5File::Uvh5File(const std::string& path, const Uvh5Reading& reading)
    : impl_(std::make_unique<Impl>()) {
  Impl& my = *impl_;
  my.reading = reading;
  my.open = hdf5::OpenFile::open(path);
  {
    const hdf5::Lock lock;
    my.header = parse_header(my.file());
  }
  for (std::size_t k = 0; k < my.header.antenna_numbers.size(); ++k) {
    my.index_of_number[my.header.antenna_numbers[k]] = static_cast<std::int32_t>(k);
  }
  my.open_rows();
  my.open_cells();
  my.header.time_first_jd = read_rows(0, 1, false).time_jd.front();
  turn_old_positions(my.header, read_rows(0, std::min(my.header.rows, kRowsOfGeometry)));
  my.header.time_last_jd = read_rows(my.header.rows - 1, 1, false).time_jd.front();
}

Uvh5File::~Uvh5File() = default;
Uvh5File::Uvh5File(Uvh5File&&) noexcept = default;
Uvh5File& Uvh5File::operator=(Uvh5File&&) noexcept = default;

const Uvh5Header& Uvh5File::header() const { return impl_->header; }
std::uint64_t Uvh5File::bytes_read() const { return impl_->bytes_read; }

std::vector<const hdf5::DatasetReader*> Uvh5File::Impl::readers() const {
  std::vector<const hdf5::DatasetReader*> all;
  for (const Reader* reader :
       {&visdata, &flags, &nsamples, &time, &interval, &antenna1, &antenna2, &uvw, &centre}) {
    if (*reader) all.push_back(reader->get());
  }
  return all;
}

std::size_t Uvh5File::kept_bytes(std::size_t rows) const {
  std::size_t bytes = 0;
  for (const hdf5::DatasetReader* reader : impl_->readers()) bytes += reader->kept_bytes(rows);
  return bytes;
}

std::size_t Uvh5File::space_bytes(std::size_t rows) const {
  std::size_t bytes = 0;  // one data set is read after the other
  for (const hdf5::DatasetReader* reader : impl_->readers()) {
    bytes = std::max(bytes, reader->space_bytes(rows));
  }
  return bytes;
}

std::vector<Uvh5Access> Uvh5File::accesses() const {
  std::vector<Uvh5Access> all;
  for (const hdf5::DatasetReader* reader : impl_->readers()) {
    const hdf5::ReadCounts& counts = reader->counts();
    all.push_back({reader->name(), reader->plan(), counts.data_bytes, counts.index_bytes,
                   counts.chunks, counts.calls});
  }
  return all;
}

std::vector<std::int32_t> Uvh5File::Impl::antennas(hdf5::DatasetReader& reader, std::size_t first,
                                                   std::size_t count) const {
  std::vector<std::int64_t> numbers(count);
  reader.read_rows(first, count, numbers.data());
  std::vector<std::int32_t> indices(count);
  for (std::size_t k = 0; k < count; ++k) {
    const auto found = index_of_number.find(numbers[k]);
    if (found == index_of_number.end()) {
      file().refuse("has antenna " + std::to_string(numbers[k]) + " in row " +
                    std::to_string(first + k) + " of '" + reader.name() +
                    "', which is not among its antenna_numbers");
    }
    indices[k] = found->second;
  }
  return indices;
}

Uvh5Rows Uvh5File::read_rows(std::size_t first, std::size_t count, bool with_uvw) const {
  const Impl& my = *impl_;
  my.require_rows(first, count);
  Uvh5Rows rows;
  rows.time_jd.resize(count);
  my.time->read_rows(first, count, rows.time_jd.data());
  for (std::size_t k = 0; k < count; ++k) {
    if (std::isfinite(rows.time_jd[k]) && rows.time_jd[k] > 2400000.5) continue;
    my.file().refuse("has the time JD " + std::to_string(rows.time_jd[k]) + " in row " +
                     std::to_string(first + k));
  }
  rows.interval_s.assign(count, my.interval_s);
  if (my.interval) my.interval->read_rows(first, count, rows.interval_s.data());
  rows.antenna1 = my.antennas(*my.antenna1, first, count);
  rows.antenna2 = my.antennas(*my.antenna2, first, count);
  rows.centre_id.assign(count, my.header.phase_centres.empty() ? 0 : my.header.phase_centres[0].id);
  if (my.centre) {
    std::vector<std::int64_t> ids(count);
    my.centre->read_rows(first, count, ids.data());
    std::transform(ids.begin(), ids.end(), rows.centre_id.begin(),
                   [](std::int64_t id) { return static_cast<std::int32_t>(id); });
  }
  if (with_uvw) {
    rows.uvw_m.resize(3 * count);
    my.uvw->read_rows(first, count, rows.uvw_m.data());
  }
  return rows;
}

void Uvh5File::read_cells(std::size_t first, std::size_t count, Uvh5Cells& cells,
                          const Uvh5Selection& selection) const {
  const Impl& my = *impl_;
  my.require_rows(first, count);
  const std::size_t number = count * my.header.channels() * my.header.polarizations.size();
  cells.data.resize(number);
  cells.flag.resize(selection.flags ? number : 0);
  cells.nsamples.resize(selection.nsamples ? number : 0);
  my.visdata->read_rows(first, count, cells.data.data());
  if (selection.flags) {
    my.flags->read_rows(first, count, cells.flag.data());
    for (std::uint8_t& flag : cells.flag) flag = flag != 0;
  }
  if (selection.nsamples) my.nsamples->read_rows(first, count, cells.nsamples.data());
  my.bytes_read += number * sizeof(std::complex<float>) + cells.flag.size() +
                   cells.nsamples.size() * sizeof(float);
}

void Uvh5File::announce(std::size_t bytes) const {
  const std::uint64_t end = impl_->visdata->band_end();
  if (end > 0 && bytes > 0) impl_->open.raw->announce(end, bytes);
}

}  // namespace skymill::radio
