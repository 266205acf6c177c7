// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/image/clean_channel.h>
#include <stages/kernels/beam_fit.h>
#include <stages/kernels/clean_control.h>
#include <stages/kernels/hogbom.h>
#include <stages/kernels/restore.h>
#include <stages/kernels/standard_gridder.h>
#include <stages/kernels/statistics.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace skymill::radio {

namespace {

using kernels::View;

constexpr double kMaxGrowth = 4;  ///< imaging.md 3.7: (peak - min)/min > 3 means divergence
constexpr float kMaxMinorGrowth = 1.5F;  ///< of the peak within one minor cycle

/// One channel on its way through the steps; `Real` is the precision of grids and transforms.
template <class Real>
class ChannelCleaner {
 public:
  ChannelCleaner(const kernels::PlaneSamples& samples, int hands,
                 const ImagingWeights& imaging_weights, const ImageParams& params,
                 const std::array<double, 2>& cell_rad, const std::function<void()>& check)
      : samples_(samples),
        hands_(hands),
        imaging_weights_(imaging_weights),
        params_(params),
        cell_x_(-cell_rad[0]),
        cell_y_(cell_rad[1]),
        check_(check),
        gridder_(params.imsize[0], params.imsize[1], cell_x_, cell_y_) {
    const std::size_t pixels = params.imsize[0] * params.imsize[1];
    for (auto* plane : {&out_.psf, &out_.residual, &out_.model, &out_.image}) {
      plane->assign(pixels, 0.0F);
    }
  }

  CleanedChannel run() {
    make_weights();
    check_();
    make_psf();
    if (out_.blank) return std::move(out_);
    make_residual(samples_.vis);
    out_.summary.start_peak_jy = peak();
    out_.summary.peak_jy = out_.summary.start_peak_jy;
    if (params_.niter > 0) clean();
    restore();
    finish_summary();
    return std::move(out_);
  }

 private:
  View<float, 2> plane(std::vector<float>& pixels) const {
    return {pixels.data(), {params_.imsize[1], params_.imsize[0]}};
  }

  void make_weights() {
    const auto& shape = samples_.weight.shape();
    weights_.resize(shape[0] * shape[1]);
    const View<float, 2> out(weights_.data(), shape);
    imaging_weights_.weights(samples_, hands_, out);
    kernels::SensitivitySum sensitivity;
    sensitivity.add(samples_.weight, out, hands_);
    out_.summary.sensitivity_jy = sensitivity.value();
    weighted_ = samples_;
    weighted_.weight = out;
  }

  void make_psf() {
    // The sum counts both hands of Stokes I, as tclean's does (imaging.md 2.4).
    out_.summary.sumwt = hands_ * gridder_.psf(weighted_, plane(out_.psf));
    const auto statistics = kernels::plane_statistics(plane(out_.psf));
    out_.blank = statistics.max_abs == 0;
    if (out_.blank) return;
    const auto fitted = kernels::fit_beam(plane(out_.psf), cell_x_, cell_y_, params_.psfcutoff);
    if (!fitted) return;
    out_.beam = Beam{fitted->major_rad, fitted->minor_rad, fitted->pa_rad};
    sidelobe_level_ = kernels::sidelobe_level(plane(out_.psf), *fitted, cell_x_, cell_y_);
  }

  void make_residual(View<const std::complex<float>, 2> vis) {
    kernels::PlaneSamples with_vis = weighted_;
    with_vis.vis = vis;
    gridder_.dirty(with_vis, plane(out_.residual));
    check_();
  }

  double peak() { return kernels::plane_statistics(plane(out_.residual)).max_abs; }

  void minor_cycle(double cyclethreshold) {
    kernels::HogbomOptions options;
    options.gain = static_cast<float>(params_.gain);
    options.threshold = static_cast<float>(cyclethreshold);
    options.max_iterations = kernels::iterations_of_cycle(
        params_.cycleniter ? static_cast<std::ptrdiff_t>(*params_.cycleniter) : -1, params_.niter,
        out_.summary.iterations);
    options.growth_limit = kMaxMinorGrowth;
    const auto result = kernels::hogbom(plane(out_.residual), plane(out_.psf), plane(out_.model),
                                        View<const float, 2>(), options);
    out_.summary.iterations += result.iterations;
    minor_iterations_ = result.iterations;
    minor_diverged_ = result.stop == kernels::HogbomStop::kDiverged;
  }

  void major_cycle() {
    const auto& shape = samples_.vis.shape();
    residual_vis_.resize(shape[0] * shape[1]);
    const View<std::complex<float>, 2> residual(residual_vis_.data(), shape);
    kernels::PlaneSamples geometry = weighted_;
    geometry.vis = {};
    gridder_.predict(plane(out_.model), geometry, residual);
    for (std::size_t row = 0; row < shape[0]; ++row) {
      for (std::size_t channel = 0; channel < shape[1]; ++channel) {
        residual(row, channel) = samples_.vis(row, channel) - residual(row, channel);
      }
    }
    make_residual(residual);
    ++out_.summary.major_cycles;
  }

