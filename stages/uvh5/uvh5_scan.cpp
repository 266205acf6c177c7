// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/uvh5/uvh5_scan.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "dataset_layout.h"
#include "header_parts.h"

namespace skymill::radio {

namespace {

/// FNV-1a over numbers.
std::uint64_t print_of(const std::vector<std::int64_t>& numbers, std::uint64_t print) {
  for (const std::int64_t number : numbers) {
    print = (print ^ static_cast<std::uint64_t>(number)) * 1099511628211U;
  }
  return print;
}
constexpr std::uint64_t kNoPrint = 14695981039346656037U;

/// Elements of a data set of one axis; the whole array is not read.
template <class T>
std::vector<T> part(const hdf5::File& file, const std::string& name, hid_t type, std::size_t first,
                    std::size_t count, std::size_t rows) {
  const hdf5::Handle dataset = file.dataset(name);
  const auto shape = hdf5::layout_of(dataset.id()).shape;
  if (shape != std::vector<hsize_t>{rows}) {
    file.refuse("has a '" + name + "' of shape " + hdf5::text_of(shape) +
                    " where the header says " + hdf5::text_of({rows}),
                "it may not have been finished or not fully copied");
  }
  std::vector<T> values(count);
  file.read_rows(dataset.id(), name, first, count, type, values.data());
  return values;
}

double time_of(const hdf5::File& file, std::size_t row, std::size_t rows) {
  const double jd =
      part<double>(file, "Header/time_array", H5T_NATIVE_DOUBLE, row, 1, rows).front();
  if (!std::isfinite(jd) || jd <= 2400000.5) {
    file.refuse("has the time JD " + std::to_string(jd) + " in row " + std::to_string(row));
  }
  return jd;
}

void scan_channels(const hdf5::File& file, Uvh5Scan& scan) {
  const auto freq = file.reals("Header/freq_array");
  const auto width = file.reals("Header/channel_width");
  if (freq.size() != scan.channels || width.empty()) {
    file.refuse("has " + std::to_string(freq.size()) + " values in 'Header/freq_array' and " +
                std::to_string(width.size()) +
                " in 'Header/channel_width', but says Nfreqs = " + std::to_string(scan.channels));
  }
  scan.freq_first_hz = freq.front();
  scan.freq_last_hz = freq.back();
  scan.width_hz = std::abs(width.front());
}

void scan_rows(const hdf5::File& file, Uvh5Scan& scan) {
  scan.time_first_jd = time_of(file, 0, scan.rows);
  scan.time_last_jd = time_of(file, scan.rows - 1, scan.rows);
  const auto interval = hdf5::layout_of(file.dataset("Header/integration_time").id()).shape;
  scan.interval_s = interval.empty() ? file.real("Header/integration_time")
                                     : part<double>(file, "Header/integration_time",
                                                    H5T_NATIVE_DOUBLE, 0, 1, scan.rows)
                                           .front();
  scan.baseline_print = kNoPrint;
  const std::size_t count = std::min(scan.baselines, scan.rows);
  for (const char* name : {"Header/ant_1_array", "Header/ant_2_array"}) {
    scan.baseline_print = print_of(
        part<std::int64_t>(file, name, H5T_NATIVE_INT64, 0, count, scan.rows), scan.baseline_print);
  }
}

void scan_data(const hdf5::File& file, Uvh5Scan& scan) {
  if (!file.has("Data/visdata")) {
    scan.data_fault = "there is no 'Data/visdata'";
    return;
  }
  const auto shape = file.shape("Data/visdata");
  std::vector<hsize_t> wanted{scan.rows, scan.channels, scan.polarizations.size()};
  if (shape.size() == 4) wanted.insert(wanted.begin() + 1, 1);
  scan.has_data = shape == wanted;
  if (!scan.has_data) {
    scan.data_fault = "'Data/visdata' has the shape " + hdf5::text_of(shape) +
                      " where the header says " + hdf5::text_of(wanted);
  }
}

}  // namespace

Uvh5Scan scan_uvh5(const std::string& path) {
  const hdf5::Lock lock;
  Uvh5Scan scan;
  scan.path = path;
  const hdf5::File file = hdf5::File::open(path);
  std::error_code code;
  scan.file_bytes = std::filesystem::file_size(path, code);
  if (!file.has("Header")) {
    file.refuse("is HDF5 but no UVH5 file: it has no group 'Header'");
  }
  scan.telescope_name = file.text("Header/telescope_name");
  scan.instrument = file.maybe_text("Header/instrument").value_or(scan.telescope_name);
  scan.rows = count_of(file, "Nblts");
  scan.baselines = count_of(file, "Nbls");
  scan.times = count_of(file, "Ntimes");
  scan.channels = count_of(file, "Nfreqs");
  for (const std::int64_t code_of : file.integers("Header/polarization_array")) {
    scan.polarizations.push_back(static_cast<int>(code_of));
  }
  if (scan.polarizations.size() != count_of(file, "Npols")) {
    file.refuse("has " + std::to_string(scan.polarizations.size()) +
                " values in 'Header/polarization_array', which is not Npols");
  }
  scan_channels(file, scan);
  scan_rows(file, scan);
  scan.meridian = says_meridian(file);
  auto dec = file.maybe_real("Header/extra_keywords/phase_center_dec");
  if (!dec) dec = file.maybe_real("Header/phase_center_app_dec");
  scan.pointing_dec_rad = dec.value_or(0);
  scan.antenna_print = print_of(file.integers("Header/antenna_numbers"), kNoPrint);
  scan_data(file, scan);
  return scan;
}

}  // namespace skymill::radio
