// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/image/clean_channel.h>
#include <stages/image/minor_cycle.h>
#include <stages/kernels/beam_fit.h>
#include <stages/kernels/clean_control.h>
#include <stages/kernels/restore.h>
#include <stages/kernels/sparse_model.h>
#include <stages/kernels/statistics.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace skymill::radio {

namespace {

using kernels::View;
using Shape = std::array<std::size_t, 2>;

constexpr double kMaxGrowth = 4;  ///< imaging.md 3.7: (peak - min)/min > 3 means divergence

Plane held(PooledPlane pixels, const Shape& shape) {
  const auto [ny, nx] = shape;
  return {[pixels = std::move(pixels), nx = nx](std::size_t first, std::size_t rows, float* out) {
            std::copy_n(pixels.get() + first * nx, rows * nx, out);
          },
          nx, ny, nx * ny * sizeof(float)};
}

/// The model of the cycle with the least peak, to which a channel that runs away goes back
/// (imaging.md 12).
struct BestModel {
  kernels::SparseModel model;
  double peak = std::numeric_limits<double>::infinity();

  void offer(const kernels::SparseModel& other, double other_peak) {
    if (!(other_peak <= peak)) return;  // no number is never the least
    model = other;
    peak = other_peak;
  }
};

/// One channel on its way through the steps. Only the PSF and the residual are ever held whole.
class ChannelCleaner {
 public:
  ChannelCleaner(const ChannelTools& tools, const kernels::PlaneSamples& samples, int hands,
                 const std::function<void()>& check)
      : tools_(tools),
        params_(tools.params),
        samples_(samples),
        hands_(hands),
        check_(check),
        shape_{params_.imsize[1], params_.imsize[0]},
        cell_x_(-tools.cell_rad[0]),
        cell_y_(tools.cell_rad[1]) {}

  CleanedChannel run() {
    make_weights();
    check_();
    make_psf();
    if (out_.blank) return blank();
    make_residual(samples_.vis);
    summary().start_peak_jy = peak({});
    summary().peak_jy = summary().start_peak_jy;
    if (params_.niter > 0) clean();
    finish_summary();
    restore();
    return std::move(out_);
  }

 private:
  CleanSummary& summary() { return out_.summary; }

  template <class Work>
  decltype(auto) timed(Step step, const Work& work) {
    return summary().clock.time(step, work);
  }

  View<float, 2> psf() const { return {psf_.get(), shape_}; }
  View<float, 2> residual() const { return {residual_.get(), shape_}; }

  void make_weights() {
    const auto& shape = samples_.weight.shape();
    weights_.resize(shape[0] * shape[1]);
    const View<float, 2> out(weights_.data(), shape);
    timed(Step::kWeights, [&] {
      tools_.weights.weights(samples_, hands_, out);
      kernels::SensitivitySum sensitivity;
      sensitivity.add(samples_.weight, out, hands_);
      summary().sensitivity_jy = sensitivity.value();
    });
    weighted_ = samples_;
    weighted_.weight = out;
  }

  void make_psf() {
    psf_ = tools_.planes.take();
    // The sum counts both hands of Stokes I, as tclean's does (imaging.md 2.4).
    summary().sumwt =
        hands_ * timed(Step::kPsf, [&] { return tools_.gridder.psf(weighted_, psf()); });
    // A PSF is 1 in its middle, or zero everywhere.
    out_.blank = psf()(shape_[0] / 2, shape_[1] / 2) == 0;
    if (out_.blank) return;
    timed(Step::kBeam, [&] {
      const auto fitted = kernels::fit_beam(psf(), cell_x_, cell_y_, params_.psfcutoff);
      if (!fitted) return;
      out_.beam = Beam{fitted->major_rad, fitted->minor_rad, fitted->pa_rad};
      sidelobe_level_ = kernels::sidelobe_level(psf(), *fitted, cell_x_, cell_y_);
    });
  }

  void make_residual(View<const std::complex<float>, 2> vis) {
    if (!residual_) residual_ = tools_.planes.take();
    kernels::PlaneSamples with_vis = weighted_;
    with_vis.vis = vis;
    timed(Step::kDirty, [&] { tools_.gridder.dirty(with_vis, residual()); });
    check_();
  }

  /// Largest |residual| in the runs, or of all pixels.
  double peak(const std::optional<kernels::PixelRuns>& runs) {
    return timed(Step::kStatistics, [&] {
      return static_cast<double>(runs ? kernels::max_abs(residual(), *runs)
                                      : kernels::max_abs(residual()));
    });
  }

