// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/ms/casa_image.h>
#include <sys/stat.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <thread>

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

TEST_CASE("NaN become zeros under the mask, pixel by pixel", "[ms][image]") {
  // Lines of 9000 pixels make tiles of less than a plane.
  for (const std::size_t nx : {std::size_t{31}, std::size_t{9000}}) {
    Scratch scratch;
    Lane lane("test");
    const std::string path = scratch.path("masked.image");
    ImageHeader header = small_header(3);
    header.nx = nx;
    header.ny = nx > 1000 ? 2000 : 20;
    const auto masked = [](std::size_t k, std::size_t chan) { return chan == 1 && k % 977 == 5; };
    lane.run([&](const Lane::Token& token) {
      CasaImageWriter writer(token, path, header, {"image", "Jy/beam", true, false, true});
      for (const std::size_t chan : {1u, 0u}) {
        std::vector<float> pixels = plane_of(header, chan);
        for (std::size_t k = 0; k < pixels.size(); ++k) {
          if (masked(k, chan)) pixels[k] = std::numeric_limits<float>::quiet_NaN();
        }
        writer.put_plane(chan, pixels.data(), beam_of(0));
      }
      writer.finish(token);
      CasaImageReader reader(token, path);
      CHECK(reader.has_mask());
      for (std::size_t chan = 0; chan < 3; ++chan) {
        std::vector<float> pixels(header.nx * header.ny);
        std::vector<std::uint8_t> mask(pixels.size());
        reader.read_plane(token, chan, pixels.data(), mask.data());
        const std::vector<float> written = plane_of(header, chan);
        std::size_t wrong = 0;
        for (std::size_t k = 0; k < pixels.size(); ++k) {
          const bool good = chan < 2 && !masked(k, chan);
          if (mask[k] != (good ? 1 : 0) || pixels[k] != (good ? written[k] : 0)) ++wrong;
        }
        CHECK(wrong == 0);
      }
      // One beam for all planes, also for the one that was never put.
      REQUIRE(reader.beams().size() == 3);
      for (const Beam& beam : reader.beams()) {
        CHECK(beam.major_rad == Approx(beam_of(0).major_rad).epsilon(1e-12));
      }
      reader.close(token);
    });
  }
}

TEST_CASE("a product of one pixel has its values at the phase centre", "[ms][image]") {
  Scratch scratch;
  Lane lane("test");
  const std::string path = scratch.path("a.sumwt");
  const ImageHeader header = small_header(4);
  lane.run([&](const Lane::Token& token) {
    CasaImageWriter writer(token, path, header, {"sumwt", "", false, true});
    for (std::size_t chan = 0; chan < 4; ++chan) {
      const float value = 3.0F + static_cast<float>(chan);
      writer.put_plane(chan, &value);
    }
    writer.finish(token);
    CasaImageReader reader(token, path);
    CHECK(reader.header().nx == 1);
    CHECK(reader.header().ny == 1);
    CHECK(reader.header().chan_freq_hz == header.chan_freq_hz);
    CHECK(reader.header().phase_centre.ra_rad == Approx(header.phase_centre.ra_rad));
    CHECK(reader.reference_pixel() == std::array<double, 2>{0, 0});
    float value = 0;
    reader.read_plane(token, 2, &value);
    CHECK(value == 5);
    reader.close(token);
  });
}

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
        CHECK(found.telescope_position_m[1] == Approx(-5440307.0).epsilon(0).margin(1));
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

namespace {

/// What python-casacore says of an image that is not finished.
void check_growing(const Scratch& scratch, const std::string& path, const ImageHeader& header,
                   const std::string& there, const std::string& missing) {
  if (!has_program("/usr/bin/python3")) return;
  const std::string log = scratch.path("log");
  const std::string shape = std::to_string(header.nchan) + "," + std::to_string(header.ny) + "," +
                            std::to_string(header.nx);
  const int code = run("/usr/bin/python3 " SKYMILL_TEST_SCRIPTS "/check_growing_image.py '" + path +
                           "' " + shape + " '" + there + "' '" + missing + "'",
                       log);
  INFO(text_of(log));
  CHECK(code == 0);
}

CasaImageWriter open_writer(Lane& lane, const std::string& path, const ImageHeader& header) {
  return lane.run([&](const Lane::Token& token) {
    return CasaImageWriter(token, path, header, {"image", "Jy/beam", true});
  });
}

}  // namespace

