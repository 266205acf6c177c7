// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/minor_cycle_checks.h>
#include <stages/kernels/multiscale.h>
#include <stages/kernels/spheroidal.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>

namespace skymill::kernels {

namespace {

constexpr float kMaskCut = 0.9F;     // of the mask convolved with a scale
constexpr double kEdge = 1.5;        // scales that stay free at the image's edges
constexpr float kMostGrowth = 1.5F;  // of a component's strength over the first

std::size_t number_of_pair(std::size_t i, std::size_t j) {
  return i >= j ? i * (i + 1) / 2 + j : j * (j + 1) / 2 + i;
}

PixelRuns without_edges(const PixelRuns& runs, std::size_t width,
                                    const std::array<std::size_t, 2>& shape) {
  PixelRuns inner;
  for (PixelRun run : runs) {
    run.first = std::max(run.first, width);
    run.end = std::min(run.end, shape[1] > width ? shape[1] - width : 0);
    if (run.y >= width && run.y + width < shape[0] && run.first < run.end) {
      inner.push_back(run);
    }
  }
  return inner;
}

void add_kernel(const std::vector<float>& kernel, std::size_t side, const PeakPixel& at, float flux,
                View<float, 2> plane) {
  for (std::size_t ky = 0; ky < side; ++ky) {
    for (std::size_t kx = 0; kx < side; ++kx) {
      // Unsigned numbers below zero are beyond any plane.
      const std::size_t y = at.y + ky - side / 2;
      const std::size_t x = at.x + kx - side / 2;
      if (y < plane.extent(0) && x < plane.extent(1)) {
        plane(y, x) += flux * kernel[ky * side + kx];
      }
    }
  }
}

void add(float factor, View<const float, 2> from, View<float, 2> to) {
  for (std::size_t y = 0; y < to.extent(0); ++y) {
    for (std::size_t x = 0; x < to.extent(1); ++x) {
      to(y, x) += factor * from(y, x);
    }
  }
}

}  // namespace

std::vector<float> scale_kernel(double scale, std::size_t& side) {
  const auto reach = static_cast<std::ptrdiff_t>(std::ceil(scale));
  side = static_cast<std::size_t>(2 * reach + 1);
  std::vector<double> heights;
  double sum = 0;
  for (std::ptrdiff_t y = -reach; y <= reach; ++y) {
    for (std::ptrdiff_t x = -reach; x <= reach; ++x) {
      const double distance = std::hypot(static_cast<double>(x), static_cast<double>(y));
      const double rho = distance == 0 ? 0 : distance / scale;
      heights.push_back(rho < 1 ? (1 - rho * rho) * spheroidal(rho) : 0.0);
      sum += heights.back();
    }
  }
  std::vector<float> kernel;
  for (const double height : heights) {
    kernel.push_back(static_cast<float>(height / sum));
  }
  return kernel;
}

Multiscale::Multiscale(View<const float, 2> psf, std::vector<double> scales)
    : psf_(psf), scales_(std::move(scales)), convolver_(psf.extent(0), psf.extent(1)) {
  if (scales_.empty()) {
    scales_.push_back(0);
  }
  std::sort(scales_.begin(), scales_.end());
  const std::size_t ny = psf.extent(0);
  const std::size_t nx = psf.extent(1);
  const double most = static_cast<double>(std::min(ny, nx)) / 4;
  if (!(scales_.front() >= 0) || !(scales_.back() <= most)) {
    throw std::invalid_argument("multiscale: scales of " + std::to_string(scales_.front()) +
                                " to " + std::to_string(scales_.back()) +
                                " pixels; they must lie between 0 and " + std::to_string(most));
  }
  for (const double scale : scales_) {
    Scale part;
    part.kernel = scale_kernel(scale, part.side);
    part.spectrum = convolver_.of_small_kernel({part.kernel.data(), {part.side, part.side}});
    parts_.push_back(std::move(part));
  }
  const auto spectrum = convolver_.of_plane(psf);
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    std::vector<float> once(ny * nx);
    auto product = PlaneConvolver::multiply(spectrum, parts_[i].spectrum);
    convolver_.to_plane(product, {once.data(), {ny, nx}});
    const auto spectrum_once = convolver_.of_plane({once.data(), {ny, nx}});
    for (std::size_t j = 0; j <= i; ++j) {
      std::vector<float> twice(ny * nx);
      auto both = PlaneConvolver::multiply(spectrum_once, parts_[j].spectrum);
      convolver_.to_plane(both, {twice.data(), {ny, nx}});
      crossed_.push_back(std::move(twice));
    }
    parts_[i].peak = crossed(i, i)(ny / 2, nx / 2);
    if (!(parts_[i].peak > 0)) {
      throw std::invalid_argument("multiscale: the PSF at a scale of " +
                                  std::to_string(scales_[i]) + " pixels has a peak of " +
                                  std::to_string(parts_[i].peak));
    }
  }
}

