// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/huge_pages.h>
#include <stages/kernels/weighting.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <new>
#include <numbers>
#include <stdexcept>
#include <string>

namespace skymill::kernels {

namespace {

constexpr double kLightSpeed = 299792458.0;  // m/s

/// Samples whose cells are fetched before the first of them is looked at: they lie anywhere in
/// hundreds of megabytes.
constexpr std::size_t kAhead = 64;

/// The largest whole number that is not above x, of some grid's size.
std::ptrdiff_t whole_below(double x) {
  const auto whole = static_cast<std::ptrdiff_t>(x);
  return whole - (static_cast<double>(whole) > x ? 1 : 0);
}

bool counts(float weight) { return weight > 0 && std::isfinite(weight); }

void require_shapes(const char* where, View<const double, 2> uvw_m, View<const double, 1> freq_hz,
                    View<const float, 2> weight) {
  const std::size_t rows = uvw_m.extent(0);
  const std::size_t chans = freq_hz.extent(0);
  if ((rows > 0 && uvw_m.extent(1) != 3) || weight.extent(0) != rows || weight.extent(1) != chans) {
    throw std::invalid_argument(
        std::string(where) + ": weight is [" + std::to_string(weight.extent(0)) + "][" +
        std::to_string(weight.extent(1)) + "] and uvw [" + std::to_string(rows) + "][" +
        std::to_string(uvw_m.extent(1)) + "], for " + std::to_string(chans) +
        " channels; they must be [row][chan] and [row][3]");
  }
}

void require_same(const char* where, View<const float, 2> a, View<const float, 2> b) {
  if (a.shape() != b.shape()) {
    throw std::invalid_argument(std::string(where) + ": weights are [" +
                                std::to_string(a.extent(0)) + "][" + std::to_string(a.extent(1)) +
                                "] and [" + std::to_string(b.extent(0)) + "][" +
                                std::to_string(b.extent(1)) + "]; they must agree");
  }
}

void require_hands(const char* where, int hands) {
  if (hands < 1) {
    throw std::invalid_argument(std::string(where) + ": " + std::to_string(hands) +
                                " hands a sample; give 1 or 2");
  }
}

}  // namespace

double briggs_numerator(double robust) {
  const double scale = 5.0 * std::pow(10.0, -robust);
  return scale * scale;
}

double fractional_bandwidth(double first_hz, double last_hz) {
  return 2 * std::abs(last_hz - first_hz) / (last_hz + first_hz);
}

DensityGrid::DensityGrid(std::size_t nx, std::size_t ny, double cell_x_rad, double cell_y_rad,
                         DensityCells cells, std::size_t box)
    : cells_(cells),
      box_(static_cast<std::ptrdiff_t>(box)),
      nx_(static_cast<std::ptrdiff_t>(nx)),
      ny_(static_cast<std::ptrdiff_t>(ny)),
      u_scale_(static_cast<double>(nx) * cell_x_rad),
      v_scale_(static_cast<double>(ny) * cell_y_rad) {
  if (nx < 2 || ny < 2) {
    throw std::invalid_argument("DensityGrid: " + std::to_string(nx) + " x " + std::to_string(ny) +
                                " cells; each side needs at least 2");
  }
  if (!std::isfinite(cell_x_rad) || !std::isfinite(cell_y_rad) || cell_x_rad == 0 ||
      cell_y_rad == 0) {
    throw std::invalid_argument("DensityGrid: image cells of " + std::to_string(cell_x_rad) +
                                " and " + std::to_string(cell_y_rad) + " rad");
  }
  const std::size_t bytes = footprint_bytes(nx, ny);
  half_plane_.reset(static_cast<double*>(std::calloc(bytes, 1)));
  if (!half_plane_) throw std::bad_alloc();
  prefer_huge_pages(half_plane_.get(), bytes);
}

void DensityGrid::Free::operator()(double* memory) const { std::free(memory); }

std::size_t DensityGrid::footprint_bytes(std::size_t nx, std::size_t ny) {
  return (ny / 2 + 1) * (2 * (nx / 2) + 2) * sizeof(double);
}

DensityGrid::Cell DensityGrid::cell_of(double u_lambda, double v_lambda) const {
  double x = u_scale_ * -u_lambda + static_cast<double>(nx_ / 2);
  double y = v_scale_ * -v_lambda + static_cast<double>(ny_ / 2);
  if (cells_ == DensityCells::kTruncated) {
    x = static_cast<double>(static_cast<float>(u_scale_) * static_cast<float>(u_lambda) +
                            static_cast<float>(nx_ / 2));
    y = static_cast<double>(static_cast<float>(v_scale_) * static_cast<float>(v_lambda) +
                            static_cast<float>(ny_ / 2));
  }
  // Written so that what is no number lands outside too.
  if (!(x > -1.0 && x < static_cast<double>(nx_) + 1.0 && y > -1.0 &&
        y < static_cast<double>(ny_) + 1.0)) {
    return {-1, -1};
  }
  const double rounding = cells_ == DensityCells::kTruncated ? 0 : 0.5;
  return {whole_below(x + rounding), whole_below(y + rounding)};
}

DensityGrid::Cell DensityGrid::mirror_of(const Cell& cell) const {
  const std::ptrdiff_t shift = cells_ == DensityCells::kTruncated ? 1 : 0;
  return {2 * (nx_ / 2) - shift - cell.iu, 2 * (ny_ / 2) - shift - cell.iv};
}

bool DensityGrid::inside(const Cell& cell) const {
  return cell.iu >= 0 && cell.iu < nx_ && cell.iv >= 0 && cell.iv < ny_;
}

bool DensityGrid::kept(const Cell& cell) const {
  if (cells_ == DensityCells::kNearest && box_ == 0) return inside(cell);
  return cell.iu > box_ && cell.iu + box_ < nx_ && cell.iv > box_ && cell.iv + box_ < ny_;
}

std::size_t DensityGrid::slot(const Cell& cell) const {
  std::ptrdiff_t du = cell.iu - nx_ / 2;
  std::ptrdiff_t dv = cell.iv - ny_ / 2;
  if (dv < 0 || (dv == 0 && du < 0 && cells_ == DensityCells::kNearest)) {
    const Cell mirror = mirror_of(cell);
    du = mirror.iu - nx_ / 2;
    dv = mirror.iv - ny_ / 2;
  }
  return static_cast<std::size_t>(dv * (2 * (nx_ / 2) + 2) + du + nx_ / 2 + 1);
}

void DensityGrid::prefetch(const Cell& cell) const {
  if (inside(cell)) __builtin_prefetch(&half_plane_[slot(cell)], 1);
}

void DensityGrid::add(const WeightSamples& samples, int hands) {
  require_shapes("DensityGrid::add", samples.uvw_m, samples.freq_hz, samples.weight);
  require_hands("DensityGrid::add", hands);
  struct Added {
    Cell cell;
    double weight;
  };
  std::array<Added, kAhead> ahead;
  std::size_t waiting = 0;
  const auto add_waiting = [&] {
    for (std::size_t k = 0; k < waiting; ++k) add_to_cell(ahead[k].cell, ahead[k].weight);
    waiting = 0;
  };
  for (std::size_t row = 0; row < samples.uvw_m.extent(0); ++row) {
    for (std::size_t c = 0; c < samples.freq_hz.extent(0); ++c) {
      const float weight = samples.weight(row, c);
      if (!counts(weight)) {
        continue;
      }
      const double per_metre = samples.freq_hz(c) / kLightSpeed;
      const Cell cell =
          cell_of(samples.uvw_m(row, 0) * per_metre, samples.uvw_m(row, 1) * per_metre);
      if (kept(cell) || (cells_ == DensityCells::kTruncated && kept(mirror_of(cell)))) {
        prefetch(cell);
        ahead[waiting++] = {cell, static_cast<double>(weight) * hands};
        if (waiting == kAhead) add_waiting();
      }
    }
  }
  add_waiting();
}

void DensityGrid::add_to_cell(const Cell& cell, double added) {
  double& sum = half_plane_[slot(cell)];
  const Cell mirror = mirror_of(cell);
  const double halves = (kept(cell) ? 1 : 0) + (kept(mirror) ? 1 : 0);
  // How often the square of this element occurs among the cells of both halves.
  double times = halves;
  if (mirror.iu == cell.iu && mirror.iv == cell.iv) {
    times = 4;  // the middle cell holds twice its element
  }
  // The sum of a cube's density is that of its samples, whatever has a mirror on the grid.
  sum_of_weights_ += cells_ == DensityCells::kNearest ? 2 * added : halves * added;
  sum_of_squares_ += times * added * (2 * sum + added);
  sum += added;
}

double DensityGrid::added_at(const Cell& cell) const {
  if (!kept(cell)) {
    return 0;
  }
  const double sum = half_plane_[slot(cell)];
  const bool middle = cell.iu == nx_ / 2 && cell.iv == ny_ / 2;
  return middle && cells_ == DensityCells::kNearest ? 2 * sum : sum;  // it is its own mirror
}

double DensityGrid::density(std::ptrdiff_t iu, std::ptrdiff_t iv) const {
  if (!inside({iu, iv})) {
    return 0;
  }
  double sum = 0;
  for (std::ptrdiff_t v = iv - box_; v <= iv + box_; ++v) {
    for (std::ptrdiff_t u = iu - box_; u <= iu + box_; ++u) {
      sum += added_at({u, v});
    }
  }
  return sum;
}

void DensityGrid::require(const Weighting& weighting) const {
  const auto refuse = [](const char* why) {
    throw std::invalid_argument(std::string("DensityGrid::imaging_weights: ") + why);
  };
  const bool taper = weighting.scheme == WeightingScheme::kBriggsBwTaper;
  if (taper && !(weighting.fracbw > 0)) {
    refuse("briggsbwtaper needs a fractional bandwidth above 0");
  }
  if ((taper || weighting.scheme == WeightingScheme::kBriggs) && box_ > 0) {
    refuse("the sums of Briggs weighting are those of a grid without a box");
  }
  if (weighting.scheme == WeightingScheme::kBriggsAbs && weighting.robust == 0 &&
      weighting.noise_jy == 0) {
    refuse("briggsabs needs a robustness or a noise other than 0");
  }
}

namespace {

/// By how much the density counts less at `cells` from the origin, imaging.md 2.2.
double bandwidth_taper(double fracbw, double cells) {
  const double n = fracbw * cells;
  const double taper = n + 0.5;
  return taper < 1.5 ? (4 - n) / (4 - 2 * n) : taper;
}

}  // namespace

void DensityGrid::imaging_weights(const WeightSamples& samples, const Weighting& weighting,
                                  View<float, 2> out) const {
  require_shapes("DensityGrid::imaging_weights", samples.uvw_m, samples.freq_hz, samples.weight);
  require_same("DensityGrid::imaging_weights", samples.weight, out);
  require(weighting);
  if (weighting.scheme == WeightingScheme::kNatural) {
    natural_weights(samples.weight, out);
    return;
  }
  const bool tapered = weighting.scheme == WeightingScheme::kBriggsBwTaper;
  double f2 = 1;
  double d2 = 0;
  if (tapered || weighting.scheme == WeightingScheme::kBriggs) {
    f2 = sum_of_squares_ > 0
             ? briggs_numerator(weighting.robust) * sum_of_weights_ / sum_of_squares_
             : 0;
    d2 = 1;
  } else if (weighting.scheme == WeightingScheme::kBriggsAbs) {
    f2 = weighting.robust * weighting.robust;
    d2 = 2 * weighting.noise_jy * weighting.noise_jy;
  }
  struct Wanted {
    Cell cell;
    double weight;
    double taper;
    float* out;
  };
  std::array<Wanted, kAhead> ahead;
  std::size_t waiting = 0;
  const auto weigh_waiting = [&] {
    for (std::size_t k = 0; k < waiting; ++k) {
      const auto& [cell, weight, taper, result] = ahead[k];
      // The first line and column have no mirror on the grid and are left out.
      const double w = cell.iu > 0 && cell.iv > 0 ? density(cell.iu, cell.iv) : 0;
      const double reduced = w * f2 / taper + d2;
      *result = w > 0 && reduced > 0 ? static_cast<float>(weight / reduced) : 0.0F;
    }
    waiting = 0;
  };
  for (std::size_t row = 0; row < samples.uvw_m.extent(0); ++row) {
    for (std::size_t c = 0; c < samples.freq_hz.extent(0); ++c) {
      const float weight = samples.weight(row, c);
      if (!counts(weight)) {
        out(row, c) = 0;
        continue;
      }
      const double per_metre = samples.freq_hz(c) / kLightSpeed;
      const double u = samples.uvw_m(row, 0) * per_metre;
      const double v = samples.uvw_m(row, 1) * per_metre;
      const Cell cell = cell_of(u, v);
      prefetch(cell);
      const double taper =
          tapered ? bandwidth_taper(weighting.fracbw, std::hypot(u_scale_ * u, v_scale_ * v)) : 1;
      ahead[waiting++] = {cell, static_cast<double>(weight), taper, &out(row, c)};
      if (waiting == kAhead) weigh_waiting();
    }
  }
  weigh_waiting();
}

void radial_weights(const WeightSamples& samples, View<float, 2> out) {
  require_shapes("radial_weights", samples.uvw_m, samples.freq_hz, samples.weight);
  require_same("radial_weights", samples.weight, out);
  for (std::size_t row = 0; row < samples.uvw_m.extent(0); ++row) {
    const double metres = std::hypot(samples.uvw_m(row, 0), samples.uvw_m(row, 1));
    for (std::size_t c = 0; c < samples.freq_hz.extent(0); ++c) {
      const float weight = samples.weight(row, c);
      const double radius = metres * samples.freq_hz(c) / kLightSpeed;
      out(row, c) = counts(weight) && std::isfinite(radius)
                        ? static_cast<float>(static_cast<double>(weight) * radius)
                        : 0.0F;
    }
  }
}

void natural_weights(View<const float, 2> weight, View<float, 2> out) {
  require_same("natural_weights", weight, out);
  for (std::size_t row = 0; row < weight.extent(0); ++row) {
    for (std::size_t c = 0; c < weight.extent(1); ++c) {
      const float w = weight(row, c);
      out(row, c) = counts(w) ? w : 0.0F;
    }
  }
}

UvTaper UvTaper::from_image_fwhm(double major_rad, double minor_rad, double pa_rad) {
  if (!(major_rad >= 0) || !(minor_rad >= 0)) {
    throw std::invalid_argument("UvTaper: widths of " + std::to_string(major_rad) + " and " +
                                std::to_string(minor_rad) + " rad");
  }
  constexpr double kPerSquare = std::numbers::pi * std::numbers::pi / (4 * std::numbers::ln2);
  return {kPerSquare * major_rad * major_rad, kPerSquare * minor_rad * minor_rad, pa_rad};
}

UvTaper UvTaper::from_uv_hwhm(double major_lambda, double minor_lambda, double pa_rad) {
  if (!(major_lambda > 0) || !(minor_lambda > 0)) {
    throw std::invalid_argument("UvTaper: half widths of " + std::to_string(major_lambda) +
                                " and " + std::to_string(minor_lambda) + " wavelengths");
  }
  return {std::numbers::ln2 / (major_lambda * major_lambda),
          std::numbers::ln2 / (minor_lambda * minor_lambda), pa_rad};
}

double UvTaper::factor(double u_lambda, double v_lambda) const {
  const double along = std::sin(pa_rad) * u_lambda + std::cos(pa_rad) * v_lambda;
  const double across = -std::cos(pa_rad) * u_lambda + std::sin(pa_rad) * v_lambda;
  return std::exp(-a * along * along - b * across * across);
}

void apply_uvtaper(const UvTaper& taper, View<const double, 2> uvw_m, View<const double, 1> freq_hz,
                   View<float, 2> weight) {
  require_shapes("apply_uvtaper", uvw_m, freq_hz, weight);
  for (std::size_t row = 0; row < uvw_m.extent(0); ++row) {
    for (std::size_t c = 0; c < freq_hz.extent(0); ++c) {
      const double per_metre = freq_hz(c) / kLightSpeed;
      const double factor = taper.factor(uvw_m(row, 0) * per_metre, uvw_m(row, 1) * per_metre);
      weight(row, c) = static_cast<float>(static_cast<double>(weight(row, c)) * factor);
    }
  }
}

void SensitivitySum::add(View<const float, 2> natural, View<const float, 2> imaging, int hands) {
  require_same("SensitivitySum::add", natural, imaging);
  require_hands("SensitivitySum::add", hands);
  for (std::size_t row = 0; row < natural.extent(0); ++row) {
    for (std::size_t c = 0; c < natural.extent(1); ++c) {
      if (counts(natural(row, c)) && counts(imaging(row, c))) {
        const auto w = static_cast<double>(imaging(row, c));
        sum_imaging_ += hands * w;
        sum_variance_ += hands * w * w / static_cast<double>(natural(row, c));
      }
    }
  }
}

double SensitivitySum::value() const {
  return sum_imaging_ > 0 ? std::sqrt(sum_variance_) / sum_imaging_ : 0;
}

}  // namespace skymill::kernels
