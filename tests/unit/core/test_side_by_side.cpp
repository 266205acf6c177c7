// SPDX-License-Identifier: GPL-3.0-or-later
// Passes that do not need each other go on at the same time, as far as threads and memory allow.
#include <core/error.h>
#include <core/storage.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

#include "executor.h"
#include "survey.h"

using namespace skymill;
using Catch::Matchers::Contains;

namespace {

struct NoParams {};
const DataKind kInt = DataKindOf<int>::value;
constexpr std::size_t kMiB = std::size_t{1} << 20;

/// Those who come wait until all who are awaited have come; a minute at most, then they fail.
class Meeting {
 public:
  explicit Meeting(std::size_t awaited) : awaited_(awaited) {}

  void come() {
    std::unique_lock lock(mutex_);
    ++here_;
    changed_.notify_all();
    const auto all = [&] { return here_ >= awaited_; };
    if (changed_.wait_for(lock, std::chrono::minutes(1), all)) return;
    throw Error(ErrorKind::input, "nobody else has come");
  }

 private:
  const std::size_t awaited_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t here_ = 0;
};

/// What the stages of a run do, and what was seen of them.
struct Scene {
  using OnStage = std::function<void(const PipelineContext&)>;
  std::map<std::string, std::function<void(Planning&)>> plans;  ///< by stage
  std::map<std::string, OnStage> works;                         ///< the same
  int threads = 2;
  std::size_t memory = kMiB;
  std::atomic<bool> stop{false};

  std::vector<std::string> done;  ///< stages whose work has ended well, in that order
  std::size_t most_at_once = 0;
  std::size_t peak_memory = 0;
  std::vector<std::string> failures;

  void plan(Planning& planning) const {
    const auto found = plans.find(planning.stage());
    if (found != plans.end()) found->second(planning);
  }

  void work(const PipelineContext& ctx) {
    {
      const std::lock_guard lock(mutex_);
      most_at_once = std::max(most_at_once, ++at_once_);
    }
    const auto found = works.find(ctx.stage());
    try {
      if (found != works.end()) found->second(ctx);
    } catch (...) {
      const std::lock_guard lock(mutex_);
      --at_once_;
      throw;
    }
    const std::lock_guard lock(mutex_);
    --at_once_;
    done.push_back(ctx.stage());
  }

  bool was_done(const std::string& stage) const {
    return std::find(done.begin(), done.end(), stage) != done.end();
  }
  /// Whether one stage's work had ended before the other's.
  bool was_before(const std::string& one, const std::string& other) const {
    return std::find(done.begin(), done.end(), one) < std::find(done.begin(), done.end(), other);
  }

 private:
  std::mutex mutex_;
  std::size_t at_once_ = 0;
};

class Job final : public Task {
 public:
  explicit Job(Scene& scene) : scene_(scene) {}
  static Ports ports() { return {}; }
  void plan(Planning& planning) override { scene_.plan(planning); }
  PipelineContext execute(const PipelineContext& ctx, const std::string&) override {
    scene_.work(ctx);
    return ctx.with_output(Key<std::string>{ctx.stage()}, ctx.stage());
  }

 private:
  Scene& scene_;
};

PortNeed integers() {
  PortNeed need;
  need.kind = kInt;
  return need;
}

class Read final : public Source<int> {
 public:
  explicit Read(Scene& scene) : scene_(scene) {}
  static Ports ports() { return Ports().out("out", kInt); }
  void plan(Planning& planning) override {
    planning.output().chunks = 1;
    scene_.plan(planning);
  }
  std::optional<Chunk<int>> next(const PipelineContext& ctx) override {
    if (std::exchange(given_, true)) return std::nullopt;
    scene_.work(ctx);
    return Chunk<int>(1);
  }

 private:
  Scene& scene_;
  bool given_ = false;
};

/// Its result has one unit.
class Gather final : public Reduce<int, int> {
 public:
  explicit Gather(Scene& scene) : scene_(scene) {}
  static Ports ports() { return Ports().in(integers()).out("out", kInt); }
  void plan(Planning& planning) override {
    planning.output().chunks = 1;
    scene_.plan(planning);
  }
  void add(const Chunk<int>&, const PipelineContext&) override {}
  Stream<int> finish(const PipelineContext&) override {
    auto given = std::make_shared<bool>(false);
    return Stream<int>([this, given]() -> std::optional<Stream<int>::Work> {
      if (std::exchange(*given, true)) return std::nullopt;
      return Stream<int>::Work([this](const PipelineContext& ctx) {
        scene_.work(ctx);
        return Chunk<int>(1);
      });
    });
  }

