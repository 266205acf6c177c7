// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/pixel_runs.h>

#include <algorithm>
#include <numeric>

namespace skymill::kernels {

namespace {

// Pixels that are looked at together: nearly everywhere none is set.
constexpr std::size_t kGroup = 64;

/// Which runs belong together.
class Regions {
 public:
  explicit Regions(std::size_t runs) : parent_(runs) {
    std::iota(parent_.begin(), parent_.end(), std::size_t{0});
  }

  std::size_t root(std::size_t run) {
    while (parent_[run] != run) {
      parent_[run] = parent_[parent_[run]];
      run = parent_[run];
    }
    return run;
  }

  void join(std::size_t a, std::size_t b) { parent_[root(a)] = root(b); }

 private:
  std::vector<std::size_t> parent_;
};

/// Joins the runs of neighbouring rows that share a column.
Regions connect(const std::vector<PixelRun>& runs) {
  Regions regions(runs.size());
  std::size_t above = 0;
  for (std::size_t k = 0; k < runs.size(); ++k) {
    const PixelRun& run = runs[k];
    while (runs[above].y + 1 < run.y ||
           (runs[above].y + 1 == run.y && runs[above].end <= run.first)) {
      ++above;
    }
    for (std::size_t j = above; runs[j].y + 1 == run.y && runs[j].first < run.end; ++j) {
      regions.join(j, k);
    }
  }
  return regions;
}

}  // namespace

void add_pixel(std::size_t y, std::size_t x, std::vector<PixelRun>& runs) {
  if (!runs.empty() && runs.back().y == y && runs.back().end == x) {
    ++runs.back().end;
  } else {
    runs.push_back({y, x, x + 1});
  }
}

std::vector<PixelRun> masked_runs(View<const float, 2> mask,
                                  const std::array<std::size_t, 2>& shape) {
  std::vector<PixelRun> runs;
  const auto [ny, nx] = shape;
  for (std::size_t y = 0; y < ny; ++y) {
    if (mask.data() == nullptr) {
      runs.push_back({y, 0, nx});
      continue;
    }
    const float* row = &mask(y, 0);
    for (std::size_t x = 0; x < nx; x += kGroup) {
      const std::size_t n = std::min(kGroup, nx - x);
      int any = 0;
      for (std::size_t i = 0; i < n; ++i) {
        any |= row[x + i] > 0.5F ? 1 : 0;
      }
      for (std::size_t i = x; any != 0 && i < x + n; ++i) {
        if (row[i] > 0.5F) {
          add_pixel(y, i, runs);
        }
      }
    }
  }
  return runs;
}

std::size_t count_pixels(const std::vector<PixelRun>& runs) {
  std::size_t pixels = 0;
  for (const PixelRun& run : runs) {
    pixels += run.end - run.first;
  }
  return pixels;
}

std::vector<PixelRun> without_small_regions(std::vector<PixelRun> runs, double least) {
  Regions regions = connect(runs);
  std::vector<std::size_t> pixels(runs.size());
  for (std::size_t k = 0; k < runs.size(); ++k) {
    pixels[regions.root(k)] += runs[k].end - runs[k].first;
  }
  std::size_t kept = 0;
  for (std::size_t k = 0; k < runs.size(); ++k) {
    if (!(static_cast<double>(pixels[regions.root(k)]) < least)) {
      runs[kept++] = runs[k];
    }
  }
  runs.resize(kept);
  return runs;
}

}  // namespace skymill::kernels
