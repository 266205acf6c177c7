// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/storage.h>
#include <core/units.h>
#include <stages/simulate/counted_random.h>
#include <stages/simulate/simulate_stage.h>
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

Schema<SimulateParams> Simulate::schema() {
  Schema<SimulateParams> s{"Simulate an observation of point sources with noise."};
  s.field("telescope", &SimulateParams::telescope,
          "small: a spiral of antennas that tracks the phase centre; dsa110: antennas of the "
          "DSA-110, fringe-stopped to the meridian")
      .choices({"small", "dsa110"});
  s.field("antennas", &SimulateParams::antennas,
          "Number of antennas; of the DSA-110's 96 as many, spread over all its parts")
      .range(2, 4096);
  s.field("radius", &SimulateParams::radius, "Radius of the small array").unit("m").positive();
  s.field("diameter", &SimulateParams::diameter, "Diameter of a dish of the small array")
      .unit("m")
      .positive();
  s.field("longitude", &SimulateParams::longitude, "Of the small array, east positive").unit("rad");
  s.field("latitude", &SimulateParams::latitude, "Of the small array").unit("rad");
  s.field("height", &SimulateParams::height, "Of the small array above the ellipsoid").unit("m");
  s.field("times", &SimulateParams::times, "Number of integrations").range(1, 1e7);
  s.field("interval", &SimulateParams::interval,
          "Length of an integration; none takes 60 s, or 12.884901888 s of the DSA-110")
      .unit("s")
      .positive();
  s.field("start_mjd", &SimulateParams::start_mjd,
          "Start of the first integration, MJD UTC in days");
  s.field(
       "ra", &SimulateParams::ra,
       "Right ascension of the phase centre; without it what transits halfway; not for the DSA-110")
      .unit("rad");
  s.field("dec", &SimulateParams::dec,
          "Declination of the phase centre; apparent declination to which the DSA-110 points")
      .unit("rad")
      .range(-kPi / 2, kPi / 2);
  s.field("nchan", &SimulateParams::nchan,
          "Number of channels, of a subband of the DSA-110, where 48 are usual")
      .range(1, 1e6);
  s.field("freq", &SimulateParams::freq, "Centre of the first channel; not for the DSA-110")
      .unit("Hz")
      .positive();
  s.field("width", &SimulateParams::width,
          "Width of a channel; not for the DSA-110, whose subbands are 11.71875 MHz wide")
      .unit("Hz")
      .positive();
  s.field("sources", &SimulateParams::sources,
          "The sky as 'l m flux [index]' each, such as '30arcsec -20arcsec 1.5Jy -0.7'; empty "
          "takes random_sources");
  s.field("random_sources", &SimulateParams::random_sources,
          "Number of sources when none are listed");
  s.field("source_radius", &SimulateParams::source_radius, "Random sources stand within this")
      .unit("rad")
      .range(0, 1);
  s.field("flux_min", &SimulateParams::flux_min, "Faintest random source").unit("Jy").positive();
  s.field("flux_max", &SimulateParams::flux_max, "Brightest random source").unit("Jy").positive();
  s.field("noise", &SimulateParams::noise,
          "Standard deviation of the real and of the imaginary part of one visibility; none takes "
          "0.1 Jy, or what sefd gives for the DSA-110: 2.59 Jy with 48 channels")
      .unit("Jy")
      .range(0, 1e12);
  s.field("sefd", &SimulateParams::sefd,
          "System equivalent flux density of an antenna of the DSA-110")
      .unit("Jy")
      .positive();
  s.field("gain_amplitude", &SimulateParams::gain_amplitude,
          "Standard deviation of the gains' amplitudes, as a fraction")
      .range(0, 1);
  s.field("gain_phase", &SimulateParams::gain_phase, "Standard deviation of the gains' phases")
      .unit("rad")
      .range(0, 100);
  s.field("autocorrelations", &SimulateParams::autocorrelations,
          "Make rows of an antenna with itself as well; DSA-110 only");
  s.field("subbands", &SimulateParams::subbands,
          "Subbands of the DSA-110, from the highest frequencies downwards")
      .range(1, 16);
  s.field("eop", &SimulateParams::eop,
          "Table of Earth orientation for the DSA-110; empty looks in SKYMILL_EOP and "
          "share/skymill/eop")
      .advanced();
  s.field("stale_eop", &SimulateParams::stale_eop,
          "Take the nearest values when the table lacks the date")
      .advanced();
  s.field("seed", &SimulateParams::seed, "Of all random numbers");
  s.field("truth", &SimulateParams::truth,
          "JSON file for the true sources and gains; empty writes none");
  s.check([](const SimulateParams& p) { return p.flux_min <= p.flux_max; },
          "flux_min must not be larger than flux_max");
  s.check([](const SimulateParams& p) { return p.telescope != "dsa110" || p.antennas <= 96; },
          "the DSA-110 has 96 antennas in use");
  s.check([](const SimulateParams& p) { return p.telescope == "dsa110" || !p.autocorrelations; },
          "autocorrelations need telescope: dsa110");
  return s;
}

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
  if (params_.gain_amplitude == 0 && params_.gain_phase == 0) return;
  std::vector<std::string> names;
  for (const Antenna& antenna : header_->antennas) names.push_back(antenna.name);
  gains_ = random_gains(names, params_.gain_amplitude, params_.gain_phase, params_.seed);
}

