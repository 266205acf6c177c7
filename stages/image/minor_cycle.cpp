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

MinorCycle::MinorCycle(const ImageParams& params, const PlaneGivens& givens,
                       View<const float, 2> psf, const kernels::GaussianBeam& beam,
                       double cell_x_rad, double cell_y_rad, double sidelobe_level)
    : params_(params),
      givens_(givens),
      psf_(psf),
      beam_(beam),
      cell_x_(cell_x_rad),
      cell_y_(cell_y_rad),
      sidelobe_level_(sidelobe_level) {
  if (params.usemask == "auto-multithresh") {
    masker_.emplace(mask_options(params));
    mask_.emplace();
  } else {
    for (const auto* part : {&givens.user, &givens.pb, &givens.valid}) {
      if (*part) mask_ = mask_ ? kernels::intersection(*mask_, **part) : **part;
    }
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
  if (givens_.valid) plane.valid = &*givens_.valid;
  if (givens_.pb) plane.pb = &*givens_.pb;
  masker_->update(plane, *mask_);
  if (givens_.user) mask_ = kernels::intersection(*mask_, *givens_.user);
}

MinorCycle::Result MinorCycle::clean(View<float, 2> residual, kernels::SparseModel& model,
                                     double threshold, std::size_t iterations) {
  const auto gain = static_cast<float>(params_.gain);
  const auto limit = static_cast<float>(threshold);
  if (params_.deconvolver == "hogbom") {
    kernels::HogbomOptions options;
    options.gain = gain;
    options.threshold = limit;
    options.max_iterations = iterations;
    options.growth_limit = kMaxMinorGrowth;
    options.discard_residual = true;
    const auto r = kernels::hogbom(
        residual, psf_, mask_ ? *mask_ : kernels::masked_runs({}, residual.shape()), options);
    kernels::add_components(r.components, model);
    return {r.iterations, r.stop == kernels::HogbomStop::kDiverged};
  }
  // These two look at whole planes: the model becomes one for as long.
  std::vector<float> plane(residual.size());
  const View<float, 2> dense(plane.data(), residual.shape());
  kernels::write_rows(model, 0, dense);
  std::vector<float> mask_plane(mask_ ? residual.size() : 0);
  View<float, 2> mask;
  if (mask_) {
    mask = {mask_plane.data(), residual.shape()};
    kernels::write_rows(*mask_, 0, mask);
  }
  Result result;
  if (multiscale_) {
    const auto r = multiscale_->clean(residual, dense, mask,
                                      {gain, limit, iterations, params_.smallscalebias});
    result = {r.iterations, r.stop == kernels::HogbomStop::kDiverged};
  } else {
    const auto r = kernels::clark(
        residual, psf_, dense, mask,
        {gain, limit, iterations, beam_.major_rad / cell_y_, beam_.minor_rad / cell_y_});
    result = {r.iterations, r.stop == kernels::HogbomStop::kDiverged};
  }
  model = kernels::sparse_model(dense);
  return result;
}

std::size_t MinorCycle::mask_bytes(const ImageParams& params) {
  // Runs of a mask of many small islands; a mask is smooth, so runs are long.
  return !cleans_in_mask(params) ? 0 : params.imsize[0] * params.imsize[1] / 4 * sizeof(float);
}

std::size_t MinorCycle::bytes(const ImageParams& params) {
  const std::size_t pixels = params.imsize[0] * params.imsize[1];
  // A padded transform and its spectrum have nine quarters of a plane's pixels each, and a little.
  const std::size_t plane = pixels * sizeof(float);
  const std::size_t transform = 3 * plane;
  const bool masked = cleans_in_mask(params);
  std::size_t sum = 0;
  if (params.deconvolver == "multiscale") {
    const std::size_t scales = std::max<std::size_t>(1, params.scales.size());
    // Kernels and PSFs of every pair; in a cycle residuals and three more of each.
    sum = scales * transform + scales * (scales + 1) / 2 * plane + scales * plane +
          3 * (transform + plane);
  } else if (params.deconvolver == "clark") {
    sum = 4 * transform + 4 * plane;  // and the pixels of a pass before and after it
  }
  if (params.deconvolver != "hogbom") {
    sum += (masked ? 2 : 1) * plane;  // model and mask as planes
  } else {
    sum = plane / 4;  // the packed pixels of a small mask, or what lets subtractions wait
  }
  // While the mask is made, before a cycle: runs and smoothed values in double precision.
  return masked ? std::max(sum, 2 * plane) : sum;
}

}  // namespace skymill::radio
