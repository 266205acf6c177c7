// SPDX-License-Identifier: GPL-3.0-or-later
// Private to this folder: the uv plane of WGridder.
#pragma once

#include <stages/kernels/fft.h>

#include <algorithm>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace skymill::kernels {

/// Cells of a uv plane that is periodic in both axes: lines of constant u, v running along a
/// line, both counted from the middle. Only lines first..last are stored; they and a margin at
/// the ends of every line may lie outside the period and are folded in after gridding. Of a
/// `half` plane only u in 0..u_size/2 is wanted: an image is real, so a cell at -u is the
/// conjugate of its mirror. Otherwise u in -u_size/2..u_size/2 - 1 is.
template <class Real>
class UvLines {
 public:
  using Complex = std::complex<Real>;

  /// Room for taps beyond either end of a line, in cells; also keeps lines aligned for FFTW.
  static constexpr std::size_t kMargin = 8;

  UvLines(std::size_t u_size, std::size_t v_size, int first, int last, bool half);

  static std::size_t bytes(std::size_t v_size, std::size_t lines);

  int first() const { return first_; }
  std::size_t stored() const { return stored_; }
  /// First and last line that the image sees.
  int first_wanted() const;
  int last_wanted() const;

  /// Stored line `index` at its first cell v = -v_size/2; the margin lies before it.
  Complex* stored_line(std::size_t index) const {
    return cells_.data() + index * stride_ + kMargin;
  }
  Complex* line(int u) const { return stored_line(static_cast<std::size_t>(u - first_)); }
  /// The whole storage as the tap loops see it; columns count from the start of the margin.
  Real* reals() const { return reinterpret_cast<Real*>(cells_.data()); }
  std::size_t real_stride() const { return 2 * stride_; }

  /// Stored lines that samples may touch; the others are passed over.
  void mark(std::size_t first_index, std::size_t end_index);
  bool marked(int u) const { return marked_[static_cast<std::size_t>(u - first_)] != 0; }

  void unmark() { std::fill(marked_.begin(), marked_.end(), std::uint8_t{0}); }
  /// Marks the wanted lines that marked lines outside the period belong to.
  void mark_homes();

  void clear(std::size_t threads) const;
  /// After gridding: adds what lies outside the period to its place.
  void fold() const;
  /// Before reading: the transpose of `fold`.
  void unfold(std::size_t threads) const;
  /// Transforms the marked lines that are wanted along v.
  void transform(const FftPlan<Real>& plan, std::size_t threads) const;

 private:
  static std::size_t stride_of(std::size_t v_size);
  /// The wanted line that stored line u belongs to, and whether it is its mirror image.
  int home_of(int u, bool& mirrored) const;

  std::size_t v_size_;
  int u_size_;
  int first_;
  std::size_t stored_;
  bool half_;
  std::size_t stride_;
  AlignedBuffer<Complex> cells_;
  std::vector<std::uint8_t> marked_;
};

}  // namespace skymill::kernels
