// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/calibrate/flag_rfi_stage.h>
#include <stages/calibrate/flag_stage.h>
#include <catch2/catch.hpp>

#include <algorithm>

#include "calibrator.h"
#include "metrics_state.h"

using namespace skymill;
using namespace skymill::radio;
using Catch::Matchers::Contains;

namespace {

constexpr std::size_t kChannels = 64;

/// Five antennas, 40 integrations, 64 channels: a carrier in channel 20 at all times, and a burst
/// in integration 30.
SmallObservation disturbed() {
  SimulateParams params = calibrator_params(0.5);
  params.antennas = 5;
  params.times = 40;
  params.nchan = kChannels;
  SmallObservation all = small_observation(params);
  const double first_s = all.rows.time_s.front();
  for (std::size_t row = 0; row < all.rows.rows(); ++row) {
    const auto step = static_cast<int>((all.rows.time_s[row] - first_s) / 10 + 0.5);
    for (std::size_t c = 0; c < kChannels; ++c) {
      if (c != 20 && !(step == 30 && c >= 32)) continue;
      for (std::size_t k = 0; k < 2; ++k) {
        all.rows.data[(row * kChannels + c) * 2 + k] += std::complex<float>(0, 30);
      }
    }
  }
  return all;
}

/// `flag` alone, as it sees data with what flag_rfi has found at its side.
class LayOn final : public Transform<Visibilities, Visibilities> {
 public:
  LayOn(const FlagParams& params, const FoundFlags& found)
      : stage_(params),
        ctx_(testing::make_context().with_stage("flag").with_product(
            side_product_key("flag", "rfi"), FoundFlags::kDataKind,
            std::make_shared<const FoundFlags>(found))) {}
  void plan(Planning& planning) override { stage_.plan(planning); }
  Chunk<Visibilities> operator()(Chunk<Visibilities> chunk, const PipelineContext&) const override {
    return stage_(std::move(chunk), ctx_);
  }

 private:
  FlagStage stage_;
  PipelineContext ctx_;
};

/// What `flag_rfi` finds, laid on the data by `flag`.
std::vector<std::uint8_t> flags(const FlagRfiParams& params, const SmallObservation& all,
                                std::size_t chunk_rows, int threads,
                                std::size_t memory = std::size_t{1} << 28,
                                const FlagParams& laid_on = {}) {
  FoundFlags found;
  testing::run_stage<FlagRfi>(params, in_chunks(all.rows, chunk_rows), visibility_spec(all.header),
                              [&](const Chunk<FoundFlags>& chunk) { found = *chunk; },
                              {threads, memory});
  std::vector<std::uint8_t> result;
  auto show = [&](const Chunk<Visibilities>& chunk) {
    result.insert(result.end(), chunk->flag.begin(), chunk->flag.end());
  };
  std::vector<testing::GivenStage> stages;
  // The second reading comes in other chunks.
  stages.push_back({"given", Shape::source, Ports().out("out", Visibilities::kDataKind),
                    std::make_unique<testing::GivenSource<Visibilities>>(
                        in_chunks(all.rows, 7), visibility_spec(all.header))});
  PortNeed need;
  need.kind = Visibilities::kDataKind;
  stages.push_back({"flag", Shape::transform, Ports().in(need).out("out", Visibilities::kDataKind),
                    std::make_unique<LayOn>(laid_on, found)});
  stages.push_back({"shown", Shape::sink, Ports().in(need),
                    std::make_unique<testing::ShowTo<Visibilities, decltype(show)>>(show)});
  testing::run_stages(std::move(stages));
  return result;
}

std::size_t number(const std::vector<std::uint8_t>& flag) {
  return static_cast<std::size_t>(std::count(flag.begin(), flag.end(), 1));
}

}  // namespace

