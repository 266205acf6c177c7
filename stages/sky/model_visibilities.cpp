// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/units.h>
#include <stages/sky/model_visibilities.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <utility>

namespace skymill::radio {

namespace {

constexpr double kPi = std::numbers::pi;
constexpr double kSpeedOfLight = 299792458;     // m/s
constexpr double kSameDirection = 1e-9;         // rad
constexpr double kEvenHz = 1e-3;                // 1e-6 rad after a delay of 30 km
constexpr double kCalibratorReach = kPi / 18;   // a calibrator farther off is of another field
constexpr std::size_t kLanes = 8;               // channels side by side
constexpr std::size_t kSeedEvery = 8 * kLanes;  // channels: rounding adds up on the way

/// The step from channel to channel, if it is the same everywhere.
std::optional<double> even_step_hz(const std::vector<double>& freq_hz) {
  if (freq_hz.size() < 2) return std::nullopt;
  const double step_hz =
      (freq_hz.back() - freq_hz.front()) / static_cast<double>(freq_hz.size() - 1);
  for (std::size_t c = 0; c < freq_hz.size(); ++c) {
    const double off_hz = freq_hz[c] - freq_hz[0] - static_cast<double>(c) * step_hz;
    if (std::abs(off_hz) > kEvenHz) return std::nullopt;
  }
  return step_hz;
}

/// exp(2πi turns); whole turns are dropped first, with which the sine would lose digits.
std::complex<double> phasor(double turns) {
  const double phase = 2 * kPi * (turns - std::nearbyint(turns));
  return {std::cos(phase), std::sin(phase)};
}

/// Adds flux[c] exp(2πi turns_per_hz freq[c]) for channels at uneven steps.
void add_uneven(const double* flux_jy, const double* freq_hz, std::size_t count,
                double turns_per_hz, double* re, double* im) {
  for (std::size_t c = 0; c < count; ++c) {
    const std::complex<double> value = flux_jy[c] * phasor(turns_per_hz * freq_hz[c]);
    re[c] += value.real();
    im[c] += value.imag();
  }
}

/// The same for channels at even steps: phasors of eight channels are turned to the next eight,
/// anew from the frequency every few times.
void add_even(const double* flux_jy, const double* freq_hz, std::size_t count, double turns_per_hz,
              double step_hz, double* re, double* im) {
  std::array<double, kLanes> ahead_re{}, ahead_im{};  // of k steps
  for (std::size_t k = 0; k < kLanes; ++k) {
    const std::complex<double> turn = phasor(turns_per_hz * step_hz * static_cast<double>(k));
    ahead_re[k] = turn.real();
    ahead_im[k] = turn.imag();
  }
  const std::complex<double> stride = phasor(turns_per_hz * step_hz * static_cast<double>(kLanes));
  const double stride_re = stride.real(), stride_im = stride.imag();
  for (std::size_t block = 0; block < count; block += kSeedEvery) {
    const std::complex<double> seed = phasor(turns_per_hz * freq_hz[block]);
    std::array<double, kLanes> at_re{}, at_im{};
    for (std::size_t k = 0; k < kLanes; ++k) {
      at_re[k] = seed.real() * ahead_re[k] - seed.imag() * ahead_im[k];
      at_im[k] = seed.real() * ahead_im[k] + seed.imag() * ahead_re[k];
    }
    const std::size_t end = std::min(block + kSeedEvery, count);
    std::size_t c = block;
    for (; c + kLanes <= end; c += kLanes) {
      for (std::size_t k = 0; k < kLanes; ++k) {
        re[c + k] += flux_jy[c + k] * at_re[k];
        im[c + k] += flux_jy[c + k] * at_im[k];
        const double turned = at_re[k] * stride_re - at_im[k] * stride_im;
        at_im[k] = at_re[k] * stride_im + at_im[k] * stride_re;
        at_re[k] = turned;
      }
    }
    for (std::size_t k = 0; c < end; ++c, ++k) {
      re[c] += flux_jy[c] * at_re[k];
      im[c] += flux_jy[c] * at_im[k];
    }
  }
}

/// A Gaussian's loss at a baseline is exp(-loss ν²).
double loss_per_hz2(const Component& shape, const double* uvw_m) {
  const double sin_pa = std::sin(shape.pa_rad), cos_pa = std::cos(shape.pa_rad);
  const double along = (uvw_m[0] * sin_pa + uvw_m[1] * cos_pa) / kSpeedOfLight;
  const double across = (uvw_m[0] * cos_pa - uvw_m[1] * sin_pa) / kSpeedOfLight;
  const double a = along * shape.major_rad, b = across * shape.minor_rad;
  return kPi * kPi / (4 * std::numbers::ln2) * (a * a + b * b);
}

}  // namespace

ModelVisibilities::ModelVisibilities(ModelSky sky, const ModelParams& params,
                                     std::shared_ptr<const ObservationHeader> header)
    : sky_(std::move(sky)), header_(std::move(header)) {
  for (std::size_t dd = 0; dd < header_->data_descriptions.size(); ++dd) {
    step_hz_.push_back(even_step_hz(channels_of(dd)));
  }
  for (std::size_t k = 0; k < sky_.components.size(); ++k) add_component(k);
  if (sky_.image) add_image(*sky_.image);
  sky_.image.reset();
  if (params.primary_beam != "none") beam_.emplace(header_, params.pointing_dec);
}

const std::vector<double>& ModelVisibilities::channels_of(std::size_t description) const {
  return header_->spectral_windows
      .at(static_cast<std::size_t>(header_->data_descriptions.at(description).spectral_window))
      .chan_freq_hz;
}

std::vector<DirectionCosines> ModelVisibilities::places_of(const Direction& direction) const {
  std::vector<DirectionCosines> places;
  for (const Field& field : header_->fields) {
    places.push_back(direction_cosines(direction.ra_rad, direction.dec_rad, field.phase_dir));
  }
  return places;
}

void ModelVisibilities::add_component(std::size_t number) {
  const Component& component = sky_.components[number];
  Source source;
  source.component = number;
  source.gaussian = component.gaussian();
  for (std::size_t dd = 0; dd < header_->data_descriptions.size(); ++dd) {
    std::vector<double>& flux_jy = source.flux_jy.emplace_back();
    for (const double freq_hz : channels_of(dd)) {
      flux_jy.push_back(component.flux_jy_at(freq_hz, sky_.reference_hz));
    }
  }
  if (component.direction) {
    source.place = places_of(*component.direction);
  } else {
    const double off_squared = component.l * component.l + component.m * component.m;
    source.from_centre = true;
    source.place = {{component.l, component.m, -off_squared / (1 + std::sqrt(1 - off_squared))}};
  }
  sources_.push_back(std::move(source));
}

void ModelVisibilities::add_image(const ModelImage& image) {
  for (const Direction& direction : image.directions) {
    Source& source = sources_.emplace_back();
    source.place = places_of(direction);
    source.component = sky_.components.size();
    source.flux_jy.resize(header_->data_descriptions.size());
  }
  const std::size_t first = sources_.size() - image.directions.size();
  for (std::size_t dd = 0; dd < header_->data_descriptions.size(); ++dd) {
    const std::vector<double>& freq_hz = channels_of(dd);
    for (const ModelImage::Plane& plane : image.planes) {
      for (std::size_t c = 0; c < freq_hz.size(); ++c) {
        if (freq_hz[c] < plane.low_hz || freq_hz[c] >= plane.high_hz) continue;
        for (std::size_t k = 0; k < plane.pixel.size(); ++k) {
          std::vector<double>& flux_jy = sources_[first + plane.pixel[k]].flux_jy[dd];
          flux_jy.resize(freq_hz.size(), 0);
          flux_jy[c] = plane.flux_jy[k];
        }
      }
    }
  }
}

std::size_t ModelVisibilities::bytes(const ModelSky& sky, const ObservationHeader& header) {
  std::size_t channels = 0, most = 0;
  for (const DataDescription& description : header.data_descriptions) {
    const std::size_t count =
        header.spectral_windows.at(static_cast<std::size_t>(description.spectral_window))
            .chan_freq_hz.size();
    channels += count;
    most = std::max(most, count);
  }
  const std::size_t sources =
      sky.components.size() + (sky.image ? sky.image->directions.size() : 0);
  const std::size_t each = sizeof(Source) + channels * sizeof(double) +
                           header.data_descriptions.size() * sizeof(std::vector<double>) +
                           header.fields.size() * sizeof(DirectionCosines);
  return sources * (sizeof(Component) + each) + most * 5 * sizeof(double);
}

void ModelVisibilities::require_same_centre(std::size_t field) {
  if (!first_field_) first_field_ = field;
  if (field == *first_field_) return;
  const Field& first = header_->fields.at(*first_field_);
  const Field& other = header_->fields.at(field);
  const double d_ra = std::remainder(other.phase_dir.ra_rad - first.phase_dir.ra_rad, 2 * kPi);
  const double d_dec = other.phase_dir.dec_rad - first.phase_dir.dec_rad;
  if (std::abs(d_ra) < kSameDirection && std::abs(d_dec) < kSameDirection) return;
  const std::string fields =
      "fields '" + first.name + "' and '" + other.name + "' have different ones";
  if (sky_.components.size() > 1 || !sky_.components.front().name.empty()) {
    throw Error(ErrorKind::input,
                "l and m of the sources count from one phase centre of all the data, but " + fields,
                "choose one field with the reader, or rephase the data");
  }
  throw Error(ErrorKind::input,
              "the calibrator cannot stand in the phase centre of all the data: " + fields,
              "give its name or direction, choose one field with the reader, or rephase the data");
}

void ModelVisibilities::add(const Source& source, const DirectionCosines& place,
                            const double* uvw_m, std::size_t description, const double* flux_jy) {
  const std::vector<double>& freq_hz = channels_of(description);
  const double turns_per_hz =
      (uvw_m[0] * place.l + uvw_m[1] * place.m + uvw_m[2] * place.n_minus_1) / kSpeedOfLight;
  if (source.gaussian) {
    const double loss = loss_per_hz2(sky_.components[source.component], uvw_m);
    for (std::size_t c = 0; c < freq_hz.size(); ++c) {
      weighted_jy_[c] = flux_jy[c] * std::exp(-loss * freq_hz[c] * freq_hz[c]);
    }
    flux_jy = weighted_jy_.data();
  }
  if (const auto step_hz = step_hz_[description]) {
    add_even(flux_jy, freq_hz.data(), freq_hz.size(), turns_per_hz, *step_hz, re_.data(),
             im_.data());
  } else {
    add_uneven(flux_jy, freq_hz.data(), freq_hz.size(), turns_per_hz, re_.data(), im_.data());
  }
}

const std::vector<std::complex<double>>& ModelVisibilities::row(const Visibilities& rows,
                                                                std::size_t row) {
  const auto description = static_cast<std::size_t>(rows.data_desc_id);
  const auto field = static_cast<std::size_t>(rows.field_id[row]);
  const std::vector<double>& freq_hz = channels_of(description);
  re_.assign(freq_hz.size(), 0);
  im_.assign(freq_hz.size(), 0);
  weighted_jy_.resize(freq_hz.size());
  DirectionCosines axis;
  if (beam_) axis = beam_->pointing(field, rows.time_s[row]);
  for (const Source& source : sources_) {
    if (source.flux_jy[description].empty()) continue;
    if (source.from_centre) require_same_centre(field);
    const DirectionCosines& place = source.place.at(source.from_centre ? 0 : field);
    require_near(source, place, field);
    const double* flux_jy = source.flux_jy[description].data();
    if (beam_) {
      for (std::size_t c = 0; c < freq_hz.size(); ++c) {
        weighted_jy_[c] = flux_jy[c] * beam_->power(place, axis, freq_hz[c]);
      }
      flux_jy = weighted_jy_.data();
    }
    add(source, place, &rows.uvw_m[3 * row], description, flux_jy);
  }
  values_.resize(freq_hz.size());
  for (std::size_t c = 0; c < freq_hz.size(); ++c) values_[c] = {re_[c], im_[c]};
  return values_;
}

void ModelVisibilities::require_near(const Source& source, const DirectionCosines& place,
                                     std::size_t field) const {
  if (place.n_minus_1 > std::cos(kCalibratorReach) - 1) return;
  if (source.component >= sky_.components.size()) {
    if (place.n_minus_1 > -1) return;
    throw Error(ErrorKind::input, "the model image is on the other side of the sky from field '" +
                                      header_->fields.at(field).name + "'");
  }
  const Component& component = sky_.components[source.component];
  if (place.n_minus_1 > -1 && !component.calibrator) return;
  throw Error(ErrorKind::input,
              "'" + component.name + "' is " +
                  format_quantity(std::acos(std::max(-1.0, place.n_minus_1 + 1)), "rad") +
                  " from the phase centre of field '" + header_->fields.at(field).name + "'",
              "choose the field of the calibrator with the reader, or another calibrator");
}

}  // namespace skymill::radio
