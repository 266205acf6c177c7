// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/storage.h>
#include <core/testing.h>
#include <stages/calsets/solution_figures.h>
#include <stages/caltables/caltable_reader_stage.h>
#include <stages/caltables/caltable_writer_stage.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>

#include "cal_solutions.h"

using namespace skymill;
using namespace skymill::radio;
using namespace skymill::radio::test;
namespace fs = std::filesystem;

namespace {

Calibration calibration_of(const std::vector<JonesTerm>& terms) {
  Calibration calibration;
  for (const JonesTerm term : terms) {
    calibration.terms.push_back(std::make_shared<const Solutions>(cal_solutions(term)));
  }
  return calibration;
}

void write(const CaltableWriterParams& params, std::vector<Calibration> calibrations) {
  std::vector<Chunk<Calibration>> chunks;
  for (Calibration& calibration : calibrations) chunks.emplace_back(std::move(calibration));
  testing::run_sink<CaltableWriterStage>(params, std::move(chunks), PortSpec());
}

Calibration read(const std::vector<std::string>& tables) {
  CaltableReaderParams params;
  params.tables = tables;
  Calibration calibration;
  int chunks = 0;
  testing::run_source<CaltableReaderStage>(params, [&](const Chunk<Calibration>& chunk) {
    calibration = *chunk;
    ++chunks;
  });
  CHECK(chunks == 1);
  return calibration;
}

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

TEST_CASE("a calibration goes through tables, whatever their order, and comes back as it was") {
  const Scratch scratch("/tmp", "test");
  const std::string prefix = scratch.path() + "/night";
  CaltableWriterParams params;
  params.output = prefix;
  const Calibration before =
      calibration_of({JonesTerm::K, JonesTerm::B, JonesTerm::G, JonesTerm::G, JonesTerm::T});
  write(params, {before});
  CHECK(names_in(scratch.path()) == std::vector<std::string>{"night.2gcal", "night.bcal",
                                                             "night.gcal", "night.kcal",
                                                             "night.tcal"});
  const Calibration after = read(
      {prefix + ".tcal", prefix + ".gcal", prefix + ".2gcal", prefix + ".bcal", prefix + ".kcal"});
  REQUIRE(after.terms.size() == before.terms.size());
  for (std::size_t k = 0; k < before.terms.size(); ++k) {
    CHECK(after.terms[k]->term == before.terms[k]->term);
    CHECK(after.terms[k]->gain == before.terms[k]->gain);
    CHECK(after.terms[k]->delay_ns == before.terms[k]->delay_ns);
    CHECK(after.terms[k]->flag == before.terms[k]->flag);
  }
  CHECK(after.terms[2]->name == prefix + ".gcal");
  CHECK(after.terms[3]->name == prefix + ".2gcal");
}

TEST_CASE("the last term alone is written when asked for") {
  const Scratch scratch("/tmp", "test");
  CaltableWriterParams params;
  params.output = scratch.path() + "/round2";
  params.which = "last";
  write(params, {calibration_of({JonesTerm::K, JonesTerm::G, JonesTerm::G})});
  CHECK(names_in(scratch.path()) == std::vector<std::string>{"round2.gcal"});
}

TEST_CASE("tables appear together or not at all, and replace others only when asked to") {
  const Scratch scratch("/tmp", "test");
  CaltableWriterParams params;
  params.output = scratch.path() + "/night";
  Calibration broken = calibration_of({JonesTerm::K, JonesTerm::G});
  Solutions by_channel = cal_solutions(JonesTerm::B);
  by_channel.term = JonesTerm::G;
  broken.terms.push_back(std::make_shared<const Solutions>(by_channel));
  CHECK_THROWS_WITH(write(params, {broken}), Catch::Contains("only a bandpass"));
  CHECK(names_in(scratch.path()).empty());
  CHECK_THROWS_WITH(write(params, {Calibration()}), Catch::Contains("no terms"));
  CHECK_THROWS_WITH(write(params, {}), Catch::Contains("no calibration came"));
  CHECK_THROWS_WITH(write(params, {calibration_of({JonesTerm::G}), calibration_of({JonesTerm::G})}),
                    Catch::Contains("second calibration"));
  CHECK(names_in(scratch.path()).empty());

  write(params, {calibration_of({JonesTerm::T})});
  // A table of another run beside those of this one would be taken for one of the set.
  CHECK_THROWS_WITH(write(params, {calibration_of({JonesTerm::G})}), Catch::Contains("night.tcal"));
  params.overwrite = true;
  write(params, {calibration_of({JonesTerm::T})});
  CHECK(names_in(scratch.path()) == std::vector<std::string>{"night.tcal"});
}

TEST_CASE("tables that do not belong together are refused") {
  const Scratch scratch("/tmp", "test");
  const auto write_one = [&](const std::string& name, const std::string& telescope,
                             UvwSense sense) {
    Solutions solutions = cal_solutions(JonesTerm::G);
    auto header = std::make_shared<ObservationHeader>(*solutions.header);
    header->telescope = telescope;
    header->uvw_sense = sense;
    solutions.header = header;
    Calibration calibration;
    calibration.terms.push_back(std::make_shared<const Solutions>(std::move(solutions)));
    CaltableWriterParams params;
    params.output = scratch.path() + "/" + name;
    write(params, {calibration});
    return params.output + ".gcal";
  };
  const std::string one = write_one("one", "TEST", UvwSense::one_minus_two);
  CHECK_THROWS_WITH(read({one, write_one("two", "OTHER", UvwSense::one_minus_two)}),
                    Catch::Contains("telescopes"));
  CHECK_THROWS_WITH(read({one, write_one("three", "TEST", UvwSense::two_minus_one)}),
                    Catch::Contains("opposite senses"));
  CHECK(read({one, write_one("four", "TEST", UvwSense::unknown)}).terms.size() == 2);
  CHECK_THROWS_WITH(read({write_one("NON_SCIENCE", "TEST", UvwSense::unknown)}),
                    Catch::Contains("NON_SCIENCE"));
  CHECK_THROWS_WITH(read({}), Catch::Contains("empty"));
  CHECK_THROWS_WITH(read({scratch.path() + "/none.gcal"}), Catch::Contains("does not exist"));
}

TEST_CASE("feeds that are only counted match both kinds of hands") {
  Solutions solutions;
  solutions.pols = {kFirstFeed, kSecondFeed};
  for (const int first : {5, 9}) CHECK(solutions.pol_of(first) == 0);
  for (const int second : {8, 12}) CHECK(solutions.pol_of(second) == 1);
  solutions.pols = {12};
  CHECK(solutions.pol_of(12) == 0);
  for (const int other : {5, 8, 9}) CHECK(solutions.pol_of(other) == 1);
}

TEST_CASE("figures of a table count what was solved for") {
  Solutions solutions = cal_solutions(JonesTerm::G);
  const SolutionCounts all = count_solutions(solutions);
  CHECK(all.solutions == 3 * 2 * 2 * 4);
  CHECK(all.flagged == 3 * 2 * 2 + 2);
  solutions.cell_time_s.assign(6, 5.1e9);
  solutions.cell_time_s[3] =
      std::nan("");  // interval 1, window 1, where antennas 2 and 3 are flagged
  const SolutionCounts fewer = count_solutions(solutions);
  CHECK(fewer.solutions == all.solutions - 8);
  CHECK(fewer.flagged == all.flagged - 4);
  CHECK(utc_text(5263759543.285879) == "2025-09-05T03:25:43");
  const Row row = table_row(0, "x.gcal", solutions);
  const auto field = std::find_if(row.begin(), row.end(),
                                  [](const auto& figure) { return figure.first == "field"; });
  REQUIRE(field != row.end());
  CHECK(std::get<std::string>(field->second) == "3C286, 3C48");
}
