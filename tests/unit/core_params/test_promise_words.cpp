// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/plugin.h>

#include <catch2/catch.hpp>

#include "clip_params.h"
#include "describe_stage.h"
#include "promise_words.h"

using namespace skymill;
using Catch::Matchers::Contains;

namespace {

using Words = std::vector<std::string>;

const std::string kThreads = "Results are the same to the last bit for any number of threads.";
const std::string kMemory =
    "It holds no more memory than the plan announces, which 'skymill explain' shows.";

StageType type_of(Shape shape, Promises promises = {}) {
  constexpr DataKind kRows{"rows", 1};
  StageType type;
  type.name = "clip";
  type.shape = shape;
  type.promises = promises;
  type.schema = std::make_shared<Schema<ClipParams>>(clip_schema());
  PortNeed need;
  need.kind = kRows;
  const bool reads = shape != Shape::source && shape != Shape::task;
  if (reads) type.ports.in(need);
  if (shape != Shape::sink && shape != Shape::task) type.ports.out("out", kRows, "the rows");
  return type;
}

}  // namespace

TEST_CASE("a stage that declares nothing promises what every stage does") {
  CHECK(promise_words(type_of(Shape::transform)) ==
        Words{kThreads, kMemory,
              "The same data in other chunks, as under another budget of memory, give the same "
              "results to the last bit.",
              "What is flagged has no part in any result but its own.",
              "A value that is no number and is not flagged does not end the run."});
}

TEST_CASE("promises without an occasion are left out") {
  const Words source = promise_words(type_of(Shape::source));
  REQUIRE(source.size() == 3);
  CHECK_THAT(source[2], Contains("in other chunks"));
  const Words task = promise_words(type_of(Shape::task));
  REQUIRE(task.size() == 3);
  CHECK_THAT(task[2], Contains("Ended early, it leaves no product that is not whole"));
  CHECK(promise_words(type_of(Shape::sink)).size() == 6);
}

TEST_CASE("what a stage does otherwise is said") {
  const Words words = promise_words(type_of(Shape::sink, {.chunk_tolerance = 1e-6,
                                                          .heeds_flags = false,
                                                          .not_a_number = NotANumber::is_refused,
                                                          .in_place = true}));
  REQUIRE(words.size() == 6);
  CHECK_THAT(words[2], Contains("the same results to within 1e-06 of the largest value"));
  CHECK(words[3] == "What is flagged may have a part in results.");
  CHECK(words[4] == "A value that is no number and is not flagged ends the run with an error.");
  CHECK_THAT(words[5], Contains("changes a product where it stands"));
  const Words by_chunk = promise_words(type_of(Shape::transform, {.by_chunk = true}));
  CHECK_THAT(by_chunk[2], Contains("belong to the chunk"));
}

TEST_CASE("a stage's promises stand in all forms of its page") {
  const StageType type = type_of(Shape::task, {.in_place = true});
  CHECK_THAT(stage_text(type),
             Contains("\nPROMISES\n    " + kThreads +
                      "\n    It holds no more memory than the plan announces, which 'skymill "
                      "explain'\n    shows.\n    It changes a product where it stands."));
  CHECK_THAT(stage_markdown(type), Contains("\nPromises:\n\n- " + kThreads + "\n- " + kMemory +
                                            "\n- It changes a product where it stands."));
  const auto json = stage_json(type).at("promises");
  CHECK(json.at("words") == promise_words(type));
  CHECK(json.at("in_place") == true);
  CHECK(json.at("by_chunk") == false);
  CHECK(json.at("heeds_flags") == true);
  CHECK(json.at("not_a_number") == "stays_apart");
  CHECK(json.at("chunk_tolerance") == 0);
}
