// SPDX-License-Identifier: GPL-3.0-or-later
// What simulate puts into the data of the DSA-110 besides sources and noise: primary beam,
// receivers, interference. Expectations come from closed forms and from the truth's JSON.
#include <core/error.h>
#include <stages/geometry/sky_frame.h>
#include <stages/simulate/counted_random.h>
#include <stages/simulate/primary_beam.h>
#include <stages/simulate/sky_model.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "uvh5_fixture.h"

using namespace skymill;
using namespace skymill::radio;
using namespace skymill::radio::test;
using Catch::Matchers::Contains;

namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kDegree = kPi / 180;
constexpr double kDish = 4.65;
constexpr double kSpeedOfLight = 299792458;

SimulateParams quiet_dsa110(const std::string& folder) {
  SimulateParams params = small_dsa110(write_eop(folder));
  params.noise = 0;
  params.truth = folder + "/truth.json";
  return params;
}

nlohmann::json truth_of(const SimulateParams& params) {
  return nlohmann::json::parse(text_of(params.truth));
}

const SpectralWindow& window_of(const Visibilities& rows) {
  return rows.header->spectral_windows[static_cast<std::size_t>(rows.data_desc_id)];
}

std::string antenna_name(const Visibilities& rows, std::int32_t antenna) {
  return rows.header->antennas[static_cast<std::size_t>(antenna)].name;
}

}  // namespace

TEST_CASE("the beam is the Airy pattern of a 4.65 m dish") {
  for (const double freq_hz : {1.311e9, 1.405e9, 1.499e9}) {
    for (const double degrees : {0.01, 0.5, 1.0, 1.35, 2.0, 3.0, 5.0, 12.0}) {
      const double x = kPi * kDish * std::sin(degrees * kDegree) * freq_hz / kSpeedOfLight;
      const double voltage = 2 * std::cyl_bessel_j(1, x) / x;
      CHECK(airy_voltage(kDish, freq_hz, std::sin(degrees * kDegree)) == Approx(voltage));
      CHECK(airy_power(kDish, freq_hz, std::sin(degrees * kDegree)) == Approx(voltage * voltage));
    }
    CHECK(airy_power(kDish, freq_hz, 0) == 1);
  }
  // Half of the power is left at 1.029 / 2 wavelengths per diameter, the first ring is dark
  // at 1.22.
  const double wavelengths = kSpeedOfLight / 1.405e9 / kDish;
  CHECK(airy_power(kDish, 1.405e9, 1.0290 / 2 * wavelengths) == Approx(0.5).epsilon(1e-3));
  CHECK(airy_power(kDish, 1.405e9, 1.21967 * wavelengths) < 1e-9);
  CHECK(airy_voltage(kDish, 1.405e9, 1.6 * wavelengths) < 0);
  // 2.7 degrees from half to half (dsa110.md 1.8).
  CHECK(airy_power(kDish, 1.405e9, std::sin(1.35 * kDegree)) ==
        Approx(0.5).epsilon(0).margin(0.01));
}

TEST_CASE("the tapered beam follows its formula, through the place where that is 0/0") {
  CHECK(tapered_power(kDish, 1.4e9, 0) == 1);
  const double per_x = kSpeedOfLight / 1.4e9 / kDish;
  // cos(0.36 pi) / (1 - 4 0.36 0.36) to the fourth.
  CHECK(tapered_power(kDish, 1.4e9, 0.3 * per_x) == Approx(std::pow(0.42577929 / 0.4816, 4)));
  const double middle = 0.5 / 1.2 * per_x;
  CHECK(tapered_power(kDish, 1.4e9, middle) == Approx(std::pow(kPi / 4, 4)));
  CHECK(tapered_power(kDish, 1.4e9, middle * (1 + 1e-5)) ==
        Approx(tapered_power(kDish, 1.4e9, middle)).epsilon(1e-4));
}

