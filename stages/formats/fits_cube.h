// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/export.h>
#include <stages/data/image.h>

#include <array>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace skymill::radio {

/// Writes one product of a cube as a FITS image, by rows of planes in any order, from any number of
/// threads at once.
///
/// The image has 32-bit floats and the axes RA, DEC, FREQ, STOKES in this order (that of CASA's
/// exportfits with stokeslast=True, imaging.md 5.3). As soon as the writer exists, the header is
/// complete and the file has its full length, as a hole: other programs can open it while it
/// grows, and see zeros in planes that are not there yet. A writer that is destroyed before
/// `finish()` leaves an unfinished draft to its caller.
///
/// Every failure throws `skymill::Error` that names the file: kind `resources` when no space is
/// left, else `failed`. After a failure no later call succeeds.
class SKYMILL_API FitsCubeWriter {
 public:
  /// Creates `path`, which must not exist, and writes the header.
  ///
  /// @throws Error kind description when FITS cannot express the header: frequencies that are not
  ///   equidistant (to a thousandth of a channel), or an unknown frame or Stokes parameter
  FitsCubeWriter(const std::filesystem::path& path, const ImageHeader& header,
                 const ProductKind& kind);
  /// Goes on with a file that a writer of the same cube has left, whatever state it was in: the
  /// header is written anew, stored rows stay, and planes that are done have to be completed again.
  static FitsCubeWriter take_up(const std::filesystem::path& path, const ImageHeader& header,
                                const ProductKind& kind);
  ~FitsCubeWriter();
  FitsCubeWriter(FitsCubeWriter&&) noexcept;
  FitsCubeWriter& operator=(FitsCubeWriter&&) noexcept;

  /// Stores rows [first_row, first_row + rows) of channel `chan`; storing them again replaces them.
  /// Safe for concurrent calls. Rows of zeros that were never written stay a hole.
  ///
  /// @param pixels [y][x], x fastest, rows*nx values; NaN = blank
  /// @returns bytes written
  std::size_t put_rows(std::size_t chan, std::size_t first_row, std::size_t rows,
                       const float* pixels);

  /// Says that all rows of channel `chan` are put. Safe for concurrent calls.
  ///
  /// @param beam kept only when the product has beams
  void complete_plane(std::size_t chan, const std::optional<Beam>& beam = {});

  /// Both at once for a whole plane of nx*ny values.
  void put_plane(std::size_t chan, const float* pixels, const std::optional<Beam>& beam = {});

  /// Makes what was stored durable, also after a failure. Safe for concurrent calls.
  void sync();

  /// Adds one HISTORY line (wrapped when longer than a card) in `finish()`; allowed until then.
  void add_history(const std::string& line);

  /// Blanks (NaN) the planes never completed, writes the beams and makes the file durable (fsync).
  ///
  /// A cube of one plane, or of one beam for all, keeps it in BMAJ, BMIN, BPA; any other has
  /// CASAMBM = T and the table BEAMS as soon as one plane has a beam; there a plane without one has
  /// a beam of 1e-6 arcsec, because casacore opens no file with a beam of zero or NaN.
  void finish();

 private:
  struct Impl;
  explicit FitsCubeWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Reads a FITS image of 2 to 4 axes with RA and DEC first, FREQ and STOKES in either order or
/// missing; BSCALE and BZERO are applied, blanks are NaN.
///
/// What is missing, truncated or not such an image throws `Error(ErrorKind::input)`.
class SKYMILL_API FitsCubeReader {
 public:
  explicit FitsCubeReader(const std::filesystem::path& path);
  ~FitsCubeReader();
  FitsCubeReader(FitsCubeReader&&) noexcept;
  FitsCubeReader& operator=(FitsCubeReader&&) noexcept;

  /// Coordinates; `stokes` is that of the first Stokes plane. `phase_centre` is the direction of
  /// `reference_pixel()`. A file without a frequency has one channel of 0 Hz.
  const ImageHeader& header() const;
  /// BUNIT, such as "Jy/beam"; empty when missing.
  const std::string& unit() const;
  /// Per channel, of the first Stokes plane; an invalid Beam where the file gives none.
  const std::vector<Beam>& beams() const;
  /// The names of the Stokes planes in the order of the file.
  const std::vector<std::string>& stokes() const;
  /// CRPIX counted from 0, x then y; nx/2, ny/2 in Skymill's own files.
  std::array<double, 2> reference_pixel() const;

  /// @param pixels receives nx*ny values [y][x], x fastest
  void read_plane(std::size_t chan, float* pixels, std::size_t stokes_index = 0) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace skymill::radio