TEST_CASE("a growing image opens elsewhere; what is not there yet is masked", "[ms][image]") {
  for (const std::size_t nchan : {1u, 2u, 5u}) {
    INFO(nchan << " channels");
    Scratch scratch;
    Lane lane("test");
    const std::string path = scratch.path("g.image");
    const ImageHeader header = small_header(nchan);
    CasaImageWriter writer = open_writer(lane, path, header);
    check_growing(scratch, path, header, "", "0");
    const std::size_t last = nchan - 1;
    const std::vector<float> pixels = plane_of(header, last);
    // All rows but the last are not a plane yet.
    writer.put_rows(last, 0, header.ny - 1, pixels.data());
    lane.run([&](const Lane::Token& token) {
      CasaImageReader reader(token, path);
      std::vector<float> found(pixels.size());
      std::vector<std::uint8_t> mask(pixels.size());
      reader.read_plane(token, last, found.data(), mask.data());
      CHECK(found[1] == pixels[1]);
      CHECK(mask == std::vector<std::uint8_t>(pixels.size(), 0));
    });
    writer.put_rows(last, header.ny - 1, 1, pixels.data() + header.nx * (header.ny - 1));
    writer.complete_plane(last, beam_of(last));
    check_growing(scratch, path, header, std::to_string(last), last > 0 ? "0" : "");
  }
}

