// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/geometry/earth_time.h>
#include <stages/simulate/counted_random.h>
#include <stages/simulate/dsa110_simulation.h>
#include <stages/simulate/dsa110_stations.h>

#include <algorithm>
#include <cmath>

namespace skymill::radio {

namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kSpeedOfLight = 299792458;  // m/s
constexpr double kDegree = kPi / 180;
constexpr std::size_t kHands = 2;  // XX, YY
constexpr double kDishMetres = 4.65;

/// The writer's array centre, "OVRO_MMA" (dsa110.md 1.2).
constexpr GeodeticPosition kSite{-118.2817 * kDegree, 37.2314 * kDegree, 1222};

/// Raw channels: 384 of a subband, downwards from channel 1024 (dsa110.md 1.3).
constexpr double kRawTopHz = 1.53e9;
constexpr double kRawWidthHz = 30517.578125;
constexpr double kRawPerSubband = 384;
constexpr double kRawFirst = 1024;

/// Centre of channel j, counted downwards, of subband k.
double channel_hz(std::size_t k, std::size_t j, std::size_t nchan) {
  const double averaged = kRawPerSubband / static_cast<double>(nchan);
  return kRawTopHz - kRawWidthHz * (kRawFirst + kRawPerSubband * static_cast<double>(k) +
                                    averaged * static_cast<double>(j) + (averaged - 1) / 2);
}

double dot(const Vector3& a, const Vector3& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

std::vector<Antenna> all_antennas() {
  std::vector<Antenna> antennas;
  for (const Dsa110Station& station : dsa110_stations()) {
    Antenna antenna;
    antenna.name = std::to_string(station.number);
    antenna.station = antenna.name;
    antenna.diameter_m = kDishMetres;
    antenna.position_m = geocentric_m(
        {station.longitude_deg * kDegree, station.latitude_deg * kDegree, station.elevation_m});
    antennas.push_back(std::move(antenna));
  }
  return antennas;
}

/// Some of the antennas in use, spread over arms and outriggers.
std::vector<std::int32_t> spread_antennas(std::size_t count) {
  std::vector<std::int32_t> active;
  for (const Dsa110Station& station : dsa110_stations()) {
    if (station.active) active.push_back(station.number - 1);
  }
  std::vector<std::int32_t> used;
  for (std::size_t k = 0; k < count; ++k) {
    used.push_back(active[(2 * k + 1) * active.size() / (2 * count)]);
  }
  return used;
}

}  // namespace

double visibility_noise_jy(double sefd_jy, double width_hz, double interval_s) {
  return sefd_jy / std::sqrt(2 * width_hz * interval_s);
}

double dsa110_channel_width_hz(std::size_t nchan) {
  return kRawWidthHz * kRawPerSubband / static_cast<double>(nchan);
}

Dsa110Simulation::Dsa110Simulation(const Dsa110Setup& setup, std::vector<PointSource> sky,
                                   const EarthOrientation& earth)
    : setup_(setup), sky_(std::move(sky)), used_(spread_antennas(setup.antennas)) {
  for (std::size_t i = 0; i < used_.size(); ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      if (j < i || setup_.autocorrelations) pairs_.push_back({j, i});
    }
  }
  make_header(earth);
  const double middle_s = (header_->time_first_s + header_->time_last_s) / 2;
  reference_centre_ = SkyFrame(middle_s, kSite, earth.at(middle_s, setup_.stale), setup_.stale)
                          .icrs_of(0, setup_.pointing_dec_rad);
  const UvwAxes axes = earth_fixed_axes(0, setup_.pointing_dec_rad, kSite.longitude_rad);
  std::vector<Antenna> antennas;
  std::vector<std::string> names;
  for (const std::int32_t k : used_) {
    antennas.push_back(header_->antennas[static_cast<std::size_t>(k)]);
    names.push_back(antennas.back().name);
  }
  uvw_m_ = antenna_uvw_m(antennas, kSite, axes);
  gains_ = random_gains(names, setup_.gain_amplitude, setup_.gain_phase_rad, setup_.seed);
  for (AntennaGain& gain : gains_) gain.hand[1] *= setup_.yy_amplitude;
  receivers_ = random_receivers(names, setup_.receivers, setup_.seed);
  interference_ = std::make_unique<Interference>(
      setup_.interference,
      InterferenceRoom{setup_.times, setup_.subbands, setup_.nchan, used_.size()}, setup_.seed);
  for (const Field& field : header_->fields) {
    const SkyFrame frame(field.time_s, kSite, earth.at(field.time_s, setup_.stale), setup_.stale);
    places_.emplace_back();
    for (const PointSource& source : sky_) {
      const Vector3 towards =
          frame.apparent(offset_direction(reference_centre_, source.l, source.m));
      places_.back().push_back(
          {dot(towards, axes.u), dot(towards, axes.v), dot(towards, axes.w) - 1});
    }
  }
}