  /// imaging.md 3.7 for one channel without a mask.
  StopCode stop_code(double before, double least) const {
    const CleanSummary& s = out_.summary;
    // First of all: a channel that ran away has often used up its iterations as well.
    if (minor_diverged_ || s.peak_jy > kMaxGrowth * least) return StopCode::diverged;
    StopCode code = StopCode::none;
    if (s.iterations >= params_.niter) code = StopCode::iterations;
    if (s.peak_jy <= 1.01 * params_.threshold) code = StopCode::threshold;
    if (code != StopCode::none) return code;
    if (s.major_cycles > 0) {
      if (minor_iterations_ == 0 || std::abs(s.peak_jy - before) < 1e-10) return StopCode::no_change;
    }
    if (params_.nmajor && s.major_cycles >= *params_.nmajor) return StopCode::major_limit;
    return StopCode::none;
  }

  void clean() {
    const kernels::CycleParameters cycle{params_.cyclefactor, params_.minpsffraction,
                                         params_.maxpsffraction, params_.threshold};
    double before = out_.summary.peak_jy;
    double least = before;
    std::vector<float> best_model = out_.model;
    for (;;) {
      out_.summary.stop = stop_code(before, least);
      if (out_.summary.stop == StopCode::diverged) {
        // A channel that ran away is restored from its best cycle (imaging.md 12).
        out_.model = std::move(best_model);
        major_cycle();
        out_.summary.peak_jy = peak();
      }
      if (out_.summary.stop != StopCode::none) return;
      before = out_.summary.peak_jy;
      minor_cycle(kernels::cyclethreshold(cycle, sidelobe_level_, before));
      major_cycle();
      out_.summary.peak_jy = peak();
      if (!minor_diverged_ && out_.summary.peak_jy <= least) {
        best_model = out_.model;
        least = out_.summary.peak_jy;
      }
    }
  }

  void restore() {
    const bool empty = std::all_of(out_.model.begin(), out_.model.end(),
                                   [](float value) { return value == 0; });
    if (empty || !out_.beam) {
      out_.image = out_.residual;
      return;
    }
    const kernels::GaussianBeam beam{out_.beam->major_rad, out_.beam->minor_rad,
                                     out_.beam->pa_rad};
    kernels::restore(plane(out_.residual), plane(out_.model), beam, cell_x_, cell_y_,
                     plane(out_.image));
  }

  void finish_summary() {
    out_.summary.rms_jy = kernels::mad_rms(plane(out_.residual));
    out_.summary.model_flux_jy = std::accumulate(out_.model.begin(), out_.model.end(), 0.0);
  }

  const kernels::PlaneSamples& samples_;
  const int hands_;
  const ImagingWeights& imaging_weights_;
  const ImageParams& params_;
  const double cell_x_;
  const double cell_y_;
  const std::function<void()>& check_;
  const kernels::StandardGridder<Real> gridder_;
  kernels::PlaneSamples weighted_;
  std::vector<float> weights_;
  std::vector<std::complex<float>> residual_vis_;
  double sidelobe_level_ = 0;
  std::size_t minor_iterations_ = 0;
  bool minor_diverged_ = false;
  CleanedChannel out_;
};

}  // namespace

const char* stop_text(StopCode code) {
  switch (code) {
    case StopCode::none: return "not cleaned";
    case StopCode::iterations: return "iteration limit";
    case StopCode::threshold: return "threshold reached";
    case StopCode::no_change: return "no change in a cycle";
    case StopCode::diverged: return "diverged";
    case StopCode::major_limit: return "major cycle limit";
  }
  return "not cleaned";
}

CleanedChannel clean_channel(const kernels::PlaneSamples& samples, int hands,
                             const ImagingWeights& imaging_weights, const ImageParams& params, const std::array<double, 2>& cell_rad,
                             const std::function<void()>& check) {
  if (params.precision == "double") {
    return ChannelCleaner<double>(samples, hands, imaging_weights, params, cell_rad, check).run();
  }
  return ChannelCleaner<float>(samples, hands, imaging_weights, params, cell_rad, check).run();
}

std::size_t clean_channel_bytes(const ImageParams& params, std::size_t samples) {
  const std::size_t nx = params.imsize[0];
  const std::size_t ny = params.imsize[1];
  const std::size_t pixels = nx * ny;
  const std::size_t grid = params.precision == "double"
                               ? kernels::StandardGridder<double>::footprint_bytes(nx, ny)
                               : kernels::StandardGridder<float>::footprint_bytes(nx, ny);
  // A median copies one plane; density grid and transforms are never held at once.
  const std::size_t density = ImagingWeights::scratch_bytes(params);
  const std::size_t scratch = std::max({grid, density, pixels * sizeof(float)});
  // psf, residual, model, image and the best model
  return 5 * pixels * sizeof(float) + scratch +
         samples * (sizeof(float) + sizeof(std::complex<float>));
}

}  // namespace skymill::radio
