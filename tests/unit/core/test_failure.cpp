// SPDX-License-Identifier: GPL-3.0-or-later
// What a run does when a stage fails: retry, retry_on, timeout, on_failure.
#include <core/error.h>
#include <catch2/catch.hpp>

#include <functional>
#include <map>
#include <thread>

#include "executor.h"

using namespace skymill;
using Catch::Matchers::Contains;

namespace {

struct NoParams {};
const DataKind kInt = DataKindOf<int>::value;

/// What the stages of a test do; one thread.
struct Scene {
  std::function<void(int, const PipelineContext&)> on_unit = [](int, const PipelineContext&) {};
  std::function<void(const std::string&)> on_task = [](const std::string&) {};
  std::map<int, int> attempts;  ///< by unit
  std::vector<int> got;
  std::vector<std::string> tasks;  ///< that were done
};

class One final : public Source<int> {
 public:
  std::optional<Chunk<int>> next(const PipelineContext&) override {
    return std::exchange(given_, true) ? std::nullopt : std::optional(Chunk<int>(0));
  }

 private:
  bool given_ = false;
};

class Units final : public Reduce<int, int> {
 public:
  explicit Units(Scene& scene) : scene_(scene) {}
  void add(const Chunk<int>&, const PipelineContext&) override {}
  Stream<int> finish(const PipelineContext&) override {
    auto next = std::make_shared<int>(0);
    return Stream<int>([this, next]() -> std::optional<Stream<int>::Work> {
      if (*next == 4) return std::nullopt;
      const int number = (*next)++;
      return Stream<int>::Work([this, number](const PipelineContext& ctx) {
        ++scene_.attempts[number];
        scene_.on_unit(number, ctx);
        return Chunk<int>(number);
      });
    });
  }

 private:
  Scene& scene_;
};

class Get final : public Sink<int> {
 public:
  explicit Get(Scene& scene) : scene_(scene) {}
  void write(const Chunk<int>& chunk, const PipelineContext&) override {
    scene_.got.push_back(*chunk);
  }
  void finish(const PipelineContext&) override {}

 private:
  Scene& scene_;
};

class Job final : public Task {
 public:
  explicit Job(Scene& scene) : scene_(scene) {}
  PipelineContext execute(const PipelineContext& ctx, const std::string&) override {
    scene_.on_task(ctx.stage());
    scene_.tasks.push_back(ctx.stage());
    return ctx;
  }

 private:
  Scene& scene_;
};

template <class S, class... Arguments>
void add(Registry& registry, const std::string& name, Ports ports, Arguments&... arguments) {
  StageType type;
  type.name = name;
  type.shape = S::kShape;
  type.ports = std::move(ports);
  type.schema = std::make_shared<Schema<NoParams>>("A stage under test.");
  type.make = [&arguments...](const Settings&, const Where&, Diagnostics&,
                              std::vector<ResolvedValue>&) -> std::unique_ptr<Stage> {
    return std::make_unique<S>(arguments...);
  };
  registry.add_type(std::move(type));
}

/// Runs stages as they stand in a description; returns the failures that it went on after.
std::vector<std::string> run(Scene& scene, const std::string& stages) {
  Registry registry;
  PortNeed number;
  number.kind = kInt;
  add<One>(registry, "one", Ports().out("out", kInt));
  add<Units>(registry, "units", Ports().in(number).out("out", kInt), scene);
  add<Get>(registry, "get", Ports().in(number), scene);
  add<Job>(registry, "job", Ports(), scene);
  Diagnostics diagnostics;
  const Descriptor descriptor =
      read_descriptor_text("test.yaml", "skymill: 1\nstages:\n" + stages, {}, diagnostics);
  Planner planner(registry, diagnostics);
  Plan plan = planner.build(descriptor);
  diagnostics.throw_if_errors();
  auto services = std::make_shared<PipelineContext::Services>(
      make_log(nullptr, LogLevel::off), MemoryBudget(std::size_t{1} << 30, "test"), 1, "test",
      "/tmp");
  Executor(planner).run(plan, make_context(services));
  return services->notes.failures;
}

const std::string kHead = "  one: {}\n";
const std::string kTail = "  get: {}\n";

void fail(ErrorKind kind) { throw Error(kind, "no luck"); }

}  // namespace