 private:
  Scene& scene_;
};

class Get final : public Sink<int> {
 public:
  explicit Get(Scene& scene) : scene_(scene) {}
  static Ports ports() { return Ports().in(integers()); }
  void plan(Planning& planning) override { scene_.plan(planning); }
  void write(const Chunk<int>&, const PipelineContext& ctx) override { scene_.work(ctx); }
  void finish(const PipelineContext&) override {}

 private:
  Scene& scene_;
};

template <class S>
void add(Registry& registry, const std::string& name, Scene& scene) {
  StageType type;
  type.name = name;
  type.shape = S::kShape;
  type.ports = S::ports();
  type.schema = std::make_shared<Schema<NoParams>>("A stage under test.");
  type.make = [&scene](const Settings&, const Where&, Diagnostics&,
                       std::vector<ResolvedValue>&) -> std::unique_ptr<Stage> {
    return std::make_unique<S>(scene);
  };
  registry.add_type(std::move(type));
}

/// Runs stages as they stand in a description.
void run(Scene& scene, const std::string& stages) {
  Registry registry;
  add<Job>(registry, "job", scene);
  add<Read>(registry, "read", scene);
  add<Gather>(registry, "gather", scene);
  add<Get>(registry, "get", scene);
  Diagnostics diagnostics;
  const Descriptor descriptor =
      read_descriptor_text("test.yaml", "skymill: 1\nstages:\n" + stages, {}, diagnostics);
  Planner planner(registry, diagnostics);
  Plan plan = planner.build(descriptor);
  diagnostics.throw_if_errors();
  auto services = std::make_shared<PipelineContext::Services>(make_log(nullptr, LogLevel::off),
                                                              MemoryBudget(scene.memory, "test"),
                                                              scene.threads, "test", "/tmp");
  services->stop.asked = &scene.stop;
  const auto note = [&] {
    scene.peak_memory = services->memory.peak();
    scene.failures = services->notes.failures;
  };
  try {
    Executor(planner).run(plan, make_context(services));
  } catch (...) {
    note();
    throw;
  }
  note();
}

std::string job(const std::string& name, const std::string& more = "") {
  return "  " + name + ": { use: job" + (more.empty() ? "" : ", " + more) + " }\n";
}

const std::string kTwoJobs = job("a") + job("b");

/// Two chains of a reader and a writer.
const std::string kTwoChains =
    "  read_a: { use: read }\n  get_a: { use: get }\n"
    "  read_b: { use: read }\n  get_b: { use: get }\n";

/// Two chains that gather before they write.
const std::string kTwoGatherers =
    "  read_a: { use: read }\n  gather_a: { use: gather }\n  get_a: { use: get }\n"
    "  read_b: { use: read }\n  gather_b: { use: gather }\n  get_b: { use: get }\n";

void fail(ErrorKind kind = ErrorKind::failed) { throw Error(kind, "no luck"); }

/// Works until the run is asked to stop; in vain for a minute at most.
void wait_for_stop(const PipelineContext& ctx) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (std::chrono::steady_clock::now() < end) {
    ctx.throw_if_stopped();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

}  // namespace

TEST_CASE("passes that do not need each other go on at the same time") {
  Scene scene;
  Meeting meeting(2);
  const auto meet = [&](const PipelineContext&) { meeting.come(); };
  SECTION("tasks") {
    scene.works = {{"a", meet}, {"b", meet}};
    run(scene, kTwoJobs);
  }
  SECTION("a task and a stream") {
    scene.works = {{"a", meet}, {"get_b", meet}};
    run(scene, job("a") + kTwoChains);
  }
  SECTION("streams, each in the thread of its own pass") {
    scene.works = {{"get_a", meet}, {"get_b", meet}};
    run(scene, kTwoChains);
  }
  SECTION("results") {
    scene.works = {{"gather_a", meet}, {"gather_b", meet}};
    run(scene, kTwoGatherers);
  }
  CHECK(scene.most_at_once >= 2);
}

TEST_CASE("no more passes go on than there are threads; one thread takes them in their order") {
  Scene scene;
  scene.threads = 1;
  run(scene, job("c") + job("a") + job("b"));
  CHECK(scene.done == std::vector<std::string>{"c", "a", "b"});
  CHECK(scene.most_at_once == 1);
  scene.threads = 2;
  run(scene, job("c") + job("a") + job("b") + job("d") + job("e"));
  CHECK(scene.most_at_once <= 2);
}

TEST_CASE("a pass begins after those that it needs") {
  Scene scene;
  scene.threads = 8;
  Meeting meeting(2);
  const auto meet = [&](const PipelineContext&) { meeting.come(); };
  scene.works = {{"b", meet}, {"c", meet}};
  run(scene, job("a") + job("b", "after: a") + job("c", "after: a") + job("d", "after: [b, c]"));
  CHECK(scene.done.front() == "a");
  CHECK(scene.done.back() == "d");
}

TEST_CASE("stages that wait for each other are refused") {
  Scene scene;
  CHECK_THROWS_WITH(run(scene, "  read_a: { use: read }\n" + job("b", "after: read_a") +
                                   "  get_a: { use: get, in: read_a, after: b }\n"),
                    Contains("read_a > get_a") && Contains("waits for a stage that waits for it"));
  CHECK(scene.done.empty());
}

TEST_CASE("a stage sees the products of those it needs and of no others") {
  Scene scene;
  const Key<std::string> from_a{"a"};
  std::atomic<int> as_expected{0};
  const auto expect = [&](bool sees) {
    return [&, sees](const PipelineContext& ctx) {
      as_expected += (ctx.find_output(from_a) != nullptr) == sees ? 1 : 0;
    };
  };
  scene.works = {{"b", expect(true)}, {"c", expect(true)}, {"d", expect(false)}};
  for (scene.threads = 1; scene.threads <= 2; ++scene.threads) {
    run(scene, job("a") + job("b", "after: a") + job("c", "after: b") + job("d"));
  }
  CHECK(as_expected == 2 * 3);
}

TEST_CASE("a failure stops what goes on beside it, and nothing else begins") {
  Scene scene;
  Meeting meeting(2);
  bool was_stopped = false;
  scene.works = {{"a",
                  [&](const PipelineContext&) {
                    meeting.come();
                    fail(ErrorKind::input);
                  }},
                 {"b", [&](const PipelineContext& ctx) {
                    meeting.come();
                    try {
                      wait_for_stop(ctx);
                    } catch (const Error& error) {
                      was_stopped = error.kind() == ErrorKind::requeue;
                      throw;
                    }
                  }}};
  try {
    run(scene, kTwoJobs + job("c", "after: b") + job("d"));
    FAIL("it ran");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::input);  // of the one that failed, not of the one stopped
    CHECK_THAT(error.what(), Contains("stage 'a'") && Contains("no luck"));
  }
  CHECK(was_stopped);
  CHECK(scene.done.empty());
}

