// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/units.h>
#include <stages/kernels/source_spectrum.h>
#include <stages/sky/model_visibilities.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

namespace skymill::radio {

namespace {

constexpr double kPi = std::numbers::pi;
constexpr double kSpeedOfLight = 299792458;    // m/s
constexpr double kSameDirection = 1e-9;        // rad
constexpr double kEvenHz = 1e-3;               // 1e-6 rad after a delay of 30 km
constexpr double kCalibratorReach = kPi / 18;  // a calibrator farther off is of another field

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
  if (sky_.image) {
    add_image(*sky_.image);
    auto image = GriddedImage::of(*sky_.image, *header_);
    // Dishes see each pixel through a beam of its own, and of the moment.
    if (image && params.primary_beam == "none") {
      prepared_ = std::make_shared<Prepared>(Prepared{std::move(*image), nullptr, {}});
    }
  }
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
  source.place = places_.size();
  source.from_centre = !component.direction;
  if (component.direction) {
    places_.push_back(places_of(*component.direction));
  } else {
    const double off_squared = component.l * component.l + component.m * component.m;
    places_.push_back(
        {{component.l, component.m, -off_squared / (1 + std::sqrt(1 - off_squared))}});
  }
  sources_.push_back(std::move(source));
}

void ModelVisibilities::add_image(const ModelImage& image) {
  const std::size_t first = places_.size();
  for (const Direction& direction : image.directions) places_.push_back(places_of(direction));
  for (const ModelImage::Plane& plane : image.planes) {
    PlaneChannels& ranges = planes_.emplace_back();
    for (std::size_t dd = 0; dd < header_->data_descriptions.size(); ++dd) {
      const std::vector<double>& freq_hz = channels_of(dd);
      const auto inside = [&](double hz) { return hz >= plane.low_hz && hz < plane.high_hz; };
      const auto begin = std::find_if(freq_hz.begin(), freq_hz.end(), inside);
      const auto end = std::find_if_not(begin, freq_hz.end(), inside);
      ranges.push_back({static_cast<std::size_t>(begin - freq_hz.begin()),
                        static_cast<std::size_t>(end - freq_hz.begin())});
    }
    for (std::size_t k = 0; k < plane.pixel.size(); ++k) {
      Source& source = sources_.emplace_back();
      source.place = first + plane.pixel[k];
      source.component = sky_.components.size();
      source.flat_jy = plane.flux_jy[k];
      source.plane = planes_.size() - 1;
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
  const std::size_t fields = header.fields.size() * sizeof(DirectionCosines);
  std::size_t bytes =
      sky.components.size() * (sizeof(Component) + sizeof(Source) + fields +
                               header.data_descriptions.size() * sizeof(std::vector<double>) +
                               channels * sizeof(double)) +
      most * 6 * sizeof(double);
  if (!sky.image) return bytes;
  bytes += sky.image->directions.size() * (fields + sizeof(std::vector<DirectionCosines>));
  for (const ModelImage::Plane& plane : sky.image->planes) {
    bytes += plane.pixel.size() * sizeof(Source);
  }
  return 2 * bytes;  // vectors that grow
}

std::size_t ModelVisibilities::prepared_bytes(const ModelSky& sky, const ModelParams& params,
                                              const ObservationHeader& header,
                                              std::size_t chunk_bytes) {
  if (!sky.image || params.primary_beam != "none") return 0;
  const auto image = GriddedImage::of(*sky.image, header);
  if (!image) return 0;
  std::size_t correlations = 4;
  for (const DataDescription& description : header.data_descriptions) {
    correlations = std::min(correlations, std::max<std::size_t>(1, description.corr_types.size()));
  }
  const std::size_t sample_bytes = correlations * (sizeof(std::complex<float>) + 1);
  return image->bytes(chunk_bytes / sample_bytes, header);
}

bool ModelVisibilities::prepare(const Visibilities& rows, std::size_t threads) {
  if (!prepared_) return false;
  const auto description = static_cast<std::size_t>(rows.data_desc_id);
  const std::vector<double>& freq_hz = channels_of(description);
  prepared_->rows = nullptr;
  if (rows.rows() == 0 || !prepared_->image.pays(rows, freq_hz)) return false;
  std::vector<Extent> channels;
  for (const PlaneChannels& plane : planes_) channels.push_back(plane[description]);
  prepared_->image.predict(rows, freq_hz, channels, threads, prepared_->vis);
  prepared_->rows = &rows;
  return true;
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

void ModelVisibilities::require_centres(const Visibilities& rows) {
  const bool counts_from_centre =
      std::any_of(sources_.begin(), sources_.end(), [](const Source& s) { return s.from_centre; });
  if (!counts_from_centre) return;
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    if (row > 0 && rows.field_id[row] == rows.field_id[row - 1]) continue;
    require_same_centre(static_cast<std::size_t>(rows.field_id[row]));
  }
}

Extent ModelVisibilities::channels_of(const Source& source, std::size_t description) const {
  if (source.flux_jy.empty()) return planes_[source.plane][description];
  return {0, source.flux_jy[description].size()};
}

void ModelVisibilities::add(const Source& source, const DirectionCosines& place,
                            const DirectionCosines& axis, const double* uvw_m,
                            std::size_t description) {
  const Extent channels = channels_of(source, description);
  if (channels.size() == 0) return;
  const double* const freq_hz = channels_of(description).data() + channels.begin;
  const double* flux_jy =
      source.flux_jy.empty() ? ones_.data() : source.flux_jy[description].data();
  const double scale = source.flux_jy.empty() ? source.flat_jy : 1;
  if (beam_ || source.gaussian) {
    const double loss =
        source.gaussian ? loss_per_hz2(sky_.components[source.component], uvw_m) : 0;
    for (std::size_t c = 0; c < channels.size(); ++c) {
      weighted_jy_[c] = flux_jy[c];
      if (source.gaussian) weighted_jy_[c] *= std::exp(-loss * freq_hz[c] * freq_hz[c]);
      if (beam_) weighted_jy_[c] *= beam_->power(place, axis, freq_hz[c]);
    }
    flux_jy = weighted_jy_.data();
  }
  const double turns_per_hz =
      (uvw_m[0] * place.l + uvw_m[1] * place.m + uvw_m[2] * place.n_minus_1) / kSpeedOfLight;
  double* const re = re_.data() + channels.begin;
  double* const im = im_.data() + channels.begin;
  if (const auto step_hz = step_hz_[description]) {
    kernels::add_source_spectrum(scale, flux_jy, freq_hz, channels.size(), turns_per_hz, *step_hz,
                                 re, im);
  } else {
    kernels::add_source_spectrum(scale, flux_jy, freq_hz, channels.size(), turns_per_hz, re, im);
  }
}

const std::vector<std::complex<double>>& ModelVisibilities::row(const Visibilities& rows,
                                                                std::size_t row) {
  const auto description = static_cast<std::size_t>(rows.data_desc_id);
  const auto field = static_cast<std::size_t>(rows.field_id[row]);
  const std::size_t channels = channels_of(description).size();
  re_.assign(channels, 0);
  im_.assign(channels, 0);
  ones_.resize(std::max(ones_.size(), channels), 1);
  weighted_jy_.resize(channels);
  DirectionCosines axis;
  if (beam_) axis = beam_->pointing(field, rows.time_s[row]);
  const bool transformed = prepared_ && prepared_->rows == &rows;
  for (const Source& source : sources_) {
    // Pixels stand behind all components.
    if (transformed && source.component == sky_.components.size()) break;
    if (source.from_centre) require_same_centre(field);
    const DirectionCosines& place = places_[source.place].at(source.from_centre ? 0 : field);
    require_near(source, place, field);
    add(source, place, axis, &rows.uvw_m[3 * row], description);
  }
  values_.resize(channels);
  for (std::size_t c = 0; c < channels; ++c) values_[c] = {re_[c], im_[c]};
  if (transformed) {
    for (std::size_t c = 0; c < channels; ++c) values_[c] += prepared_->vis[row * channels + c];
  }
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
                  " from the phase centre of field '" + header_->fields.at(field).name + "' of '" +
                  header_->source + "'",
              "choose the field of the calibrator with the reader, or another calibrator");
}

}  // namespace skymill::radio