void Dsa110Simulation::add_windows(ObservationHeader& header) const {
  for (std::size_t k = setup_.subbands; k-- > 0;) {
    SpectralWindow window;
    window.name = (k < 10 ? "sb0" : "sb") + std::to_string(k);
    for (std::size_t j = setup_.nchan; j-- > 0;) {
      window.chan_freq_hz.push_back(channel_hz(k, j, setup_.nchan));
      window.chan_width_hz.push_back(dsa110_channel_width_hz(setup_.nchan));
    }
    window.ref_frequency_hz = window.chan_freq_hz.front();
    header.data_descriptions.push_back({static_cast<int>(header.spectral_windows.size()), {9, 12}});
    header.spectral_windows.push_back(std::move(window));
  }
}

void Dsa110Simulation::make_header(const EarthOrientation& earth) {
  auto header = std::make_shared<ObservationHeader>();
  header->telescope = "DSA_110";
  header->observer = "skymill";
  header->project = "simulation";
  header->source = "simulate";
  header->uvw_sense = UvwSense::one_minus_two;
  header->antennas = all_antennas();
  header->phasing = Phasing::meridian;
  header->pointing_dec_rad = setup_.pointing_dec_rad;
  header->position = kSite;
  add_windows(*header);
  reference_hz_ = (header->spectral_windows.front().chan_freq_hz.front() +
                   header->spectral_windows.back().chan_freq_hz.back()) /
                  2;
  for (std::size_t t = 0; t < setup_.times; ++t) {
    Field field;
    field.name = "meridian_icrs_t" + std::to_string(t);
    // Through a Julian date, as files have it, so that writing and reading changes nothing.
    const double jd =
        2400000.5 + setup_.start_mjd + (static_cast<double>(t) + 0.5) * setup_.interval_s / 86400;
    field.time_s = (jd - 2400000.5) * 86400;
    const SkyFrame frame(field.time_s, kSite, earth.at(field.time_s, setup_.stale), setup_.stale);
    field.phase_dir = frame.icrs_of(0, setup_.pointing_dec_rad);
    header->fields.push_back(std::move(field));
  }
  const std::size_t rows = setup_.times * pairs_.size();
  header->rows = rows * setup_.subbands;
  header->rows_per_description.assign(setup_.subbands, rows);
  header->time_first_s = header->fields.front().time_s;
  header->time_last_s = header->fields.back().time_s;
  for (const std::int32_t a : used_) {
    for (const std::int32_t b : used_) {
      const auto& from = header->antennas[static_cast<std::size_t>(a)].position_m;
      const auto& to = header->antennas[static_cast<std::size_t>(b)].position_m;
      const double length = std::hypot(from[0] - to[0], from[1] - to[1], from[2] - to[2]);
      header->max_uvw_m = std::max(header->max_uvw_m, length);
    }
  }
  header_ = std::move(header);
}

