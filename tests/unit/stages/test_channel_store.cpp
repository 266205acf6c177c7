// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/image/channel_store.h>
#include <catch2/catch.hpp>

#include <limits>

using namespace skymill;
using namespace skymill::radio;

namespace {

std::shared_ptr<ObservationHeader> header_of(std::vector<int> corr_types) {
  auto header = std::make_shared<ObservationHeader>();
  SpectralWindow window;
  window.chan_freq_hz = {1e9, 1.1e9};
  window.chan_width_hz = {1e8, 1e8};
  header->spectral_windows = {window};
  header->data_descriptions = {{0, std::move(corr_types)}};
  header->rows = 2;
  header->rows_per_description = {2};
  return header;
}

/// Two rows, two channels; the value names row, channel and correlation.
Visibilities rows_of(const std::shared_ptr<ObservationHeader>& header) {
  Visibilities rows;
  rows.header = header;
  rows.nchan = 2;
  rows.ncorr = header->data_descriptions[0].corr_types.size();
  for (std::size_t r = 0; r < 2; ++r) {
    rows.time_s.push_back(static_cast<double>(r));
    for (int axis = 0; axis < 3; ++axis) rows.uvw_m.push_back(10.0 * static_cast<double>(r) + axis);
    for (std::size_t k = 0; k < rows.ncorr; ++k) rows.weight.push_back(2 + static_cast<float>(k));
    for (std::size_t c = 0; c < 2; ++c) {
      for (std::size_t k = 0; k < rows.ncorr; ++k) {
        rows.data.emplace_back(static_cast<float>(100 * r + 10 * c + k), 1.0F);
        rows.flag.push_back(0);
      }
    }
  }
  return rows;
}

}  // namespace

TEST_CASE("Stokes I is the mean of both hands; its weight the mean of first and last") {
  const auto header = header_of({9, 10, 11, 12});
  ChannelStore store(*header, spectral_grid(*header, 0, 1, std::nullopt), "I", true);
  store.add(rows_of(header));
  CHECK(store.hands() == 2);
  const auto second = store.samples(1);
  CHECK(second.vis.shape() == std::array<std::size_t, 2>{2, 1});
  CHECK(second.vis(1, 0) == std::complex<float>(111.5F, 1));
  CHECK(second.weight(1, 0) == 3.5F);
  CHECK(second.uvw_m(1, 2) == 12);
  CHECK(second.freq_hz(0) == 1.1e9);
  // The second channel is the brighter one; flags take its power away.
  CHECK(store.longest_first() == std::vector<std::size_t>{1, 0});
  Visibilities flagged = rows_of(header);
  for (std::size_t k = 4; k < 8; ++k) flagged.flag[k] = flagged.flag[8 + k] = 1;
  ChannelStore other(*header, spectral_grid(*header, 0, 1, std::nullopt), "I", true);
  other.add(flagged);
  CHECK(other.longest_first() == std::vector<std::size_t>{0, 1});
}

TEST_CASE("the lesser hand's weight, and a NaN in one of them") {
  const auto header = header_of({9, 10, 11, 12});
  Visibilities rows = rows_of(header);
  rows.weight[4 + 3] = std::numeric_limits<float>::quiet_NaN();  // row 1, YY
  rows.weight[1] = 0.5F;                                         // row 0, XY: no parallel hand
  ChannelStore store(*header, spectral_grid(*header, 0, 1, std::nullopt), "I", false);
  store.add(rows);
  CHECK(store.samples(0).weight(0, 0) == 2);
  CHECK(store.samples(0).weight(1, 0) == 0);
}

TEST_CASE("one hand alone, and several channels in one plane") {
  const auto header = header_of({9, 12});
  ChannelStore store(*header, spectral_grid(*header, 0, 2, std::nullopt), "YY", true);
  store.add(rows_of(header));
  CHECK(store.hands() == 1);
  REQUIRE(store.planes() == 1);
  const auto plane = store.samples(0);
  CHECK(plane.vis(0, 1) == std::complex<float>(11, 1));
  CHECK(plane.vis(1, 0) == std::complex<float>(101, 1));
}