TEST_CASE("rows that threads write at once make the same image", "[ms][image]") {
  Scratch scratch;
  Lane lane("test");
  const ImageHeader header = small_header(5);
  const std::string path = scratch.path("t.image");
  CasaImageWriter writer = open_writer(lane, path, header);
  std::vector<std::thread> threads;
  for (std::size_t thread = 0; thread < 3; ++thread) {
    threads.emplace_back([&, thread] {
      for (std::size_t chan = 0; chan < 5; ++chan) {
        const std::vector<float> pixels = plane_of(header, chan);
        for (std::size_t row = thread; row < header.ny; row += 3) {
          writer.put_rows(chan, row, 1, pixels.data() + row * header.nx);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::size_t chan = 0; chan < 5; ++chan) writer.complete_plane(chan, beam_of(chan));
  lane.run([&](const Lane::Token& token) {
    writer.finish(token);
    CasaImageReader reader(token, path);
    CHECK_FALSE(reader.has_mask());
    CHECK_FALSE(std::filesystem::exists(path + "/mask0"));
    std::vector<float> found(header.nx * header.ny);
    for (std::size_t chan = 0; chan < 5; ++chan) {
      reader.read_plane(token, chan, found.data());
      CHECK(found == plane_of(header, chan));
    }
  });
  CHECK_THROWS_WITH(writer.put_plane(0, plane_of(header, 0).data()), Catch::Contains("finished"));
}

TEST_CASE("who has a growing image open does not keep it from being finished", "[ms][image]") {
  if (!has_program("/usr/bin/python3")) return;
  Scratch scratch;
  Lane lane("test");
  const ImageHeader header = small_header(3);
  const std::string path = scratch.path("held.image");
  CasaImageWriter writer = open_writer(lane, path, header);
  const auto appears = [&](const char* sign) {
    for (int tries = 0; tries < 600 && !std::filesystem::exists(scratch.path(sign)); ++tries) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return std::filesystem::exists(scratch.path(sign));
  };
  const std::string log = scratch.path("log");
  REQUIRE(std::system(("/usr/bin/python3 " SKYMILL_TEST_SCRIPTS "/hold_image.py '" + path + "' '" +
                       scratch.path("") + "' 3,20,31 > '" + log + "' 2>&1 &")
                          .c_str()) == 0);
  REQUIRE(appears("open"));
  for (std::size_t chan = 0; chan < 3; ++chan) {
    writer.put_plane(chan, plane_of(header, chan).data(), beam_of(chan));
  }
  lane.run([&](const Lane::Token& token) { writer.finish(token); });
  std::ofstream(scratch.path("finished")).flush();
  const bool good = appears("good");
  INFO(text_of(log));
  CHECK(good);
}

TEST_CASE("a cube larger than the memory is a hole until its planes come", "[ms][image]") {
  Scratch scratch;
  Lane lane("test");
  ImageHeader header = small_header(4000);  // 16 GiB of pixels, 512 MiB of mask
  header.nx = header.ny = 1024;
  const std::string path = scratch.path("large.image");
  CasaImageWriter writer = open_writer(lane, path, header);
  for (const std::size_t chan : {3999u, 0u, 2047u}) {
    writer.put_plane(chan, plane_of(header, chan).data(), beam_of(chan));
  }
  const std::string pixels_file = path + "/table.f0_TSM0";
  CHECK(std::filesystem::file_size(pixels_file) == std::uintmax_t{4000} << 22);
  struct stat info {};
  REQUIRE(::stat(pixels_file.c_str(), &info) == 0);
  CHECK(info.st_blocks * 512 < 4L << 22);
  check_growing(scratch, path, header, "0,2047,3999", "1,2046,3998");
  lane.run([&](const Lane::Token& token) {
    writer.finish(token);
    CasaImageReader reader(token, path);
    CHECK(reader.beams().size() == 4000);
    std::vector<float> found(header.nx * header.ny);
    std::vector<std::uint8_t> mask(found.size());
    for (const std::size_t chan : {3999u, 0u, 2047u}) {
      reader.read_plane(token, chan, found.data(), mask.data());
      CHECK(found == plane_of(header, chan));
      CHECK(mask == std::vector<std::uint8_t>(found.size(), 1));
    }
    reader.read_plane(token, 1, found.data(), mask.data());
    CHECK(mask == std::vector<std::uint8_t>(found.size(), 0));
  });
}

TEST_CASE("rows of zeros stay a hole unless something was there", "[ms][image]") {
  Scratch scratch;
  Lane lane("test");
  ImageHeader header = small_header(3);
  header.nx = header.ny = 512;
  const std::size_t plane_bytes = header.nx * header.ny * sizeof(float);
  const std::string path = scratch.path("zeros.image");
  CasaImageWriter writer = open_writer(lane, path, header);
  std::vector<float> pixels(header.nx * header.ny);
  CHECK(writer.put_rows(0, 0, header.ny, pixels.data()) == 0);
  pixels[7] = 3;
  CHECK(writer.put_rows(1, 0, 256, pixels.data()) == plane_bytes / 2);
  CHECK(writer.put_rows(1, 256, 256, pixels.data() + pixels.size() / 2) == 0);
  pixels[7] = 0;
  // Rows that were there are replaced by zeros.
  CHECK(writer.put_rows(1, 0, header.ny, pixels.data()) == plane_bytes);
  CHECK(writer.put_rows(2, 0, header.ny, pixels.data()) == 0);
  for (std::size_t chan = 0; chan < 3; ++chan) writer.complete_plane(chan, beam_of(chan));
  const std::string pixels_file = path + "/table.f0_TSM0";
  struct stat info {};
  REQUIRE(::stat(pixels_file.c_str(), &info) == 0);
  CHECK(static_cast<std::size_t>(info.st_size) == 3 * plane_bytes);
  lane.run([&](const Lane::Token& token) {
    writer.finish(token);
    CHECK(static_cast<std::size_t>(info.st_blocks) * 512 < 2 * plane_bytes);
    CasaImageReader reader(token, path);
    std::vector<float> found(pixels.size());
    for (std::size_t chan = 0; chan < 3; ++chan) {
      found.assign(pixels.size(), 1.0F);
      reader.read_plane(token, chan, found.data());
      CHECK(found == pixels);
    }
  });
}

TEST_CASE("zeros replace what an ended run has left", "[ms][image]") {
  Scratch scratch;
  Lane lane("test");
  const ImageHeader header = small_header(2);
  const std::string path = scratch.path("ended.image");
  std::vector<float> pixels(header.nx * header.ny, 2.0F);
  {
    CasaImageWriter ended = open_writer(lane, path, header);
    ended.put_rows(0, 0, header.ny, pixels.data());
    ended.sync();
  }
  lane.run([&](const Lane::Token& token) {
    CasaImageWriter writer =
        CasaImageWriter::take_up(token, path, header, {"image", "Jy/beam", true});
    std::fill(pixels.begin(), pixels.end(), 0.0F);
    writer.put_plane(0, pixels.data(), beam_of(0));
    writer.put_plane(1, pixels.data(), beam_of(1));
    writer.finish(token);
    CasaImageReader reader(token, path);
    std::vector<float> found(pixels.size(), 1.0F);
    reader.read_plane(token, 0, found.data());
    CHECK(found == pixels);
  });
}

TEST_CASE("an image that was finished and not yet renamed is taken up", "[ms][image]") {
  Scratch scratch;
  Lane lane("test");
  const ImageHeader header = small_header(2);
  const std::string path = scratch.path("nameless.image");
  const std::vector<float> pixels(header.nx * header.ny, 2.0F);
  lane.run([&](const Lane::Token& token) {
    {
      CasaImageWriter first(token, path, header, {"image", "Jy/beam", true});
      first.put_plane(0, pixels.data(), beam_of(0));
      first.put_plane(1, pixels.data(), beam_of(1));
      first.finish(token);
    }
    CasaImageWriter again =
        CasaImageWriter::take_up(token, path, header, {"image", "Jy/beam", true});
    again.recall_plane(0, beam_of(0));
    again.recall_plane(1, beam_of(1));
    again.finish(token);
    CasaImageReader reader(token, path);
    std::vector<float> found(pixels.size());
    std::vector<std::uint8_t> mask(pixels.size());
    reader.read_plane(token, 1, found.data(), mask.data());
    CHECK(found == pixels);
    CHECK(std::count(mask.begin(), mask.end(), 1) == static_cast<std::ptrdiff_t>(mask.size()));
  });
}

TEST_CASE("a plane of several tiles, the last of them padded, is contiguous", "[ms][image]") {
  Scratch scratch;
  Lane lane("test");
  ImageHeader header = small_header(2);
  header.nx = std::size_t{1} << 20;
  header.ny = 17;  // 68 MiB a plane: two tiles of 9 lines
  const std::string path = scratch.path("wide.image");
  CasaImageWriter writer = open_writer(lane, path, header);
  const std::vector<std::size_t> rows{0, 8, 9, 16};
  for (const std::size_t row : rows) {
    const std::vector<float> line(header.nx, 1.0F + static_cast<float>(row));
    writer.put_rows(1, row, 1, line.data());
  }
  writer.complete_plane(1);
  lane.run([&](const Lane::Token& token) {
    CasaImageReader reader(token, path);
    std::vector<float> found(header.nx * header.ny);
    std::vector<std::uint8_t> mask(found.size());
    reader.read_plane(token, 1, found.data(), mask.data());
    CHECK(mask == std::vector<std::uint8_t>(found.size(), 1));
    for (std::size_t row = 0; row < header.ny; ++row) {
      const bool put = std::find(rows.begin(), rows.end(), row) != rows.end();
      const float value = put ? 1.0F + static_cast<float>(row) : 0.0F;
      INFO("row " << row);
      CHECK(std::all_of(found.begin() + static_cast<std::ptrdiff_t>(row * header.nx),
                        found.begin() + static_cast<std::ptrdiff_t>((row + 1) * header.nx),
                        [&](float pixel) { return pixel == value; }));
    }
    reader.read_plane(token, 0, found.data(), mask.data());
    CHECK(mask == std::vector<std::uint8_t>(found.size(), 0));
  });
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
    CHECK(*std::max_element(pixels.begin(), pixels.end()) ==
          Approx(0.202).epsilon(0).margin(0.0005));

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
    CHECK(peak == Approx(0.01862).epsilon(0).margin(0.00001));
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