void Dsa110Simulation::add_row(std::size_t integration, std::size_t j, std::size_t i,
                               Visibilities& rows) const {
  rows.time_s.push_back(header_->fields[integration].time_s);
  rows.interval_s.push_back(setup_.interval_s);
  rows.exposure_s.push_back(setup_.interval_s);
  rows.antenna1.push_back(used_[j]);
  rows.antenna2.push_back(used_[i]);
  rows.field_id.push_back(static_cast<std::int32_t>(integration));
  rows.scan_number.push_back(1);
  for (std::size_t axis = 0; axis < 3; ++axis) {
    rows.uvw_m.push_back(uvw_m_[j][axis] - uvw_m_[i][axis]);
  }
  const double noise = setup_.noise_jy * setup_.counts_per_jy, variance = noise * noise;
  rows.weight.insert(rows.weight.end(), kHands,
                     static_cast<float>(variance > 0 ? 1 / variance : 1.0));
}

void Dsa110Simulation::add_source(std::size_t integration, std::size_t source,
                                  const std::vector<double>& freq_hz,
                                  std::vector<std::complex<float>>& sum) const {
  // A source's part in a baseline is the product of two antennas' phasors.
  const std::size_t nchan = freq_hz.size(), count = used_.size();
  const Place& place = places_[integration][source];
  std::vector<std::complex<float>> phasor(count * nchan);
  for (std::size_t a = 0; a < count; ++a) {
    const double seconds =
        (uvw_m_[a][0] * place.l + uvw_m_[a][1] * place.m + uvw_m_[a][2] * place.n_minus_1) /
        kSpeedOfLight;
    // Whole turns are dropped before the sine, which would lose digits for large arguments. From
    // channel to channel the phase goes on by equal steps.
    const double first = seconds * freq_hz.front();
    const double step = nchan > 1 ? seconds * (freq_hz[1] - freq_hz[0]) : 0;
    std::complex<double> turning = std::polar(1.0, 2 * kPi * (first - std::nearbyint(first)));
    const std::complex<double> turn = std::polar(1.0, 2 * kPi * step);
    for (std::size_t c = 0; c < nchan; ++c) {
      phasor[a * nchan + c] = std::complex<float>(turning);
      turning = {turning.real() * turn.real() - turning.imag() * turn.imag(),
                 turning.real() * turn.imag() + turning.imag() * turn.real()};
    }
  }
  const double off_axis = std::hypot(place.l, place.m);
  std::vector<float> flux(nchan);
  for (std::size_t c = 0; c < nchan; ++c) {
    flux[c] = static_cast<float>(sky_[source].flux_jy_at(freq_hz[c], reference_hz_) *
                                 beam_power(setup_.beam, kDishMetres, freq_hz[c], off_axis));
  }
  std::size_t to = 0;
  for (const AntennaPair& pair : pairs_) {
    const std::complex<float>* p = &phasor[pair.j * nchan];
    const std::complex<float>* q = &phasor[pair.i * nchan];
    for (std::size_t c = 0; c < nchan; ++c, ++to) {
      const float pr = p[c].real(), pi = p[c].imag(), qr = q[c].real(), qi = q[c].imag();
      sum[to] += std::complex<float>(flux[c] * (pr * qr + pi * qi), flux[c] * (pi * qr - pr * qi));
    }
  }
}

std::size_t Dsa110Simulation::subband_of(int data_desc_id) const {
  return setup_.subbands - 1 - static_cast<std::size_t>(data_desc_id);
}

/// What an antenna makes of the sky's voltage, in units of the data: [antenna][channel][hand].
std::vector<std::complex<float>> Dsa110Simulation::antenna_voltages(int data_desc_id) const {
  const auto& freq_hz =
      header_->spectral_windows[static_cast<std::size_t>(data_desc_id)].chan_freq_hz;
  const double unit = std::sqrt(setup_.counts_per_jy);
  const auto middle = static_cast<double>(freq_hz.size() - 1) / 2;
  std::vector<std::complex<float>> voltages;
  for (std::size_t a = 0; a < used_.size(); ++a) {
    for (std::size_t c = 0; c < freq_hz.size(); ++c) {
      const double place = middle > 0 ? (static_cast<double>(c) - middle) / middle : 0;
      for (std::size_t hand = 0; hand < kHands; ++hand) {
        const std::complex<double> receiver =
            receiver_voltage(setup_.bandpass, receivers_[a], hand, freq_hz[c], place);
        voltages.emplace_back(unit * gains_[a].hand[hand] * receiver);
      }
    }
  }
  return voltages;
}

