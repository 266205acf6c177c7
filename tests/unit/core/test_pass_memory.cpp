// SPDX-License-Identifier: GPL-3.0-or-later
// Two passes, of which the second needs more: numbers beforehand, refusal, record.
#include <core/error.h>
#include <core/testing.h>

#include <nlohmann/json.hpp>

#include "executor.h"
#include "pass_memory.h"
#include "run_record.h"
#include "tier_fixture.h"

using namespace skymill;
using Catch::Matchers::Contains;

namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

int numbers_read = 0;

struct NoneParams {
  int value = 0;
};
Schema<NoneParams> schema_of_none() {
  Schema<NoneParams> s{"A stage under test."};
  s.field("value", &NoneParams::value, "Of no use");
  return s;
}

/// Three numbers in chunks of up to 1 MiB.
class Numbers final : public Source<int> {
 public:
  using Params = NoneParams;
  static Schema<NoneParams> schema() { return schema_of_none(); }
  static Ports ports() { return Ports().out("out", DataKindOf<int>::value); }
  explicit Numbers(NoneParams) {}
  void plan(Planning& planning) override {
    planning.output().chunk_bytes = kMiB;
    planning.output().chunks = 3;
  }
  std::optional<Chunk<int>> next(const PipelineContext&) override {
    if (next_ == 3) return std::nullopt;
    ++numbers_read;
    return Chunk<int>(next_++);
  }

 private:
  int next_ = 0;
};

struct GatherParams {
  std::string scratch;
};

/// Holds 3 MiB, then needs 6 MiB for each of two results.
class Gather final : public Reduce<int, int> {
 public:
  using Params = GatherParams;
  static Schema<GatherParams> schema() {
    Schema<GatherParams> s{"A stage under test."};
    s.field("scratch", &GatherParams::scratch, "Tier for 2 MiB of files");
    return s;
  }
  static Ports ports() {
    PortNeed need;
    need.kind = DataKindOf<int>::value;
    return Ports().in(need).out("out", DataKindOf<int>::value);
  }
  explicit Gather(GatherParams params) : params_(std::move(params)) {}
  void plan(Planning& planning) override {
    planning.set_state(3 * kMiB);
    planning.set_result_work(6 * kMiB);
    planning.output().chunk_bytes = kMiB;
    planning.output().chunks = 2;
    if (!params_.scratch.empty()) planning.add_scratch("files", 2 * kMiB, params_.scratch);
  }
  void add(const Chunk<int>&, const PipelineContext&) override {}
  Stream<int> finish(const PipelineContext&) override {
    auto left = std::make_shared<int>(2);
    return Stream<int>([left]() -> std::optional<Stream<int>::Work> {
      if ((*left)-- == 0) return std::nullopt;
      return Stream<int>::Work([](const PipelineContext&) { return Chunk<int>(1); });
    });
  }

 private:
  GatherParams params_;
};

class Drop final : public Sink<int> {
 public:
  using Params = NoneParams;
  static Schema<NoneParams> schema() { return schema_of_none(); }
  static Ports ports() {
    PortNeed need;
    need.kind = DataKindOf<int>::value;
    return Ports().in(need);
  }
  explicit Drop(NoneParams) {}
  void write(const Chunk<int>&, const PipelineContext&) override {}
  void finish(const PipelineContext&) override {}
};

