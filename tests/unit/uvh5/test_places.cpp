// SPDX-License-Identifier: GPL-3.0-or-later
// Sources off the centre image at their place in both axes, whichever antenna of a baseline the
// files name first (the acceptance test of dsa110.md 1.7).
#include <core/units.h>
#include <stages/geometry/sky_frame.h>
#include <stages/rephase/rephase_stage.h>
#include <stages/uvh5/uvh5_file.h>

#include <catch2/catch.hpp>
#include <cmath>

#include "../stages/row_chunks.h"
#include "uvh5_fixture.h"

using namespace skymill;
using namespace skymill::radio;
using namespace skymill::radio::test;

namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kSpeedOfLight = 299792458;
constexpr double kArcsec = kPi / 180 / 3600;

/// Turns of phase at l, m for row and channel by the measurement equation.
double turns(const Visibilities& rows, std::size_t row, std::size_t channel, double l, double m) {
  const double n_minus_1 = std::sqrt(1 - l * l - m * m) - 1;
  const double* const uvw = &rows.uvw_m[3 * row];
  const auto& window =
      rows.header->spectral_windows[static_cast<std::size_t>(rows.data_desc_id)].chan_freq_hz;
  return (uvw[0] * l + uvw[1] * m + uvw[2] * n_minus_1) * window[channel] / kSpeedOfLight;
}

/// Brightness at l, m by a direct Fourier sum over XX of all chunks.
double brightness(const std::vector<Visibilities>& all, double l, double m) {
  std::complex<double> sum = 0;
  std::size_t count = 0;
  for (const Visibilities& rows : all) {
    for (std::size_t row = 0; row < rows.rows(); ++row) {
      if (rows.antenna1[row] == rows.antenna2[row]) continue;
      for (std::size_t c = 0; c < rows.nchan; ++c, ++count) {
        const std::complex<double> value = rows.data[(row * rows.nchan + c) * rows.ncorr];
        sum += value * std::polar(1.0, -2 * kPi * turns(rows, row, c, l, m));
      }
    }
  }
  return sum.real() / static_cast<double>(count);
}

/// How far a point source stands from l, m: least squares over what is left of phases.
std::array<double, 2> offset_rad(const std::vector<Visibilities>& all, double l, double m) {
  double uu = 0, uv = 0, vv = 0, up = 0, vp = 0;
  for (const Visibilities& rows : all) {
    for (std::size_t row = 0; row < rows.rows(); ++row) {
      if (rows.antenna1[row] == rows.antenna2[row]) continue;
      for (std::size_t c = 0; c < rows.nchan; ++c) {
        const std::complex<double> value = rows.data[(row * rows.nchan + c) * rows.ncorr];
        const double left = std::arg(value * std::polar(1.0, -2 * kPi * turns(rows, row, c, l, m)));
        const double u = 2 * kPi * turns(rows, row, c, 1e-6, 0) * 1e6;
        const double v = 2 * kPi * turns(rows, row, c, 0, 1e-6) * 1e6;
        uu += u * u;
        uv += u * v;
        vv += v * v;
        up += u * left;
        vp += v * left;
      }
    }
  }
  const double determinant = uu * vv - uv * uv;
  return {(vv * up - uv * vp) / determinant, (uu * vp - uv * up) / determinant};
}

std::vector<Visibilities> rephased(const WholeStream& stream, const std::string& eop,
                                   const std::string& to) {
  std::vector<Chunk<Visibilities>> chunks;
  for (const auto& chunk : stream.chunks) {
    chunks.emplace_back(Visibilities(*chunk), chunk.span());
  }
  RephaseParams params;
  params.eop = eop;
  params.to = to;
  std::vector<Visibilities> all;
  testing::run_stage<Rephase>(params, std::move(chunks), visibility_spec(stream.header),
                              [&](const Chunk<Visibilities>& chunk) { all.push_back(*chunk); }, {});
  return all;
}

}  // namespace

