// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/image/clean_channel.h>
#include <stages/image/minor_cycle.h>
#include <stages/kernels/beam_fit.h>
#include <stages/kernels/best_model.h>
#include <stages/kernels/clean_control.h>
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
    out_.summary.start_peak_jy = peak({});
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

  double peak(View<const float, 2> mask) {
    return kernels::plane_statistics(plane(out_.residual), mask).max_abs;
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

  /// Makes the mask and measures what the stop test asks for, in the order of imaging.md 4.5.
  kernels::CleanState state(MinorCycle& minor, double cyclethreshold) {
    minor.update_mask(plane(out_.residual), out_.summary.iterations, cyclethreshold);
    kernels::CleanState now;
    now.iterations = out_.summary.iterations;
    now.major_cycles = out_.summary.major_cycles;
    now.peak_without_mask = peak({});
    now.mask_sum = minor.mask_pixels();
    // Without a pixel in the mask the peak is that of all pixels (imaging.md 3.6).
    now.peak = now.mask_sum.value_or(0) > 0 ? peak(minor.mask()) : now.peak_without_mask;
    if (params_.nsigma != 0) {
      const auto noise = kernels::median_and_deviation(plane(out_.residual));
      now.nsigma_threshold = kernels::nsigma_threshold(params_.nsigma, noise.mad_rms, noise.median,
                                                       now.mask_sum.has_value());
    }
    return now;
  }

  void clean() {
    const kernels::CycleParameters cycle{params_.cyclefactor, params_.minpsffraction,
                                         params_.maxpsffraction, params_.threshold};
    const Beam beam = out_.beam.value_or(Beam{-3 * cell_x_, 3 * cell_y_, 0});
    MinorCycle minor(params_, plane(out_.psf), {beam.major_rad, beam.minor_rad, beam.pa_rad},
                     cell_x_, cell_y_, sidelobe_level_);
    kernels::StopTest test({params_.niter, params_.threshold, params_.nsigma, params_.nmajor});
    kernels::BestModel best;
    MinorCycle::Result last;
    double depth = 0;
    for (;;) {
      const kernels::CleanState now = state(minor, depth);
      CleanSummary& s = out_.summary;
      s.peak_jy = now.peak;
      // First of all: a channel that ran away has often used up its iterations as well.
      const bool ran_away =
          last.diverged || (s.major_cycles > 0 && now.peak_without_mask > kMaxGrowth * best.peak());
      s.stop = ran_away ? kernels::StopCode::kRiseOverMin : test.check(now);
      if (s.stop == kernels::StopCode::kNone && s.major_cycles > 0 && last.iterations == 0) {
        s.stop = kernels::StopCode::kNoChange;
      }
      if (s.major_cycles == 0) s.start_peak_jy = now.peak;
      if (kernels::is_divergence(s.stop)) {
        // A channel that ran away is restored from its best cycle (imaging.md 12).
        best.put_back(plane(out_.model));
        major_cycle();
        s.peak_jy = peak({});
      }
      if (s.stop != kernels::StopCode::kNone) break;
      best.offer(plane(out_.model), now.peak_without_mask);
      depth =
          std::max(kernels::cyclethreshold(cycle, sidelobe_level_, now.peak), now.nsigma_threshold);
      last = minor.clean(plane(out_.residual), plane(out_.model), depth,
                         kernels::iterations_of_cycle(cycleniter(), params_.niter, s.iterations));
      s.iterations += last.iterations;
      major_cycle();
    }
    out_.mask = minor.take_mask();
  }

  std::ptrdiff_t cycleniter() const {
    return params_.cycleniter ? static_cast<std::ptrdiff_t>(*params_.cycleniter) : -1;
  }

  void restore() {
    const bool empty =
        std::all_of(out_.model.begin(), out_.model.end(), [](float value) { return value == 0; });
    if (empty || !out_.beam) {
      out_.image = out_.residual;
      return;
    }
    const kernels::GaussianBeam beam{out_.beam->major_rad, out_.beam->minor_rad, out_.beam->pa_rad};
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
  CleanedChannel out_;
};

}  // namespace

CleanedChannel clean_channel(const kernels::PlaneSamples& samples, int hands,
                             const ImagingWeights& imaging_weights, const ImageParams& params,
                             const std::array<double, 2>& cell_rad,
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
  std::size_t cleaning = 0;
  if (params.niter > 0) {
    const std::size_t components =
        params.deconvolver == "multiscale" ? pixels : std::min(pixels, params.niter);
    cleaning = MinorCycle::bytes(params) + kernels::BestModel::bytes(components);
  }
  // psf, residual, model and image
  return 4 * pixels * sizeof(float) + scratch + cleaning +
         samples * (sizeof(float) + sizeof(std::complex<float>));
}

}  // namespace skymill::radio
