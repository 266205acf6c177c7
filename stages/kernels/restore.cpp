// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/fft.h>
#include <stages/kernels/padded_size.h>
#include <stages/kernels/restore.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <stdexcept>
#include <string>
#include <vector>

namespace skymill::kernels {

namespace {

constexpr double kLeastHeight = 1e-8;  // where the Gaussian is cut
constexpr std::size_t kLeastTile = 256;
// Additions of a stamp's pixel that cost as much as one pixel's share of the transforms.
constexpr std::size_t kTransformCost = 60;

using Signed = std::ptrdiff_t;

/// The Gaussian at whole-pixel offsets -reach..reach.
struct Stamp {
  Stamp(const GaussianBeam& beam, double cell_x_rad, double cell_y_rad) {
    const double sine = std::sin(beam.pa_rad);
    const double cosine = std::cos(beam.pa_rad);
    const double widths = std::sqrt(std::log(1 / kLeastHeight) / (4 * std::numbers::ln2));
    const double half_l = widths * std::hypot(beam.major_rad * sine, beam.minor_rad * cosine);
    const double half_m = widths * std::hypot(beam.major_rad * cosine, beam.minor_rad * sine);
    reach_x = static_cast<Signed>(std::ceil(half_l / std::abs(cell_x_rad)));
    reach_y = static_cast<Signed>(std::ceil(half_m / std::abs(cell_y_rad)));
    for (Signed y = -reach_y; y <= reach_y; ++y) {
      for (Signed x = -reach_x; x <= reach_x; ++x) {
        const double height =
            beam(static_cast<double>(x) * cell_x_rad, static_cast<double>(y) * cell_y_rad);
        heights.push_back(height < kLeastHeight ? 0.0 : height);
      }
    }
  }

  double at(Signed y, Signed x) const {
    return heights[static_cast<std::size_t>((y + reach_y) * (2 * reach_x + 1) + x + reach_x)];
  }

  Signed reach_x = 0;
  Signed reach_y = 0;
  std::vector<double> heights;
};

void require_same(const char* what, View<const float, 2> plane, View<const float, 2> model) {
  if (plane.data() == nullptr || plane.shape() != model.shape()) {
    throw std::invalid_argument(
        std::string("restore: the ") + what + " is [" + std::to_string(plane.extent(0)) + "][" +
        std::to_string(plane.extent(1)) + "] but the model is [" + std::to_string(model.extent(0)) +
        "][" + std::to_string(model.extent(1)) + "] (y, x)");
  }
}

/// Rows [first, first + rows.extent(0)) of a plane.
void add_stamps(const SparseModel& model, const Stamp& stamp, std::size_t first,
                View<float, 2> rows) {
  const auto y0 = static_cast<Signed>(first);
  const auto end = static_cast<Signed>(first + rows.extent(0));
  const auto nx = static_cast<Signed>(rows.extent(1));
  const ModelRows near =
      rows_of(model, static_cast<std::size_t>(std::max(Signed{0}, y0 - stamp.reach_y)),
              static_cast<std::size_t>(end + stamp.reach_y));
  for (const ModelPixel* p = near.begin; p != near.end; ++p) {
    const auto cy = static_cast<Signed>(p->y);
    const auto cx = static_cast<Signed>(p->x);
    const auto flux = static_cast<double>(p->flux);
    for (Signed y = std::max(y0, cy - stamp.reach_y); y < std::min(end, cy + stamp.reach_y + 1);
         ++y) {
      for (Signed x = std::max(Signed{0}, cx - stamp.reach_x);
           x <= std::min(nx - 1, cx + stamp.reach_x); ++x) {
        rows(y - y0, x) += static_cast<float>(flux * stamp.at(y - cy, x - cx));
      }
    }
  }
}

bool stamps_pay(std::size_t components, const Stamp& stamp, std::size_t pixels) {
  return components * stamp.heights.size() <= kTransformCost * pixels;
}

/// Convolves tiles of the model, each with room for the stamp on all sides (overlap and add).
class TileConvolver {
 public:
  explicit TileConvolver(const Stamp& stamp)
      : margin_y_(stamp.reach_y),
        margin_x_(stamp.reach_x),
        ny_(smooth_even_size(std::max(kLeastTile, static_cast<std::size_t>(6 * margin_y_)))),
        nx_(smooth_even_size(std::max(kLeastTile, static_cast<std::size_t>(6 * margin_x_)))),
        forward_(FftPlan<double>::real_to_complex_2d(ny_, nx_)),
        backward_(FftPlan<double>::complex_to_real_2d(ny_, nx_)),
        tile_(ny_ * nx_),
        spectrum_(ny_ * (nx_ / 2 + 1)),
        kernel_(ny_ * (nx_ / 2 + 1)) {
    std::fill_n(tile_.data(), tile_.size(), 0.0);
    for (Signed y = -margin_y_; y <= margin_y_; ++y) {
      for (Signed x = -margin_x_; x <= margin_x_; ++x) {
        tile_[element(y, x)] = stamp.at(y, x) / static_cast<double>(ny_ * nx_);
      }
    }
    forward_.execute(tile_.data(), kernel_.data());
  }

