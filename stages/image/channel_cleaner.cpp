// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/image/channel_cleaner.h>
#include <stages/image/minor_cycle.h>
#include <stages/kernels/beam_difference.h>
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

}  // namespace

struct ChannelCleaner::Impl {
  Impl(const ChannelTools& tools, const kernels::PlaneSamples& samples, int hands,
       const PlaneGivens& givens, const std::function<void()>& check)
      : tools_(tools),
        params_(tools.params),
        samples_(samples),
        hands_(hands),
        givens_(givens),
        check_(check),
        shape_{params_.imsize[1], params_.imsize[0]},
        cell_x_(-tools.cell_rad[0]),
        cell_y_(tools.cell_rad[1]),
        model_(givens.start) {}

  bool begin() {
    make_weights();
    check_();
    make_psf();
    if (out_.blank) return false;
    if (model_.empty()) {
      make_residual(samples_.vis);
    } else {
      subtract_model();
    }
    if (params_.niter > 0) {
      const Beam beam = out_.beam.value_or(Beam{-3 * cell_x_, 3 * cell_y_, 0});
      minor_.emplace(params_, givens_, psf(),
                     kernels::GaussianBeam{beam.major_rad, beam.minor_rad, beam.pa_rad}, cell_x_,
                     cell_y_, sidelobe_level_);
    } else {
      // With cleaning the first look measures it.
      summary().start_peak_jy = summary().peak_jy = peak({});
    }
    return true;
  }

