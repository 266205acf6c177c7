// SPDX-License-Identifier: GPL-3.0-or-later
#include "clip.h"

#include <core/testing.h>
#include <catch2/catch.hpp>

#include <cmath>
#include <complex>
#include <limits>
#include <memory>
#include <random>
#include <utility>
#include <vector>

using skymill::Chunk;
using skymill::PortSpec;
using skymill::radio::ObservationHeader;

namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

/// Rows of one channel and one correlation with these values.
Chunk<clip::Visibilities> rows_of(const std::vector<std::complex<float>>& values) {
  clip::Visibilities rows;
  rows.header = std::make_shared<const ObservationHeader>();
  rows.nchan = 1;
  rows.ncorr = 1;
  rows.data = values;
  rows.flag.assign(values.size(), 0);
  rows.time_s.assign(values.size(), 0.0);
  rows.weight.assign(values.size(), 1.0F);
  return Chunk<clip::Visibilities>(std::move(rows), skymill::Span("row", 0, values.size()));
}

/// What the planner is told of those rows.
PortSpec spec() {
  PortSpec spec;
  spec.axes = {"row", "channel", "correlation"};
  spec.columns = {"data", "flag"};
  spec.set_header<ObservationHeader>(std::make_shared<const ObservationHeader>());
  return spec;
}

/// The flags of the chunks after clipping, and that nothing else has changed.
std::vector<int> clipped(double nsigma, Chunk<clip::Visibilities> chunk, int threads = 1) {
  const auto before = chunk->data;
  std::vector<Chunk<clip::Visibilities>> chunks;
  chunks.push_back(std::move(chunk));
  std::vector<int> flags;
  const auto look = [&](const Chunk<clip::Visibilities>& out) {
    flags.assign(out->flag.begin(), out->flag.end());
    REQUIRE(out->data.size() == before.size());
    for (std::size_t i = 0; i < before.size(); ++i) {
      const bool both_nan = std::isnan(std::abs(before[i])) && std::isnan(std::abs(out->data[i]));
      CHECK((both_nan || before[i] == out->data[i]));
    }
  };
  skymill::testing::run_stage<clip::Clip>({nsigma}, std::move(chunks), spec(), look,
                                          {.threads = threads});
  return flags;
}

}  // namespace

TEST_CASE("what stands out is flagged, and nothing else") {
  // Amplitudes 1 to 7 and 100: median 5, distances' median 2, scatter 2.97.
  const auto chunk = [] {
    return rows_of({{1, 0}, {2, 0}, {0, 3}, {-4, 0}, {5, 0}, {0, -6}, {7, 0}, {60, 80}});
  };
  CHECK(clipped(5, chunk()) == std::vector<int>{0, 0, 0, 0, 0, 0, 0, 1});
  CHECK(clipped(31, chunk()) == std::vector<int>{0, 0, 0, 0, 0, 0, 0, 1});   // level 96.9
  CHECK(clipped(33, chunk()) == std::vector<int>{0, 0, 0, 0, 0, 0, 0, 0});   // level 102.9
  CHECK(clipped(0.5, chunk()) == std::vector<int>{0, 0, 0, 0, 0, 0, 1, 1});  // level 6.5
}

TEST_CASE("what is no number is flagged and does not spoil the scatter") {
  const float inf = std::numeric_limits<float>::infinity();
  CHECK(clipped(5, rows_of({{1, 0}, {kNan, 0}, {2, 0}, {3, kNan}, {inf, 0}, {3, 0}, {90, 0}})) ==
        std::vector<int>{0, 1, 0, 1, 1, 0, 1});
  CHECK(clipped(5, rows_of({{kNan, kNan}})) == std::vector<int>{1});
}

TEST_CASE("flags that are there stay and do not count") {
  auto chunk = rows_of({{1, 0}, {2, 0}, {3, 0}, {500, 0}, {600, 0}, {700, 0}, {20, 0}});
  for (const std::size_t bad : {3, 4, 5}) chunk->flag[bad] = 1;
  CHECK(clipped(5, std::move(chunk)) == std::vector<int>{0, 0, 0, 1, 1, 1, 1});
}

TEST_CASE("a chunk without scatter keeps what is a number") {
  CHECK(clipped(5, rows_of({{2, 0}, {0, 2}, {2, 0}, {kNan, 0}})) == std::vector<int>{0, 0, 0, 1});
}

TEST_CASE("of Rayleigh noise the fraction above the level is what theory says") {
  // Amplitudes of complex noise with sigma 1: median m = sqrt(2 ln 2) = 1.17741, median distance
  // 0.44845; so 3 sigma is at 3.17206, which exp(-level^2 / 2) = 0.00653 of them exceed.
  std::mt19937 random(7);
  std::normal_distribution<float> normal;
  std::vector<std::complex<float>> values(200000);
  for (auto& value : values) value = {normal(random), normal(random)};
  std::size_t count = 0;
  for (const int flag : clipped(3, rows_of(values), 2)) count += static_cast<std::size_t>(flag);
  CHECK(static_cast<double>(count) / 200000 == Approx(0.00653).epsilon(0.1));
}

TEST_CASE("a level of no use is refused") {
  for (const auto& [text, good] : {std::pair{"0.4", false}, {"0.5", true}, {"nan", false}}) {
    skymill::Settings settings;
    const skymill::Where where{"test.yaml", 3, 5};
    settings.set({"nsigma", where, skymill::SettingValue::scalar(text, where)});
    skymill::Diagnostics diagnostics;
    clip::Clip::schema().parse(settings, where, diagnostics);
    INFO("nsigma: " << text);
    CHECK(diagnostics.has_errors() == !good);
  }
}