TEST_CASE("a source off the centre of UVH5 files images at its place, also where ant1 > ant2") {
  const Scratch scratch("/tmp", "test");
  SimulateParams simulate = small_dsa110(write_eop(scratch.path()));
  simulate.antennas = 16;
  simulate.times = 4;
  simulate.noise = 0;
  int files = 0;
  for (const std::string place : {"900arcsec -400arcsec", "-300arcsec -1100arcsec"}) {
    simulate.sources = {place + " 1Jy"};
    const PointSource source = parse_sources(simulate.sources).front();
    const auto made = stream_of<Simulate>(simulate);
    const ObservationHeader& header = *made.header;
    const double middle_s = (header.time_first_s + header.time_last_s) / 2;
    const EarthOrientation earth = EarthOrientation::read(simulate.eop);
    const Direction transit =
        SkyFrame(middle_s, header.position, earth.at(middle_s)).icrs_of(0, simulate.dec);
    const Direction there = offset_direction(transit, source.l, source.m);

    Uvh5WriterParams writer;
    writer.output = scratch.path() + "/" + std::to_string(++files);
    std::filesystem::create_directory(writer.output);
    const auto& chunk = made.chunks.front();
    for (const std::size_t row : {chunk->rows() - 1, chunk->rows() - 5}) {
      const std::int32_t antenna = row % 2 == 0 ? chunk->antenna2[row] : chunk->antenna1[row];
      writer.antenna_order.push_back(header.antennas[static_cast<std::size_t>(antenna)].name);
    }
    const auto paths = write_observation(simulate, writer);
    const Uvh5File file(paths[0]);
    const Uvh5Rows rows = file.read_rows(0, file.header().rows);
    std::size_t backwards = 0;
    for (std::size_t r = 0; r < rows.time_jd.size(); ++r) {
      backwards += rows.antenna1[r] > rows.antenna2[r] ? 1 : 0;
    }
    CHECK(backwards > rows.time_jd.size() / 20);
    CHECK(backwards < rows.time_jd.size() / 2);

    Uvh5ReaderParams reader;
    reader.input = {writer.output};
    reader.expect_subbands = 2;
    reader.eop = simulate.eop;
    const WholeStream read = stream_of<Uvh5ReaderStage>(reader);
    for (const std::string to : {"meridian", "beside"}) {
      std::string direction = to;
      if (to == "beside") {
        direction = exact_number(transit.ra_rad + 2e-3) + "rad " +
                    exact_number(transit.dec_rad + 1e-3) + "rad";
      }
      const auto all = rephased(read, simulate.eop, direction);
      const Direction& centre = all.front().header->fields[0].phase_dir;
      const double around = there.ra_rad - centre.ra_rad;
      const double l = std::cos(there.dec_rad) * std::sin(around);
      const double m = std::sin(there.dec_rad) * std::cos(centre.dec_rad) -
                       std::cos(there.dec_rad) * std::sin(centre.dec_rad) * std::cos(around);
      if (to == "meridian") {
        CHECK(l == Approx(source.l).epsilon(1e-6));
        CHECK(m == Approx(source.m).epsilon(1e-6));
      }
      CHECK(brightness(all, l, m) == Approx(1).epsilon(1e-4));
      CHECK(std::abs(brightness(all, -l, m)) < 0.5);
      CHECK(std::abs(brightness(all, l, -m)) < 0.5);
      CHECK(std::abs(brightness(all, -l, -m)) < 0.5);
      // 3 mas a degree is what derivative uvw leave of aberration; float32 uvw are not used.
      const auto off = offset_rad(all, l, m);
      CAPTURE(place, to, off[0] / kArcsec, off[1] / kArcsec);
      CHECK(std::abs(off[0]) < 2e-3 * kArcsec);
      CHECK(std::abs(off[1]) < 2e-3 * kArcsec);
    }
  }
}
