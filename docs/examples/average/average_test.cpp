// SPDX-License-Identifier: GPL-3.0-or-later
#include "average.h"

#include <core/conformance.h>
#include <stages/data/probe.h>
#include <catch2/catch.hpp>

using average::Average;
using average::ObservationHeader;
using average::Visibilities;
using skymill::testing::few_rows;

namespace {

/// All that comes out of these rows, as one.
skymill::testing::Figures averaged(const Visibilities& rows, Average::Params params) {
  const auto data = skymill::testing::cut_rows(rows);
  std::vector<skymill::Chunk<Visibilities>> chunks;
  chunks.push_back(data.cut({0, data.size}));
  skymill::testing::Figures figures;
  skymill::testing::run_stage<Average>(params, std::move(chunks), data.spec, [&](const auto& out) {
    skymill::testing::Probe<Visibilities>::add(*out, figures);
  });
  return figures;
}

/// One baseline, 4 channels and 2 correlations, with values that are easy to add.
Visibilities simple_rows(std::size_t times) {
  Visibilities rows = few_rows(2, times);
  for (std::size_t i = 0; i < rows.data.size(); ++i) {
    rows.data[i] = {static_cast<float>(i), 1};
    rows.flag[i] = 0;
  }
  return rows;
}

}  // namespace

TEST_CASE("it is what every stage owes its users") {
  skymill::testing::Conformance<Average> suite;
  suite.data = skymill::testing::cut_rows(few_rows(6, 20));
  suite.params = [](const auto&) { return Average::Params{.time = 30, .channels = 3}; };
  for (const auto& fault : suite.faults()) FAIL_CHECK(fault);
}

TEST_CASE("a mean heeds weights and flags, and weights are added up") {
  Visibilities rows = simple_rows(2);
  rows.weight = {1, 2, 3, 4};  // [time][corr]
  rows.flag[8 + 2] = 1;        // second time, channel 1, first correlation
  const auto out = averaged(rows, {.time = 20, .channels = 2});
  // First correlation of channels 0 and 1: 0 and 2 with weight 1, then 8 with weight 3.
  const double weight = 1 + 1 + 3;
  CHECK(out.at("data")[0] == Approx((0 + 2 + 3 * 8) / weight));
  CHECK(out.at("data")[1] == Approx(1));
  CHECK(out.at("weight_spectrum")[0] == weight);
  // Second correlation: 1 and 3 with weight 2, 9 and 11 with weight 4.
  CHECK(out.at("data")[2] == Approx((2 * 1 + 2 * 3 + 4 * 9 + 4 * 11) / 12.0));
  CHECK(out.at("weight_spectrum")[1] == 12);
  CHECK(out.at("weight")[0] == (weight + 8) / 2);  // mean of the two channels
  CHECK(out.at("flag") == std::vector<double>{0, 0, 0, 0});
}

TEST_CASE("WEIGHT_SPECTRUM comes before WEIGHT") {
  Visibilities rows = simple_rows(1);
  rows.weight_spectrum = {1, 1, 2, 1, 3, 1, 4, 1};  // [chan][corr]
  const auto out = averaged(rows, {.channels = 4});
  CHECK(out.at("data")[0] == Approx((1 * 0 + 2 * 2 + 3 * 4 + 4 * 6) / 10.0));
  CHECK(out.at("data")[2] == Approx((1 + 3 + 5 + 7) / 4.0));
  CHECK(out.at("weight_spectrum") == std::vector<double>{10, 4});
}

TEST_CASE("times, exposures and uvw are those of what went in") {
  Visibilities rows = simple_rows(3);
  rows.uvw_m = {0, 0, 0, 3, 6, 9, 100, 100, 100};
  rows.weight = {1, 1, 2, 2, 1, 1};
  for (std::size_t i = 16; i < 24; ++i) rows.flag[i] = 1;  // all of the third time
  const auto out = averaged(rows, {.time = 1000});
  CHECK(out.at("uvw") == std::vector<double>{2, 4, 6});
  CHECK(out.at("time_centroid")[0] == Approx(5e9 + 20.0 / 3).epsilon(1e-15));
  CHECK(out.at("time")[0] == 5e9 + 10);
  CHECK(out.at("interval")[0] == 30);
  CHECK(out.at("exposure")[0] == 30);
}

TEST_CASE("where nothing is left, the cell is flagged with weight 0") {
  Visibilities rows = simple_rows(2);
  for (auto& flag : rows.flag) flag = 1;
  const auto out = averaged(rows, {.time = 20, .channels = 4});
  CHECK(out.at("flag") == std::vector<double>{1, 1});
  CHECK(out.at("weight_spectrum") == std::vector<double>{0, 0});
  CHECK(out.at("data") == std::vector<double>{0, 0, 0, 0});
  CHECK(out.at("uvw")[1] == (rows.uvw_m[1] + rows.uvw_m[4]) / 2);
}

TEST_CASE("without a time and with groups of one channel nothing is lost") {
  Visibilities rows = simple_rows(3);
  const auto out = averaged(rows, {});
  skymill::testing::Figures in;
  skymill::testing::Probe<Visibilities>::add(rows, in);
  for (const char* column : {"data", "flag", "time", "uvw", "weight", "interval"}) {
    INFO(column);
    CHECK(out.at(column) == in.at(column));
  }
}

TEST_CASE("channels become wider, the last group what is left") {
  const Visibilities rows = simple_rows(1);
  const auto data = skymill::testing::cut_rows(rows);
  std::vector<skymill::Chunk<Visibilities>> chunks;
  chunks.push_back(data.cut({0, data.size}));
  skymill::testing::run_stage<Average>(
      {.channels = 3}, std::move(chunks), data.spec, [&](const auto& out) {
        const auto& window = out->header->spectral_windows.at(0);
        CHECK(window.chan_freq_hz == std::vector<double>{1.401e9, 1.403e9});
        CHECK(window.chan_width_hz == std::vector<double>{3e6, 1e6});
      });
}
