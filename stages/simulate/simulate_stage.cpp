// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/storage.h>
#include <core/units.h>
#include <stages/simulate/counted_random.h>
#include <stages/simulate/simulate_stage.h>
#include <stages/simulate/simulation_truth.h>
#include <stages/simulate/sky_model.h>

#include <cmath>
#include <fstream>

namespace skymill::radio {

namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kSpeedOfLight = 299792458;  // m/s
constexpr std::size_t kHands = 2;            // XX, YY

/// Baselines, without antennas with themselves.
std::size_t baselines(std::size_t antennas) { return antennas * (antennas - 1) / 2; }

}  // namespace

Ports Simulate::ports() {
  return Ports().out("out", Visibilities::kDataKind,
                     "one chunk per integration and spectral window");
}

double Simulate::time_s(std::size_t integration) const {
  return params_.start_mjd * 86400 + (static_cast<double>(integration) + 0.5) * interval_s();
}

std::shared_ptr<const ObservationHeader> Simulate::make_header() const {
  auto header = std::make_shared<ObservationHeader>();
  header->telescope = "SKYMILL_SIM";
  header->observer = "skymill";
  header->project = "simulation";
  header->source = "simulate";
  header->uvw_sense = UvwSense::one_minus_two;
  header->antennas = spiral_array(params_.antennas, params_.radius, params_.diameter,
                                  {params_.longitude, params_.latitude, params_.height});
  SpectralWindow window;
  window.name = "simulated";
  for (std::size_t c = 0; c < params_.nchan; ++c) {
    window.chan_freq_hz.push_back(params_.freq + static_cast<double>(c) * params_.width);
    window.chan_width_hz.push_back(params_.width);
  }
  window.ref_frequency_hz = params_.freq;
  header->spectral_windows = {window};
  header->data_descriptions = {{0, {9, 12}}};
  Field field;
  field.name = "SIMULATED";
  const double middle_s = (time_s(0) + time_s(params_.times - 1)) / 2;
  field.phase_dir.ra_rad = params_.ra.value_or(local_sidereal_rad(middle_s, params_.longitude));
  field.phase_dir.dec_rad = params_.dec;
  field.time_s = time_s(0);
  header->fields = {field};
  header->rows = params_.times * baselines(params_.antennas);
  header->rows_per_description = {header->rows};
  header->time_first_s = time_s(0);
  header->time_last_s = time_s(params_.times - 1);
  header->max_uvw_m = 2 * params_.radius;
  return header;
}

void Simulate::fill_spec(PortSpec& out, std::size_t chunk_rows, std::size_t chunks) const {
  out.axes = {"row", "channel", "correlation"};
  out.columns = {"data", "flag", "weight", "uvw", "time", "antenna"};
  out.properties["spectral_windows"] = static_cast<std::int64_t>(header_->spectral_windows.size());
  out.properties["telescope"] = header_->telescope;
  out.properties["phasing"] = std::string(dsa110_ ? "meridian" : "tracked");
  out.chunk_bytes = chunk_rows * (params_.nchan * kHands * 9 + kHands * 4 + 64);
  out.chunks = chunks;
  out.set_header<ObservationHeader>(header_);
}

void Simulate::plan_small() {
  header_ = make_header();
  reference_hz_ = header_->spectral_windows[0].chan_freq_hz[params_.nchan / 2];
  if (params_.gain_amplitude == 0 && params_.gain_phase == 0 && params_.gain_drift == 0) return;
  std::vector<std::string> names;
  for (const Antenna& antenna : header_->antennas) names.push_back(antenna.name);
  gains_ = random_gains(names, params_.gain_amplitude, params_.gain_phase, params_.seed);
  if (params_.gain_drift > 0) {
    add_drift(params_.gain_drift, params_.drift_period, params_.seed, gains_);
  }
}

