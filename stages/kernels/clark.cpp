// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/clark.h>
#include <stages/kernels/masked_pixels.h>
#include <stages/kernels/minor_cycle_checks.h>
#include <stages/kernels/plane_convolver.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace skymill::kernels {

namespace {

constexpr std::size_t kMostActive = 32768;
constexpr std::size_t kMostPasses = 10;
constexpr double kDepth = 1.5 / 4.5;  // of a pass, in units of the largest sidelobe outside
constexpr double kLeastPatch = 4;     // pixels, a third of its side
constexpr float kMostGrowth = 1.1F;   // of the peak within a pass
constexpr float kShallowest = 0.9F;   // a pass takes at least the pixels above this part
constexpr float kSlower = 3;          // depth of the pass that follows one which failed
constexpr std::size_t kIterationsAfterFailure = 10;
// Pixels that a subtraction of one component may touch at the price of a transform's share.
constexpr std::size_t kTransformCost = 60;

using Signed = std::ptrdiff_t;
using Pixel = std::pair<std::size_t, std::size_t>;  // y, x

/// Offsets -half..half of the PSF around its centre, clipped to the plane.
struct Patch {
  Signed half_y = 0;
  Signed half_x = 0;

  bool holds(Signed dy, Signed dx) const {
    return std::abs(dy) <= half_y && std::abs(dx) <= half_x;
  }
};

Patch patch_for(View<const float, 2> psf, const ClarkOptions& options) {
  const double third = std::max(
      {kLeastPatch, std::ceil(options.beam_major_pixels), std::ceil(options.beam_minor_pixels)});
  const auto half = static_cast<Signed>((3 * third + 1) / 2);
  return {std::min(half, static_cast<Signed>((psf.extent(0) - 1) / 2)),
          std::min(half, static_cast<Signed>((psf.extent(1) - 1) / 2))};
}

float largest_outside(View<const float, 2> psf, const Patch& patch) {
  const auto half_y = static_cast<Signed>(psf.extent(0) / 2);
  const auto half_x = static_cast<Signed>(psf.extent(1) / 2);
  float largest = 0;
  for (Signed y = 0; y < static_cast<Signed>(psf.extent(0)); ++y) {
    for (Signed x = 0; x < static_cast<Signed>(psf.extent(1)); ++x) {
      const float value = std::abs(psf(y, x));
      if (!patch.holds(y - half_y, x - half_x) && value > largest) {
        largest = value;
      }
    }
  }
  return largest;
}

/// The pixels that the components of a pass may come from, in order of rows.
class ActivePixels {
 public:
  /// Those brighter than the limit, the brightest when there are too many: limit() says how far.
  ActivePixels(const MaskedPixels& pixels, float limit) : limit_(limit) {
    std::vector<float> heights;
    pixels.for_each([&](std::size_t, std::size_t, float value) {
      if (std::abs(value) > limit) {
        heights.push_back(std::abs(value));
      }
    });
    if (heights.size() > kMostActive) {
      const auto last = heights.begin() + static_cast<Signed>(kMostActive);
      std::nth_element(heights.begin(), last, heights.end(), std::greater<>());
      limit_ = *last;
    }
    pixels.for_each([&](std::size_t x, std::size_t y, float value) {
      if (std::abs(value) > limit_) {
        at_.push_back({y, x});
        value_.push_back(value);
      }
    });
  }

  bool empty() const { return at_.empty(); }
  float limit() const { return limit_; }

  /// Number of the first pixel with the largest |value|.
  std::size_t brightest() const {
    const auto fainter = [](float a, float b) { return std::abs(a) < std::abs(b); };
    return static_cast<std::size_t>(std::max_element(value_.begin(), value_.end(), fainter) -
                                    value_.begin());
  }

  const Pixel& at(std::size_t k) const { return at_[k]; }
  float value(std::size_t k) const { return value_[k]; }

  void subtract(View<const float, 2> psf, const Patch& patch, const Pixel& centre, float flux) {
    const auto py = static_cast<Signed>(centre.first);
    const auto px = static_cast<Signed>(centre.second);
    const auto half_y = static_cast<Signed>(psf.extent(0) / 2);
    const auto half_x = static_cast<Signed>(psf.extent(1) / 2);
    const auto before = [](const Pixel& pixel, Signed y) {
      return static_cast<Signed>(pixel.first) < y;
    };
    auto k = static_cast<std::size_t>(
        std::lower_bound(at_.begin(), at_.end(), py - patch.half_y, before) - at_.begin());
    for (; k < at_.size() && static_cast<Signed>(at_[k].first) <= py + patch.half_y; ++k) {
      const Signed dx = static_cast<Signed>(at_[k].second) - px;
      if (std::abs(dx) <= patch.half_x) {
        value_[k] -= flux * psf(static_cast<Signed>(at_[k].first) - py + half_y, dx + half_x);
      }
    }
  }

 private:
  float limit_;
  std::vector<Pixel> at_;
  std::vector<float> value_;
};

/// Takes the components of one pass off the masked pixels with the whole PSF.
class WholePsf {
 public:
  explicit WholePsf(View<const float, 2> psf) : psf_(psf) {}

