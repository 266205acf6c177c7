// SPDX-License-Identifier: GPL-3.0-or-later
// Private to this folder: the uv plane of WGridder cut into slabs.
#pragma once

#include <stages/kernels/placed_samples.h>
#include <stages/kernels/uv_slab.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace skymill::kernels {

/// How the strips of a plane are shared out to slabs. A slab is gridded and transformed along v
/// while it lies in a cache, so that the plane as a whole never exists. What a line holds does
/// not depend on its slab: whoever needs a line takes the strip before it as well.
struct UvSlabs {
  static constexpr std::size_t kStripLines = PlacedSamples<float>::kStripLines;
  static constexpr std::size_t kTogether = std::size_t{4} << 20;

  /// `line_bytes` of one line. Slabs have about 4 MB, or less where threads would idle, but at
  /// least four strips, as each grids one strip of its neighbour.
  UvSlabs(std::size_t all_strips, std::size_t line_bytes, std::size_t taps, std::size_t threads)
      : strips(all_strips), overlap(taps - 1) {
    const std::size_t bytes = strips * kStripLines * line_bytes;
    if (bytes > 2 * kTogether) {
      const std::size_t wanted = std::max(bytes / kTogether, threads > 1 ? 4 * threads : 1);
      count = std::max<std::size_t>(1, std::min(wanted, strips / 4));
    }
  }

  std::size_t first_strip(std::size_t slab) const { return strips * slab / count; }
  /// Lines that a slab holds: its own, the strip before and what taps reach beyond.
  std::size_t most_lines() const {
    return ((strips + count - 1) / count + (count > 1 ? 1 : 0)) * kStripLines + overlap;
  }
  /// First line of a slab.
  std::size_t first_line(std::size_t slab) const { return first_strip(slab) * kStripLines; }
  /// One past the last line that samples of a slab touch, of `stored`.
  std::size_t last_touched(std::size_t slab, std::size_t stored) const {
    return std::min(first_line(slab + 1) + overlap, stored);
  }

  /// Upper bound of what the slabs in work take, for a plane of at most these strips.
  static std::size_t most_bytes(std::size_t strips, std::size_t line_bytes, std::size_t taps,
                                std::size_t threads) {
    const std::size_t strip_bytes = kStripLines * line_bytes;
    const std::size_t beyond = taps * line_bytes;
    const std::size_t all = strips * strip_bytes;
    const std::size_t alone = std::min(all, 2 * kTogether) + beyond;
    if (all <= 2 * kTogether) {
      return alone;
    }
    // Rounding leaves a slab up to half as large again as it should be, and its neighbour's strip.
    const std::size_t several = std::max(kTogether * 3 / 2 / strip_bytes + 1, std::size_t{6}) + 1;
    return std::max(alone, threads * (several * strip_bytes + beyond));
  }

  std::size_t strips;
  std::size_t overlap;
  std::size_t count = 1;
};

/// The spectra of a model's rows go through memory in one or, beyond 128 MB, in two parts.
struct SpectrumParts {
  static constexpr std::size_t kMostBytes = std::size_t{128} << 20;

  SpectrumParts(const UvSlabs& slabs, std::size_t rows, std::size_t lines,
                std::size_t element_bytes)
      : count(slabs.count > 1 && rows * lines * element_bytes > kMostBytes ? 2 : 1),
        slab_count(slabs.count) {}

  std::size_t first_slab(std::size_t part) const { return slab_count * part / count; }

  std::size_t count;
  std::size_t slab_count;
};

}  // namespace skymill::kernels
