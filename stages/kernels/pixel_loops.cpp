// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/pixel_loops.h>
#include <stages/kernels/vector_sets.h>

namespace skymill::kernels {

namespace {

struct Loops {
  float (*largest)(const float*, std::size_t) = &pixel_loops_baseline::largest;
  PixelRange (*range)(const float*, std::size_t) = &pixel_loops_baseline::range;
  float (*subtract)(float*, const float*, std::size_t, float) = &pixel_loops_baseline::subtract;
  void (*row)(const TilePixels&, int, const PsfPixels&, const LaidPsf*, std::size_t, unsigned,
              float*) = &pixel_loops_baseline::subtract_row;
  float (*spans)(const TilePixels&, const PsfPixels&, const LaidPsf&, const std::uint16_t*,
                 std::size_t) = &pixel_loops_baseline::subtract_spans;
};

const Loops& loops() {
  static const Loops chosen = [] {
#ifdef SKYMILL_VECTOR_SETS_X86
    if (vector_set() == VectorSet::kAvx512) {
      return Loops{&pixel_loops_avx512::largest, &pixel_loops_avx512::range,
                   &pixel_loops_avx512::subtract, &pixel_loops_avx512::subtract_row,
                   &pixel_loops_avx512::subtract_spans};
    }
    if (vector_set() == VectorSet::kAvx2) {
      return Loops{&pixel_loops_avx2::largest, &pixel_loops_avx2::range,
                   &pixel_loops_avx2::subtract, &pixel_loops_avx2::subtract_row,
                   &pixel_loops_avx2::subtract_spans};
    }
#endif
    return Loops{};
  }();
  return chosen;
}

}  // namespace

float largest_pixel(const float* r, std::size_t n) { return loops().largest(r, n); }

PixelRange range_of_pixels(const float* r, std::size_t n) { return loops().range(r, n); }

float subtract_pixels(float* r, const float* p, std::size_t n, float flux) {
  return loops().subtract(r, p, n, flux);
}

void subtract_row(const TilePixels& tile, int row, const PsfPixels& psf, const LaidPsf* laid,
                  std::size_t n, unsigned done, float* largest) {
  loops().row(tile, row, psf, laid, n, done, largest);
}

float subtract_spans(const TilePixels& tile, const PsfPixels& psf, const LaidPsf& laid,
                     const std::uint16_t* spans, std::size_t n) {
  return loops().spans(tile, psf, laid, spans, n);
}

}  // namespace skymill::kernels