  CleanedChannel finish() {
    if (out_.blank) return blank();
    if (minor_ && minor_->mask()) mask_ = *minor_->mask();
    minor_.reset();
    placed_.reset();
    finish_summary();
    restore();
    return std::move(out_);
  }

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
    summary().sumwt = hands_ * timed(Step::kPsf, [&] {
                        placed_ = tools_.gridder.place(weighted_);
                        return tools_.gridder.psf(weighted_, placed_.get(), psf());
                      });
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
    timed(Step::kDirty, [&] { tools_.gridder.dirty(with_vis, placed_.get(), residual()); });
    noise_.reset();
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
    subtract_model();
    ++summary().major_cycles;
  }

  void subtract_model() {
    if (!residual_) residual_ = tools_.planes.take();
    const auto& shape = samples_.vis.shape();
    residual_vis_.resize(shape[0] * shape[1]);
    const View<std::complex<float>, 2> left(residual_vis_.data(), shape);
    kernels::PlaneSamples geometry = weighted_;
    geometry.vis = {};
    timed(Step::kPredict, [&] {
      // The old residual has served: its memory is free until the new one is made.
      tools_.gridder.predict(model_, residual(), geometry, placed_.get(), left);
      for (std::size_t row = 0; row < shape[0]; ++row) {
        for (std::size_t channel = 0; channel < shape[1]; ++channel) {
          left(row, channel) = samples_.vis(row, channel) - left(row, channel);
        }
      }
    });
    make_residual(left);
  }

  PlaneLook look(double cyclethreshold) {
    MinorCycle& minor = *minor_;
    timed(Step::kMask,
          [&] { minor.update_mask(residual(), summary().iterations, cyclethreshold); });
    noise_ = minor.noise();
    PlaneLook now;
    now.peak_without_mask = peak({});
    if (minor.mask()) {
      summary().mask_pixels = kernels::count_pixels(*minor.mask());
      now.mask_sum = static_cast<double>(summary().mask_pixels);
      now.peak = peak(minor.mask());
    } else {
      now.peak = now.peak_without_mask;
    }
    if (params_.nsigma != 0) {
      const auto noise = noise_of_residual();
      now.nsigma_threshold = kernels::nsigma_threshold(params_.nsigma, noise.mad_rms, noise.median,
                                                       now.mask_sum.has_value());
    }
    now.ran_away = last_.diverged ||
                   (summary().major_cycles > 0 && now.peak_without_mask > kMaxGrowth * best_.peak);
    if (!now.ran_away) best_.offer(model_, now.peak_without_mask);
    summary().peak_jy = now.mask_sum && *now.mask_sum == 0 ? now.peak_without_mask : now.peak;
    if (summary().major_cycles == 0) summary().start_peak_jy = summary().peak_jy;
    return now;
  }

  /// Of all pixels, measured once for each residual.
  kernels::MedianAndDeviation noise_of_residual() {
    if (!noise_) {
      noise_ = timed(Step::kStatistics, [&] { return kernels::median_and_deviation(residual()); });
    }
    return *noise_;
  }

  std::size_t cycle(double depth, std::size_t iterations) {
    last_ =
        timed(Step::kMinor, [&] { return minor_->clean(residual(), model_, depth, iterations); });
    summary().iterations += last_.iterations;
    major_cycle();
    return last_.iterations;
  }

  void back_to_best() {
    model_ = best_.model;
    major_cycle();
    summary().peak_jy = peak({});
  }

  void finish_summary() {
    summary().rms_jy = noise_of_residual().mad_rms;
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

  /// The residual as it is in the image: its own, or convolved to the beam that is given.
  PooledPlane residual_for_image() {
    if (!givens_.beam || !out_.beam) return residual_;
    const auto gaussian = [](const Beam& beam) {
      return kernels::GaussianBeam{beam.major_rad, beam.minor_rad, beam.pa_rad};
    };
    const kernels::GaussianBeam target = gaussian(*givens_.beam);
    const kernels::GaussianBeam own = gaussian(*out_.beam);
    out_.own_residual = !kernels::beam_difference(target, own);
    PooledPlane wider = tools_.planes.take();
    const bool changed = kernels::convolve_to_beam(residual(), own, target, cell_x_, cell_y_,
                                                   View<float, 2>(wider.get(), shape_));
    return changed ? wider : residual_;
  }

  Plane restored() {
    const auto [ny, nx] = shape_;
    out_.restored = givens_.beam ? givens_.beam : out_.beam;
    const PooledPlane residual = residual_for_image();
    if (model_.empty() || !out_.restored) return held(residual, shape_);
    const kernels::GaussianBeam beam{out_.restored->major_rad, out_.restored->minor_rad,
                                     out_.restored->pa_rad};
    auto stamps = std::make_shared<kernels::StampedModel>(model_, shape_, beam, cell_x_, cell_y_);
    if (stamps->pays()) {
      return {[stamps, residual, nx = nx](std::size_t first, std::size_t rows, float* out) {
                std::copy_n(residual.get() + first * nx, rows * nx, out);
                stamps->add_to(first, View<float, 2>(out, {rows, nx}));
              },
              nx, ny,
              model_.size() * sizeof(kernels::ModelPixel) +
                  (residual == residual_ ? 0 : nx * ny * sizeof(float))};
    }
    // A model of blobs everywhere: transforms are cheaper, but they make the whole plane. It is not
    // the pool's, which would keep it beside all that later channels need.
    const PooledPlane image(new float[ny * nx]);
    {
      const std::unique_ptr<float[]> dense(new float[ny * nx]);
      kernels::write_rows(model_, 0, View<float, 2>(dense.get(), shape_));
      kernels::restore(View<const float, 2>(residual.get(), shape_),
                       View<const float, 2>(dense.get(), shape_), beam, cell_x_, cell_y_,
                       View<float, 2>(image.get(), shape_));
    }
    return held(image, shape_);
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
  const PlaneGivens& givens_;
  const std::function<void()>& check_;
  const Shape shape_;  ///< {ny, nx}
  const double cell_x_;
  const double cell_y_;
  kernels::PlaneSamples weighted_;
  std::vector<float> weights_;
  std::vector<std::complex<float>> residual_vis_;
  std::unique_ptr<PlaneGridder::Placed> placed_;
  PooledPlane psf_;
  PooledPlane residual_;
  kernels::SparseModel model_;
  kernels::PixelRuns mask_;
  std::optional<kernels::MedianAndDeviation> noise_;  ///< of the residual, once it is known
  std::optional<MinorCycle> minor_;
  MinorCycle::Result last_;
  BestModel best_;
  double sidelobe_level_ = 0;
  CleanedChannel out_;
};

ChannelCleaner::ChannelCleaner(const ChannelTools& tools, const kernels::PlaneSamples& samples,
                               int hands, const PlaneGivens& givens,
                               const std::function<void()>& check)
    : impl_(std::make_unique<Impl>(tools, samples, hands, givens, check)) {}

ChannelCleaner::~ChannelCleaner() = default;
ChannelCleaner::ChannelCleaner(ChannelCleaner&&) noexcept = default;

bool ChannelCleaner::begin() { return impl_->begin(); }
double ChannelCleaner::sidelobe_level() const { return impl_->sidelobe_level_; }
PlaneLook ChannelCleaner::look(double cyclethreshold) { return impl_->look(cyclethreshold); }
std::size_t ChannelCleaner::cycle(double depth, std::size_t iterations) {
  return impl_->cycle(depth, iterations);
}
void ChannelCleaner::back_to_best() { impl_->back_to_best(); }
void ChannelCleaner::stop(kernels::StopCode code) { impl_->summary().stop = code; }
CleanedChannel ChannelCleaner::finish() { return impl_->finish(); }

std::size_t cleaned_channel_bytes(const ImageParams& params) {
  const std::size_t plane = params.imsize[0] * params.imsize[1] * sizeof(float);
  // PSF and residual, and what the others are made from.
  const std::size_t model =
      params.deconvolver == "multiscale" || !params.startmodel.empty()
          ? plane / sizeof(float) * sizeof(kernels::ModelPixel) + 2 * plane
          : std::min(plane / sizeof(float), params.niter) * sizeof(kernels::ModelPixel);
  // With a beam for all planes the image has a residual of its own.
  const std::size_t wider = params.restoringbeam.empty() ? 0 : plane;
  return 2 * plane + 2 * model + wider + MinorCycle::mask_bytes(params);
}

std::size_t held_channel_bytes(const ImageParams& params, std::size_t samples) {
  const bool keeps_scales = params.niter > 0 && params.deconvolver == "multiscale";
  return cleaned_channel_bytes(params) + (keeps_scales ? MinorCycle::bytes(params) : 0) +
         (params.niter > 0 ? placed_bytes(params, samples) : 0) +
         samples * (sizeof(float) + sizeof(std::complex<float>));
}

std::size_t clean_channel_bytes(const ImageParams& params, std::size_t samples,
                                std::size_t gridder_bytes) {
  // A call of the gridder, a minor cycle and the density of weights follow one another.
  std::size_t scratch = std::max(gridder_bytes, ImagingWeights::scratch_bytes(params));
  if (params.niter > 0) {
    scratch = std::max(scratch, MinorCycle::bytes(params) + placed_bytes(params, samples));
  }
  return cleaned_channel_bytes(params) + scratch +
         samples * (sizeof(float) + sizeof(std::complex<float>));
}

}  // namespace skymill::radio