TEST_CASE("a stream beside a failure ends with the chunk in work") {
  Scene scene;
  Meeting meeting(2);
  scene.works = {{"a",
                  [&](const PipelineContext&) {
                    meeting.come();
                    fail();
                  }},
                 {"read_a", [&](const PipelineContext& ctx) {
                    meeting.come();
                    wait_for_stop(ctx);
                  }}};
  CHECK_THROWS_WITH(run(scene, job("a") + kTwoChains), Contains("stage 'a'"));
  CHECK_FALSE(scene.was_done("get_a"));
}

TEST_CASE("with on_failure: continue what goes on beside a failure comes to its end") {
  Scene scene;
  Meeting both(2);
  std::atomic<bool> a_failed{false};
  scene.works = {{"a",
                  [&](const PipelineContext&) {
                    both.come();
                    a_failed = true;
                    fail();
                  }},
                 {"b", [&](const PipelineContext& ctx) {
                    both.come();
                    while (!a_failed) std::this_thread::yield();
                    ctx.throw_if_stopped();
                  }}};
  run(scene,
      job("a", "on_failure: continue") + job("b") + job("c", "after: a") + job("d", "after: b"));
  CHECK(scene.done == std::vector<std::string>{"b", "d"});
  REQUIRE(scene.failures.size() == 2);
  CHECK_THAT(scene.failures[0], Contains("stage 'a'") && Contains("no luck"));
  CHECK_THAT(scene.failures[1], Contains("'c' is left out, because 'a' failed"));
}

TEST_CASE("a whole pass may fail where its reduce may") {
  Scene scene;
  scene.works = {{"read_a", [](const PipelineContext&) { fail(ErrorKind::input); }}};
  const std::string may_fail =
      "  read_a: { use: read }\n  gather_a: { use: gather, on_failure: continue }\n"
      "  get_a: { use: get }\n";
  run(scene, may_fail + "  read_b: { use: read }\n  get_b: { use: get }\n");
  CHECK(scene.was_done("get_b"));
  REQUIRE(scene.failures.size() == 2);
  CHECK_THAT(scene.failures[0], Contains("stage 'read_a'") && Contains("no luck"));
  CHECK_THAT(scene.failures[1], Contains("'get_a' is left out, because 'gather_a' failed"));

  // A run of which no part was made has failed, and of what.
  try {
    run(scene, may_fail);
    FAIL("it ran");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::input);
    CHECK_THAT(error.what(), Contains("no luck"));
  }
}

