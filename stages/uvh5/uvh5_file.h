// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/export.h>
#include <stages/uvh5/uvh5_header.h>

#include <complex>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace skymill::radio {

/// What stands in the header for each of some rows, as the file has it.
struct Uvh5Rows {
  std::vector<double> time_jd;          ///< [row] UTC, centre of the integration
  std::vector<double> interval_s;       ///< [row]
  std::vector<std::int32_t> antenna1;   ///< [row] index into Uvh5Header::antennas
  std::vector<std::int32_t> antenna2;   ///< [row]
  std::vector<double> uvw_m;            ///< [row][3], r(antenna2) - r(antenna1)
  std::vector<std::int32_t> centre_id;  ///< [row] Uvh5PhaseCentre::id
};

/// Visibilities of some rows as the file has them: [row][channel][polarization], channels and
/// polarizations in the order of the file, V = Σ S exp(+2πi(ul + vm + w(n-1))ν/c) with its uvw.
struct Uvh5Cells {
  std::vector<std::complex<float>> data;
  std::vector<std::uint8_t> flag;  ///< 1 = bad
  std::vector<float> nsamples;
};

/// Which of the data sets of cells are wanted.
struct Uvh5Selection {
  bool flags = true;
  bool nsamples = true;
};

/// An open UVH5 file, for reading.
///
/// Data sets of any number type, with or without the Nspws axis, plain or behind the filters
/// deflate, shuffle and LZF (32000), are read. Several threads may hold files of their own; the
/// calls of HDF5 follow each other under one lock. Whatever is wrong with the file is an
/// Error (input) that names it and the data set.
class SKYMILL_API Uvh5File {
 public:
  /// Opens the file, reads its header and checks that data and header agree in their shapes.
  explicit Uvh5File(const std::string& path);
  ~Uvh5File();
  Uvh5File(Uvh5File&&) noexcept;
  Uvh5File& operator=(Uvh5File&&) noexcept;

  const Uvh5Header& header() const;

  /// The rows [first, first + count) of the header's arrays.
  /// @param with_uvw  false leaves `uvw_m` empty
  Uvh5Rows read_rows(std::size_t first, std::size_t count, bool with_uvw = true) const;
  /// The same rows of visdata and, as selected, flags and nsamples, whose vectors are empty
  /// otherwise; the vectors of `cells` are used again.
  void read_cells(std::size_t first, std::size_t count, Uvh5Cells& cells,
                  const Uvh5Selection& selection = {}) const;

  /// Bytes that read_cells has handed out.
  std::uint64_t bytes_read() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace skymill::radio
