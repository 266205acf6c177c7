// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/formats/fits_cube.h>

#include <catch2/catch.hpp>
#include <cstdint>

#include "sample_cube.h"

using namespace skymill;
using namespace skymill::radio;

namespace {

using Catch::Contains;

/// A FITS file put together by hand from cards and 16-bit or 32-bit big-endian integers.
class HandMade {
 public:
  explicit HandMade(int bitpix, std::vector<long> sizes) : bitpix_(bitpix) {
    card("SIMPLE", "T");
    card("BITPIX", std::to_string(bitpix));
    card("NAXIS", std::to_string(sizes.size()));
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      card("NAXIS" + std::to_string(i + 1), std::to_string(sizes[i]));
    }
  }
  HandMade& card(std::string key, const std::string& value) {
    key.resize(8, ' ');
    std::string text = key + "= " + value;
    text.resize(80, ' ');
    header_ += text;
    return *this;
  }
  HandMade& directions() {
    return card("CTYPE1", "'RA---SIN'")
        .card("CRVAL1", "10.0")
        .card("CDELT1", "-0.001")
        .card("CRPIX1", "2.0")
        .card("CTYPE2", "'DEC--SIN'")
        .card("CRVAL2", "20.0")
        .card("CDELT2", "0.001")
        .card("CRPIX2", "1.0");
  }
  HandMade& value(std::int32_t value) {
    for (int shift = std::abs(bitpix_) - 8; shift >= 0; shift -= 8) {
      data_ += static_cast<char>((value >> shift) & 255);
    }
    return *this;
  }
  void save(const std::filesystem::path& path) const {
    std::string header = header_ + "END";
    header.resize((header.size() + 2879) / 2880 * 2880, ' ');
    std::string data = data_;
    data.resize((data.size() + 2879) / 2880 * 2880, '\0');
    std::ofstream(path, std::ios::binary) << header << data;
  }

 private:
  int bitpix_;
  std::string header_;
  std::string data_;
};

std::vector<float> plane(const FitsCubeReader& reader, std::size_t chan, std::size_t stokes = 0) {
  std::vector<float> pixels(reader.header().nx * reader.header().ny);
  reader.read_plane(chan, pixels.data(), stokes);
  return pixels;
}

}  // namespace

TEST_CASE("integers with BSCALE, BZERO and BLANK become floats and NaN") {
  const TestFolder folder;
  HandMade(16, {3, 1})
      .directions()
      .card("BSCALE", "0.5")
      .card("BZERO", "100.0")
      .card("BLANK", "-32768")
      .value(4)
      .value(-32768)
      .value(-6)
      .save(folder / "a.fits");
  const FitsCubeReader reader(folder / "a.fits");
  const std::vector<float> pixels = plane(reader, 0);
  CHECK(pixels[0] == 102.0F);
  CHECK(std::isnan(pixels[1]));
  CHECK(pixels[2] == 97.0F);
  CHECK(reader.header().nchan == 1);
  CHECK(reader.header().chan_freq_hz == std::vector<double>{0});
  CHECK(reader.header().phase_centre.frame == "ICRS");
  CHECK(reader.reference_pixel() == std::array<double, 2>{1, 0});
  CHECK(reader.unit().empty());
}

TEST_CASE("both orders of frequency and Stokes give the same planes") {
  const TestFolder folder;
  // Value = 100 chan + 10 stokes + x.
  HandMade stokes_last(16, {2, 1, 3, 2});
  HandMade freq_last(16, {2, 1, 2, 3});
  for (HandMade* file : {&stokes_last, &freq_last}) {
    const std::string f = file == &stokes_last ? "3" : "4";
    const std::string s = file == &stokes_last ? "4" : "3";
    file->directions()
        .card("CTYPE" + f, "'FREQ'")
        .card("CUNIT" + f, "'MHz'")
        .card("CRVAL" + f, "1000.0")
        .card("CDELT" + f, "0.25")
        .card("CRPIX" + f, "2.0")
        .card("CTYPE" + s, "'STOKES'")
        .card("CRVAL" + s, "-5.0")
        .card("CDELT" + s, "-1.0")
        .card("CRPIX" + s, "1.0");
  }
  for (int s = 0; s < 2; ++s) {
    for (int c = 0; c < 3; ++c) stokes_last.value(100 * c + 10 * s).value(100 * c + 10 * s + 1);
  }
  for (int c = 0; c < 3; ++c) {
    for (int s = 0; s < 2; ++s) freq_last.value(100 * c + 10 * s).value(100 * c + 10 * s + 1);
  }
  stokes_last.save(folder / "s.fits");
  freq_last.save(folder / "f.fits");
  for (const char* name : {"s.fits", "f.fits"}) {
    const FitsCubeReader reader(folder / name);
    CHECK(reader.header().nchan == 3);
    CHECK(reader.header().chan_freq_hz == std::vector<double>{999.75e6, 1000e6, 1000.25e6});
    CHECK(reader.stokes() == std::vector<std::string>{"XX", "YY"});
    for (std::size_t s = 0; s < 2; ++s) {
      for (std::size_t c = 0; c < 3; ++c) {
        const float first = static_cast<float>(100 * c + 10 * s);
        CHECK(plane(reader, c, s) == std::vector<float>{first, first + 1});
      }
    }
    CHECK(error_of([&] { plane(reader, 3); }).kind == ErrorKind::input);
    CHECK(error_of([&] { plane(reader, 0, 2); }).kind == ErrorKind::input);
  }
}

