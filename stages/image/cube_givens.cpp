// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/image/cube_givens.h>
#include <stages/sky/dish_pointing.h>

namespace skymill::radio {

namespace {

constexpr double kUsualPbmask = 0.2;  // where the beam has its part in a mask that nobody drew

/// Which parameter asks for a primary beam that must be known; empty: none.
std::string needs_beam(const ImageParams& params) {
  if (params.usemask == "pb") return "usemask pb";
  if (params.pbmask.value_or(0) > 0) return "pbmask";
  if (params.pointing_dec) return "pointing_dec";
  return params.pbcor ? "pbcor" : "";
}

}  // namespace

CubeGivens::CubeGivens(const ImageParams& params, const ObservationHeader& header,
                       const ImageHeader& cube, Lanes& lanes)
    : params_(params), image_(cube), dish_(dish_beam(header)) {
  const std::string asking = needs_beam(params);
  if (asking.empty() && !knows_pointing(header, params.pointing_dec)) dish_.reset();
  if (dish_) {
    standing_dec_rad_ = standing_declination(header, params.pointing_dec);
    set_pointings({{header.fields.front().phase_dir}});
  }
  if (!dish_ && !asking.empty()) {
    throw Error(ErrorKind::input,
                asking + " needs the primary beam, but '" + header.source +
                    "' does not give the diameter of its antennas, and that of '" +
                    header.telescope + "' is not known",
                "set DISH_DIAMETER in the ANTENNA table");
  }
  const bool drawn = params.usemask == "none" || params.usemask == "user";
  pbmask_ = params.pbmask.value_or(drawn ? 0 : kUsualPbmask);
  if (!params.mask.empty()) mask_.emplace(params.mask, cube, lanes);
  if (!params.startmodel.empty()) start_.emplace(params.startmodel, cube, lanes);
}

void CubeGivens::set_pointings(const std::vector<BeamPointing>& pointings) {
  beams_.emplace(*dish_, image_, pointings);
}

std::vector<std::string> CubeGivens::paths() const {
  std::vector<std::string> paths = mask_ ? mask_->paths() : std::vector<std::string>();
  if (start_) paths.push_back(start_->path());
  return paths;
}

void CubeGivens::load() {
  if (mask_) mask_->load();
}

PlaneGivens CubeGivens::of(std::size_t plane) const {
  PlaneGivens givens;
  if (mask_) givens.user = mask_->runs(plane);
  if (beams_ && params_.pblimit >= 0) {
    givens.valid = beams_->above(image_.chan_freq_hz[plane], params_.pblimit);
  }
  if (beams_ && pbmask_ > 0) givens.pb = beams_->above(image_.chan_freq_hz[plane], pbmask_);
  if (start_) givens.start = start_->of(plane);
  return givens;
}

Plane CubeGivens::limited(const Plane& plane, std::size_t number) const {
  if (!beams_ || params_.pblimit < 0) return plane;
  return beams_->limited(plane, image_.chan_freq_hz[number], params_.pblimit);
}

Plane CubeGivens::pb(std::size_t number) const {
  return beams_->pb(image_.chan_freq_hz[number], params_.pblimit);
}

Plane CubeGivens::corrected(const Plane& image, std::size_t number) const {
  return beams_->corrected(image, image_.chan_freq_hz[number], params_.pblimit);
}

}  // namespace skymill::radio
