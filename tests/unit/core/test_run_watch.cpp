// SPDX-License-Identifier: GPL-3.0-or-later
// What can be seen of a run: its events, its progress, its samples.
#include <core/error.h>
#include <core/plugin.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "context_state.h"
#include "executor.h"

using namespace skymill;
using Catch::Matchers::Contains;
using Json = nlohmann::json;

namespace {

constexpr int kUnits = 6;

struct UnitParams {
  int bad = -1;
};

PortNeed integers() {
  PortNeed need;
  need.kind = DataKindOf<int>::value;
  return need;
}

class Begin final : public Source<int> {
 public:
  struct Params {};
  static Schema<Params> schema() { return Schema<Params>{"One number."}; }
  static Ports ports() { return Ports().out("out", DataKindOf<int>::value); }
  explicit Begin(Params) {}
  void plan(Planning& planning) override { planning.output().chunks = 1; }
  std::optional<Chunk<int>> next(const PipelineContext&) override {
    if (given_) return std::nullopt;
    given_ = true;
    return Chunk<int>(0, Span("number", 0, 1));
  }

 private:
  bool given_ = false;
};

/// Its result has six units; each records a row, one may fail after that.
class Units final : public Reduce<int, int> {
 public:
  using Params = UnitParams;
  static Schema<UnitParams> schema() {
    Schema<UnitParams> s{"Six units."};
    s.field("bad", &UnitParams::bad, "Which one fails");
    return s;
  }
  static Ports ports() { return Ports().in(integers()).out("out", DataKindOf<int>::value); }
  explicit Units(UnitParams params) : params_(params) {}
  void plan(Planning& planning) override { planning.output().chunks = kUnits; }
  void add(const Chunk<int>&, const PipelineContext& ctx) override {
    ctx.record("inputs", {{"number", std::int64_t{1}}});
  }
  Stream<int> finish(const PipelineContext&) override {
    auto next = std::make_shared<int>(0);
    return Stream<int>([bad = params_.bad, next]() -> std::optional<Stream<int>::Work> {
      if (*next == kUnits) return std::nullopt;
      const int unit = (*next)++;
      return Stream<int>::Work([unit, bad](const PipelineContext& ctx) {
        if (unit == 4) ctx.degrade("unit 4 is odd");
        ctx.record("units", {{"unit", std::int64_t{unit}},
                             {"stop", std::string(unit < 4 ? "threshold" : "limit")}});
        if (unit == bad) throw Error(ErrorKind::failed, "as asked");
        const auto place = static_cast<std::size_t>(unit);
        return Chunk<int>(unit, Span("unit", place, place + 1));
      });
    });
  }

 private:
  UnitParams params_;
};

class Drop final : public Sink<int> {
 public:
  struct Params {};
  static Schema<Params> schema() { return Schema<Params>{"Writes nothing."}; }
  static Ports ports() { return Ports().in(integers()); }
  explicit Drop(Params) {}
  void write(const Chunk<int>&, const PipelineContext&) override {}
  void finish(const PipelineContext& ctx) override { ctx.record_output("/nowhere"); }
};

struct Watched {
  std::vector<Json> events;
  Json passes;
  Json warnings;
  Json samples;
  std::vector<std::string> failures;

