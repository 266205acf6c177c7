// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/pixel_runs.h>

#include <algorithm>
#include <numeric>
#include <tuple>

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
Regions connect(const PixelRuns& runs) {
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

void add_pixel(std::size_t y, std::size_t x, PixelRuns& runs) {
  if (!runs.empty() && runs.back().y == y && runs.back().end == x) {
    ++runs.back().end;
  } else {
    runs.push_back({y, x, x + 1});
  }
}

PixelRuns masked_runs(View<const float, 2> mask, const std::array<std::size_t, 2>& shape) {
  PixelRuns runs;
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

std::size_t count_pixels(const PixelRuns& runs) {
  std::size_t pixels = 0;
  for (const PixelRun& run : runs) {
    pixels += run.end - run.first;
  }
  return pixels;
}

PixelRuns intersection(const PixelRuns& a, const PixelRuns& b) {
  PixelRuns both;
  for (std::size_t i = 0, k = 0; i < a.size() && k < b.size();) {
    if (a[i].y != b[k].y) {
      (a[i].y < b[k].y ? i : k) += 1;
      continue;
    }
    const std::size_t first = std::max(a[i].first, b[k].first);
    const std::size_t end = std::min(a[i].end, b[k].end);
    if (first < end) {
      both.push_back({a[i].y, first, end});
    }
    (a[i].end < b[k].end ? i : k) += 1;
  }
  return both;
}

PixelRuns united(const PixelRuns& a, const PixelRuns& b) {
  PixelRuns all(a.size() + b.size());
  std::merge(a.begin(), a.end(), b.begin(), b.end(), all.begin(),
             [](const PixelRun& x, const PixelRun& y) {
               return std::tie(x.y, x.first) < std::tie(y.y, y.first);
             });
  std::size_t kept = 0;
  for (std::size_t k = 0; k < all.size(); ++k) {
    if (kept > 0 && all[kept - 1].y == all[k].y && all[kept - 1].end >= all[k].first) {
      all[kept - 1].end = std::max(all[kept - 1].end, all[k].end);
    } else {
      all[kept++] = all[k];
    }
  }
  all.resize(kept);
  return all;
}

void write_rows(const PixelRuns& runs, std::size_t first, View<float, 2> rows) {
  for (std::size_t y = 0; y < rows.extent(0); ++y) {
    std::fill_n(&rows(y, 0), rows.extent(1), 0.0F);
  }
  const auto from =
      std::lower_bound(runs.begin(), runs.end(), first,
                       [](const PixelRun& run, std::size_t row) { return run.y < row; });
  for (auto run = from; run != runs.end() && run->y < first + rows.extent(0); ++run) {
    std::fill_n(&rows(run->y - first, run->first), run->end - run->first, 1.0F);
  }
}

RowsOfRuns::RowsOfRuns(const PixelRuns& runs, std::size_t ny) : runs_(runs.data()), start_(ny + 1) {
  for (std::size_t y = 0, k = 0; y < ny; ++y) {
    while (k < runs.size() && runs[k].y == y) ++k;
    start_[y + 1] = k;
  }
}

bool RowsOfRuns::contains(std::size_t y, std::size_t x) const {
  const PixelRun* run = std::upper_bound(
      begin_of(y), end_of(y), x,
      [](std::size_t pixel, const PixelRun& candidate) { return pixel < candidate.end; });
  return run != end_of(y) && run->first <= x;
}

PixelRuns without_small_regions(PixelRuns runs, double least) {
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