  void major_cycle() {
    const auto& shape = samples_.vis.shape();
    residual_vis_.resize(shape[0] * shape[1]);
    const View<std::complex<float>, 2> left(residual_vis_.data(), shape);
    kernels::PlaneSamples geometry = weighted_;
    geometry.vis = {};
    timed(Step::kPredict, [&] {
      // The old residual has served: its memory is free until the new one is made.
      tools_.gridder.predict(model_, residual(), geometry, left);
      for (std::size_t row = 0; row < shape[0]; ++row) {
        for (std::size_t channel = 0; channel < shape[1]; ++channel) {
          left(row, channel) = samples_.vis(row, channel) - left(row, channel);
        }
      }
    });
    make_residual(left);
    ++summary().major_cycles;
  }

  /// Makes the mask and measures what the stop test asks for, in the order of imaging.md 4.5.
  kernels::CleanState state(MinorCycle& minor, double cyclethreshold) {
    timed(Step::kMask,
          [&] { minor.update_mask(residual(), summary().iterations, cyclethreshold); });
    kernels::CleanState now;
    now.iterations = summary().iterations;
    now.major_cycles = summary().major_cycles;
    now.peak_without_mask = peak({});
    if (minor.mask()) {
      summary().mask_pixels = kernels::count_pixels(*minor.mask());
      now.mask_sum = static_cast<double>(summary().mask_pixels);
    }
    // Without a pixel in the mask the peak is that of all pixels (imaging.md 3.6).
    now.peak = summary().mask_pixels > 0 ? peak(minor.mask()) : now.peak_without_mask;
    if (params_.nsigma != 0) {
      const auto noise =
          timed(Step::kStatistics, [&] { return kernels::median_and_deviation(residual()); });
      now.nsigma_threshold = kernels::nsigma_threshold(params_.nsigma, noise.mad_rms, noise.median,
                                                       now.mask_sum.has_value());
    }
    return now;
  }

  void clean() {
    const kernels::CycleParameters cycle = MinorCycle::depths(params_);
    const Beam beam = out_.beam.value_or(Beam{-3 * cell_x_, 3 * cell_y_, 0});
    MinorCycle minor(params_, psf(), {beam.major_rad, beam.minor_rad, beam.pa_rad}, cell_x_,
                     cell_y_, sidelobe_level_);
    kernels::StopTest test({params_.niter, params_.threshold, params_.nsigma, params_.nmajor});
    BestModel best;
    MinorCycle::Result last;
    double depth = 0;
    for (;;) {
      const kernels::CleanState now = state(minor, depth);
      CleanSummary& s = summary();
      s.peak_jy = now.peak;
      // First of all: a channel that ran away has often used up its iterations as well.
      const bool ran_away =
          last.diverged || (s.major_cycles > 0 && now.peak_without_mask > kMaxGrowth * best.peak);
      s.stop = ran_away ? kernels::StopCode::kRiseOverMin : test.check(now);
      if (s.stop == kernels::StopCode::kNone && s.major_cycles > 0 && last.iterations == 0) {
        s.stop = kernels::StopCode::kNoChange;
      }
      if (s.major_cycles == 0) s.start_peak_jy = now.peak;
      if (kernels::is_divergence(s.stop)) {
        // A channel that ran away is restored from its best cycle (imaging.md 12).
        model_ = best.model;
        major_cycle();
        s.peak_jy = peak({});
      }
      if (s.stop != kernels::StopCode::kNone) break;
      best.offer(model_, now.peak_without_mask);
      depth =
          std::max(kernels::cyclethreshold(cycle, sidelobe_level_, now.peak), now.nsigma_threshold);
      last = timed(Step::kMinor, [&] {
        return minor.clean(residual(), model_, depth,
                           kernels::iterations_of_cycle(cycleniter(), params_.niter, s.iterations));
      });
      s.iterations += last.iterations;
      major_cycle();
    }
    if (minor.mask()) mask_ = *minor.mask();
  }

  std::ptrdiff_t cycleniter() const {
    return params_.cycleniter ? static_cast<std::ptrdiff_t>(*params_.cycleniter) : -1;
  }

  void finish_summary() {
    summary().rms_jy = timed(Step::kStatistics, [&] { return kernels::mad_rms(residual()); });
    for (const kernels::ModelPixel& pixel : model_) {
      summary().model_flux_jy += static_cast<double>(pixel.flux);
    }
  }

  void restore() {
    out_.psf = held(psf_, shape_);
    out_.residual = held(residual_, shape_);
    out_.image = timed(Step::kRestore, [&] { return restored(); });
    out_.mask = mask_plane(std::move(mask_));
    out_.model = model_plane(std::move(model_));
  }

