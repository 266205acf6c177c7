// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/testing.h>
#include <stages/assess/assess_stage.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <memory>
#include <optional>

#include "context_state.h"
#include "metrics_state.h"
#include "some_solutions.h"

using namespace skymill;
using namespace skymill::radio;
using Catch::Matchers::Contains;

namespace {

Calibration of(std::vector<Solutions> terms) {
  Calibration calibration;
  for (Solutions& term : terms) {
    calibration.terms.push_back(std::make_shared<const Solutions>(std::move(term)));
  }
  return calibration;
}

/// Runs the stage on it as a run would link them.
/// @param ctx receives the context that it was run in, also when it throws
void assess(AssessParams params, Calibration calibration, std::optional<PipelineContext>& ctx) {
  ctx = testing::make_context()
            .with_product(side_product_key("assess", "solutions"), Calibration::kDataKind,
                          std::make_shared<const Calibration>(std::move(calibration)))
            .with_stage("assess");
  Assess(std::move(params)).execute(*ctx, "");
}

/// Rows of a table that the stage recorded.
std::vector<Row> rows_of(const PipelineContext& ctx, const std::string& table) {
  return ctx.state().services->metrics.state().tables["assess"][table];
}

std::vector<std::string> degradations(const PipelineContext& ctx) {
  return ctx.state().services->notes.degradations;
}

Solutions with_flags(double part) {
  Solutions s = good_solutions(JonesTerm::G);  // 144 of them
  auto left = static_cast<std::size_t>(144 * part + 0.5);
  for (std::size_t k = 0; left > 0; k = (k + 7) % s.flag.size()) {
    if (k % s.antennas.size() == 0 || s.flag[k] != 0) continue;
    s.flag[k] = 1;
    --left;
  }
  return s;
}

std::size_t count_level(const PipelineContext& ctx, const std::string& level) {
  const auto rows = rows_of(ctx, "quality");
  return static_cast<std::size_t>(std::count_if(rows.begin(), rows.end(), [&](const Row& row) {
    return row.back().second == PropertyValue(level);
  }));
}

}  // namespace

TEST_CASE("a good calibration is assessed without a word, and recorded for charts") {
  std::optional<PipelineContext> ctx;
  AssessParams params;
  params.which = "all";
  assess(params,
         of({good_solutions(JonesTerm::K), good_solutions(JonesTerm::B, 12, 1, 30),
             good_solutions(JonesTerm::G), good_solutions(JonesTerm::G)}),
         ctx);
  CHECK(degradations(*ctx).empty());
  CHECK(count_level(*ctx, "ok") == rows_of(*ctx, "quality").size());
  CHECK(rows_of(*ctx, "terms").size() == 4);
  CHECK(rows_of(*ctx, "antennas_2G").size() == 12);
  CHECK(rows_of(*ctx, "delays_K").size() == 12);
  CHECK(rows_of(*ctx, "bandpass_B").size() == 12 * 30);
  CHECK(rows_of(*ctx, "gains_2G").size() == 12 * 6);
}

TEST_CASE("the last term alone is judged unless all are asked for") {
  std::optional<PipelineContext> ctx;
  assess({}, of({with_flags(0.6), good_solutions(JonesTerm::G)}), ctx);
  CHECK(degradations(*ctx).empty());
  AssessParams all;
  all.which = "all";
  CHECK_THROWS_AS(assess(all, of({with_flags(0.6), good_solutions(JonesTerm::G)}), ctx), Error);
}

TEST_CASE("a table with 60 % of its solutions flagged fails, one with 25 % warns") {
  std::optional<PipelineContext> ctx;
  CHECK_THROWS_WITH(assess({}, of({with_flags(0.6)}), ctx),
                    Contains("G: flagged is 0.597, above 0.3"));
  CHECK(count_level(*ctx, "fail") >= 1);
  assess({}, of({with_flags(0.25)}), ctx);
  REQUIRE(degradations(*ctx).size() == 1);
  CHECK_THAT(degradations(*ctx).front(), Contains("G: flagged is 0.25, above 0.2"));
}

TEST_CASE("what a failure does can be chosen; the record says the same") {
  std::optional<PipelineContext> ctx;
  AssessParams params;
  params.on_fail = "degrade";
  assess(params, of({with_flags(0.6)}), ctx);
  CHECK_FALSE(degradations(*ctx).empty());
  const std::size_t failed = count_level(*ctx, "fail");
  params.on_fail = "report";
  assess(params, of({with_flags(0.6)}), ctx);
  CHECK(degradations(*ctx).empty());
  CHECK(count_level(*ctx, "fail") == failed);
  params.flagged_warn = params.flagged_fail = std::nullopt;
  assess(params, of({with_flags(0.6)}), ctx);
  CHECK(count_level(*ctx, "fail") == failed - 1);
}

TEST_CASE("a calibration without terms is refused") {
  std::optional<PipelineContext> ctx;
  CHECK_THROWS_WITH(assess({}, {}, ctx), Contains("no terms"));
}