TEST_CASE("a request to stop ends all that goes on") {
  Scene scene;
  Meeting meeting(2);
  const auto ask = [&](const PipelineContext& ctx) {
    meeting.come();
    scene.stop = true;
    wait_for_stop(ctx);
  };
  scene.works = {{"a", ask}, {"b", ask}};
  try {
    run(scene, kTwoJobs + job("c"));
    FAIL("it ran");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::requeue);
    CHECK_THAT(error.what(), Contains("stopped on request"));
  }
  CHECK(scene.done.empty());
}

TEST_CASE("a pass begins when its memory fits into what the others leave") {
  Scene scene;
  scene.memory = 10 * kMiB;
  const auto hold = [](std::size_t bytes) {
    return [bytes](Planning& planning) { planning.output().chunk_bytes = bytes; };
  };
  SECTION("both fit") {
    scene.plans = {{"read_a", hold(4 * kMiB)}, {"read_b", hold(6 * kMiB)}};
    Meeting meeting(2);
    const auto meet = [&](const PipelineContext&) { meeting.come(); };
    scene.works = {{"get_a", meet}, {"get_b", meet}};
    run(scene, kTwoChains);
    CHECK(scene.peak_memory == 10 * kMiB);
  }
  SECTION("they do not: one after the other") {
    scene.plans = {{"read_a", hold(5 * kMiB)}, {"read_b", hold(6 * kMiB)}};
    run(scene, kTwoChains);
    CHECK(scene.was_before("get_a", "read_b"));
    CHECK(scene.peak_memory <= 10 * kMiB);
  }
  SECTION("one that waits lets smaller ones pass") {
    scene.plans = {{"read_a", hold(8 * kMiB)}, {"read_b", hold(8 * kMiB)}};
    Meeting meeting(2);
    const auto meet = [&](const PipelineContext&) { meeting.come(); };
    scene.works = {{"get_a", meet}, {"c", meet}};
    run(scene, kTwoChains + job("c"));
    CHECK(scene.was_before("get_a", "read_b"));
  }
}

TEST_CASE("what passes gather never keeps the others from going on") {
  // Each gathers 4 and needs 5 more to work on it: both gathered, nothing could go on in 10.
  Scene scene;
  scene.memory = 10 * kMiB;
  const auto gather = [](Planning& planning) {
    planning.set_state(4 * kMiB);
    planning.set_result_work(5 * kMiB);
  };
  scene.plans = {{"gather_a", gather}, {"gather_b", gather}};
  run(scene, kTwoGatherers);
  CHECK(scene.was_before("get_a", "read_b"));

  // In 13 both may gather; then one works after the other.
  scene.done.clear();
  scene.memory = 13 * kMiB;
  Meeting meeting(2);
  const auto meet = [&](const PipelineContext&) { meeting.come(); };
  scene.works = {{"read_a", meet}, {"read_b", meet}};
  run(scene, kTwoGatherers);
  CHECK(scene.peak_memory <= 13 * kMiB);
  CHECK(scene.was_done("get_b"));
}

TEST_CASE("passes that begin together share what memory is left over") {
  Scene scene;
  scene.threads = 2;
  scene.memory = 6 * kMiB;
  const auto hold = [](Planning& planning) { planning.output().chunk_bytes = kMiB; };
  scene.plans = {{"read_a", hold}, {"read_b", hold}};
  Meeting meeting(2);
  Meeting end(2);
  std::atomic<bool> is_all_used{true};
  const auto meet = [&](const PipelineContext& ctx) {
    meeting.come();
    is_all_used = ctx.memory().free() == 0 &&
                  is_all_used;  // 3 chunks in flight each, of the 4 that one alone would have
    end.come();
  };
  scene.works = {{"get_a", meet}, {"get_b", meet}};
  run(scene, kTwoChains);
  CHECK(is_all_used);
}

TEST_CASE("a pass that would not fit even alone is refused before any work") {
  Scene scene;
  scene.memory = 10 * kMiB;
  scene.plans = {{"gather_b", [](Planning& planning) {
                    planning.set_state(4 * kMiB);
                    planning.set_result_work(7 * kMiB);
                  }}};
  try {
    run(scene, kTwoGatherers);
    FAIL("it ran");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::resources);
    CHECK_THAT(error.what(), Contains("'gather_b > get_b' needs 11 MiB of memory") &&
                                 Contains("7 MiB for one chunk") &&
                                 Contains("4 MiB held from earlier passes") &&
                                 Contains("the budget is 10 MiB (test)"));
  }
  CHECK(scene.done.empty());
}

