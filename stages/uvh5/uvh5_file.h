// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/export.h>
#include <stages/uvh5/access_plan.h>
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

/// How a file is to be read.
struct Uvh5Reading {
  bool direct = true;  ///< false: always through the library
};

/// How a data set is read, and what was read of it so far; counts are of direct reading.
struct Uvh5Access {
  std::string name;  ///< `Data/visdata`
  AccessPlan plan;
  std::uint64_t data_bytes = 0;   ///< of the file, with gaps between chunks that were not worth
                                  ///< another call
  std::uint64_t index_bytes = 0;  ///< object headers and chunk indices
  std::uint64_t chunks = 0;
  std::uint64_t calls = 0;
};

/// An open UVH5 file, for reading.
///
/// Data sets of any number type, with or without the Nspws axis, plain or behind the filters
/// deflate, shuffle, fletcher32, LZF (32000), blosc (32001) and bitshuffle (32008), are read.
/// Rows and cells come past HDF5 and its lock where the layout allows it (`accesses` says), so that
/// threads with files of their own read at the same time; reading onward takes each chunk from the
/// file once. One thread at a time may read from a file. Whatever is wrong with the file is an
/// Error (input) that names it and the data set.
class SKYMILL_API Uvh5File {
 public:
  /// Opens the file, reads its header and checks that data and header agree in their shapes.
  explicit Uvh5File(const std::string& path, const Uvh5Reading& reading = {});
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

  /// Asks the system to bring the bytes that follow those of the last cells, since files grow in
  /// the order of their rows; not waited for.
  void announce(std::size_t bytes) const;

  /// Bytes that are kept while bands of so many rows are read onward, at most; beside them, those
  /// that each thread which reads takes for itself.
  std::size_t kept_bytes(std::size_t rows) const;
  std::size_t space_bytes(std::size_t rows) const;

  /// Of each data set that is read by rows.
  std::vector<Uvh5Access> accesses() const;
  /// Bytes that read_cells has handed out from the file.
  std::uint64_t bytes_read() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace skymill::radio