TEST_CASE("Stokes parameters of linear and circular feeds") {
  // imaging.md 2.4, with the numbers of rows_of: 0 to 3 in the order of the correlations.
  const std::complex<float> i(0, 1);
  const auto first_of = [&](std::vector<int> types, const std::string& stokes) {
    const auto header = header_of(std::move(types));
    Visibilities rows = rows_of(header);
    for (std::size_t k = 0; k < 4; ++k) rows.data[k] = std::complex<float>(1, 2) * float(1 + k * k);
    ChannelStore store(*header, spectral_grid(*header, 0, 1, std::nullopt), stokes, true);
    store.add(rows);
    CHECK(store.hands() == 2);
    return store.samples(0).vis(0, 0);
  };
  const std::complex<float> one(1, 2);  // correlations are 1, 2, 5 and 10 times this
  CHECK(first_of({9, 10, 11, 12}, "I") == 5.5F * one);
  CHECK(first_of({9, 10, 11, 12}, "Q") == -4.5F * one);
  CHECK(first_of({9, 10, 11, 12}, "U") == 3.5F * one);
  CHECK(first_of({9, 10, 11, 12}, "V") == -3.0F * one / (2.0F * i));
  CHECK(first_of({5, 6, 7, 8}, "I") == 5.5F * one);
  CHECK(first_of({5, 6, 7, 8}, "V") == -4.5F * one);
  CHECK(first_of({5, 6, 7, 8}, "Q") == 3.5F * one);
  CHECK(first_of({5, 6, 7, 8}, "U") == -3.0F * one / (2.0F * i));
  const auto parallel = header_of({9, 12});
  CHECK_THROWS_WITH(
      ChannelStore(*parallel, spectral_grid(*parallel, 0, 1, std::nullopt), "U", true),
      Catch::Matchers::Contains("Stokes U"));
}

TEST_CASE("pseudoI takes the hand that is good, at the weight of one") {
  const auto header = header_of({9, 12});
  Visibilities rows = rows_of(header);
  rows.flag[1] = 1;                                             // row 0, channel 0, YY
  rows.data[4] = {std::numeric_limits<float>::quiet_NaN(), 0};  // row 1, channel 0, XX
  rows.flag[2] = rows.flag[3] = 1;                              // row 0, channel 1, both
  ChannelStore store(*header, spectral_grid(*header, 0, 1, std::nullopt), "pseudoI", false);
  store.add(rows);
  CHECK(store.hands() == 2);
  CHECK(store.samples(0).vis(0, 0) == std::complex<float>(0, 1));
  CHECK(store.samples(0).weight(0, 0) == 1);  // twice makes the 2 of XX
  CHECK(store.samples(0).vis(1, 0) == std::complex<float>(101, 1));
  CHECK(store.samples(0).weight(1, 0) == 1.5F);
  CHECK(store.samples(1).weight(0, 0) == 0);
  CHECK(store.samples(1).vis(1, 0) == std::complex<float>(110.5F, 1));
  CHECK(store.samples(1).weight(1, 0) == 2);
  CHECK(store.flagged() == 1);
}

TEST_CASE(
    "a flag of either hand, a bad weight and a NaN each kill the sample, not its neighbours") {
  const auto header = header_of({9, 12});
  Visibilities rows = rows_of(header);
  rows.flag[1] = 1;                                             // row 0, channel 0, YY
  rows.data[2] = {std::numeric_limits<float>::quiet_NaN(), 0};  // row 0, channel 1, XX
  rows.weight[2] = -5;                                          // row 1
  rows.weight[3] = 1;
  ChannelStore store(*header, spectral_grid(*header, 0, 1, std::nullopt), "I", true);
  store.add(rows);
  CHECK(store.samples(0).weight(0, 0) == 0);
  CHECK(store.samples(1).weight(0, 0) == 0);
  CHECK(store.samples(0).weight(1, 0) == 0);
  CHECK(store.flagged() == 4);
}

TEST_CASE("a Stokes parameter that the data have not, and too many rows, are refused") {
  const auto header = header_of({9, 12});
  CHECK_THROWS_AS(ChannelStore(*header, spectral_grid(*header, 0, 1, std::nullopt), "RR", true),
                  Error);
  ChannelStore store(*header, spectral_grid(*header, 0, 1, std::nullopt), "I", true);
  store.add(rows_of(header));
  CHECK_THROWS_AS(store.add(rows_of(header)), Error);
}

TEST_CASE("the store holds what it said it would") {
  const auto header = header_of({9, 12});
  const auto planes = spectral_grid(*header, 0, 1, std::nullopt);
  // 2 rows of uvw; 2 planes of 2 samples with visibility and weight
  CHECK(ChannelStore::sample_bytes(*header, planes) == 2 * 2 * 12);
  CHECK(ChannelStore::geometry_bytes(*header, planes) == 2 * 24);
  CHECK(ChannelStore::max_samples(*header, planes) == 2);
}
