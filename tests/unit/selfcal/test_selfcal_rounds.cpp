// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/testing.h>
#include <stages/selfcal/selfcal_rounds_stage.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

using namespace skymill;
using namespace skymill::radio;

namespace {

/// A folder for records of rounds, as a batch would leave them.
class Records {
 public:
  Records() {
    std::string name = (std::filesystem::temp_directory_path() / "skymill-selfcal-XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~Records() { std::filesystem::remove_all(folder_); }

  std::string prefix() const { return folder_ + "/my"; }
  void write(int round, const std::string& run, double snr, double chi2) const {
    std::ofstream(prefix() + ".r" + std::to_string(round) + ".run.json")
        << R"({"run": ")" << run << R"(", "failures": [], "stages": [)"
        << R"({"use": "image", "tables": {"channels": [{"start_peak_jy": )" << snr
        << R"(, "rms_jy": 1}]}}, {"use": "model_fit", "tables": {"fit": [{"flagged": 0.1, )"
        << R"("chi2_averaged": )" << chi2 << "}]}}, {\"use\": \"assess\", \"tables\": {\"terms\": "
        << R"([{"snr_median": 50, "phase_spread_deg": 9, "amplitude_scatter": 0.1}]}}]})";
  }

 private:
  std::string folder_;
};

std::string text(const WorkItem& item, const std::string& name) {
  return std::get<std::string>(item.parameters.at(name));
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("rounds follow from the records of those before; the last applies the best") {
  const Records records;
  SelfcalRoundsParams params;
  params.output = records.prefix();
  params.phase_solints = {"60s"};
  SelfcalRounds rounds(params);
  const PipelineContext ctx = testing::make_context();
  auto item = rounds.next(ctx);
  REQUIRE(item);
  CHECK((*item)->name == "r0");
  CHECK(text(**item, "solves") == "false");
  CHECK(text(**item, "prefix") == records.prefix() + ".r0");

  records.write(0, ctx.run_id() + "-1", 20, 9);
  item = rounds.next(ctx);
  REQUIRE(item);
  CHECK((*item)->name == "r1");
  CHECK(text(**item, "solves") == "true");
  CHECK(text(**item, "solves_amplitude") == "false");
  CHECK(text(**item, "solutions") == "solve_phase");
  CHECK(text(**item, "solint") == "60s");
  CHECK(text(**item, "model") == records.prefix() + ".r0.model");

  records.write(1, ctx.run_id() + "-2", 40, 3);
  item = rounds.next(ctx);
  REQUIRE(item);
  CHECK(text(**item, "solves_amplitude") == "true");
  CHECK(text(**item, "model") == records.prefix() + ".r1.model");
  CHECK(text(**item, "solint") == "60s");
  CHECK(text(**item, "amplitude_solint") == "inf");
  CHECK(text(**item, "solutions") == "solve_amplitude");

  records.write(2, ctx.run_id() + "-3", 39, 3);
  item = rounds.next(ctx);
  REQUIRE(item);
  CHECK((*item)->name == "final");
  CHECK(text(**item, "ends") == "true");
  CHECK(text(**item, "applies") == "true");
  CHECK(text(**item, "outcome") == "converged");
  CHECK(text(**item, "best") == records.prefix() + ".r1");
  CHECK(std::get<Texts>((*item)->parameters.at("tables")) == Texts{records.prefix() + ".r1.gcal"});
  CHECK(std::get<Texts>((*item)->parameters.at("verdicts")) ==
        Texts{"start", "improved", "stalled"});
  CHECK_FALSE(rounds.next(ctx));
}

TEST_CASE("items have the parameters that the ports promise") {
  SelfcalRoundsParams params;
  params.output = "my";
  const auto item = SelfcalRounds(params).next(testing::make_context());
  Texts promised = SelfcalRounds::ports().outputs().front().need.columns, given;
  std::sort(promised.begin(), promised.end());
  for (const auto& [name, value] : (*item)->parameters) given.push_back(name);
  CHECK(given == promised);
}

TEST_CASE("records of another batch count for nothing") {
  const Records records;
  SelfcalRoundsParams params;
  params.output = records.prefix();
  SelfcalRounds rounds(params);
  const PipelineContext ctx = testing::make_context();
  records.write(0, "another-1", 20, 9);
  REQUIRE(rounds.next(ctx));
  CHECK_FALSE(rounds.next(ctx));  // as in a dry run
}

TEST_CASE("a round without a record has failed") {
  const Records records;
  SelfcalRoundsParams params;
  params.output = records.prefix();
  SelfcalRounds rounds(params);
  const PipelineContext ctx = testing::make_context();
  REQUIRE(rounds.next(ctx));
  records.write(0, ctx.run_id() + "-1", 20, 9);
  REQUIRE(rounds.next(ctx));
  const auto last = rounds.next(ctx);
  REQUIRE(last);
  CHECK(text(**last, "outcome") == "failed");
  CHECK(text(**last, "applies") == "false");
  CHECK(text(**last, "best") == records.prefix() + ".r0");
}

TEST_CASE("what is no record is an error") {
  const Records records;
  std::ofstream(records.prefix() + ".run.json") << "{}";
  CHECK_THROWS_AS(read_round(records.prefix() + ".run.json", ""), Error);
  CHECK_FALSE(read_round(records.prefix() + ".none", ""));
}
