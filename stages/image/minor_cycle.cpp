// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/image/minor_cycle.h>
#include <stages/kernels/clark.h>
#include <stages/kernels/hogbom.h>

#include <algorithm>

namespace skymill::radio {

namespace {

using kernels::View;

constexpr float kMaxMinorGrowth = 1.5F;  ///< of the peak within one minor cycle

kernels::AutoMultithreshOptions mask_options(const ImageParams& p) {
  kernels::AutoMultithreshOptions o;
  o.sidelobethreshold = p.sidelobethreshold;
  o.noisethreshold = p.noisethreshold;
  o.lownoisethreshold = p.lownoisethreshold;
  o.negativethreshold = p.negativethreshold;
  o.smoothfactor = p.smoothfactor;
  o.minbeamfrac = p.minbeamfrac;
  o.cutthreshold = p.cutthreshold;
  o.growiterations = p.growiterations;
  o.dogrowprune = p.dogrowprune;
  o.minpercentchange = p.minpercentchange;
  o.fastnoise = p.fastnoise;
  return o;
}

}  // namespace

MinorCycle::MinorCycle(const ImageParams& params, View<const float, 2> psf,
                       const kernels::GaussianBeam& beam, double cell_x_rad, double cell_y_rad,
                       double sidelobe_level)
    : params_(params),
      psf_(psf),
      beam_(beam),
      cell_x_(cell_x_rad),
      cell_y_(cell_y_rad),
      sidelobe_level_(sidelobe_level) {
  if (params.usemask == "auto-multithresh") {
    masker_.emplace(mask_options(params));
    mask_.assign(psf.size(), 0.0F);
  }
  if (params.deconvolver == "multiscale") multiscale_.emplace(psf, params.scales);
}

void MinorCycle::update_mask(View<const float, 2> residual, std::size_t iterations_done,
                             double cyclethreshold) {
  if (!masker_) return;
  kernels::AutoMultithreshPlane plane;
  plane.residual = residual;
  plane.sidelobe_level = sidelobe_level_;
  plane.beam = beam_;
  plane.cell_x_rad = cell_x_;
  plane.cell_y_rad = cell_y_;
  plane.iterations_done = iterations_done;
  plane.cyclethreshold = cyclethreshold;
  plane.threshold = params_.threshold;
  mask_pixels_ = masker_->update(plane, View<float, 2>(mask_.data(), residual.shape())).pixels;
}

View<const float, 2> MinorCycle::mask() const {
  return masker_ ? View<const float, 2>(mask_.data(), psf_.shape()) : View<const float, 2>();
}

std::optional<double> MinorCycle::mask_pixels() const {
  return masker_ ? std::optional<double>(static_cast<double>(mask_pixels_)) : std::nullopt;
}

MinorCycle::Result MinorCycle::clean(View<float, 2> residual, View<float, 2> model,
                                     double threshold, std::size_t iterations) {
  const auto gain = static_cast<float>(params_.gain);
  const auto limit = static_cast<float>(threshold);
  if (multiscale_) {
    const auto r = multiscale_->clean(residual, model, mask(),
                                      {gain, limit, iterations, params_.smallscalebias});
    return {r.iterations, r.stop == kernels::HogbomStop::kDiverged};
  }
  if (params_.deconvolver == "clark") {
    const auto r = kernels::clark(
        residual, psf_, model, mask(),
        {gain, limit, iterations, beam_.major_rad / cell_y_, beam_.minor_rad / cell_y_});
    return {r.iterations, r.stop == kernels::HogbomStop::kDiverged};
  }
  kernels::HogbomOptions options;
  options.gain = gain;
  options.threshold = limit;
  options.max_iterations = iterations;
  options.growth_limit = kMaxMinorGrowth;
  options.in_mask_only = true;
  const auto r = kernels::hogbom(residual, psf_, model, mask(), options);
  return {r.iterations, r.stop == kernels::HogbomStop::kDiverged};
}

std::size_t MinorCycle::bytes(const ImageParams& params) {
  const std::size_t pixels = params.imsize[0] * params.imsize[1];
  // A padded transform and its spectrum have nine quarters of a plane's pixels each, and a little.
  const std::size_t plane = pixels * sizeof(float);
  const std::size_t transform = 3 * plane;
  const bool masked = params.usemask != "none";
  std::size_t sum = 0;
  if (params.deconvolver == "multiscale") {
    const std::size_t scales = std::max<std::size_t>(1, params.scales.size());
    // Kernels and PSFs of every pair; in a cycle residuals and three more of each.
    sum = scales * transform + scales * (scales + 1) / 2 * plane + scales * plane +
          3 * (transform + plane);
  } else if (params.deconvolver == "clark") {
    sum = 4 * transform + 4 * plane;  // and the pixels of a pass before and after it
  } else if (masked) {
    sum = plane;  // the packed pixels
  }
  if (masked) {
    sum += 4 * plane;  // the mask; smoothed values, in double precision, and runs
  }
  return sum;
}

}  // namespace skymill::radio