TEST_CASE("a source dims as it drifts out of the beam, in every channel as the beam says") {
  const Scratch scratch("/tmp", "test");
  SimulateParams params = quiet_dsa110(scratch.path());
  params.sources = {"0.4deg 1deg 3Jy"};
  params.interval = 300;
  params.autocorrelations = false;
  const WholeStream plain = stream_of<Simulate>(params);
  const EarthOrientation earth = EarthOrientation::read(params.eop);
  const PointSource source = parse_sources(params.sources).front();
  for (const std::string beam : {"airy", "tapered"}) {
    params.beam = beam;
    const WholeStream seen = stream_of<Simulate>(params);
    CHECK(truth_of(params)["beam"] == beam);
    double worst = 0, least = 1, most = 0;
    for (std::size_t k = 0; k < seen.chunks.size(); ++k) {
      const Visibilities& rows = *seen.chunks[k];
      const ObservationHeader& header = *rows.header;
      const SkyFrame frame(rows.time_s[0], header.position, earth.at(rows.time_s[0]));
      const Vector3 towards =
          frame.apparent(offset_direction(header.fields[1].phase_dir, source.l, source.m));
      const Vector3 axis = hour_angle_vector(0, params.dec, header.position.longitude_rad);
      const double angle =
          std::acos(towards[0] * axis[0] + towards[1] * axis[1] + towards[2] * axis[2]);
      for (std::size_t at = 0; at < rows.data.size(); ++at) {
        const double freq_hz = window_of(rows).chan_freq_hz[at / 2 % rows.nchan];
        const double power = beam == "airy" ? airy_power(kDish, freq_hz, std::sin(angle))
                                            : tapered_power(kDish, freq_hz, angle);
        const std::complex<double> expected =
            power * std::complex<double>(plain.chunks[k]->data[at]);
        worst = std::max(worst, std::abs(std::complex<double>(rows.data[at]) - expected));
        least = std::min(least, power);
        most = std::max(most, power);
      }
    }
    CHECK(worst < 1e-5);
    CHECK(least < 0.8 * most);
  }
}

TEST_CASE("numbers of random sources fall with flux as a power law") {
  SourceCounts counts{20000, 0.01, 0.005, 5, 1.7, -0.75, 0.2};
  const auto sources = random_sources(counts, 3);
  for (const double flux : {0.01, 0.05, 0.5}) {
    const double brighter = static_cast<double>(
        std::count_if(sources.begin(), sources.end(),
                      [&](const PointSource& source) { return source.flux_jy > flux; }));
    const double share =
        (std::pow(flux, -0.7) - std::pow(5, -0.7)) / (std::pow(0.005, -0.7) - std::pow(5, -0.7));
    CAPTURE(flux, brighter, 20000 * share);
    CHECK(std::abs(brighter - 20000 * share) < 4 * std::sqrt(20000 * share * (1 - share)));
  }
  double mean = 0, square = 0;
  for (const PointSource& source : sources) {
    CHECK((source.flux_jy >= 0.005 && source.flux_jy <= 5));
    mean += source.spectral_index / 20000;
    square += source.spectral_index * source.spectral_index / 20000;
  }
  CHECK(mean == Approx(-0.75).epsilon(0).margin(0.006));
  CHECK(std::sqrt(square - mean * mean) == Approx(0.2).epsilon(0.02));
}

TEST_CASE("noise by counter is normal, and a value depends on nothing but its place") {
  constexpr std::size_t kCount = 1000000;
  const CountedRandom random(7);
  std::vector<std::complex<float>> all(kCount), part(77);
  random.fill_normal_pairs(kCount, all.data());
  random.fill_normal_pairs(part.size(), part.data());
  CHECK(std::equal(part.begin(), part.end(), all.begin()));
  std::vector<std::complex<float>> other(kCount);
  random.child(1).fill_normal_pairs(kCount, other.data());
  double mean = 0, square = 0, fourth = 0, cross = 0, next = 0, foreign = 0, beyond = 0;
  for (std::size_t k = 0; k < kCount; ++k) {
    const double re = all[k].real(), im = all[k].imag();
    mean += re + im;
    square += re * re + im * im;
    fourth += std::pow(re, 4) + std::pow(im, 4);
    cross += re * im;
    next += k > 0 ? re * all[k - 1].real() : 0;
    foreign += re * other[k].real();
    beyond += (std::abs(re) > 3 ? 1 : 0) + (std::abs(im) > 3 ? 1 : 0);
  }
  const double count = kCount;
  // Five standard deviations each.
  CHECK(std::abs(mean / (2 * count)) < 5 / std::sqrt(2 * count));
  CHECK(std::abs(square / (2 * count) - 1) < 5 * std::sqrt(2 / (2 * count)));
  CHECK(std::abs(fourth / (2 * count) - 3) < 5 * std::sqrt(96 / (2 * count)));
  CHECK(std::abs(cross / count) < 5 / std::sqrt(count));
  CHECK(std::abs(next / count) < 5 / std::sqrt(count));
  CHECK(std::abs(foreign / count) < 5 / std::sqrt(count));
  CHECK(beyond / (2 * count) == Approx(0.0026998).epsilon(0.07));
}

