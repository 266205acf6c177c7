// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/ms/casa_image.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "data_fixture.h"

using namespace skymill;
using namespace skymill::radio;
using namespace skymill::radio::test;

namespace {

constexpr double kArcsec = 3.14159265358979323846 / 180 / 3600;

ImageHeader small_header(std::size_t nchan) {
  ImageHeader header;
  header.nx = 31;
  header.ny = 20;
  header.nchan = nchan;
  header.cell_x_rad = -0.5 * kArcsec;
  header.cell_y_rad = 0.5 * kArcsec;
  header.phase_centre = {2.5, -0.3, "ICRS"};
  for (std::size_t k = 0; k < nchan; ++k) {
    header.chan_freq_hz.push_back(268.5e9 + 0.2441382e6 * static_cast<double>(k));
  }
  header.chan_width_hz = 0.2441382e6;
  header.spectral_frame = "LSRK";
  header.rest_freq_hz = 268.6e9;
  header.telescope = "ALMA";
  header.observer = "somebody";
  header.object = "IRC+10216";
  header.date_obs_mjd_s = 4.9e9;
  header.telescope_position_m = {2225142.0, -5440307.0, -2481029.0};
  header.history = {"taskname=image", "niter = 0"};
  return header;
}

std::vector<float> plane_of(const ImageHeader& header, std::size_t chan) {
  std::vector<float> pixels(header.nx * header.ny);
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    pixels[i] = static_cast<float>(i) + 1000.0F * static_cast<float>(chan);
  }
  return pixels;
}

Beam beam_of(std::size_t chan) {
  return {(2 + 0.125 * static_cast<double>(chan)) * kArcsec, 1 * kArcsec, 0.25};
}

/// Writes channels from the last to the first, without `absent`.
void write(Lane& lane, const std::string& path, const ImageHeader& header, std::size_t absent) {
  lane.run([&](const Lane::Token& token) {
    CasaImageWriter writer(token, path, header, {"image", "Jy/beam", true});
    for (std::size_t chan = header.nchan; chan-- > 0;) {
      if (chan == absent) continue;
      writer.put_plane(chan, plane_of(header, chan).data(), beam_of(chan));
    }
    writer.finish(token);
  });
}

}  // namespace

TEST_CASE("a written image reads back, here and in python-casacore", "[ms][image]") {
  const std::size_t none = 1000;
  for (const std::size_t nchan : {1u, 5u}) {
    for (const std::size_t absent : {none, std::size_t{2}}) {
      if (nchan == 1 && absent != none) continue;
      INFO(nchan << " channels, absent " << absent);
      Scratch scratch;
      Lane lane("test");
      const std::string path = scratch.path("a.image");
      const ImageHeader header = small_header(nchan);
      write(lane, path, header, absent);
      lane.run([&](const Lane::Token& token) {
        CasaImageReader reader(token, path);
        const ImageHeader& found = reader.header();
        CHECK(found.nx == header.nx);
        CHECK(found.ny == header.ny);
        REQUIRE(found.nchan == nchan);
        CHECK(found.cell_x_rad == Approx(header.cell_x_rad).epsilon(1e-13));
        CHECK(found.phase_centre.ra_rad == Approx(2.5).epsilon(1e-13));
        CHECK(found.phase_centre.dec_rad == Approx(-0.3).epsilon(1e-13));
        CHECK(found.phase_centre.frame == "ICRS");
        CHECK(found.spectral_frame == "LSRK");
        CHECK(found.rest_freq_hz == 268.6e9);
        CHECK(found.chan_width_hz == Approx(0.2441382e6).epsilon(1e-9));
        for (std::size_t chan = 0; chan < nchan; ++chan) {
          CHECK(std::abs(found.chan_freq_hz[chan] - header.chan_freq_hz[chan]) < 1e-3);
        }
        CHECK(found.telescope == "ALMA");
        CHECK(found.observer == "somebody");
        CHECK(found.object == "IRC+10216");
        CHECK(found.date_obs_mjd_s == Approx(4.9e9).epsilon(1e-14));
        CHECK(found.telescope_position_m[1] == Approx(-5440307.0));
        CHECK(found.history == header.history);
        CHECK(reader.unit() == "Jy/beam");
        CHECK(reader.projection() == "SIN");
        CHECK(reader.stokes() == std::vector<std::string>{"I"});
        CHECK(reader.reference_pixel() == std::array<double, 2>{15, 10});
        CHECK(reader.has_mask() == (absent != none));
        REQUIRE(reader.beams().size() == nchan);
        std::vector<float> pixels(header.nx * header.ny);
        std::vector<std::uint8_t> mask(pixels.size());
        for (std::size_t chan = 0; chan < nchan; ++chan) {
          reader.read_plane(token, chan, pixels.data(), mask.data());
          const bool put = chan != absent;
          CHECK(mask == std::vector<std::uint8_t>(pixels.size(), put ? 1 : 0));
          const Beam expected = beam_of(put ? chan : chan - 1);  // the nearest one
          CHECK(reader.beams()[chan].major_rad == Approx(expected.major_rad));
          if (!put) continue;
          CHECK(pixels == plane_of(header, chan));
          CHECK(reader.beams()[chan].pa_rad == Approx(0.25));
        }
        CHECK_THROWS_WITH(reader.read_plane(token, nchan, pixels.data()),
                          Catch::Contains("was asked for"));
      });
      if (!has_program("/usr/bin/python3")) continue;
      const std::string log = scratch.path("log");
      const int code = run("/usr/bin/python3 " SKYMILL_TEST_SCRIPTS "/check_image.py '" + path +
                               "' " + std::to_string(nchan) + " " + std::to_string(absent),
                           log);
      INFO(text_of(log));
      CHECK(code == 0);
    }
  }
}