TEST_CASE("carriers and bursts are found, and laid on the data that are read again") {
  const SmallObservation all = disturbed();
  const auto flag = flags({}, all, 1000, 1);
  REQUIRE(flag.size() == all.rows.flag.size());
  std::size_t bad = 0, found = 0, wrong = 0;
  for (std::size_t k = 0; k < flag.size(); ++k) {
    const bool disturbed_sample = std::abs(all.rows.data[k].imag()) > 20;
    bad += disturbed_sample ? 1 : 0;
    found += disturbed_sample && flag[k] == 1 ? 1 : 0;
    wrong += !disturbed_sample && flag[k] == 1 ? 1 : 0;
  }
  CHECK(bad == 10 * 2 * (40 + 32));
  CHECK(found == bad);
  CHECK(wrong < flag.size() / 100);
}

TEST_CASE("what shows on many baselines is flagged on all") {
  SmallObservation all = disturbed();
  // Three of the ten baselines do not see it, as when it stands at right angles to a calibrator.
  const auto blind = [&](std::size_t row) {
    return all.rows.antenna1[row] == 0 && all.rows.antenna2[row] != 1;
  };
  for (std::size_t row = 0; row < all.rows.rows(); ++row) {
    for (std::size_t k = 0; blind(row) && k < kChannels * 2; ++k) {
      auto& value = all.rows.data[row * kChannels * 2 + k];
      if (value.imag() > 20) value -= std::complex<float>(0, 30);
    }
  }
  const auto found_blind = [&](double share) {
    FlagRfiParams params;
    params.of_baselines = share;
    const auto flag = flags(params, all, 1000, 1);
    std::size_t found = 0;
    for (std::size_t row = 0; row < all.rows.rows(); ++row) {
      if (blind(row)) found += flag[(row * kChannels + 20) * 2];
    }
    return found;
  };
  CHECK(found_blind(0.3) == 3 * 40);
  CHECK(found_blind(0.69) == 3 * 40);
  CHECK(found_blind(0.71) < 10);
  CHECK(found_blind(1) < 10);
}

TEST_CASE("interference does not depend on chunks, threads and memory") {
  const SmallObservation all = disturbed();
  FlagRfiParams params;
  for (const int window : {0, 16, 7}) {
    params.window = window;
    const auto whole = flags(params, all, 1000, 1);
    CHECK(number(whole) > 1000);
    CHECK(flags(params, all, 1, 2) == whole);
    CHECK(flags(params, all, 10, 3) == whole);
    CHECK(flags(params, all, 33, 2, std::size_t{1} << 26) == whole);
  }
}

TEST_CASE("what was flagged counts for nothing, and autocorrelations are left alone") {
  SmallObservation all = disturbed();
  for (std::size_t row = 0; row < all.rows.rows(); ++row) {
    std::fill_n(&all.rows.flag[(row * kChannels + 20) * 2], 2, 1);
  }
  const auto before = number(all.rows.flag);
  const auto flag = flags({}, all, 100, 1);
  // The carrier was known; only the burst is new, and hardly anything beside it.
  CHECK(number(flag) - before >= 10 * 2 * 32);
  CHECK(number(flag) - before < 10 * 2 * 33 + flag.size() / 100);
  SmallObservation autos = disturbed();
  autos.rows.antenna2 = autos.rows.antenna1;
  FoundFlags found;
  testing::run_stage<FlagRfi>(FlagRfiParams{}, in_chunks(autos.rows, 1000),
                              visibility_spec(autos.header),
                              [&](const Chunk<FoundFlags>& chunk) { found = *chunk; });
  CHECK(found.windows.at(0).empty());
}

