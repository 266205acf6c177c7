// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/image/minor_cycle.h>
#include <stages/kernels/clark.h>
#include <stages/kernels/hogbom.h>

#include <algorithm>

namespace skymill::radio {

namespace {

using kernels::View;

constexpr float kMaxMinorGrowth = 1.5F;  ///< of the peak within one minor cycle
constexpr double kDepthInMask = 0.05;    ///< of its first peak
// A component is taken off as far as half an image away. Sidelobes beyond stay until the major
// cycle, and without a mask a deep minor cycle cleans them too, all over the image: sources lose
// several times the flux that WSClean, with such PSFs and this depth, has them lose.
constexpr double kDepthEverywhere = 0.2;

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
    mask_.emplace();
  }
  if (params.deconvolver == "multiscale") multiscale_.emplace(psf, params.scales);
}

kernels::CycleParameters MinorCycle::depths(const ImageParams& params) {
  const double fraction = params.usemask == "none" ? kDepthEverywhere : kDepthInMask;
  return {params.cyclefactor,
          params.minpsffraction.value_or(std::min(fraction, params.maxpsffraction)),
          params.maxpsffraction, params.threshold};
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
  masker_->update(plane, *mask_);
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
    options.in_mask_only = true;
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
  return params.usemask == "none" ? 0 : params.imsize[0] * params.imsize[1] / 4 * sizeof(float);
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
  }
  if (params.deconvolver != "hogbom") {
    sum += (masked ? 2 : 1) * plane;  // model and mask as planes
  } else if (masked) {
    sum = plane;  // the packed pixels, or the mask as a plane where nearly all is inside
  }
  // While the mask is made, before a cycle: runs and smoothed values in double precision.
  return masked ? std::max(sum, 2 * plane) : sum;
}

}  // namespace skymill::radio