  void subtract(const std::map<Pixel, float>& components, MaskedPixels& pixels) {
    if (components.size() * pixels.size() < kTransformCost * psf_.size()) {
      for (const auto& [at, flux] : components) {
        pixels.subtract(psf_, at.second, at.first, flux);
      }
      return;
    }
    if (!convolver_) {
      convolver_.emplace(psf_.extent(0), psf_.extent(1));
      spectrum_ = convolver_->of_kernel(psf_);
    }
    std::vector<float> plane(psf_.size());
    const View<float, 2> view(plane.data(), psf_.shape());
    for (const auto& [at, flux] : components) {
      view(at.first, at.second) = flux;
    }
    auto product = PlaneConvolver::multiply(convolver_->of_plane(view), spectrum_);
    convolver_->to_plane(product, view);
    pixels.subtract(View<const float, 2>(view));
  }

 private:
  View<const float, 2> psf_;
  std::optional<PlaneConvolver> convolver_;
  PlaneConvolver::Spectrum spectrum_;
};

/// Iterations of a pass: a PSF with high sidelobes outside of its patch is not trusted for many.
std::size_t most_iterations(float outside, bool after_failure) {
  if (after_failure) {
    return kIterationsAfterFailure;
  }
  return outside > 0.5F ? 5 : outside > 0.35F ? 50 : static_cast<std::size_t>(-1);
}

/// One plane on its way through the passes.
class Clark {
 public:
  Clark(View<float, 2> residual, View<const float, 2> psf, View<const float, 2> mask,
        const ClarkOptions& options)
      : options_(options),
        psf_(psf),
        patch_(patch_for(psf, options)),
        outside_(largest_outside(psf, patch_)),
        pixels_(residual, masked_runs(mask, residual.shape())),
        whole_(psf) {}

  ClarkResult run(View<float, 2> residual, View<float, 2> model) {
    result_.start_peak = result_.peak = std::abs(pixels_.peak().value);
    float depth = static_cast<float>(kDepth) * outside_;
    bool failed = false;
    bool careful = false;
    while (!stopped()) {
      const std::size_t end =
          result_.iterations + std::min(options_.max_iterations - result_.iterations,
                                        most_iterations(outside_, careful));
      const MaskedPixels before = pixels_;
      const auto components = find_components(std::min(depth, kShallowest) * result_.peak, end);
      whole_.subtract(components, pixels_);
      ++result_.passes;
      const float peak = std::abs(pixels_.peak().value);
      careful = peak > result_.peak;
      if (careful) {
        pixels_ = before;
        depth *= kSlower;
        if (failed) {
          result_.stop =
              result_.peak < result_.start_peak ? HogbomStop::kIterations : HogbomStop::kDiverged;
          break;
        }
        failed = true;
        continue;
      }
      result_.peak = peak;
      for (const auto& [at, flux] : components) {
        model(at.first, at.second) += flux;
      }
    }
    pixels_.write(residual);
    return result_;
  }

 private:
  bool stopped() {
    if (pixels_.size() == 0) {
      result_.stop = HogbomStop::kEmptyMask;
    } else if (std::isinf(result_.peak)) {
      result_.stop = HogbomStop::kDiverged;
    } else if (result_.peak < options_.threshold || result_.peak == 0) {
      result_.stop = HogbomStop::kThreshold;
    } else if (result_.iterations >= options_.max_iterations || result_.passes == kMostPasses) {
      result_.stop = HogbomStop::kIterations;
    } else {
      return false;
    }
    return true;
  }

  /// Components down to the limit with the patch alone, until `end` iterations are done.
  std::map<Pixel, float> find_components(float limit, std::size_t end) {
    ActivePixels active(pixels_, std::max(limit, options_.threshold));
    std::map<Pixel, float> components;
    for (; result_.iterations < end; ++result_.iterations) {
      const std::size_t k = active.brightest();
      const float height = active.empty() ? 0 : std::abs(active.value(k));
      // A patch is no PSF: what it does may grow without end.
      if (!(height > active.limit()) || height > kMostGrowth * result_.peak) {
        break;
      }
      const float flux = options_.gain * active.value(k);
      const Pixel at = active.at(k);
      components[at] += flux;
      active.subtract(psf_, patch_, at, flux);
    }
    return components;
  }

  const ClarkOptions& options_;
  View<const float, 2> psf_;
  Patch patch_;
  float outside_;
  MaskedPixels pixels_;
  WholePsf whole_;
  ClarkResult result_;
};

}  // namespace

ClarkResult clark(View<float, 2> residual, View<const float, 2> psf, View<float, 2> model,
                  View<const float, 2> mask, const ClarkOptions& options) {
  require_planes("clark", residual, psf, model, mask);
  require_gain_and_threshold("clark", options.gain, options.threshold);
  return Clark(residual, psf, mask, options).run(residual, model);
}

}  // namespace skymill::kernels