/// Numbers > Gather, and its results > Drop, under a budget of which the program takes 1 MiB.
struct TwoPasses {
  explicit TwoPasses(std::size_t budget, const std::string& scratch = "") : folder("/tmp", "test") {
    registry.add<Numbers>("numbers");
    registry.add<Gather>("gather");
    registry.add<Drop>("drop");
    const Descriptor descriptor =
        read_descriptor_text("t.yaml",
                             "skymill: 1\nstages:\n  numbers: {}\n  gather: { scratch: '" +
                                 scratch + "' }\n  drop: {}\n",
                             {}, diagnostics);
    plan = planner.build(descriptor);
    diagnostics.throw_if_errors();
    services = std::make_shared<PipelineContext::Services>(
        make_log(nullptr, LogLevel::off), MemoryBudget(budget, "a test"), 2, "test", folder.path());
    services->program_bytes = kMiB;
    services->program = services->memory.reserve(kMiB, "the program itself");
    services->staging.set_tiers(
        {Tier({"shm", folder.path(), TierKind::tmpfs, 100 * kMiB, 0, false})});
    planner.plan_ready(plan, {}, make_context(services));
    numbers_read = 0;
  }
  std::string explained() const { return plan.text(services->memory, kMiB, 2); }
  void run() { Executor(planner).run(plan, make_context(services)); }
  nlohmann::json record() {
    write_run_record(folder.path() + "/run.json", {}, {}, &plan, *services);
    return nlohmann::json::parse(file_text(folder.path() + "/run.json"));
  }

  Scratch folder;
  Registry registry;
  Diagnostics diagnostics;
  Planner planner{registry, diagnostics};
  Plan plan;
  std::shared_ptr<PipelineContext::Services> services;
};

}  // namespace

TEST_CASE("what a later pass lacks is said before the first one starts, with what would do") {
  TwoPasses little(10 * kMiB - 1);
  try {
    little.run();
    FAIL("it ran");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::resources);
    CHECK_THAT(error.message(),
               Contains("'gather > drop' needs 10 MiB of memory at least: 6 MiB for one chunk in "
                        "work, 3 MiB held from earlier passes, 1 MiB for the program itself") &&
                   Contains("(a test)"));
    CHECK_THAT(error.hint(), Contains("--memory 10MiB"));
  }
  CHECK(numbers_read == 0);
  TwoPasses enough(10 * kMiB);
  enough.run();
  CHECK(numbers_read == 3);
}

TEST_CASE("explain prints what is held meanwhile and the least budget, the record what was") {
  CHECK_THAT(TwoPasses(9 * kMiB).explained(), Contains("too little: 10 MiB is the least"));
  TwoPasses two(15 * kMiB);  // a second chunk in work would fit but for what is held
  const std::string text = two.explained();
  CHECK_THAT(text, Contains("9 MiB = 1 x 6 MiB in flight + 0 B queued + 0 B accumulated + 3 MiB "
                            "held"));
  CHECK_THAT(text, Contains("15 MiB (a test), 10 MiB is the least"));
  CHECK_THAT(text, !Contains("too little"));
  two.run();
  const auto record = two.record();
  CHECK(record["memory"]["program_bytes"] == kMiB);
  CHECK(record["memory"]["reserved_peak_bytes"] == 10 * kMiB);
  CHECK(record["segments"][0]["held_bytes"] == 0);
  CHECK(record["segments"][1]["held_bytes"] == 3 * kMiB);
  CHECK(record["segments"][1]["chunks_in_flight"] == 1);
}

TEST_CASE("files that are asked for on a tmpfs are memory") {
  CHECK_THAT(TwoPasses(17 * kMiB, "shm").explained(),
             Contains("+ 2 MiB of files in memory") && Contains("12 MiB is the least"));
  CHECK_THROWS_WITH(TwoPasses(11 * kMiB, "shm").run(), Contains("5 MiB held from earlier passes"));
  CHECK(numbers_read == 0);
}

TEST_CASE("a budget that is named for a source has room for its larger chunks") {
  // Chunks of a thirty-second of the budget, of which four are held beside 40 MiB.
  const auto need = [](std::size_t budget) { return 40 * kMiB + budget / 32 * 4; };
  PassMemory pass;
  pass.segment.state = need(8 * kMiB);
  const std::size_t named = least_budget({pass}, 8 * kMiB, 0);
  CHECK(need(named) <= named);
  CHECK(named < 50 * kMiB);
}