TEST_CASE("radio velocity becomes frequency") {
  const TestFolder folder;
  HandMade(16, {1, 1, 2})
      .directions()
      .card("CTYPE3", "'VRAD'")
      .card("CUNIT3", "'km/s'")
      .card("CRVAL3", "299.792458")
      .card("CDELT3", "-29.9792458")
      .card("CRPIX3", "1.0")
      .card("RESTFRQ", "1.0E9")
      .value(1)
      .value(2)
      .save(folder / "v.fits");
  const FitsCubeReader reader(folder / "v.fits");
  CHECK(reader.header().chan_freq_hz[0] == Approx(0.999e9).epsilon(1e-14));
  CHECK(reader.header().chan_freq_hz[1] == Approx(0.9991e9).epsilon(1e-14));
}

TEST_CASE("files that are no such image are refused in one sentence") {
  const TestFolder folder;
  const auto words = [&](const std::string& name) {
    const Thrown thrown = error_of([&] { FitsCubeReader reader(folder / name); });
    CHECK(thrown.any);
    CHECK(thrown.kind == ErrorKind::input);
    CHECK_THAT(thrown.message, Contains(name));
    return thrown.message;
  };
  CHECK_THAT(words("none.fits"), Contains("missing"));
  std::ofstream(folder / "text.fits") << "not an image at all";
  CHECK_THAT(words("text.fits"), Contains("not a FITS file"));
  std::ofstream(folder / "empty.fits") << "";
  CHECK_THAT(words("empty.fits"), Contains("not a FITS file"));
  HandMade(16, {1, 1}).value(1).save(folder / "plain.fits");
  CHECK_THAT(words("plain.fits"), Contains("axes"));
  HandMade(16, {}).save(folder / "nothing.fits");
  CHECK_THAT(words("nothing.fits"), Contains("no image"));
  HandMade(16, {1, 1}).directions().card("CROTA2", "30.0").value(1).save(folder / "turned.fits");
  CHECK_THAT(words("turned.fits"), Contains("rotated"));
  HandMade(16, {1, 1, 2})
      .directions()
      .card("CTYPE3", "'TIME'")
      .value(1)
      .value(1)
      .save(folder / "time.fits");
  CHECK_THAT(words("time.fits"), Contains("TIME"));
  HandMade(16, {2000000000, 2000000000, 2000000000})
      .directions()
      .value(1)
      .save(folder / "vast.fits");
  words("vast.fits");
}

TEST_CASE("a truncated cube is refused wherever it ends") {
  const TestFolder folder;
  const ImageHeader header = sample_header();
  {
    FitsCubeWriter writer(folder / "whole.fits", header, image_kind());
    for (std::size_t k = 0; k < 6; ++k) {
      writer.put_plane(k, sample_plane(header, k).data(), sample_beam(k));
    }
    writer.finish();
  }
  const std::string whole = bytes_of(folder / "whole.fits");
  const std::size_t pixels_end = whole.find("XTENSION");
  REQUIRE(pixels_end != std::string::npos);
  const std::size_t padding = 2880 - header.nx * header.ny * header.nchan * 4 % 2880;
  for (std::size_t length = 100; length < pixels_end - padding; length += 1000) {
    std::ofstream(folder / "cut.fits", std::ios::binary) << whole.substr(0, length);
    const Thrown thrown = error_of([&] { FitsCubeReader reader(folder / "cut.fits"); });
    INFO("length " << length);
    CHECK(thrown.any);
    CHECK(thrown.kind == ErrorKind::input);
  }
}