void Simulate::plan_dsa110() {
  Dsa110Setup setup;
  setup.antennas = params_.antennas;
  setup.subbands = params_.subbands;
  setup.nchan = params_.nchan;
  setup.times = params_.times;
  setup.interval_s = params_.interval.value_or(setup.interval_s);
  setup.start_mjd = params_.start_mjd;
  setup.pointing_dec_rad = params_.dec;
  setup.sefd_jy = params_.sefd;
  setup.noise_jy = params_.noise.value_or(
      visibility_noise_jy(params_.sefd, dsa110_channel_width_hz(params_.nchan), setup.interval_s));
  setup.autocorrelations = params_.autocorrelations;
  setup.gain_amplitude = params_.gain_amplitude;
  setup.gain_phase_rad = params_.gain_phase;
  setup.seed = params_.seed;
  setup.stale = params_.stale_eop ? StalePolicy::nearest : StalePolicy::refuse;
  dsa110_ = std::make_unique<Dsa110Simulation>(setup, sky_, EarthOrientation::find(params_.eop));
  header_ = dsa110_->header();
  reference_hz_ = dsa110_->reference_hz();
}

void Simulate::plan(Planning& planning) {
  sky_ = params_.sources.empty() ? random_sources(params_.random_sources, params_.source_radius,
                                                  params_.flux_min, params_.flux_max, params_.seed)
                                 : parse_sources(params_.sources);
  if (params_.telescope == "dsa110") {
    plan_dsa110();
    const std::size_t rows = dsa110_->rows_per_integration();
    fill_spec(planning.output(), rows, params_.times * params_.subbands);
    planning.set_state(rows * params_.nchan * sizeof(std::complex<float>));
  } else {
    plan_small();
    fill_spec(planning.output(), baselines(params_.antennas), params_.times);
  }
  if (!params_.truth.empty()) planning.add_product(params_.truth, 4096, true);
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
  for (std::size_t k = 0; !gains_.empty() && k < cells; ++k) {
    const std::size_t hand = k % kHands;
    const std::complex<double> gain =
        gains_[antenna1].hand[hand] * std::conj(gains_[antenna2].hand[hand]);
    data[k] = std::complex<float>(gain * std::complex<double>(data[k]));
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
  if (next_integration_ == params_.times) {
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
  out << truth_json(sky_, centre, reference_hz_, dsa110_ ? dsa110_->gains() : gains_);
  out.close();
  if (!out) throw Error(ErrorKind::failed, "cannot write '" + params_.truth + "'");
  draft.publish();
  ctx.record_output(params_.truth);
}

}  // namespace skymill::radio