TEST_CASE("quack: the first and last seconds of every scan, whatever the chunks are") {
  SmallObservation all = small_observation(calibrator_params(0.5));
  const double first_s = all.rows.time_s.front();
  for (std::size_t row = 0; row < all.rows.rows(); ++row) {
    all.rows.scan_number[row] = all.rows.time_s[row] < first_s + 25 ? 3 : 4;
  }
  FlagParams params;
  params.quack_begin = 6;  // more than half an integration of 10 s
  const auto begin = flags({}, all, 1000, 1, std::size_t{1} << 28, params);
  params.quack_begin = 0;
  params.quack_end = 16;
  const auto end = flags({}, all, 5, 2, std::size_t{1} << 28, params);
  // Scan 3 has three integrations, scan 4 one.
  const std::size_t integration = begin.size() / 4;
  for (std::size_t k = 0; k < begin.size(); ++k) {
    const std::size_t step = k / integration;
    REQUIRE(begin[k] == (step == 0 || step == 3 ? 1 : 0));
    REQUIRE(end[k] == (step == 0 ? 0 : 1));
  }
}

TEST_CASE("scans are judged apart") {
  // Two scans of very different level: together the second would stand out as one burst.
  SmallObservation all = disturbed();
  const double middle_s = all.rows.time_s.front() + 195;
  for (std::size_t row = 0; row < all.rows.rows(); ++row) {
    if (all.rows.time_s[row] < middle_s) continue;
    all.rows.scan_number[row] += 1;
    for (std::size_t k = 0; k < 2 * kChannels; ++k) {
      all.rows.data[row * 2 * kChannels + k] *= 50;
    }
  }
  const auto flag = flags({}, all, 64, 1);
  CHECK(number(flag) < 10 * 2 * (40 + 32) + flag.size() / 100);
  CHECK(number(flag) >= 10 * 2 * (40 + 32));
}

TEST_CASE("rows out of order, and other channels in the second reading, are errors") {
  SmallObservation all = disturbed();
  all.rows.time_s[250] = all.rows.time_s.front() + 3;
  CHECK_THROWS_WITH(flags({}, all, 1000, 1), Contains("order of their times"));
  FoundFlags found;
  FoundFlags::Window window;
  window.time_s = {100};
  window.baseline = {pair_key(1, 2)};
  window.nchan = 8;
  found.windows = {{window}};
  Visibilities row;
  row.time_s = {100};
  row.antenna1 = {2};
  row.antenna2 = {1};
  row.nchan = 8;
  CHECK(found.place_of(row, 0) == 0);
  row.nchan = 9;
  CHECK_THROWS_WITH(found.place_of(row, 0), Contains("8 channels") && Contains("has 9"));
  row.time_s = {101};
  CHECK_FALSE(found.place_of(row, 0));
  row.time_s = {100};
  row.antenna1 = {3};
  CHECK_FALSE(found.place_of(row, 0));
}

namespace {

/// Keeps a number of floats of each sample, and looks at nothing.
class Keeper final : public WindowSearch {
 public:
  explicit Keeper(std::size_t floats) : floats_(floats) {}
  std::size_t floats() const override { return floats_; }
  void keep(const Visibilities&, std::size_t, float*) const override {}
  void look(const std::vector<const float*>&, const kernels::BaselineShape&, std::size_t,
            const std::vector<std::uint8_t*>&) const override {}
  std::size_t scratch(const kernels::BaselineShape&) const override { return 0; }

 private:
  std::size_t floats_;
};

}  // namespace

TEST_CASE("windows are a matter of the header, and of what is kept of a sample") {
  ObservationHeader header;
  header.antennas.resize(100);
  header.spectral_windows.resize(1);
  header.spectral_windows[0].chan_freq_hz.resize(48);
  header.data_descriptions = {{0, {9, 12}}};
  // 5050 baselines of 96 samples are 1.94 MB an integration.
  RfiWindowParams params;
  params.search = std::make_shared<Keeper>(1);
  CHECK(integrations_of(params, header, 0) == 256);
  params.search = std::make_shared<Keeper>(2);
  CHECK(integrations_of(params, header, 0) == 138);
  header.spectral_windows[0].chan_freq_hz.resize(768);
  CHECK(integrations_of(params, header, 0) == 32);
  params.window = 10;
  CHECK(integrations_of(params, header, 0) == 10);
}
