// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/image/spectral_grid.h>
#include <catch2/catch.hpp>

using namespace skymill;
using namespace skymill::radio;
using Catch::Matchers::Contains;

namespace {

/// Windows of `nchan` channels of 1 MHz each, in descending order, the last one first.
ObservationHeader windows(std::size_t count, std::size_t nchan) {
  ObservationHeader header;
  for (std::size_t k = 0; k < count; ++k) {
    SpectralWindow window;
    for (std::size_t c = 0; c < nchan; ++c) {
      const auto place = static_cast<double>((count - k) * nchan - 1 - c);
      window.chan_freq_hz.push_back(1.3e9 + 1e6 * place);
      window.chan_width_hz.push_back(-1e6);
    }
    header.spectral_windows.push_back(window);
    header.data_descriptions.push_back({static_cast<int>(k), {9, 12}});
    header.rows_per_description.push_back(10);
  }
  return header;
}

}  // namespace

TEST_CASE("channels of all windows form one ascending list") {
  const auto planes = spectral_grid(windows(3, 4), 0, 1, std::nullopt);
  REQUIRE(planes.size() == 12);
  for (std::size_t k = 0; k < 12; ++k) {
    CHECK(planes[k].freq_hz == 1.3e9 + 1e6 * static_cast<double>(k));
    CHECK(planes[k].width_hz == Approx(1e6).epsilon(1e-12));
    REQUIRE(planes[k].channels.size() == 1);
  }
  CHECK(planes[0].channels[0].data_desc_id == 2);
  CHECK(planes[0].channels[0].channel == 3);
}

TEST_CASE("width joins channels, also across windows; start and nchan cut the list") {
  const auto planes = spectral_grid(windows(2, 4), 1, 3, 2);
  REQUIRE(planes.size() == 2);
  CHECK(planes[0].freq_hz == Approx(1.302e9).epsilon(1e-15));
  CHECK(planes[1].freq_hz == Approx(1.305e9).epsilon(1e-15));
  CHECK(planes[0].width_hz == Approx(3e6).epsilon(1e-12));
  CHECK(planes[1].channels.front().data_desc_id == 0);
  CHECK(planes[0].channels.back().data_desc_id == 1);
}

TEST_CASE("more planes than the data have, and gaps between windows, are refused in words") {
  CHECK_THROWS_WITH(spectral_grid(windows(1, 4), 0, 1, 5), Contains("4 channels"));
  CHECK_THROWS_WITH(spectral_grid(windows(1, 4), 9, 1, std::nullopt), Contains("lower start"));
  auto gap = windows(3, 4);
  for (double& freq : gap.spectral_windows[0].chan_freq_hz) freq += 5e6;
  CHECK_THROWS_WITH(spectral_grid(gap, 0, 1, std::nullopt), Contains("not equidistant"));
}

TEST_CASE("a window without rows is not there") {
  auto header = windows(2, 4);
  header.rows_per_description[0] = 0;
  CHECK(spectral_grid(header, 0, 1, std::nullopt).size() == 4);
}