TEST_CASE("a unit is tried again as often as asked, for the kinds of failure asked") {
  Scene scene;
  scene.on_unit = [&](int unit, const PipelineContext&) {
    if (unit == 1 && scene.attempts[1] < 3) fail(ErrorKind::failed);
  };
  CHECK(run(scene, kHead + "  units: { retry: 2 }\n" + kTail).empty());
  CHECK(scene.got == std::vector<int>{0, 1, 2, 3});
  CHECK(scene.attempts[1] == 3);

  scene = {scene.on_unit, scene.on_task, {}, {}, {}};
  CHECK_THROWS_WITH(run(scene, kHead + "  units: { retry: 1 }\n" + kTail), Contains("no luck"));
  CHECK(scene.attempts[1] == 2);

  scene = {scene.on_unit, scene.on_task, {}, {}, {}};
  CHECK_THROWS(run(scene, kHead + "  units: { retry: 5, retry_on: [resources] }\n" + kTail));
  CHECK(scene.attempts[1] == 1);
}

TEST_CASE("an attempt that lasts too long fails") {
  Scene scene;
  scene.on_unit = [&](int unit, const PipelineContext& ctx) {
    if (unit != 2 || scene.attempts[2] > 1) return;
    for (;;) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      ctx.throw_if_stopped();
    }
  };
  CHECK_THROWS_WITH(run(scene, kHead + "  units: { timeout: 20ms }\n" + kTail),
                    Contains("took longer than 20 ms"));
  scene = {scene.on_unit, scene.on_task, {}, {}, {}};
  CHECK(run(scene, kHead + "  units: { timeout: 20ms, retry: 1 }\n" + kTail).empty());
  CHECK(scene.got.size() == 4);
}

TEST_CASE("the rest goes on without a unit that fails, if that is asked") {
  Scene scene;
  scene.on_unit = [](int unit, const PipelineContext&) {
    if (unit == 1) fail(ErrorKind::input);
  };
  const auto failures = run(scene, kHead + "  units: { on_failure: continue }\n" + kTail);
  REQUIRE(failures.size() == 1);
  CHECK_THAT(failures[0], Contains("stage 'units'") && Contains("no luck"));
  CHECK(scene.got == std::vector<int>{0, 2, 3});
}

TEST_CASE("what needs a failed task is left out; what does not is done") {
  Scene scene;
  scene.on_task = [](const std::string& name) {
    if (name == "first") fail(ErrorKind::failed);
  };
  const std::string stages =
      "  second: { use: job, after: first }\n  third: { use: job, after: second }\n"
      "  other: { use: job }\n";
  const auto failures = run(scene, "  first: { use: job, on_failure: continue }\n" + stages);
  CHECK(scene.tasks == std::vector<std::string>{"other"});
  REQUIRE(failures.size() == 3);
  CHECK_THAT(failures[1], Contains("'second' is left out, because 'first' failed"));
  CHECK_THAT(failures[2], Contains("'third' is left out, because 'second' failed"));

  scene.tasks.clear();
  CHECK_THROWS_WITH(run(scene, "  first: { use: job }\n" + stages), Contains("no luck"));
  CHECK(scene.tasks.empty());
}

TEST_CASE("mistakes in what to do after a failure are located") {
  Scene scene;
  const auto refused = [&](const std::string& key) {
    try {
      run(scene, kHead + "  units: { " + key + " }\n" + kTail);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  CHECK_THAT(refused("retry: often"), Contains("test.yaml:4:19") && Contains("0 to 100"));
  CHECK_THAT(refused("retry: -1"), Contains("0 to 100"));
  CHECK_THAT(refused("retry_on: [luck]"), Contains("the kinds are: failed, resources, input"));
  CHECK_THAT(refused("timeout: 0s"), Contains("write a time"));
  CHECK_THAT(refused("on_failure: pause"), Contains("write stop or continue"));
  CHECK_THROWS_WITH(run(scene, "  one: { retry: 1 }\n  units: {}\n" + kTail),
                    Contains("'one' is a source") && Contains("test.yaml:3:"));
}
