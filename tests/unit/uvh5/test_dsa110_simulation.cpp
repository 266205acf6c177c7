// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/geometry/earth_time.h>
#include <stages/geometry/sky_frame.h>
#include <stages/simulate/dsa110_stations.h>
#include <catch2/catch.hpp>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "uvh5_fixture.h"

using namespace skymill;
using namespace skymill::radio;
using namespace skymill::radio::test;

namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kSpeedOfLight = 299792458;

/// Distance of two directions, arcsec.
double separation_arcsec(const Direction& a, const Direction& b) {
  const double sin_half_dec = std::sin((a.dec_rad - b.dec_rad) / 2);
  const double sin_half_ra = std::sin((a.ra_rad - b.ra_rad) / 2);
  const double h = sin_half_dec * sin_half_dec +
                   std::cos(a.dec_rad) * std::cos(b.dec_rad) * sin_half_ra * sin_half_ra;
  return 2 * std::asin(std::sqrt(h)) * 180 * 3600 / kPi;
}

}  // namespace

TEST_CASE("the station table is that of stages/simulate/dsa110_stations.csv") {
  std::ifstream csv(SKYMILL_STATIONS);
  const auto stations = dsa110_stations();
  std::size_t k = 0, active = 0;
  for (std::string line; std::getline(csv, line);) {
    if (line.empty() || line[0] == '#' || line[0] == 's') continue;
    REQUIRE(k < stations.size());
    std::istringstream words(line);
    double value[5] = {};
    for (double& v : value) {
      words >> v;
      words.ignore(1);
    }
    CHECK(stations[k].number == static_cast<int>(value[0]));
    CHECK(stations[k].latitude_deg == value[1]);
    CHECK(stations[k].longitude_deg == value[2]);
    CHECK(stations[k].elevation_m == value[3]);
    CHECK(stations[k].active == (value[4] != 0));
    active += stations[k].active ? 1 : 0;
    ++k;
  }
  CHECK(k == 117);
  CHECK(active == 96);
}

TEST_CASE("frequencies of the sixteen subbands are the golden ones") {
  const Scratch scratch("/tmp", "test");
  SimulateParams params = small_dsa110(write_eop(scratch.path()));
  params.subbands = 16;
  params.nchan = 48;
  params.times = 1;
  params.antennas = 96;
  params.noise = 0;
  params.sources = {"0deg 0deg 1Jy"};
  const WholeStream stream = stream_of<Simulate>(params);
  const auto& windows = stream.header->spectral_windows;
  REQUIRE(windows.size() == 16);
  // dsa110.md, appendix A, MHz: first and last channel of the subbands as the correlator has them.
  CHECK(windows[15].chan_freq_hz.back() / 1e6 == Approx(1498.643188).epsilon(0).margin(1e-6));
  CHECK(windows[15].chan_freq_hz.front() / 1e6 == Approx(1487.168579).epsilon(0).margin(1e-6));
  CHECK(windows[8].chan_freq_hz.back() / 1e6 == Approx(1416.611938).epsilon(0).margin(1e-6));
  CHECK(windows[8].name == "sb07");
  CHECK(windows[0].chan_freq_hz.back() / 1e6 == Approx(1322.861938).epsilon(0).margin(1e-6));
  CHECK(windows[0].chan_freq_hz.front() / 1e6 == Approx(1311.387329).epsilon(0).margin(1e-6));
  for (std::size_t w = 0; w < 16; ++w) {
    for (std::size_t c = 1; c < 48; ++c) {
      CHECK(windows[w].chan_freq_hz[c] - windows[w].chan_freq_hz[c - 1] == 244140.625);
    }
    if (w > 0) {
      CHECK(windows[w].chan_freq_hz.front() - windows[w - 1].chan_freq_hz.back() == 244140.625);
    }
  }
  CHECK(stream.header->rows == 16 * 4656);
  // Longest and shortest baselines in use (dsa110.md 1.1).
  CHECK(stream.header->max_uvw_m == Approx(2601.6).epsilon(0).margin(0.1));
  double shortest = 1e9;
  const Visibilities& rows = *stream.chunks.front();
  for (std::size_t r = 0; r < rows.rows(); ++r) {
    if (rows.antenna1[r] == rows.antenna2[r]) continue;
    shortest = std::min(
        shortest, std::hypot(rows.uvw_m[3 * r], rows.uvw_m[3 * r + 1], rows.uvw_m[3 * r + 2]));
  }
  CHECK(shortest == Approx(5.751).epsilon(0).margin(0.002));
}

