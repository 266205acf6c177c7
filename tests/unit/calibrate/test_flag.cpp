// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/calibrate/flag_stage.h>
#include <catch2/catch.hpp>

#include <cmath>
#include <limits>
#include <map>

#include "calibrator.h"
#include "metrics_state.h"

using namespace skymill;
using namespace skymill::radio;
using Catch::Matchers::Contains;

namespace {

constexpr std::size_t kCells = 6;  // 3 channels of 2 hands

struct Flagged {
  std::vector<std::uint8_t> flag;
  std::vector<std::complex<float>> data;
  std::map<std::string, std::int64_t> counts;
};

/// Runs `flag` as a real run would, for its flags, and once by hand, for its counters.
Flagged run(const FlagParams& params, const SmallObservation& all, std::size_t chunk_rows = 1000,
            int threads = 1) {
  Flagged result;
  testing::run_stage<FlagStage>(
      params, in_chunks(all.rows, chunk_rows), visibility_spec(all.header),
      [&](const Chunk<Visibilities>& chunk) {
        result.flag.insert(result.flag.end(), chunk->flag.begin(), chunk->flag.end());
        result.data.insert(result.data.end(), chunk->data.begin(), chunk->data.end());
      },
      {threads, std::size_t{1} << 28});
  return result;
}

/// What the stage counts; it must have been planned, which names of antennas need.
std::map<std::string, std::int64_t> counts(const FlagParams& params, const SmallObservation& all) {
  const PipelineContext ctx = testing::make_context().with_stage("flag");
  class Planned final : public Transform<Visibilities, Visibilities> {
   public:
    Planned(const FlagParams& p, PipelineContext c) : stage_(p), ctx_(std::move(c)) {}
    void plan(Planning& planning) override { stage_.plan(planning); }
    Chunk<Visibilities> operator()(Chunk<Visibilities> chunk,
                                   const PipelineContext&) const override {
      return stage_(std::move(chunk), ctx_);
    }

   private:
    FlagStage stage_;
    PipelineContext ctx_;
  };
  std::vector<testing::GivenStage> stages;
  stages.push_back({"given", Shape::source, Ports().out("out", Visibilities::kDataKind),
                    std::make_unique<testing::GivenSource<Visibilities>>(
                        in_chunks(all.rows, 1000), visibility_spec(all.header))});
  stages.push_back(
      {"flag", Shape::transform, FlagStage::ports(), std::make_unique<Planned>(params, ctx)});
  testing::run_stages(std::move(stages));
  return ctx.metrics().state().counters["flag"];
}

std::int64_t number(const Flagged& flagged) {
  return std::count(flagged.flag.begin(), flagged.flag.end(), 1);
}

SmallObservation clean() { return small_observation(calibrator_params(0.2)); }

}  // namespace

TEST_CASE("good data stay unflagged and unchanged") {
  const SmallObservation all = clean();
  const Flagged result = run({}, all);
  CHECK(number(result) == 0);
  CHECK(result.data == all.rows.data);
}

TEST_CASE("zeros and what is not finite") {
  SmallObservation all = clean();
  const float inf = std::numeric_limits<float>::infinity(), nan = std::nanf("");
  all.rows.data[3] = 0;
  all.rows.data[40] = {0, 1};  // not zero
  all.rows.data[50] = {nan, 1};
  all.rows.data[60] = {1, -inf};
  const Flagged result = run({}, all);
  CHECK(number(result) == 3);
  for (const std::size_t k : {3, 50, 60}) CHECK(result.flag[k] == 1);
  auto counted = counts({}, all);
  CHECK(counted["flagged_zeros"] == 1);
  CHECK(counted["flagged_not_finite"] == 2);
  CHECK(counted["samples"] == static_cast<std::int64_t>(all.rows.data.size()));
  FlagParams keep;
  keep.zeros = false;
  CHECK(number(run(keep, all)) == 2);
}

TEST_CASE("autocorrelations are flagged, not removed") {
  SmallObservation all = clean();
  all.rows.antenna2[5] = all.rows.antenna1[5];
  const Flagged result = run({}, all);
  CHECK(result.flag.size() == all.rows.flag.size());
  CHECK(number(result) == kCells);
  CHECK(result.flag[5 * kCells] == 1);
  CHECK(counts({}, all)["flagged_autocorrelations"] == kCells);
  FlagParams keep;
  keep.autocorrelations = false;
  CHECK(number(run(keep, all)) == 0);
}

TEST_CASE("absurd amplitudes: a fixed limit") {
  SmallObservation all = clean();
  all.rows.data[17] = {-300, 400};
  FlagParams params;
  CHECK(number(run(params, all)) == 0);
  params.amplitude_max = 499;
  const Flagged result = run(params, all);
  CHECK(number(result) == 1);
  CHECK(result.flag[17] == 1);
  CHECK(counts(params, all)["flagged_amplitude_max"] == 1);
  params.amplitude_max = 501;
  CHECK(number(run(params, all)) == 0);
}

TEST_CASE("absurd amplitudes: far above the median, by correlation") {
  SmallObservation all = clean();
  for (std::size_t k = 1; k < all.rows.data.size(); k += 2) all.rows.data[k] *= 10;
  all.rows.data[16] = {8, 0};      // absurd in the first hand
  all.rows.data[17] = {0, 30.5F};  // usual in the second
  FlagParams params;
  params.clip_sigma = 10;
  const Flagged result = run(params, all);
  CHECK(number(result) == 1);
  CHECK(result.flag[16] == 1);
  CHECK(counts(params, all)["flagged_clip_sigma"] == 1);
}