TEST_CASE("uneven frequencies are kept in a table", "[ms][image]") {
  Scratch scratch;
  Lane lane("test");
  ImageHeader header = small_header(4);
  header.chan_freq_hz[2] += 1e5;
  write(lane, scratch.path("t.image"), header, 1000);
  lane.run([&](const Lane::Token& token) {
    CasaImageReader reader(token, scratch.path("t.image"));
    for (std::size_t chan = 0; chan < 4; ++chan) {
      CHECK(std::abs(reader.header().chan_freq_hz[chan] - header.chan_freq_hz[chan]) < 1e-3);
    }
  });
}

TEST_CASE("headers that cannot be written are refused, and nothing stays", "[ms][image]") {
  Scratch scratch;
  Lane lane("test");
  const std::string path = scratch.path("bad.image");
  const auto error_of = [&](ImageHeader header, const ProductKind& kind) {
    std::string text;
    lane.run([&](const Lane::Token& token) {
      try {
        CasaImageWriter writer(token, path, header, kind);
      } catch (const Error& error) {
        text = error.what();
      }
    });
    CHECK_FALSE(std::filesystem::exists(path));
    return text;
  };
  const ImageHeader good = small_header(2);
  CHECK(error_of(good, {"image", "Jy/beam", true}).empty());  // unfinished: removed again
  CHECK_THAT(error_of(good, {"image", "Jy/lightyears!", true}), Catch::Contains("unit"));
  ImageHeader bad = good;
  bad.chan_freq_hz.pop_back();
  CHECK_THAT(error_of(bad, {"image", "Jy/beam", true}), Catch::Contains("1 frequencies"));
  bad = good;
  bad.phase_centre.frame = "UPSIDE";
  CHECK_THAT(error_of(bad, {"image", "Jy/beam", true}), Catch::Contains("UPSIDE"));
  bad = good;
  bad.spectral_frame = "MOON";
  CHECK_THAT(error_of(bad, {"image", "Jy/beam", true}), Catch::Contains("MOON"));
}

TEST_CASE("real images are read", "[ms][image]") {
  const auto data = real_data("real images");
  if (!data) return;
  Lane lane("test");
  lane.run([&](const Lane::Token& token) {
    CasaImageReader alma(token, *data / "image" / "FREQ78_casa_clean.image");
    CHECK(alma.header().nx == 512);
    CHECK(alma.header().ny == 512);
    CHECK(alma.header().nchan == 1);
    CHECK(alma.unit() == "Jy/beam");
    CHECK(alma.header().object == "HD 142527");
    REQUIRE(alma.beams().size() == 1);
    CHECK(alma.beams()[0].major_rad == Approx(0.5598254799842834 * kArcsec));
    CHECK(alma.beams()[0].pa_rad == Approx(63.52350616455078 * 3600 * kArcsec));
    std::vector<float> pixels(512 * 512);
    alma.read_plane(token, 0, pixels.data());
    CHECK(*std::max_element(pixels.begin(), pixels.end()) == Approx(0.202).margin(0.0005));

    CasaImageReader m17(token, *data / "image" / "M17_SWex.image");
    CHECK(m17.header().nchan == 5);
    CHECK(m17.has_mask());
    CHECK(m17.beams().size() == 5);
    float peak = -1;
    for (std::size_t chan = 0; chan < 5; ++chan) {
      std::vector<std::uint8_t> mask(36);
      m17.read_plane(token, chan, pixels.data(), mask.data());
      for (std::size_t i = 0; i < 36; ++i) {
        if (mask[i]) peak = std::max(peak, pixels[i]);
      }
    }
    CHECK(peak == Approx(0.01862).margin(0.00001));
    for (const char* name :
         {"FREQ78_restored.image", "FREQ78_casa_clean.flux", "FREQ78_casa_clean.residual",
          "FREQ78_casa_clean.psf", "example_cube.image", "emerlin_3C286_L.model.tt0"}) {
      INFO(name);
      CasaImageReader reader(token, *data / "image" / name);
      CHECK(reader.header().nx >= 3);
      std::vector<float> plane(reader.header().nx * reader.header().ny);
      std::vector<std::uint8_t> mask(plane.size());
      for (std::size_t chan = 0; chan < reader.header().nchan; ++chan) {
        CHECK_NOTHROW(reader.read_plane(token, chan, plane.data(), mask.data()));
      }
    }
  });
}