TEST_CASE("noise belongs to baseline, time and subband, whatever else is simulated") {
  const Scratch scratch("/tmp", "test");
  SimulateParams params = small_dsa110(write_eop(scratch.path()));
  params.sources = {"0deg 0deg 1uJy"};  // so faint that only noise is compared
  params.times = 4;
  const WholeStream two = stream_of<Simulate>(params);
  params.subbands = 3;
  params.autocorrelations = false;
  params.times = 2;
  params.groups = 3;
  const WholeStream three = stream_of<Simulate>(params);
  REQUIRE(three.header->fields.size() == 6);
  std::size_t compared = 0;
  for (std::size_t t = 0; t < 4; ++t) {
    for (std::size_t subband = 0; subband < 2; ++subband) {
      const Visibilities& one = *two.chunks[2 * t + 1 - subband];
      const Visibilities& other = *three.chunks[3 * t + 2 - subband];
      REQUIRE(window_of(one).chan_freq_hz == window_of(other).chan_freq_hz);
      REQUIRE(one.time_s[0] == other.time_s[0]);
      const std::size_t cells = 2 * one.nchan;
      std::size_t row = 0;
      for (std::size_t r = 0; r < one.rows(); ++r) {
        if (one.antenna1[r] == one.antenna2[r]) continue;
        REQUIRE(one.antenna1[r] == other.antenna1[row]);
        for (std::size_t k = 0; k < cells; ++k, ++compared) {
          const auto difference = one.data[r * cells + k] - other.data[row * cells + k];
          CHECK(std::abs(difference) < 1e-5);
        }
        ++row;
      }
    }
  }
  CHECK(compared == 4 * 2 * 6 * 16);
}

TEST_CASE("gains, delays, bandpasses, dead antennas and the unit are in the data as in the truth") {
  const Scratch scratch("/tmp", "test");
  SimulateParams params = quiet_dsa110(scratch.path());
  params.antennas = 9;
  const WholeStream clean = stream_of<Simulate>(params);
  params.gain_amplitude = 0.1;
  params.gain_phase = 1;
  params.delay = 5e-9;
  params.outrigger_delay = 300e-9;
  params.bandpass_ripple = 0.1;
  params.bandpass_edge = 0.2;
  params.bandpass_notches = {1.4925e9, 1.48e9};
  params.yy_amplitude = 0.8;
  params.counts_per_jy = 0.02;
  const std::string dead = antenna_name(*clean.chunks[0], clean.chunks[0]->antenna2[3]);
  params.dead_antennas = {dead};
  const WholeStream seen = stream_of<Simulate>(params);
  const auto truth = truth_of(params);
  REQUIRE(truth["receivers"].size() == 9);
  CHECK(truth["counts_per_jy"] == 0.02);
  std::map<std::string, nlohmann::json> receiver, gain;
  double longest_ns = 0;
  for (std::size_t a = 0; a < 9; ++a) {
    receiver[truth["receivers"][a]["antenna"]] = truth["receivers"][a];
    gain[truth["gains"][a]["antenna"]] = truth["gains"][a];
    longest_ns = std::max(longest_ns, std::abs(truth["receivers"][a]["delay_ns"][0].get<double>()));
  }
  CHECK(longest_ns > 30);  // of an outrigger
  const auto voltage = [&](const std::string& name, std::size_t hand, double freq_hz,
                           double place) {
    const auto& its = receiver.at(name);
    if (its.contains("dead")) return std::complex<double>(0);
    double amplitude =
        1 + 0.1 * std::sin(2 * kPi * freq_hz / its["ripple_period_hz"][hand].get<double>() +
                           its["ripple_phase_rad"][hand].get<double>());
    amplitude *= 1 - 0.2 * std::pow(place, 8);
    for (const double notch_hz : {1.4925e9, 1.48e9}) {
      amplitude *= 1 - 0.8 * std::exp(-0.5 * std::pow((freq_hz - notch_hz) / 0.5e6, 2));
    }
    return std::polar(amplitude * gain.at(name)["amplitude"][hand].get<double>(),
                      gain.at(name)["phase_rad"][hand].get<double>() +
                          2e-9 * kPi * freq_hz * its["delay_ns"][hand].get<double>());
  };
  double worst = 0, strongest = 0;
  for (std::size_t k = 0; k < seen.chunks.size(); ++k) {
    const Visibilities& rows = *seen.chunks[k];
    for (std::size_t at = 0; at < rows.data.size(); ++at) {
      const std::size_t hand = at % 2, c = at / 2 % rows.nchan, row = at / 2 / rows.nchan;
      const double freq_hz = window_of(rows).chan_freq_hz[c];
      const double place = (static_cast<double>(c) - 3.5) / 3.5;
      const std::string one = antenna_name(rows, rows.antenna1[row]);
      const std::string two = antenna_name(rows, rows.antenna2[row]);
      const std::complex<double> sky(clean.chunks[k]->data[at]);
      std::complex<double> expected = 0.02 * sky * voltage(one, hand, freq_hz, place) *
                                      std::conj(voltage(two, hand, freq_hz, place));
      if (one == two && one == dead) expected = 0.02 * params.sefd;
      const double scale = one == two ? params.sefd : 7;
      worst = std::max(worst, std::abs(std::complex<double>(rows.data[at]) - expected) / scale);
      if (one != two) strongest = std::max(strongest, std::abs(expected));
      if (one != two && (one == dead || two == dead)) CHECK(rows.data[at] == 0.0F);
    }
  }
  CHECK(worst < 0.02 * 2e-6);
  CHECK(strongest > 0.05);
  CHECK(seen.chunks[0]->weight[0] == 1);

  params.dead_antennas = {"no"};
  CHECK_THROWS_WITH(stream_of<Simulate>(params), Contains("'no'"));
}