void Simulate::plan_dsa110() {
  Dsa110Setup setup;
  setup.antennas = params_.antennas;
  setup.subbands = params_.subbands;
  setup.nchan = params_.nchan;
  setup.times = integrations();
  setup.interval_s = params_.interval.value_or(setup.interval_s);
  setup.start_mjd = params_.start_mjd;
  setup.pointing_dec_rad = params_.dec;
  setup.sefd_jy = params_.sefd;
  setup.noise_jy = params_.noise.value_or(
      visibility_noise_jy(params_.sefd, dsa110_channel_width_hz(params_.nchan), setup.interval_s));
  setup.autocorrelations = params_.autocorrelations;
  setup.gain_amplitude = params_.gain_amplitude;
  setup.gain_phase_rad = params_.gain_phase;
  setup.yy_amplitude = params_.yy_amplitude;
  setup.receivers = {params_.delay, params_.outrigger_delay.value_or(params_.delay),
                     params_.dead_antennas};
  setup.bandpass = {params_.bandpass_ripple, params_.bandpass_edge, params_.bandpass_notches};
  setup.interference = {params_.rfi_carriers, params_.rfi_drifting, params_.rfi_bursts,
                        params_.rfi_zeros,    params_.rfi_nans,     params_.rfi_flux};
  setup.beam = primary_beam_of(params_.beam);
  setup.counts_per_jy = params_.counts_per_jy;
  setup.seed = params_.seed;
  setup.stale = params_.allow_stale_eop ? StalePolicy::nearest : StalePolicy::refuse;
  dsa110_ = std::make_unique<Dsa110Simulation>(setup, sky_, EarthOrientation::find(params_.eop));
  header_ = dsa110_->header();
  reference_hz_ = dsa110_->reference_hz();
}

void Simulate::plan(Planning& planning) {
  const SourceCounts counts{params_.random_sources, params_.source_radius, params_.flux_min,
                            params_.flux_max,       params_.flux_slope,    params_.index_mean,
                            params_.index_scatter};
  sky_ = params_.sources.empty() ? random_sources(counts, params_.seed)
                                 : parse_sources(params_.sources);
  if (params_.telescope == "dsa110") {
    plan_dsa110();
    const std::size_t rows = dsa110_->rows_per_integration();
    fill_spec(planning.output(), rows, integrations() * params_.subbands);
    planning.set_state((rows + kHands * params_.antennas) * params_.nchan *
                       sizeof(std::complex<float>));
  } else {
    plan_small();
    fill_spec(planning.output(), baselines(params_.antennas), params_.times);
  }
  if (!params_.truth.empty()) {
    const std::size_t events = params_.rfi_carriers + params_.rfi_drifting + params_.rfi_bursts +
                               params_.rfi_zeros + params_.rfi_nans;
    const std::size_t bytes = 4096 + 300 * (sky_.size() + events) + 1000 * params_.antennas;
    planning.add_product(params_.truth, bytes, true);
  }
  planning.add_note(std::to_string(sky_.size()) + " sources, " + std::to_string(header_->rows) +
                    " rows of " + std::to_string(params_.nchan) + " channels");
}

void Simulate::add_sky(const double* uvw_m, std::complex<float>* row) const {
  const auto& freq_hz = header_->spectral_windows[0].chan_freq_hz;
  for (const PointSource& source : sky_) {
    const double turns_per_hz =
        (uvw_m[0] * source.l + uvw_m[1] * source.m + uvw_m[2] * (source.n() - 1)) / kSpeedOfLight;
    for (std::size_t c = 0; c < freq_hz.size(); ++c) {
      // Whole turns are dropped before the sine, which would lose digits for large arguments.
      const double turns = turns_per_hz * freq_hz[c];
      const double phase = 2 * kPi * (turns - std::nearbyint(turns));
      const double flux = source.flux_jy_at(freq_hz[c], reference_hz_);
      const std::complex<float> value(static_cast<float>(flux * std::cos(phase)),
                                      static_cast<float>(flux * std::sin(phase)));
      for (std::size_t hand = 0; hand < kHands; ++hand) row[c * kHands + hand] += value;
    }
  }
}

