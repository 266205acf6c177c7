// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/smooth_mask.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <stdexcept>
#include <string>

namespace skymill::kernels {

namespace {

constexpr double kLeastHeight = 1e-8;  // where the Gaussian is cut

using Signed = std::ptrdiff_t;

/// One row of the Gaussian as its running sum, so that a run of mask pixels costs no more than one.
struct KernelRow {
  Signed first = 0;         // offset in x of the first height
  std::vector<double> sum;  // of the heights before each, and of all at the end

  Signed width() const { return static_cast<Signed>(sum.size()) - 1; }

  /// Sum of the heights at offsets up to x.
  double up_to(Signed x) const {
    return sum[static_cast<std::size_t>(std::clamp<Signed>(x - first + 1, 0, width()))];
  }
};

std::vector<KernelRow> kernel_rows(const GaussianBeam& gaussian, double cell_x_rad,
                                   double cell_y_rad) {
  const double widths = std::sqrt(std::log(1 / kLeastHeight) / (4 * std::numbers::ln2));
  const double reach_rad = widths * std::max(gaussian.major_rad, gaussian.minor_rad);
  const auto reach_x = static_cast<Signed>(std::ceil(reach_rad / std::abs(cell_x_rad)));
  const auto reach_y = static_cast<Signed>(std::ceil(reach_rad / cell_y_rad));
  std::vector<KernelRow> rows;
  for (Signed y = -reach_y; y <= reach_y; ++y) {
    KernelRow row{0, {0.0}};
    for (Signed x = -reach_x; x <= reach_x; ++x) {
      const double height =
          gaussian(static_cast<double>(x) * cell_x_rad, static_cast<double>(y) * cell_y_rad);
      if (height >= kLeastHeight) {
        row.first = row.width() == 0 ? x : row.first;
        row.sum.push_back(row.sum.back() + height);
      }
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

struct Interval {
  Signed first = 0;
  Signed end = 0;
};

/// One row of the smoothed mask, only where anything reaches it.
class SmoothedRow {
 public:
  explicit SmoothedRow(std::size_t nx) : values_(nx), nx_(static_cast<Signed>(nx)) {}

  const std::vector<Interval>& touched() const { return touched_; }
  const double* values() const { return values_.data(); }

  /// Computes row y from all runs that reach it; begin[y] is the number of row y's first run.
  void compute(Signed y, const PixelRuns& runs, const std::vector<std::size_t>& begin,
               const std::vector<KernelRow>& kernel) {
    const auto ny = static_cast<Signed>(begin.size()) - 1;
    const auto reach = static_cast<Signed>(kernel.size() / 2);
    const auto first = begin[static_cast<std::size_t>(std::max<Signed>(0, y - reach))];
    const auto end = begin[static_cast<std::size_t>(std::min(ny, y + reach + 1))];
    const auto row_of = [&](const PixelRun& run) -> const KernelRow& {
      return kernel[static_cast<std::size_t>(y - static_cast<Signed>(run.y) + reach)];
    };
    touched_.clear();
    for (std::size_t k = first; k < end; ++k) {
      const Interval reached = reached_by(runs[k], row_of(runs[k]));
      if (reached.first < reached.end) {
        touched_.push_back(reached);
      }
    }
    merge();
    for (const Interval& part : touched_) {
      std::fill(values_.begin() + part.first, values_.begin() + part.end, 0.0);
    }
    for (std::size_t k = first; k < end; ++k) {
      add(runs[k], row_of(runs[k]));
    }
  }

 private:
  Interval reached_by(const PixelRun& run, const KernelRow& row) const {
    if (row.width() == 0) {
      return {};
    }
    return {std::max<Signed>(0, static_cast<Signed>(run.first) + row.first),
            std::min(nx_, static_cast<Signed>(run.end) + row.first + row.width() - 1)};
  }

  void merge() {
    std::sort(touched_.begin(), touched_.end(),
              [](const Interval& a, const Interval& b) { return a.first < b.first; });
    std::size_t kept = 0;
    for (const Interval& part : touched_) {
      if (kept > 0 && part.first <= touched_[kept - 1].end) {
        touched_[kept - 1].end = std::max(touched_[kept - 1].end, part.end);
      } else {
        touched_[kept++] = part;
      }
    }
    touched_.resize(kept);
  }

  void add(const PixelRun& run, const KernelRow& row) {
    const Interval reached = reached_by(run, row);
    for (Signed x = reached.first; x < reached.end; ++x) {
      values_[static_cast<std::size_t>(x)] += row.up_to(x - static_cast<Signed>(run.first)) -
                                              row.up_to(x - static_cast<Signed>(run.end));
    }
  }

  std::vector<double> values_;
  Signed nx_;
  std::vector<Interval> touched_;
};

/// Pixels that may pass the cut, with their values: the cut is known when the last row is done.
class Candidates {
 public:
  explicit Candidates(double cutthreshold) : cutthreshold_(cutthreshold) {}

  void add(std::size_t y, const Interval& part, const double* values) {
    for (Signed x = part.first; x < part.end; ++x) {
      largest_ = std::max(largest_, values[x]);
    }
    const double cut = cutthreshold_ * largest_;
    for (Signed x = part.first; x < part.end; ++x) {
      if (values[x] > cut) {
        add_pixel(y, static_cast<std::size_t>(x), runs_);
        values_.push_back(values[x]);
      }
    }
  }

  PixelRuns above_cut() const {
    PixelRuns kept;
    const double cut = cutthreshold_ * largest_;
    auto value = values_.begin();
    for (const PixelRun& run : runs_) {
      for (std::size_t x = run.first; x < run.end; ++x) {
        if (*value++ > cut) {
          add_pixel(run.y, x, kept);
        }
      }
    }
    return kept;
  }

 private:
  double cutthreshold_;
  double largest_ = 0;
  PixelRuns runs_;
  std::vector<double> values_;
};

}  // namespace

PixelRuns smooth_and_cut(const PixelRuns& runs, const std::array<std::size_t, 2>& shape,
                         const GaussianBeam& gaussian, double cell_x_rad, double cell_y_rad,
                         double cutthreshold) {
  if (!(gaussian.major_rad > 0) || !(gaussian.minor_rad > 0) ||
      !std::isfinite(gaussian.major_rad) || !(cell_x_rad < 0) || !(cell_y_rad > 0)) {
    throw std::invalid_argument("smooth_and_cut: a Gaussian of " +
                                std::to_string(gaussian.major_rad) + " by " +
                                std::to_string(gaussian.minor_rad) + " rad on cells of " +
                                std::to_string(cell_x_rad) + " and " + std::to_string(cell_y_rad) +
                                " rad; widths and cell y must be positive, cell x negative");
  }
  if (runs.empty()) {
    return {};
  }
  const std::vector<KernelRow> kernel = kernel_rows(gaussian, cell_x_rad, cell_y_rad);
  const auto [ny, nx] = shape;
  std::vector<std::size_t> begin(ny + 1);
  for (const PixelRun& run : runs) {
    ++begin[run.y + 1];
  }
  for (std::size_t y = 0; y < ny; ++y) {
    begin[y + 1] += begin[y];
  }
  SmoothedRow row(nx);
  Candidates candidates(cutthreshold);
  for (std::size_t y = 0; y < ny; ++y) {
    row.compute(static_cast<Signed>(y), runs, begin, kernel);
    for (const Interval& part : row.touched()) {
      candidates.add(y, part, row.values());
    }
  }
  return candidates.above_cut();
}

}  // namespace skymill::kernels