TEST_CASE("sources drift: every visibility is the delay between its antennas and the meridian") {
  const Scratch scratch("/tmp", "test");
  SimulateParams params = small_dsa110(write_eop(scratch.path()));
  params.noise = 0;
  params.times = 5;
  params.interval = 100;
  params.autocorrelations = false;
  const WholeStream stream = stream_of<Simulate>(params);
  const ObservationHeader& header = *stream.header;
  CHECK(header.phasing == Phasing::meridian);
  const auto sky = parse_sources(params.sources);
  const EarthOrientation earth = EarthOrientation::read(params.eop);
  const double reference_hz = (header.spectral_windows[0].chan_freq_hz.front() +
                               header.spectral_windows[1].chan_freq_hz.back()) /
                              2;
  double worst = 0;
  for (const auto& chunk : stream.chunks) {
    const auto& freq =
        header.spectral_windows[static_cast<std::size_t>(chunk->data_desc_id)].chan_freq_hz;
    const SkyFrame frame(chunk->time_s[0], header.position, earth.at(chunk->time_s[0]));
    const Vector3 meridian = hour_angle_vector(0, params.dec, header.position.longitude_rad);
    for (std::size_t r = 0; r < chunk->rows(); ++r) {
      const auto& p = header.antennas[static_cast<std::size_t>(chunk->antenna1[r])].position_m;
      const auto& q = header.antennas[static_cast<std::size_t>(chunk->antenna2[r])].position_m;
      for (std::size_t c = 0; c < chunk->nchan; ++c) {
        std::complex<double> expected = 0;
        for (const PointSource& source : sky) {
          // Not through uvw: the path difference to the source less that to the meridian.
          const Vector3 s =
              frame.apparent(offset_direction(header.fields[2].phase_dir, source.l, source.m));
          double path = 0;
          for (std::size_t axis = 0; axis < 3; ++axis) {
            path += (p[axis] - q[axis]) * (s[axis] - meridian[axis]);
          }
          expected += source.flux_jy_at(freq[c], reference_hz) *
                      std::polar(1.0, 2 * kPi * path * freq[c] / kSpeedOfLight);
        }
        for (std::size_t hand = 0; hand < 2; ++hand) {
          const std::complex<double> got = chunk->data[(r * chunk->nchan + c) * 2 + hand];
          worst = std::max(worst, std::abs(got - expected));
        }
      }
    }
  }
  CHECK(worst < 1e-5);
}

TEST_CASE("phase centres move with the sky, 15.04 arcsec a second at the equator") {
  const Scratch scratch("/tmp", "test");
  SimulateParams params = small_dsa110(write_eop(scratch.path()));
  params.times = 24;
  const auto header = stream_of<Simulate>(params).header;
  REQUIRE(header->fields.size() == 24);
  const double step = separation_arcsec(header->fields[0].phase_dir, header->fields[1].phase_dir);
  // 193.8 arcsec of right ascension an integration (dsa110.md 1.4).
  CHECK(step == Approx(193.80 * std::cos(params.dec)).epsilon(1e-3));
  CHECK(header->fields[0].phase_dir.frame == "ICRS");
  CHECK(header->fields[23].time_s - header->fields[0].time_s ==
        Approx(296.352743).epsilon(0).margin(1e-4));
}