void Simulate::add_row(std::size_t integration, std::size_t antenna1, std::size_t antenna2,
                       Visibilities& rows) const {
  const std::size_t row = rows.rows();
  rows.time_s.push_back(time_s(integration));
  rows.interval_s.push_back(interval_s());
  rows.exposure_s.push_back(interval_s());
  rows.antenna1.push_back(static_cast<std::int32_t>(antenna1));
  rows.antenna2.push_back(static_cast<std::int32_t>(antenna2));
  rows.field_id.push_back(0);
  rows.scan_number.push_back(1);
  for (std::size_t axis = 0; axis < 3; ++axis) {
    rows.uvw_m.push_back(antenna_uvw_m_[antenna1][axis] - antenna_uvw_m_[antenna2][axis]);
  }
  const double variance = noise_jy() * noise_jy();
  rows.weight.insert(rows.weight.end(), kHands,
                     static_cast<float>(variance > 0 ? 1 / variance : 1.0));

  const std::size_t cells = params_.nchan * kHands;
  rows.data.resize(rows.data.size() + cells);
  std::complex<float>* data = &rows.data[row * cells];
  add_sky(&rows.uvw_m[3 * row], data);
  if (!gains_.empty()) {
    const double since_s = time_s(integration) - params_.start_mjd * 86400;
    std::complex<double> gain[kHands];
    for (std::size_t hand = 0; hand < kHands; ++hand) {
      gain[hand] =
          gains_[antenna1].at(hand, since_s) * std::conj(gains_[antenna2].at(hand, since_s));
    }
    for (std::size_t k = 0; k < cells; ++k) {
      data[k] = std::complex<float>(gain[k % kHands] * std::complex<double>(data[k]));
    }
  }
  if (noise_jy() == 0) return;
  const CountedRandom random(params_.seed ^ 0x6e6f697365ULL);
  const std::size_t first = (integration * baselines(params_.antennas) + row) * cells;
  for (std::size_t k = 0; k < cells; ++k) {
    const auto noise = noise_jy() * random.normal_pair(first + k);
    data[k] +=
        std::complex<float>(static_cast<float>(noise.real()), static_cast<float>(noise.imag()));
  }
}

Chunk<Visibilities> Simulate::next_of_dsa110() {
  const std::size_t integration = next_integration_;
  const int window = next_window_++;
  if (next_window_ == static_cast<int>(params_.subbands)) {
    next_window_ = 0;
    ++next_integration_;
  }
  Visibilities rows = dsa110_->chunk(integration, window);
  const std::size_t count = rows.rows();
  const std::size_t place = integration * params_.subbands + static_cast<std::size_t>(window);
  return Chunk<Visibilities>(std::move(rows), Span("row", place * count, (place + 1) * count));
}

std::optional<Chunk<Visibilities>> Simulate::next(const PipelineContext& ctx) {
  if (next_integration_ == integrations()) {
    publish_truth(ctx);
    return std::nullopt;
  }
  if (dsa110_) return next_of_dsa110();
  const std::size_t integration = next_integration_++;
  const Direction& centre = header_->fields[0].phase_dir;
  const double hour_angle =
      local_sidereal_rad(time_s(integration), params_.longitude) - centre.ra_rad;
  antenna_uvw_m_.clear();
  for (const Antenna& antenna : header_->antennas) {
    antenna_uvw_m_.push_back(
        antenna_uvw_m(antenna.position_m, params_.longitude, hour_angle, centre.dec_rad));
  }
  Visibilities rows;
  rows.header = header_;
  rows.nchan = params_.nchan;
  rows.ncorr = kHands;
  const std::size_t count = baselines(params_.antennas);
  rows.data.reserve(count * params_.nchan * kHands);
  for (std::size_t a1 = 0; a1 < params_.antennas; ++a1) {
    for (std::size_t a2 = a1 + 1; a2 < params_.antennas; ++a2) add_row(integration, a1, a2, rows);
  }
  rows.flag.assign(rows.data.size(), 0);
  return Chunk<Visibilities>(std::move(rows),
                             Span("row", integration * count, (integration + 1) * count));
}

void Simulate::publish_truth(const PipelineContext& ctx) const {
  if (params_.truth.empty()) return;
  Draft draft(params_.truth, true);
  std::ofstream out(draft.path());
  const Direction& centre = dsa110_ ? dsa110_->reference_centre() : header_->fields[0].phase_dir;
  out << truth_json(sky_, centre, reference_hz_, dsa110_ ? dsa110_->gains() : gains_, params_.seed,
                    dsa110_.get());
  out.close();
  if (!out) throw Error(ErrorKind::failed, "cannot write '" + params_.truth + "'");
  draft.publish();
  ctx.record_output(params_.truth);
}

}  // namespace skymill::radio