void Dsa110Simulation::add_response(const std::vector<std::complex<float>>& sum, int data_desc_id,
                                    Visibilities& rows) const {
  const std::vector<std::complex<float>> voltages = antenna_voltages(data_desc_id);
  const std::size_t cells = rows.nchan * kHands;
  rows.data.resize(pairs_.size() * cells);
  for (std::size_t row = 0; row < pairs_.size(); ++row) {
    const AntennaPair& pair = pairs_[row];
    const std::complex<float>* p = &voltages[pair.j * cells];
    const std::complex<float>* q = &voltages[pair.i * cells];
    const std::complex<float>* sky = &sum[row * rows.nchan];
    std::complex<float>* data = &rows.data[row * cells];
    if (pair.i == pair.j) {
      // A receiver that nothing of the sky reaches has its own power still.
      const bool dead = receivers_[pair.i].dead;
      const auto own = static_cast<float>(setup_.sefd_jy);
      for (std::size_t k = 0; k < cells; ++k) {
        const float power = dead ? static_cast<float>(setup_.counts_per_jy) : std::norm(p[k]);
        data[k] = power * (dead ? own : sky[k / kHands].real() + own);
      }
      continue;
    }
    for (std::size_t k = 0; k < cells; ++k) {
      const float pr = p[k].real(), pi = p[k].imag(), qr = q[k].real(), qi = q[k].imag();
      const float re = pr * qr + pi * qi, im = pi * qr - pr * qi;
      const std::complex<float> value = sky[k / kHands];
      data[k] = {re * value.real() - im * value.imag(), re * value.imag() + im * value.real()};
    }
  }
}

Visibilities Dsa110Simulation::chunk(std::size_t integration, int data_desc_id) const {
  const auto& freq_hz =
      header_->spectral_windows[static_cast<std::size_t>(data_desc_id)].chan_freq_hz;
  Visibilities rows;
  rows.header = header_;
  rows.data_desc_id = data_desc_id;
  rows.nchan = freq_hz.size();
  rows.ncorr = kHands;
  for (const AntennaPair& pair : pairs_) add_row(integration, pair.j, pair.i, rows);
  std::vector<std::complex<float>> sum(rows.rows() * freq_hz.size());
  for (std::size_t s = 0; s < sky_.size(); ++s) add_source(integration, s, freq_hz, sum);
  const std::size_t subband = subband_of(data_desc_id);
  interference_->add(integration, subband, pairs_, sum);
  add_response(sum, data_desc_id, rows);
  add_noise(integration, data_desc_id, rows);
  interference_->blank(integration, subband, pairs_, rows.data);
  rows.flag.assign(rows.data.size(), 0);
  return rows;
}

void Dsa110Simulation::add_noise(std::size_t integration, int data_desc_id,
                                 Visibilities& rows) const {
  if (setup_.noise_jy == 0) return;
  // By the baseline, the time and the subband, whichever others are simulated; within these the
  // counter is channel and hand.
  const CountedRandom random = CountedRandom(setup_.seed ^ 0x6e6f697365ULL)
                                   .child(integration)
                                   .child(subband_of(data_desc_id));
  const std::size_t cells = rows.nchan * kHands;
  const auto strength = static_cast<float>(setup_.noise_jy * setup_.counts_per_jy);
  std::vector<std::complex<float>> noise(cells);
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    const auto antenna1 = static_cast<std::uint64_t>(rows.antenna1[row]);
    const auto antenna2 = static_cast<std::uint64_t>(rows.antenna2[row]);
    random.child(antenna1 << 32 | antenna2).fill_normal_pairs(cells, noise.data());
    std::complex<float>* data = &rows.data[row * cells];
    if (antenna1 == antenna2) {
      // A power is real; its noise is that of both parts together.
      const float together = strength * std::sqrt(2.0F);
      for (std::size_t k = 0; k < cells; ++k) data[k] += together * noise[k].real();
      continue;
    }
    for (std::size_t k = 0; k < cells; ++k) data[k] += strength * noise[k];
  }
}

}  // namespace skymill::radio
