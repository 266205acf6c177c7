// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/calibrate/point_model.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace skymill::radio {

namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kSpeedOfLight = 299792458;  // m/s
constexpr double kSameDirection = 1e-9;      // rad
constexpr double kEvenHz = 1e-3;             // 1e-6 rad after a delay of 30 km
constexpr std::size_t kSeedEvery = 32;       // channels: rounding adds up from one to the next

const std::vector<double>& channels_of(const ObservationHeader& header,
                                       const DataDescription& description) {
  return header.spectral_windows.at(static_cast<std::size_t>(description.spectral_window))
      .chan_freq_hz;
}

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

/// Adds a source whose phase grows by `turns_per_hz`. With even channels each phasor follows from
/// the one before, anew from the frequency every few channels.
void add_source(const std::vector<double>& flux_jy, const std::vector<double>& freq_hz,
                double turns_per_hz, std::optional<double> step_hz,
                std::vector<std::complex<double>>& values) {
  const std::size_t block = step_hz ? kSeedEvery : 1;
  const std::complex<double> step = phasor(turns_per_hz * step_hz.value_or(0));
  for (std::size_t first = 0; first < freq_hz.size(); first += block) {
    const std::size_t end = std::min(first + block, freq_hz.size());
    const std::complex<double> seed = phasor(turns_per_hz * freq_hz[first]);
    double re = seed.real(), im = seed.imag();
    for (std::size_t c = first; c < end; ++c) {
      values[c] += std::complex<double>(flux_jy[c] * re, flux_jy[c] * im);
      const double turned = re * step.real() - im * step.imag();
      im = re * step.imag() + im * step.real();
      re = turned;
    }
  }
}

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

std::vector<PointSource> model_sources(const SolveParams& params) {
  if (!params.sources.empty()) return parse_sources(params.sources);
  if (!params.flux) {
    throw Error(ErrorKind::description, "solve has no model: neither flux nor sources are given",
                "give the flux of the calibrator, or list sources as 'l m flux [index]'");
  }
  PointSource calibrator;
  calibrator.flux_jy = *params.flux;
  calibrator.spectral_index = params.spectral_index;
  return {calibrator};
}

double model_reference_hz(const SolveParams& params, const ObservationHeader& header) {
  if (params.reference_frequency) return *params.reference_frequency;
  double low_hz = std::numeric_limits<double>::infinity(), high_hz = 0;
  for (const DataDescription& description : header.data_descriptions) {
    for (const double freq_hz : channels_of(header, description)) {
      low_hz = std::min(low_hz, freq_hz);
      high_hz = std::max(high_hz, freq_hz);
    }
  }
  return (low_hz + high_hz) / 2;
}

PointModel::PointModel(const SolveParams& params, std::shared_ptr<const ObservationHeader> header)
    : header_(std::move(header)),
      listed_(!params.sources.empty()),
      from_centre_(listed_ || params.direction.empty()) {
  for (const DataDescription& description : header_->data_descriptions) {
    step_hz_.push_back(even_step_hz(channels_of(*header_, description)));
  }
  const double reference_hz = model_reference_hz(params, *header_);
  for (const PointSource& source : model_sources(params)) add_component(source, reference_hz);
  if (from_centre_) return;
  std::vector<DirectionCosines>& place = components_.front().place;
  place.clear();
  for (const Field& field : header_->fields) {
    place.push_back(direction_cosines(params.direction[0], params.direction[1], field.phase_dir));
  }
}

void PointModel::add_component(const PointSource& source, double reference_hz) {
  Component component;
  for (const DataDescription& description : header_->data_descriptions) {
    std::vector<double>& flux_jy = component.flux_jy.emplace_back();
    for (const double freq_hz : channels_of(*header_, description)) {
      flux_jy.push_back(source.flux_jy_at(freq_hz, reference_hz));
    }
  }
  const double off_squared = source.l * source.l + source.m * source.m;
  component.place = {{source.l, source.m, -off_squared / (1 + source.n())}};
  components_.push_back(std::move(component));
}

std::size_t PointModel::bytes(std::size_t sources, const ObservationHeader& header) {
  std::size_t channels = 0, most = 0;
  for (const DataDescription& description : header.data_descriptions) {
    channels += channels_of(header, description).size();
    most = std::max(most, channels_of(header, description).size());
  }
  return sources * (sizeof(Component) + channels * sizeof(double)) +
         most * sizeof(std::complex<double>);
}

void PointModel::require_same_centre(std::size_t field) {
  if (!first_field_) first_field_ = field;
  if (field == *first_field_) return;
  const Field& first = header_->fields.at(*first_field_);
  const Field& other = header_->fields.at(field);
  const double d_ra = std::remainder(other.phase_dir.ra_rad - first.phase_dir.ra_rad, 2 * kPi);
  const double d_dec = other.phase_dir.dec_rad - first.phase_dir.dec_rad;
  if (std::abs(d_ra) < kSameDirection && std::abs(d_dec) < kSameDirection) return;
  const std::string fields =
      "fields '" + first.name + "' and '" + other.name + "' have different ones";
  if (listed_) {
    throw Error(ErrorKind::input,
                "l and m of the sources count from one phase centre of all the data, but " + fields,
                "choose one field with the reader, or rephase the data");
  }
  throw Error(ErrorKind::input,
              "the calibrator cannot stand in the phase centre of all the data: " + fields,
              "give its direction, choose one field with the reader, or rephase the data");
}

const std::vector<std::complex<double>>& PointModel::row(const Visibilities& rows,
                                                         std::size_t row) {
  const auto description = static_cast<std::size_t>(rows.data_desc_id);
  const auto field = static_cast<std::size_t>(rows.field_id[row]);
  if (from_centre_) require_same_centre(field);
  const std::vector<double>& freq_hz =
      channels_of(*header_, header_->data_descriptions.at(description));
  const double* uvw = &rows.uvw_m[3 * row];
  values_.assign(freq_hz.size(), 0);
  for (const Component& component : components_) {
    const DirectionCosines& place = component.place.at(from_centre_ ? 0 : field);
    const double turns_per_hz =
        (uvw[0] * place.l + uvw[1] * place.m + uvw[2] * place.n_minus_1) / kSpeedOfLight;
    add_source(component.flux_jy.at(description), freq_hz, turns_per_hz, step_hz_[description],
               values_);
  }
  return values_;
}

}  // namespace skymill::radio