TEST_CASE("noise has the strength that the SEFD gives, in autocorrelations too") {
  const Scratch scratch("/tmp", "test");
  SimulateParams params = small_dsa110(write_eop(scratch.path()));
  params.antennas = 12;
  params.nchan = 48;
  params.times = 4;
  params.sources = {"0deg 0deg 1Jy"};
  const WholeStream noisy = stream_of<Simulate>(params);
  CHECK(noisy.chunks[0]->weight[0] == Approx(1 / (2.59 * 2.59)).epsilon(0.01));
  params.noise = 0;
  const WholeStream clean = stream_of<Simulate>(params);
  double cross = 0, autos = 0, mean = 0;
  std::size_t crosses = 0, alone = 0;
  for (std::size_t k = 0; k < noisy.chunks.size(); ++k) {
    const Visibilities& with = *noisy.chunks[k];
    const Visibilities& without = *clean.chunks[k];
    const std::size_t cells = with.nchan * with.ncorr;
    for (std::size_t at = 0; at < with.data.size(); ++at) {
      const std::complex<double> noise =
          std::complex<double>(with.data[at]) - std::complex<double>(without.data[at]);
      const std::size_t row = at / cells;
      if (with.antenna1[row] == with.antenna2[row]) {
        CHECK(with.data[at].imag() == 0);
        autos += noise.real() * noise.real();
        mean += with.data[at].real();
        ++alone;
      } else {
        cross += std::norm(noise);
        ++crosses;
      }
    }
  }
  CHECK(std::sqrt(cross / static_cast<double>(2 * crosses)) == Approx(2.59).epsilon(0.01));
  CHECK(std::sqrt(autos / static_cast<double>(alone)) == Approx(2.59 * std::sqrt(2)).epsilon(0.03));
  CHECK(mean / static_cast<double>(alone) == Approx(6501).epsilon(0.001));
}

TEST_CASE("gain errors stand in the truth and in the data, of both telescopes") {
  const Scratch scratch("/tmp", "test");
  for (const std::string telescope : {"small", "dsa110"}) {
    SimulateParams params = small_dsa110(write_eop(scratch.path()));
    params.telescope = telescope;
    params.autocorrelations = false;
    params.noise = 0;
    const WholeStream clean = stream_of<Simulate>(params);
    params.gain_amplitude = 0.2;
    params.gain_phase = 0.5;
    params.truth = scratch.path() + "/truth.json";
    const WholeStream wrong = stream_of<Simulate>(params);
    const auto truth = nlohmann::json::parse(text_of(params.truth));
    REQUIRE(truth["gains"].size() == 4);
    std::map<std::string, std::array<std::complex<double>, 2>> gains;
    for (const auto& gain : truth["gains"]) {
      for (std::size_t hand = 0; hand < 2; ++hand) {
        gains[gain["antenna"]][hand] = std::polar(gain["amplitude"][hand].get<double>(),
                                                  gain["phase_rad"][hand].get<double>());
      }
    }
    double worst = 0, most = 0;
    for (std::size_t k = 0; k < clean.chunks.size(); ++k) {
      const Visibilities& rows = *clean.chunks[k];
      for (std::size_t at = 0; at < rows.data.size(); ++at) {
        const std::size_t row = at / (rows.nchan * rows.ncorr), hand = at % 2;
        const auto name = [&](std::int32_t a) {
          return clean.header->antennas[static_cast<std::size_t>(a)].name;
        };
        const std::complex<double> expected = gains.at(name(rows.antenna1[row]))[hand] *
                                              std::conj(gains.at(name(rows.antenna2[row]))[hand]) *
                                              std::complex<double>(rows.data[at]);
        worst =
            std::max(worst, std::abs(expected - std::complex<double>(wrong.chunks[k]->data[at])));
        most = std::max(most, std::abs(expected - std::complex<double>(rows.data[at])));
      }
    }
    CHECK(worst < 1e-5);
    CHECK(most > 0.1);
  }
}
