// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/grow_mask.h>

#include <algorithm>

namespace skymill::kernels {

PixelRuns grow_mask(const PixelRuns& seed, const std::array<std::size_t, 2>& shape,
                    std::size_t passes,
                    const std::function<bool(std::size_t, std::size_t)>& allowed) {
  const std::size_t ny = shape[0];
  const std::size_t nx = shape[1];
  // A set pixel that is not allowed never expands and is dropped at the end: only allowed pixels
  // need to be known.
  std::vector<bool> asked(ny * nx);
  std::vector<std::size_t> grown;  // y * nx + x
  const auto visit = [&](std::size_t y, std::size_t x) {
    if (!asked[y * nx + x]) {
      asked[y * nx + x] = true;
      if (allowed(y, x)) {
        grown.push_back(y * nx + x);
      }
    }
  };
  for (const PixelRun& run : seed) {
    for (std::size_t x = run.first; x < run.end; ++x) {
      visit(run.y, x);
    }
  }
  std::size_t front = 0;  // what was set before the last pass has nothing left to set
  for (std::size_t pass = 0; pass < passes && front < grown.size(); ++pass) {
    const std::size_t end = grown.size();
    for (; front < end; ++front) {
      const std::size_t y = grown[front] / nx;
      const std::size_t x = grown[front] % nx;
      if (y > 0) visit(y - 1, x);
      if (y + 1 < ny) visit(y + 1, x);
      if (x > 0) visit(y, x - 1);
      if (x + 1 < nx) visit(y, x + 1);
    }
  }
  std::sort(grown.begin(), grown.end());
  PixelRuns runs;
  for (const std::size_t pixel : grown) {
    add_pixel(pixel / nx, pixel % nx, runs);
  }
  return runs;
}

}  // namespace skymill::kernels