TEST_CASE("clipping needs scatter, and looks at good cross-correlations only") {
  SmallObservation even = small_observation(calibrator_params(0));
  FlagParams params;
  params.clip_sigma = 3;
  CHECK(number(run(params, even)) == 0);
  SmallObservation all = clean();
  params.autocorrelations = false;
  all.rows.antenna2[5] = all.rows.antenna1[5];
  std::fill_n(&all.rows.data[5 * kCells], kCells, std::complex<float>(1e4F, 0));
  params.clip_sigma = 10;
  CHECK(number(run(params, all)) == 0);
}

TEST_CASE("listed antennas go by name") {
  const SmallObservation all = clean();
  FlagParams params;
  params.antennas = {"A3", "A9"};
  const Flagged result = run(params, all);
  CHECK(number(result) == static_cast<std::int64_t>(4 * (8 + 7) * kCells));
  CHECK(counts(params, all)["flagged_antennas"] == number(result));
  params.antennas = {"A33"};
  CHECK_THROWS_WITH(run(params, all), Contains("'A33'") && Contains("A3"));
}

TEST_CASE("dead antennas: all their cross-correlations are zero") {
  SmallObservation all = clean();
  for (std::size_t row = 0; row < all.rows.rows(); ++row) {
    if (all.rows.antenna1[row] != 6 && all.rows.antenna2[row] != 6) continue;
    std::fill_n(&all.rows.data[row * kCells], kCells, std::complex<float>(0, 0));
  }
  // Of row 4 only a hand of one channel is zero: that makes nobody dead.
  all.rows.data[4 * kCells] = 0;
  FlagParams params;
  params.zeros = false;
  const Flagged result = run(params, all);
  CHECK(number(result) == static_cast<std::int64_t>(4 * 8 * kCells));
  CHECK(counts(params, all)["flagged_dead_antennas"] == number(result));
  params.dead_antennas = false;
  CHECK(number(run(params, all)) == 0);
}

TEST_CASE("flags that were there stay and count as such") {
  SmallObservation all = clean();
  all.rows.flag[8] = 1;
  all.rows.data[8] = 0;
  const Flagged result = run({}, all);
  CHECK(number(result) == 1);
  auto counted = counts({}, all);
  CHECK(counted["flagged_before"] == 1);
  CHECK(counted["flagged_zeros"] == 0);
}

TEST_CASE("flags by sample and row do not depend on chunks and threads") {
  SmallObservation all = clean();
  for (std::size_t k = 0; k < all.rows.data.size(); k += 13) all.rows.data[k] *= (k % 2) ? 0 : 50;
  all.rows.antenna2[9] = all.rows.antenna1[9];
  FlagParams params;
  params.amplitude_max = 20;
  params.antennas = {"A5"};
  const Flagged whole = run(params, all);
  CHECK(number(whole) > 100);
  CHECK(run(params, all, 10, 3).flag == whole.flag);
  CHECK(run(params, all, 1, 2).flag == whole.flag);
}

TEST_CASE("shadowing: baselines shorter than the dishes") {
  SmallObservation all = clean();
  auto header = std::make_shared<ObservationHeader>(*all.header);
  for (Antenna& antenna : header->antennas) antenna.diameter_m = 4;
  header->antennas[1].diameter_m = 6;
  all.header = all.rows.header = header;
  for (std::size_t row = 0; row < all.rows.rows(); ++row) {
    all.rows.uvw_m[3 * row] = 100;  // and any w
  }
  const auto row_of = [&](std::int32_t a1, std::int32_t a2) {
    for (std::size_t row = 0;; ++row) {
      if (all.rows.antenna1[row] == a1 && all.rows.antenna2[row] == a2) return row;
    }
  };
  const std::size_t close = row_of(0, 1), apart = row_of(0, 2);
  for (const std::size_t row : {close, apart}) {
    all.rows.uvw_m[3 * row] = 2.7;
    all.rows.uvw_m[3 * row + 1] = -3.6;  // 4.5 m
  }
  CHECK(number(run({}, all)) == 0);
  FlagParams params;
  params.shadowing = true;
  const Flagged result = run(params, all);
  CHECK(number(result) == kCells);
  CHECK(result.flag[close * kCells] == 1);
  CHECK(counts(params, all)["flagged_shadowing"] == kCells);
  params.shadow_tolerance = 0.6;
  CHECK(number(run(params, all)) == 0);
}

TEST_CASE("edge channels") {
  const SmallObservation all = clean();
  FlagParams params;
  params.edge_channels = 1;
  const Flagged result = run(params, all);
  CHECK(number(result) == static_cast<std::int64_t>(all.rows.rows() * 4));
  CHECK(result.flag[0] == 1);
  CHECK(result.flag[2] == 0);
  CHECK(result.flag[5] == 1);
  CHECK(counts(params, all)["flagged_edge_channels"] == number(result));
}

TEST_CASE("quack needs the scans that flag_rfi has seen") {
  FlagParams params;
  params.quack_begin = 5;
  CHECK_THROWS_WITH(run(params, clean()), Contains("quack"));
}

TEMPLATE_TEST_CASE("a stage of calibration describes itself fully", "", FlagStage, Solve, Apply) {
  Registry registry;
  registry.add<TestType>("stage");
  const auto faults = testing::description_faults(*registry.find("stage"));
  CAPTURE(faults);
  CHECK(faults.empty());
  CHECK(TestType::schema().complete());
}