  std::vector<Json> of(const std::string& name) const {
    std::vector<Json> found;
    for (const Json& event : events) {
      if (event.at("event") == name) found.push_back(event);
    }
    return found;
  }
};

class Folder {
 public:
  Folder() {
    char name[] = "/tmp/skymill-watch-XXXXXX";
    path_ = ::mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

/// @param units  what the description says of the stage `units`
Watched watch_run(const std::string& units = "", bool throws = false) {
  const Folder folder;
  const auto listener = std::make_shared<LogListener>();
  const Log log = make_log(nullptr, LogLevel::off, "", listener);
  Registry registry;
  registry.add<Begin>("begin");
  registry.add<Units>("units");
  registry.add<Drop>("drop");
  Diagnostics diagnostics;
  const Descriptor descriptor = read_descriptor_text(
      "t.yaml", "skymill: 1\nstages: {begin: {}, units: {" + units + "}, drop: {}}", {},
      diagnostics);
  Planner planner(registry, diagnostics);
  Plan plan = planner.build(descriptor);
  diagnostics.throw_if_errors();
  auto services = std::make_shared<PipelineContext::Services>(log, MemoryBudget(1 << 20, "test"), 2,
                                                              "test", "/tmp");
  services->watch.start(
      "a-run", {nullptr, log, std::make_shared<EventStream>(folder.file("events"), log), listener});
  {
    const PipelineContext ctx = make_context(services);
    planner.plan_ready(plan, {}, ctx);
    if (throws) {
      REQUIRE_THROWS_WITH(Executor(planner).run(plan, ctx), Contains("as asked"));
    } else {
      Executor(planner).run(plan, ctx);
    }
  }
  services->watch.stop();
  Watched watched;
  std::ifstream in(folder.file("events"));
  for (std::string line; std::getline(in, line);) watched.events.push_back(Json::parse(line));
  watched.passes = services->watch.passes_record();
  watched.warnings = services->watch.warnings_record();
  watched.failures = services->notes.failures;
  watched.samples = services->watch.samples_record();
  return watched;
}

}  // namespace

TEST_CASE("every unit of a pass is told with the rows of its work") {
  const Watched run = watch_run();
  for (const Json& event : run.events) {
    REQUIRE(event.at("run") == "a-run");
    REQUIRE(event.at("t_s") >= 0.0);
  }
  const auto passes = run.of("pass_started");
  REQUIRE(passes.size() == 2);
  CHECK(passes[0].at("stages") == Json({"begin", "units"}));
  CHECK(passes[1].at("stages") == Json({"units", "drop"}));
  CHECK(passes[1].at("units") == kUnits);

  std::set<int> seen;
  for (const Json& done : run.of("unit_done")) {
    if (done.at("stages") != passes[1].at("stages")) {
      CHECK(done.at("span") == "number 0:1");
      continue;
    }
    REQUIRE(done.at("rows").size() == 1);
    const Json& row = done.at("rows")[0];
    CHECK(row.at("stage") == "units");
    CHECK(row.at("table") == "units");
    const int unit = row.at("row").at("unit");
    seen.insert(unit);
    CHECK(done.at("span") == "unit " + std::to_string(unit) + ":" + std::to_string(unit + 1));
    CHECK(done.at("stop") == (unit < 4 ? "threshold" : "limit"));
    CHECK(done.at("bytes") == sizeof(int));
  }
  CHECK(seen == std::set<int>{0, 1, 2, 3, 4, 5});
  CHECK(run.of("unit_started").size() == kUnits + 1);

  // The reduce is given its chunk outside the work that makes a unit.
  REQUIRE(run.of("row").size() == 1);
  CHECK(run.of("row")[0].at("table") == "inputs");
  CHECK(run.of("output")[0].at("path") == "/nowhere");
  REQUIRE(run.of("degraded").size() == 1);
  CHECK(run.of("degraded")[0].at("reason") == "unit 4 is odd");
  REQUIRE(run.of("warning").size() == 1);  // although the log is off
  CHECK(run.of("warning")[0].at("text") == "units: unit 4 is odd");
  CHECK(run.warnings == Json({{"count", 1}, {"texts", {"units: unit 4 is odd"}}}));

  std::vector<std::string> ended;
  for (const Json& stage : run.of("stage_ended")) ended.push_back(stage.at("stage"));
  CHECK(ended == std::vector<std::string>{"begin", "units", "drop"});
  CHECK(run.of("sample").size() >= 1);  // the last, however short the run
}

TEST_CASE("the record has the passes with why their units stopped, and samples") {
  const Watched run = watch_run();
  REQUIRE(run.passes.size() == 2);
  CHECK(run.passes[0].at("stopped").empty());
  CHECK(run.passes[1].at("stopped") == Json({{"limit", 2}, {"threshold", 4}}));
  CHECK(run.passes[1].at("units") == kUnits);
  CHECK(run.passes[1].at("failed") == false);
  const Json& times = run.samples.at("time_s");
  REQUIRE(times.size() >= 2);
  for (const char* name : {"resident_bytes", "cpu_s", "read_bytes", "written_bytes",
                           "storage_read_bytes", "storage_written_bytes"}) {
    CHECK(run.samples.at(name).size() == times.size());
  }
  CHECK(run.samples.at("resident_bytes")[0] > 100000);
}

TEST_CASE("a unit that cannot be made is told as failed, and so is its pass") {
  const Watched run = watch_run("bad: 3", true);
  REQUIRE(run.of("unit_failed").size() == 1);
  const auto ended = run.of("pass_ended");
  REQUIRE(ended.size() == 2);
  CHECK(ended[0].at("failed") == false);
  CHECK(ended[1].at("failed") == true);
  CHECK(run.passes[1].at("failed") == true);
  REQUIRE(run.of("stage_ended").size() == 1);
  CHECK(run.of("stage_ended")[0].at("stage") == "begin");
}

TEST_CASE("a unit that is left out is told as failed, and its pass is not") {
  const Watched run = watch_run("bad: 3, on_failure: continue, retry: 1");
  CHECK(run.failures.size() == 1);
  REQUIRE(run.of("unit_failed").size() == 1);  // once, for both attempts
  CHECK(run.passes[1].at("failed") == false);
  CHECK(run.passes[1].at("units") == kUnits - 1);
  CHECK(run.passes[1].at("stopped") == Json({{"limit", 2}, {"threshold", 3}}));
}

TEST_CASE("a unit that is tried again is told with the rows of the last attempt") {
  Metrics metrics;
  RunWatch run(metrics);
  PassFacts facts;
  facts.units = 2;
  PassWatch pass(run, facts);
  const auto add_row = [&](const std::string& stop) {
    metrics.add_row("image", "channels", {{"channel", std::int64_t{0}}, {"stop", stop}});
  };
  {
    WatchedUnit watched;
    UnitInWork unit(pass, watched, {});
    add_row("diverged");
    unit.clear();
    unit.made(AnyChunk(Chunk<int>(1, Span("channel", 0, 1))));
    pass.done(watched);
  }
  {
    WatchedUnit watched;
    const UnitInWork failed(pass, watched, {});
  }
  CHECK_THAT(pass.line(PassWatch::Clock::now()),
             Contains("1 left out") && !Contains("diverged") && !Contains("ETA"));
}

TEST_CASE("events end when nobody reads them, and the log says so once") {
  ::signal(SIGPIPE, SIG_IGN);
  const Folder folder;
  const std::string pipe = folder.file("pipe");
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  std::thread reader([&] { std::ifstream in(pipe); });  // opens it and goes away
  const auto listener = std::make_shared<LogListener>();
  std::vector<std::string> heard;
  listener->set([&](const char*, const std::string& text) { heard.push_back(text); });
  EventStream events(pipe, make_log(nullptr, LogLevel::off, "", listener));
  reader.join();
  for (int i = 0; i < 3; ++i) events.write({{"event", "row"}});
  REQUIRE(heard.size() == 1);
  CHECK_THAT(heard[0], Contains("no more events to '" + pipe + "'"));

  CHECK_THROWS_WITH(EventStream(folder.file("no/where"), make_log(nullptr, LogLevel::off)),
                    Contains("cannot write the events") && Contains("--events"));
}

TEST_CASE("text that is not UTF-8 does not end the events") {
  const Folder folder;
  {
    EventStream events(folder.file("events"), make_log(nullptr, LogLevel::off));
    events.write({{"text", "caf\xe9"}});
  }
  std::ifstream in(folder.file("events"));
  std::string line;
  std::getline(in, line);
  CHECK(Json::parse(line).at("text") == "caf\xEF\xBF\xBD");
}

TEST_CASE("the line of a pass counts its units, those running and why others stopped") {
  Metrics metrics;
  RunWatch run(metrics);
  PassFacts facts;
  facts.title = "image > concat";
  facts.stages = {"image", "concat"};
  facts.units = 4;
  facts.workers = 2;
  facts.makes_units = true;
  PassWatch pass(run, facts);
  const auto now = [] { return PassWatch::Clock::now(); };
  CHECK_THAT(pass.line(now()), Contains("image > concat: 0 of 4 (0 %), ") && !Contains("ETA"));
  const AnyChunk chunk(Chunk<int>(1, Span("channel", 0, 1)));
  {
    WatchedUnit watched;
    UnitInWork unit(pass, watched, {});
    metrics.add_row("image", "channels",
                    {{"channel", std::int64_t{0}}, {"stop", std::string("threshold")}});
    CHECK_THAT(pass.line(now()), Contains("1 running") && !Contains("stopped"));
    unit.made(chunk);
    pass.done(watched);
  }
  CHECK_THAT(pass.line(now()), Contains("1 of 4 (25 %), ETA ") && Contains("0 running") &&
                                   Contains("stopped: 1 threshold"));
}

TEST_CASE("the time that is left is the mean shared by the workers") {
  CHECK(seconds_left(10, 4, {}, 2) == Approx(20));
  CHECK(seconds_left(10, 4, {4, 2}, 2) == Approx((40 - 6) / 2.0));
  CHECK(seconds_left(10, 2, {9, 1}, 2) == Approx(9));  // the later of the two
  CHECK(seconds_left(10, 1, {4}, 8) == Approx(6));     // idle workers do not help
  CHECK(seconds_left(10, 3, {25}, 1) == Approx(20));   // one that takes longer than the mean
}

TEST_CASE("samples of a long run stay few, in order, with the peaks of memory") {
  RunSamples samples;
  const int count = 200000;  // of 0.1 s: 5.6 hours
  for (int i = 0; i < count; ++i) {
    RunSample sample;
    sample.time_s = 0.1 * i;
    sample.resident_bytes = i == 123456 ? 5000000 : 1000 + static_cast<std::size_t>(i % 7);
    sample.cpu_s = 0.2 * i;
    sample.read_bytes = 3 * i;
    samples.add(sample);
    REQUIRE(samples.kept().size() < RunSamples::kMost);
  }
  const auto& kept = samples.kept();
  CHECK(kept.size() >= RunSamples::kMost / 2);
  CHECK(kept.front().time_s == 0);
  CHECK(kept.back().time_s == Approx(0.1 * (count - 1)));
  CHECK(kept.back().read_bytes == 3 * (count - 1));
  std::size_t peak = 0;
  for (std::size_t i = 1; i < kept.size(); ++i) {
    REQUIRE(kept[i].time_s > kept[i - 1].time_s);
    REQUIRE(kept[i].cpu_s == Approx(2 * kept[i].time_s));
    peak = std::max(peak, kept[i].resident_bytes);
    if (i + 1 < kept.size()) {
      CHECK(kept[i].time_s - kept[i - 1].time_s >= samples.interval_s() * 0.999);
    }
  }
  CHECK(peak == 5000000);
}