TEST_CASE("interference is where the truth says, and nowhere else") {
  const Scratch scratch("/tmp", "test");
  SimulateParams params = quiet_dsa110(scratch.path());
  params.times = 12;
  params.nchan = 16;
  params.subbands = 3;
  params.antennas = 6;
  const WholeStream clean = stream_of<Simulate>(params);
  params.rfi_carriers = 2;
  params.rfi_drifting = 2;
  params.rfi_bursts = 1;
  params.rfi_zeros = 3;
  params.rfi_nans = 3;
  params.rfi_flux = 50;
  const WholeStream seen = stream_of<Simulate>(params);
  const auto events = truth_of(params)["interference"];
  REQUIRE(events.size() == 11);
  std::map<std::string, std::size_t> found;
  for (std::size_t k = 0; k < seen.chunks.size(); ++k) {
    const Visibilities& rows = *seen.chunks[k];
    const std::size_t integration = k / 3;
    for (std::size_t at = 0; at < rows.data.size(); ++at) {
      const std::size_t c = at / 2 % rows.nchan, row = at / 2 / rows.nchan;
      const double freq_hz = window_of(rows).chan_freq_hz[c];
      double transmitters = 0;
      bool zero = false, nan = false;
      for (const auto& event : events) {
        const std::string kind = event["kind"];
        const std::size_t first = event["integrations"][0], last = event["integrations"][1];
        if (integration < first || integration > last) continue;
        if (kind == "zero" || kind == "nan") {
          const std::string name = event["antenna"];
          if (2 - k % 3 != event["subband"].get<std::size_t>()) continue;
          if (antenna_name(rows, rows.antenna1[row]) != name &&
              antenna_name(rows, rows.antenna2[row]) != name) {
            continue;
          }
          (kind == "zero" ? zero : nan) = true;
        } else if (kind == "burst" || std::abs(event["freq_hz"].get<double>() +
                                               event["hz_per_integration"].get<double>() *
                                                   static_cast<double>(integration - first) -
                                               freq_hz) < 1) {
          transmitters += event["flux_jy"].get<double>();
        } else {
          continue;
        }
        ++found[kind];
      }
      const std::complex<float> with = rows.data[at], without = clean.chunks[k]->data[at];
      if (nan) {
        CHECK((std::isnan(with.real()) && std::isnan(with.imag())));
      } else if (zero) {
        CHECK(with == 0.0F);
      } else if (transmitters == 0) {
        CHECK(with == without);
      } else if (transmitters == 50) {
        CHECK(std::abs(with - without) == Approx(50).epsilon(1e-3));
      } else {
        CHECK(std::abs(with - without) < 1.001 * transmitters);
      }
    }
  }
  const std::size_t cells = 21 * 2;  // rows and hands
  CHECK(found["carrier"] == 2 * 12 * cells);
  CHECK(found["burst"] % (3 * 16 * cells) == 0);
  CHECK(found["burst"] > 0);
  // A drifting one may leave the band before the end, but not at once.
  CHECK(found["drifting"] > 2 * 5 * cells);
  CHECK(found["drifting"] % cells == 0);
  CHECK(found["zero"] == 3 * 6 * 2 * 16);
  CHECK(found["nan"] == 3 * 6 * 2 * 16);
}
