// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/calibrate/point_model.h>

#include <cmath>

namespace skymill::radio {

namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kSpeedOfLight = 299792458;  // m/s
constexpr double kSameDirection = 1e-9;      // rad

}  // namespace

DirectionCosines direction_cosines(double ra_rad, double dec_rad, const Direction& centre) {
  const double d_ra = ra_rad - centre.ra_rad;
  DirectionCosines place;
  place.l = std::cos(dec_rad) * std::sin(d_ra);
  place.m = std::sin(dec_rad) * std::cos(centre.dec_rad) -
            std::cos(dec_rad) * std::sin(centre.dec_rad) * std::cos(d_ra);
  // n - 1 = cos θ - 1 = -2 sin²(θ/2), by the haversine formula.
  const double half_dec = std::sin((dec_rad - centre.dec_rad) / 2);
  const double half_ra = std::sin(d_ra / 2);
  place.n_minus_1 =
      -2 * (half_dec * half_dec + std::cos(dec_rad) * std::cos(centre.dec_rad) * half_ra * half_ra);
  return place;
}

PointModel::PointModel(const SolveParams& params, std::shared_ptr<const ObservationHeader> header)
    : header_(std::move(header)) {
  for (const DataDescription& description : header_->data_descriptions) {
    const SpectralWindow& window =
        header_->spectral_windows.at(static_cast<std::size_t>(description.spectral_window));
    std::vector<double> flux_jy;
    for (const double freq_hz : window.chan_freq_hz) {
      const double ratio = params.reference_frequency ? freq_hz / *params.reference_frequency : 1;
      flux_jy.push_back(params.flux * std::pow(ratio, params.spectral_index));
    }
    flux_jy_.push_back(std::move(flux_jy));
  }
  if (params.direction.empty()) return;
  for (const Field& field : header_->fields) {
    place_.push_back(direction_cosines(params.direction[0], params.direction[1], field.phase_dir));
  }
}

void PointModel::require_same_centre(std::size_t field) {
  if (!first_field_) first_field_ = field;
  if (field == *first_field_) return;
  const Field& first = header_->fields.at(*first_field_);
  const Field& other = header_->fields.at(field);
  const double d_ra = std::remainder(other.phase_dir.ra_rad - first.phase_dir.ra_rad, 2 * kPi);
  const double d_dec = other.phase_dir.dec_rad - first.phase_dir.dec_rad;
  if (std::abs(d_ra) < kSameDirection && std::abs(d_dec) < kSameDirection) return;
  throw Error(ErrorKind::input,
              "the calibrator cannot stand in the phase centre of all the data: fields '" +
                  first.name + "' and '" + other.name + "' have different ones",
              "give its direction, choose one field with the reader, or rephase the data");
}

const std::vector<std::complex<double>>& PointModel::row(const Visibilities& rows,
                                                         std::size_t row) {
  const auto description = static_cast<std::size_t>(rows.data_desc_id);
  const std::vector<double>& flux_jy = flux_jy_.at(description);
  const auto field = static_cast<std::size_t>(rows.field_id[row]);
  if (place_.empty()) {
    require_same_centre(field);
    values_.assign(flux_jy.begin(), flux_jy.end());
    return values_;
  }
  const DirectionCosines& place = place_.at(field);
  const double* uvw = &rows.uvw_m[3 * row];
  const double turns_per_hz =
      (uvw[0] * place.l + uvw[1] * place.m + uvw[2] * place.n_minus_1) / kSpeedOfLight;
  const SpectralWindow& window = header_->spectral_windows.at(
      static_cast<std::size_t>(header_->data_descriptions[description].spectral_window));
  values_.resize(flux_jy.size());
  for (std::size_t c = 0; c < flux_jy.size(); ++c) {
    const double turns = turns_per_hz * window.chan_freq_hz[c];
    values_[c] = std::polar(flux_jy[c], 2 * kPi * (turns - std::nearbyint(turns)));
  }
  return values_;
}

}  // namespace skymill::radio
