// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/units.h>
#include <stages/image/imaging_weights.h>

#include <cmath>

namespace skymill::radio {

namespace {

constexpr std::size_t kUsualBox = 3;  ///< of superuniform when npixels is 0

kernels::WeightingScheme scheme_of(const std::string& weighting) {
  using kernels::WeightingScheme;
  if (weighting == "uniform" || weighting == "superuniform") return WeightingScheme::kUniform;
  if (weighting == "briggs") return WeightingScheme::kBriggs;
  if (weighting == "briggsabs") return WeightingScheme::kBriggsAbs;
  if (weighting == "briggsbwtaper") return WeightingScheme::kBriggsBwTaper;
  return WeightingScheme::kNatural;
}

bool has_density(const ImageParams& params) {
  return params.weighting != "natural" && params.weighting != "radial";
}

kernels::WeightSamples natural(const kernels::PlaneSamples& plane) {
  return {plane.uvw_m, plane.freq_hz, plane.weight};
}

/// The value in `unit`, or nothing when the text is a quantity of something else.
std::optional<double> quantity(const std::string& text, const char* unit) {
  try {
    return parse_quantity(text, unit);
  } catch (const QuantityError& error) {
    if (error.reason() == QuantityError::Reason::other_dimension) return std::nullopt;
    throw Error(ErrorKind::description, "uvtaper '" + text + "': " + error.what(), error.hint());
  }
}

[[noreturn]] void refuse_taper(const std::string& what) {
  throw Error(ErrorKind::description, what,
              "give one width, or major axis, minor axis and position angle, such as 1arcsec or "
              "[20klambda, 10klambda, 30deg]");
}

}  // namespace

std::optional<kernels::UvTaper> parse_uvtaper(const std::vector<std::string>& texts) {
  if (texts.empty()) return std::nullopt;
  if (texts.size() != 1 && texts.size() != 3) {
    refuse_taper("uvtaper has " + std::to_string(texts.size()) + " values, not one or three");
  }
  const std::string& minor_text = texts.size() == 3 ? texts[1] : texts[0];
  const double pa_rad = texts.size() == 3 ? quantity(texts[2], "rad").value_or(std::nan("")) : 0.0;
  const auto major = quantity(texts[0], "lambda");
  const auto minor = quantity(minor_text, "lambda");
  if (std::isfinite(pa_rad) && major && minor && *major > 0 && *minor > 0) {
    return kernels::UvTaper::from_uv_hwhm(*major, *minor, pa_rad);
  }
  if (std::isfinite(pa_rad) && !major && !minor) {
    const auto major_rad = quantity(texts[0], "rad");
    const auto minor_rad = quantity(minor_text, "rad");
    if (major_rad && minor_rad && *major_rad >= 0 && *minor_rad >= 0) {
      return kernels::UvTaper::from_image_fwhm(*major_rad, *minor_rad, pa_rad);
    }
  }
  std::string all;
  for (const std::string& text : texts) all += (all.empty() ? "" : ", ") + text;
  refuse_taper("uvtaper [" + all + "] is no taper");
}

ImagingWeights::ImagingWeights(const ImageParams& params, const std::array<double, 2>& cell_rad,
                               double fracbw)
    : imsize_(params.imsize),
      cell_rad_(cell_rad),
      weighting_{scheme_of(params.weighting), params.robust, params.noise,
                 params.fracbw.value_or(fracbw)},
      radial_(params.weighting == "radial"),
      taper_(parse_uvtaper(params.uvtaper)),
      joint_(has_density(params) && !params.perchanweightdensity) {
  if (weighting_.scheme == kernels::WeightingScheme::kBriggsBwTaper && !(weighting_.fracbw > 0)) {
    throw Error(ErrorKind::description, "briggsbwtaper has no bandwidth with one plane",
                "give fracbw, the fractional bandwidth of the full cube");
  }
  if (params.weighting == "superuniform") box_ = params.npixels > 0 ? params.npixels : kUsualBox;
}

kernels::DensityGrid ImagingWeights::grid(kernels::DensityCells cells) const {
  return {imsize_[0], imsize_[1], -cell_rad_[0], cell_rad_[1], cells, box_};
}

void ImagingWeights::add(const kernels::PlaneSamples& plane) {
  if (!density_) density_.emplace(grid(kernels::DensityCells::kTruncated));
  density_->add(natural(plane), 1);
}

void ImagingWeights::weights(const kernels::PlaneSamples& plane, int hands,
                             kernels::View<float, 2> out) const {
  const kernels::WeightSamples samples = natural(plane);
  if (radial_) {
    kernels::radial_weights(samples, out);
  } else if (weighting_.scheme == kernels::WeightingScheme::kNatural) {
    kernels::natural_weights(plane.weight, out);
  } else if (joint_) {
    density_->imaging_weights(samples, weighting_, out);
  } else {
    kernels::DensityGrid density = grid(kernels::DensityCells::kNearest);
    density.add(samples, hands);
    density.imaging_weights(samples, weighting_, out);
  }
  if (taper_) kernels::apply_uvtaper(*taper_, plane.uvw_m, plane.freq_hz, out);
}

std::size_t ImagingWeights::joint_bytes(const ImageParams& params) {
  return has_density(params) && !params.perchanweightdensity
             ? kernels::DensityGrid::footprint_bytes(params.imsize[0], params.imsize[1])
             : 0;
}

std::size_t ImagingWeights::scratch_bytes(const ImageParams& params) {
  return has_density(params) && params.perchanweightdensity
             ? kernels::DensityGrid::footprint_bytes(params.imsize[0], params.imsize[1])
             : 0;
}

}  // namespace skymill::radio
