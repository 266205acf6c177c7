// SPDX-License-Identifier: GPL-3.0-or-later
// Private to this folder: the half plane behind StandardGridder.
#pragma once

#include <stages/kernels/fft.h>
#include <stages/kernels/spheroidal.h>

#include <array>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace skymill::kernels {

/// One axis of the padded grid of imaging.md 2.6: from wavelengths to nearest cell and offset.
struct GridAxis {
  GridAxis(std::size_t image_pixels, double cell_rad);

  /// False when the footprint leaves the grid (or the coordinate is not a number). `cell` counts
  /// from the middle of the grid, `offset` is in hundredths of a cell.
  bool locate(double lambda, int& cell, int& offset) const {
    const double position = scale * -lambda + half;
    if (!(position >= kKernelReach - 0.5 && position < last_start)) {
      return false;
    }
    const int nearest = static_cast<int>(position + 0.5);
    cell = nearest - static_cast<int>(half);
    // Shifted by a whole cell so that truncation rounds negative offsets too.
    offset =
        static_cast<int>((nearest - position) * kKernelOversampling + (kKernelOversampling + 0.5)) -
        kKernelOversampling;
    return true;
  }

  std::size_t image_size;
  std::size_t grid_size;
  double scale;       ///< cells per wavelength; kept to single precision as the recipe has it
  double half;        ///< grid_size/2
  double last_start;  ///< positions from here on have taps beyond the grid
  std::vector<double> inverse_correction;  ///< 1/S per image pixel
};

/// Half of the padded uv plane: lines of constant u >= 0, v running along a line. An image is
/// real, so a sample at u < 0 is kept as its conjugate at (-u, -v). Lines -3..-1 take the taps
/// that reach over u = 0 and are folded afterwards. Only lines up to `last_line` are kept.
template <class Real>
class HalfPlane {
 public:
  using Complex = std::complex<Real>;

  HalfPlane(const GridAxis& u_axis, const GridAxis& v_axis, double largest_u_lambda);

  /// The largest number of bytes an object of these axes takes.
  static std::size_t footprint_bytes(std::size_t u_grid_size, std::size_t v_grid_size);

  /// First element of line u (-3..last_line); element v + v_grid_size/2 is cell (u, v).
  Complex* line(int u) const {
    return cells_.data() + static_cast<std::size_t>(u + kKernelReach) * line_stride_;
  }
  int last_line() const { return last_line_; }
  int v_half() const { return v_half_; }
  /// Says that samples centred on line u were added.
  void mark(int u) { centred_[static_cast<std::size_t>(u)] = 1; }

  /// After gridding: adds the lines u < 0 and the closing column to their places.
  void fold();
  /// After filling and transforming u >= 0: writes the lines u < 0 and the closing column.
  void unfold();
  /// Transforms lines along v; in gridding, those that no sample reached are left out.
  void transform(const FftPlan<Real>& plan, bool marked_only, std::size_t threads) const;

 private:
  static std::size_t stride_of(std::size_t v_grid_size);
  bool reached(int u) const;

  int v_half_;
  int last_line_;
  std::size_t line_stride_;
  AlignedBuffer<Complex> cells_;
  std::vector<std::uint8_t> centred_;  ///< per line
};

/// Normalised taps of all offsets -50..50; index offset + 50.
template <class Real>
class TapTable {
 public:
  TapTable();
  const Real* operator[](int offset) const {
    return taps_[static_cast<std::size_t>(offset + kKernelOversampling / 2)].data();
  }

 private:
  std::array<std::array<Real, kKernelTaps>, kKernelOffsets> taps_;
};

}  // namespace skymill::kernels