  void add(View<const float, 2> model, View<float, 2> image) {
    const auto step_y = static_cast<Signed>(ny_) - 2 * margin_y_;
    const auto step_x = static_cast<Signed>(nx_) - 2 * margin_x_;
    const auto ny = static_cast<Signed>(model.extent(0));
    const auto nx = static_cast<Signed>(model.extent(1));
    for (Signed y = 0; y < ny; y += step_y) {
      for (Signed x = 0; x < nx; x += step_x) {
        const Signed rows = std::min(step_y, ny - y);
        const Signed columns = std::min(step_x, nx - x);
        if (load(model, y, x, rows, columns)) {
          convolve();
          store(image, y, x, rows, columns);
        }
      }
    }
  }

 private:
  /// Element at an offset from the tile's origin; negative offsets wrap.
  std::size_t element(Signed y, Signed x) const {
    const Signed row = y < 0 ? y + static_cast<Signed>(ny_) : y;
    const Signed column = x < 0 ? x + static_cast<Signed>(nx_) : x;
    return static_cast<std::size_t>(row) * nx_ + static_cast<std::size_t>(column);
  }

  /// False when there is nothing in the tile.
  bool load(View<const float, 2> model, Signed y0, Signed x0, Signed rows, Signed columns) {
    std::fill_n(tile_.data(), tile_.size(), 0.0);
    bool any = false;
    for (Signed y = 0; y < rows; ++y) {
      for (Signed x = 0; x < columns; ++x) {
        const float flux = model(y0 + y, x0 + x);
        any = any || flux != 0;
        tile_[element(y, x)] = static_cast<double>(flux);
      }
    }
    return any;
  }

  void convolve() {
    forward_.execute(tile_.data(), spectrum_.data());
    for (std::size_t k = 0; k < spectrum_.size(); ++k) {
      spectrum_[k] *= kernel_[k];
    }
    backward_.execute(spectrum_.data(), tile_.data());
  }

  void store(View<float, 2> image, Signed y0, Signed x0, Signed rows, Signed columns) const {
    const auto ny = static_cast<Signed>(image.extent(0));
    const auto nx = static_cast<Signed>(image.extent(1));
    for (Signed y = std::max(-margin_y_, -y0); y < std::min(rows + margin_y_, ny - y0); ++y) {
      for (Signed x = std::max(-margin_x_, -x0); x < std::min(columns + margin_x_, nx - x0); ++x) {
        image(y0 + y, x0 + x) += static_cast<float>(tile_[element(y, x)]);
      }
    }
  }

  Signed margin_y_;
  Signed margin_x_;
  std::size_t ny_;
  std::size_t nx_;
  FftPlan<double> forward_;
  FftPlan<double> backward_;
  AlignedBuffer<double> tile_;
  AlignedBuffer<std::complex<double>> spectrum_;
  AlignedBuffer<std::complex<double>> kernel_;
};

void check_cells_and_beam(const GaussianBeam& beam, double cell_x_rad, double cell_y_rad) {
  if (!(cell_x_rad < 0) || !(cell_y_rad > 0)) {
    throw std::invalid_argument("restore: cells of " + std::to_string(cell_x_rad) + " and " +
                                std::to_string(cell_y_rad) +
                                " rad; x must be negative and y positive");
  }
  if (!(beam.major_rad > 0) || !(beam.minor_rad > 0) || !std::isfinite(beam.major_rad)) {
    throw std::invalid_argument("restore: a beam of " + std::to_string(beam.major_rad) + " by " +
                                std::to_string(beam.minor_rad) + " rad has no width");
  }
}

}  // namespace

void restore(View<const float, 2> residual, View<const float, 2> model, const GaussianBeam& beam,
             double cell_x_rad, double cell_y_rad, View<float, 2> image, RestoreMethod method) {
  require_same("residual", residual, model);
  require_same("image", image, model);
  check_cells_and_beam(beam, cell_x_rad, cell_y_rad);
  for (std::size_t y = 0; y < image.extent(0); ++y) {
    for (std::size_t x = 0; x < image.extent(1); ++x) {
      image(y, x) = residual(y, x);
    }
  }
  const SparseModel components = sparse_model(model);
  if (components.empty()) {
    return;
  }
  const Stamp stamp(beam, cell_x_rad, cell_y_rad);
  const bool few = stamps_pay(components.size(), stamp, model.size());
  if (method == RestoreMethod::kStamps || (method == RestoreMethod::kAutomatic && few)) {
    add_stamps(components, stamp, 0, image);
  } else {
    TileConvolver(stamp).add(model, image);
  }
}

struct StampedModel::Impl {
  SparseModel model;
  std::array<std::size_t, 2> shape;
  Stamp stamp;
};

StampedModel::StampedModel(SparseModel model, const std::array<std::size_t, 2>& shape,
                           const GaussianBeam& beam, double cell_x_rad, double cell_y_rad) {
  check_cells_and_beam(beam, cell_x_rad, cell_y_rad);
  impl_ =
      std::make_unique<Impl>(Impl{std::move(model), shape, Stamp(beam, cell_x_rad, cell_y_rad)});
}

StampedModel::~StampedModel() = default;
StampedModel::StampedModel(StampedModel&&) noexcept = default;
StampedModel& StampedModel::operator=(StampedModel&&) noexcept = default;

bool StampedModel::pays() const {
  return stamps_pay(impl_->model.size(), impl_->stamp, impl_->shape[0] * impl_->shape[1]);
}

void StampedModel::add_to(std::size_t first, View<float, 2> rows) const {
  add_stamps(impl_->model, impl_->stamp, first, rows);
}

}  // namespace skymill::kernels