TEST_CASE("a task that finds no memory beside others is tried again alone") {
  Scene scene;
  scene.memory = 10 * kMiB;
  scene.plans = {{"read_a", [](Planning& planning) { planning.output().chunk_bytes = 6 * kMiB; }}};
  Meeting meeting(2);
  std::atomic<int> attempts{0};
  std::atomic<bool> refused{false};
  scene.works = {{"get_a",
                  [&](const PipelineContext&) {
                    meeting.come();
                    while (!refused) std::this_thread::yield();
                  }},
                 {"c", [&](const PipelineContext& ctx) {
                    if (++attempts == 1) meeting.come();
                    try {
                      ctx.memory().reserve(8 * kMiB, "what it found to need");
                    } catch (const Error&) {
                      refused = true;
                      throw;
                    }
                  }}};
  run(scene, "  read_a: { use: read }\n  get_a: { use: get }\n" + job("c"));
  CHECK(attempts == 2);
  CHECK(scene.was_done("c"));

  // Alone it is as it is.
  const auto too_much = [](const PipelineContext& ctx) {
    ctx.memory().reserve(11 * kMiB, "what it found to need");
  };
  scene.works = {{"c", too_much}};
  CHECK_THROWS_WITH(run(scene, job("c")), Contains("needs 11 MiB"));
}

TEST_CASE("passes that would get in each other's way keep to the order of the description") {
  const Scratch scratch("/tmp", "test");
  const std::string table = scratch.path() + "/table";
  std::filesystem::create_directory(table);
  const std::string beside = scratch.path() + "/tables";
  const auto reads = [](const std::string& path, const std::string& lane = "") {
    return [path, lane](Planning& planning) {
      planning.add_input(path);
      if (!lane.empty()) planning.set_lane(lane);
    };
  };
  const auto makes = [](const std::string& path) {
    return [path](Planning& planning) { planning.add_product(path, 1, true); };
  };
  Scene scene;
  const auto are_ordered = [&](const std::string& stages) {
    scene.done.clear();
    scene.most_at_once = 0;
    // The first waits a while for the second, which would come if it might.
    scene.works = {{"a", [](const PipelineContext&) {
                      std::this_thread::sleep_for(std::chrono::milliseconds(20));
                    }}};
    run(scene, stages);
    return scene.most_at_once == 1 && scene.was_before("a", "b");
  };
  const auto meet = [&](const std::string& stages, const std::string& one,
                        const std::string& other) {
    Meeting pair(2);
    const auto come = [&](const PipelineContext&) { pair.come(); };
    scene.works = {{one, come}, {other, come}};
    run(scene, stages);
  };

  scene.plans = {{"a", makes(table + "/part")}, {"b", reads(table)}};
  CHECK(are_ordered(kTwoJobs));
  scene.plans = {{"a", reads(table)}, {"b", makes(scratch.path() + "/./table")}};
  CHECK(are_ordered(kTwoJobs));
  scene.plans = {{"a", reads(table)}, {"b", reads(table)}};
  CHECK(are_ordered(kTwoJobs));
  scene.plans = {{"a", reads(table)}, {"b", reads(beside)}};
  CHECK_NOTHROW(meet(kTwoJobs, "a", "b"));
  scene.plans = {{"a", reads(beside)}, {"b", reads(beside)}};  // no folder
  CHECK_NOTHROW(meet(kTwoJobs, "a", "b"));
  // One lane serves both.
  scene.plans = {{"read_a", reads(table, "lane")}, {"read_b", reads(table, "lane")}};
  CHECK_NOTHROW(meet(kTwoChains, "get_a", "get_b"));
}

TEST_CASE("several passes share the line of progress") {
  Metrics metrics;
  RunWatch run_watch(metrics);
  PassFacts facts;
  facts.title = "read > get";
  facts.units = 4;
  PassWatch watch(run_watch, facts);
  {
    WatchedUnit watched;
    UnitInWork unit(watch, watched, AnyChunk());
    unit.made(AnyChunk(Chunk<int>(1)));
    watch.done(watched);
  }
  const auto now = PassWatch::Clock::now();
  CHECK_THAT(watch.line(now), Contains("read > get: 1 of 4 (25 %), ETA ") && Contains(" gone"));
  CHECK_THAT(watch.line(now, true), Contains("read > get: 1 of 4 (25 %), ETA "));
  CHECK_THAT(watch.line(now, true), !Contains("gone"));
}