  Plane restored() {
    const auto [ny, nx] = shape_;
    if (model_.empty() || !out_.beam) return held(residual_, shape_);
    const kernels::GaussianBeam beam{out_.beam->major_rad, out_.beam->minor_rad, out_.beam->pa_rad};
    auto stamps = std::make_shared<kernels::StampedModel>(model_, shape_, beam, cell_x_, cell_y_);
    if (stamps->pays()) {
      return {
          [stamps, residual = residual_, nx = nx](std::size_t first, std::size_t rows, float* out) {
            std::copy_n(residual.get() + first * nx, rows * nx, out);
            stamps->add_to(first, View<float, 2>(out, {rows, nx}));
          },
          nx, ny, model_.size() * sizeof(kernels::ModelPixel)};
    }
    // A model of blobs everywhere: transforms are cheaper, but they make the whole plane.
    PooledPlane dense = tools_.planes.take();
    PooledPlane image = tools_.planes.take();
    kernels::write_rows(model_, 0, View<float, 2>(dense.get(), shape_));
    kernels::restore(residual(), View<const float, 2>(dense.get(), shape_), beam, cell_x_, cell_y_,
                     View<float, 2>(image.get(), shape_));
    return held(std::move(image), shape_);
  }

  Plane mask_plane(kernels::PixelRuns runs) const {
    const auto [ny, nx] = shape_;
    const std::size_t bytes = runs.size() * sizeof(kernels::PixelRun);
    return {[runs = std::make_shared<const kernels::PixelRuns>(std::move(runs)), nx = nx](
                std::size_t first, std::size_t rows, float* out) {
              kernels::write_rows(*runs, first, View<float, 2>(out, {rows, nx}));
            },
            nx, ny, bytes};
  }

  Plane model_plane(kernels::SparseModel model) const {
    const auto [ny, nx] = shape_;
    const std::size_t bytes = model.size() * sizeof(kernels::ModelPixel);
    return {[model = std::make_shared<const kernels::SparseModel>(std::move(model)), nx = nx](
                std::size_t first, std::size_t rows, float* out) {
              kernels::write_rows(*model, first, View<float, 2>(out, {rows, nx}));
            },
            nx, ny, bytes};
  }

  /// Products of zeros that take no memory.
  CleanedChannel blank() {
    for (Plane* plane : {&out_.psf, &out_.residual, &out_.model, &out_.image}) {
      *plane = model_plane({});
    }
    out_.mask = mask_plane({});
    return std::move(out_);
  }

  const ChannelTools& tools_;
  const ImageParams& params_;
  const kernels::PlaneSamples& samples_;
  const int hands_;
  const std::function<void()>& check_;
  const Shape shape_;  ///< {ny, nx}
  const double cell_x_;
  const double cell_y_;
  kernels::PlaneSamples weighted_;
  std::vector<float> weights_;
  std::vector<std::complex<float>> residual_vis_;
  PooledPlane psf_;
  PooledPlane residual_;
  kernels::SparseModel model_;
  kernels::PixelRuns mask_;
  double sidelobe_level_ = 0;
  CleanedChannel out_;
};

}  // namespace

CleanedChannel clean_channel(const ChannelTools& tools, const kernels::PlaneSamples& samples,
                             int hands, const std::function<void()>& check) {
  return ChannelCleaner(tools, samples, hands, check).run();
}

std::size_t cleaned_channel_bytes(const ImageParams& params) {
  const std::size_t plane = params.imsize[0] * params.imsize[1] * sizeof(float);
  // PSF and residual, and what the others are made from.
  const std::size_t model =
      params.deconvolver == "multiscale"
          ? plane / sizeof(float) * sizeof(kernels::ModelPixel) + 2 * plane
          : std::min(plane / sizeof(float), params.niter) * sizeof(kernels::ModelPixel);
  return 2 * plane + 2 * model + MinorCycle::mask_bytes(params);
}

std::size_t clean_channel_bytes(const ImageParams& params, std::size_t samples,
                                std::size_t gridder_bytes) {
  // A call of the gridder, a minor cycle and the density of weights follow one another.
  std::size_t scratch = std::max(gridder_bytes, ImagingWeights::scratch_bytes(params));
  if (params.niter > 0) scratch = std::max(scratch, MinorCycle::bytes(params));
  return cleaned_channel_bytes(params) + scratch +
         samples * (sizeof(float) + sizeof(std::complex<float>));
}

}  // namespace skymill::radio