View<const float, 2> Multiscale::crossed(std::size_t i, std::size_t j) const {
  return {crossed_[number_of_pair(i, j)].data(), psf_.shape()};
}

PixelRuns Multiscale::cleanable(std::size_t i, View<const float, 2> mask) {
  const auto width = static_cast<std::size_t>(kEdge * scales_[i]) + 1;
  if (mask.data() == nullptr || scales_[i] == 0) {
    return without_edges(masked_runs(mask, psf_.shape()), width, psf_.shape());
  }
  std::vector<float> smoothed(psf_.size());
  const View<float, 2> view(smoothed.data(), psf_.shape());
  auto product = PlaneConvolver::multiply(convolver_.of_plane(mask), parts_[i].spectrum);
  convolver_.to_plane(product, view);
  for (float& value : smoothed) {
    value = value > kMaskCut ? 1.0F : 0.0F;
  }
  return without_edges(masked_runs(view, psf_.shape()), width, psf_.shape());
}

std::vector<MaskedPixels> Multiscale::smoothed(View<const float, 2> residual,
                                               View<const float, 2> mask) {
  std::vector<MaskedPixels> result;
  const auto spectrum = convolver_.of_plane(residual);
  std::vector<float> plane(residual.size());
  const View<float, 2> view(plane.data(), residual.shape());
  for (std::size_t i = 0; i < scales_.size(); ++i) {
    if (scales_[i] == 0) {
      result.emplace_back(residual, cleanable(i, mask));
    } else {
      auto product = PlaneConvolver::multiply(spectrum, parts_[i].spectrum);
      convolver_.to_plane(product, view);
      result.emplace_back(view, cleanable(i, mask));
    }
  }
  return result;
}

Multiscale::Choice Multiscale::strongest(const std::vector<MaskedPixels>& smoothed,
                                         double bias) const {
  Choice best;
  double most = -1;
  for (std::size_t i = 0; i < scales_.size(); ++i) {
    const PeakPixel peak = smoothed[i].peak();
    const double weight = scales_.back() > 0 ? 1 - bias * scales_[i] / scales_.back() : 1;
    const auto height = static_cast<double>(peak.value);
    const double metric = weight * height * height / static_cast<double>(parts_[i].peak);
    if (metric > most) {
      most = metric;
      best = {i, peak, peak.value / parts_[i].peak};
    }
  }
  return best;
}

void Multiscale::find_components(std::vector<MaskedPixels>& smoothed,
                                 const MultiscaleOptions& options, View<float, 2> found,
                                 MultiscaleResult& result) const {
  const double bias = std::clamp(options.smallscalebias, -1.0, 1.0);
  Choice choice = strongest(smoothed, bias);
  const float first = std::abs(choice.strength);
  while (true) {
    const float strength = std::abs(choice.strength);
    if (std::isinf(strength) || strength > kMostGrowth * first) {
      result.stop = HogbomStop::kDiverged;
      return;
    }
    if (strength < options.threshold || strength == 0) {
      result.stop = HogbomStop::kThreshold;
      return;
    }
    if (result.iterations == options.max_iterations) {
      result.stop = HogbomStop::kIterations;
      return;
    }
    const float flux = options.gain * choice.strength;
    const Scale& scale = parts_[choice.scale];
    add_kernel(scale.kernel, scale.side, choice.peak, flux, found);
    for (std::size_t j = 0; j < scales_.size(); ++j) {
      smoothed[j].subtract(crossed(choice.scale, j), choice.peak.x, choice.peak.y, flux);
    }
    ++result.components[choice.scale];
    ++result.iterations;
    choice = strongest(smoothed, bias);
  }
}

MultiscaleResult Multiscale::clean(View<float, 2> residual, View<float, 2> model,
                                   View<const float, 2> mask, const MultiscaleOptions& options) {
  require_planes("multiscale", residual, psf_, model, mask);
  require_gain_and_threshold("multiscale", options.gain, options.threshold);
  MultiscaleResult result;
  result.components.assign(scales_.size(), 0);
  const auto peak_in_mask = [&] {
    return std::abs(MaskedPixels(residual, masked_runs(mask, residual.shape())).peak().value);
  };
  result.start_peak = result.peak = peak_in_mask();
  std::vector<MaskedPixels> pixels = smoothed(residual, mask);
  if (std::all_of(pixels.begin(), pixels.end(), [](const auto& p) { return p.size() == 0; })) {
    result.stop = HogbomStop::kEmptyMask;
    return result;
  }
  std::vector<float> plane(residual.size());
  const View<float, 2> found(plane.data(), residual.shape());
  find_components(pixels, options, found, result);
  if (result.iterations == 0) {
    return result;
  }
  add(1, found, model);
  auto product = PlaneConvolver::multiply(convolver_.of_plane(found), convolver_.of_kernel(psf_));
  convolver_.to_plane(product, found);
  add(-1, found, residual);
  result.peak = peak_in_mask();
  return result;
}

}  // namespace skymill::kernels
