// SPDX-License-Identifier: GPL-3.0-or-later
// Kept in the common subset of C++17 and C++20, and free of casacore (architecture.md 3.9).
#pragma once

#include <core/export.h>
#include <core/lane.h>
#include <stages/data/image.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace skymill::radio {

/// Writes one image product as a CASA image: axes RA, Dec, Stokes, frequency (imaging.md 5.1, 5.2).
///
/// Tiles are one channel deep and hold whole lines, so that every plane is contiguous in the file
/// and is written there without casacore, by rows in any order, from any number of threads at once.
/// The image is made at full size, as a hole, complete but for its beams, and then closed: other
/// programs can open it while it grows. Planes that are not there yet are masked. Making and
/// finishing it is done on a lane. An object destroyed without finish() removes what it wrote.
class SKYMILL_API CasaImageWriter {
 public:
  /// @param path of the draft; must not exist; the caller renames the finished image
  /// @throws Error(input) when the header is not usable or the file cannot be made
  CasaImageWriter(const Lane::Token& token, const std::string& path, const ImageHeader& header,
                  const ProductKind& kind);
  /// Goes on with an image that a writer of the same cube has left, whatever state it was in: the
  /// stored rows and masks stay, all else is made anew; planes that are done have to be recalled.
  /// @throws Error (failed) when there are no pixels of this cube
  static CasaImageWriter take_up(const Lane::Token& token, const std::string& path,
                                 const ImageHeader& header, const ProductKind& kind);
  ~CasaImageWriter();
  CasaImageWriter(CasaImageWriter&&) noexcept;
  CasaImageWriter& operator=(CasaImageWriter&&) noexcept;

  /// Writes rows [first_row, first_row + rows) of plane `chan`; they may come in any order and
  /// again. Safe for concurrent calls. Rows of zeros that were never written stay a hole.
  /// @param pixels [rows][nx], x fastest; what is NaN becomes zero under the mask
  /// @returns bytes written
  std::size_t put_rows(std::size_t chan, std::size_t first_row, std::size_t rows,
                       const float* pixels);

  /// Says that all rows of plane `chan` are put: takes the mask from it. Safe for concurrent calls.
  /// @param beam of this plane; kept when the product kind has beams
  void complete_plane(std::size_t chan, const std::optional<Beam>& beam = std::nullopt);

  /// Says that plane `chan` was completed before the image was taken up.
  void recall_plane(std::size_t chan, const std::optional<Beam>& beam);

  /// Both at once for a whole plane.
  void put_plane(std::size_t chan, const float* pixels,
                 const std::optional<Beam>& beam = std::nullopt);

  /// Makes what was stored durable, also after a failure, and lets the image stay when it is not
  /// finished. Safe for concurrent calls.
  void sync();

  /// Writes the beams, makes the pixels durable and, when all planes were completed without a NaN,
  /// removes the mask `mask0`. A plane without a beam gets that of the nearest plane with one,
  /// because CASA images cannot leave single beams out.
  void finish(const Lane::Token& token);

 private:
  struct Impl;
  explicit CasaImageWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Whether the lines of history are wanted: they stand in a table of their own, whose opening costs
/// nearly as much as that of the image.
enum class ImageHistory { read, leave };

/// Reads a CASA image of floats with two direction axes in front, and at most one Stokes and one
/// spectral axis in any order behind them. Nothing in it is written or locked.
class SKYMILL_API CasaImageReader {
 public:
  CasaImageReader(const Lane::Token& token, const std::string& path,
                  ImageHistory history = ImageHistory::read);
  ~CasaImageReader();
  CasaImageReader(CasaImageReader&&) noexcept;
  CasaImageReader& operator=(CasaImageReader&&) noexcept;

  /// `phase_centre` is the direction at reference_pixel(); `stokes` that of Stokes plane 0.
  const ImageHeader& header() const;
  /// Reference pixel in x and y, counted from 0; nx/2, ny/2 in images of ours.
  std::array<double, 2> reference_pixel() const;
  const std::string& projection() const;           ///< "SIN", "TAN", …
  const std::string& unit() const;                 ///< "Jy/beam", …; may be empty
  const std::vector<std::string>& stokes() const;  ///< names of the Stokes planes, at least one
  const std::vector<Beam>& beams() const;          ///< [chan] of Stokes plane 0, or empty
  bool has_mask() const;
  /// Pixel axis of the frequencies, counted from 0, or -1 when there is none.
  int spectral_axis() const;

  /// Where a plane lies in a file as [ny][nx] floats of this machine's byte order, x fastest.
  struct PlanePlace {
    std::string file;
    std::uint64_t offset_bytes = 0;
  };
  /// Nothing when the tiles do not keep the plane in one piece.
  std::optional<PlanePlace> plane_place(std::size_t chan, std::size_t stokes_plane = 0) const;

  /// @param pixels [ny][nx], x fastest
  /// @param mask   [ny][nx] or null; 1 = good, all 1 when the image has no mask
  void read_plane(const Lane::Token& token, std::size_t chan, float* pixels,
                  std::uint8_t* mask = nullptr, std::size_t stokes_plane = 0);
  /// The mask alone.
  void read_mask(const Lane::Token& token, std::size_t chan, std::uint8_t* mask,
                 std::size_t stokes_plane = 0);

  void close(const Lane::Token& token);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace skymill::radio
