// SPDX-License-Identifier: GPL-3.0-or-later
// Runs that were ended, and those that go on from there.
#include <core/error.h>
#include <core/storage.h>
#include <core/testing.h>
#include <fcntl.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>

#include "context_state.h"
#include "journal.h"
#include "plan.h"
#include "survey.h"

namespace fs = std::filesystem;
using namespace skymill;
using Catch::Matchers::Contains;

namespace {

const DataKind kInt = DataKindOf<int>::value;

PortNeed integers() {
  PortNeed need;
  need.kind = kInt;
  return need;
}

std::string read(const std::string& path) {
  std::ifstream in(path);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

/// What the stages of a run do and have done.
struct Story {
  std::string folder;
  int units = 12;
  std::function<void(int)> on_work = [](int) {};   ///< with the unit's number
  std::function<void(int)> on_write = [](int) {};  ///< the same, before it is written
  std::function<void()> between_names = [] {};
  bool gives_up = false;  ///< at the end, and leaves nothing
  std::set<int> worked;   ///< units that were made, one thread
  std::size_t taken_up = 0;

  std::string product(const std::string& name = "slots") const { return folder + "/" + name; }
};

class OneInput final : public Source<int> {
 public:
  explicit OneInput(Story& story) : story_(story) {}
  static Ports ports() { return Ports().out("out", kInt); }
  void plan(Planning& planning) override { planning.add_input(story_.folder + "/input"); }
  std::optional<Chunk<int>> next(const PipelineContext&) override {
    return std::exchange(given_, true) ? std::nullopt : std::optional(Chunk<int>(0));
  }

 private:
  Story& story_;
  bool given_ = false;
};

/// Gives the squares of its units' numbers.
class Squares final : public Reduce<int, int> {
 public:
  explicit Squares(Story& story) : story_(story) {}
  static Ports ports() { return Ports().in(integers()).out("out", kInt); }
  void plan(Planning& planning) override {
    planning.output().chunks = static_cast<std::size_t>(story_.units);
  }
  void add(const Chunk<int>&, const PipelineContext&) override {}
  Stream<int> finish(const PipelineContext& ctx) override {
    auto next = std::make_shared<int>(0);
    return Stream<int>([this, next, ctx]() -> std::optional<Stream<int>::Work> {
      while (*next < story_.units && ctx.is_done(place(*next))) ++*next;
      if (*next >= story_.units) return std::nullopt;
      const int number = (*next)++;
      return Stream<int>::Work([this, number](const PipelineContext&) {
        story_.on_work(number);
        story_.worked.insert(number);
        return Chunk<int>(number * number, place(number));
      });
    });
  }

 private:
  static Span place(int number) {
    const auto at = static_cast<std::size_t>(number);
    return Span("number", at, at + 1);
  }
  Story& story_;
};

/// Writes each number in its own place of a file, and the sum of the notes into a second one.
class Slots final : public Sink<int> {
 public:
  explicit Slots(Story& story) : story_(story) {}
  static Ports ports() { return Ports().in(integers()); }
  void plan(Planning& planning) override {
    planning.add_product(story_.product(), 1024, false);
    planning.add_product(story_.product("sum"), 1024, false);
    planning.set_resumable();
    planning.set_any_order();
  }
  void write(const Chunk<int>& chunk, const PipelineContext&) override {
    if (!draft_) draft_.emplace(story_.product());
    story_.on_write(static_cast<int>(chunk.span().at("number").begin));
    put(*chunk, chunk.span());
  }
  void settle(const PipelineContext&) override { draft_->keep(); }
  Row note(const Chunk<int>& chunk) const override { return {{"value", std::int64_t{*chunk}}}; }
  bool take_up(const std::vector<DoneUnit>& units, const PipelineContext&) override {
    if (!fs::exists(story_.product() + ".partial")) return false;
    draft_.emplace(Draft::take_up(story_.product()));
    for (const DoneUnit& unit : units) sum_ += std::get<std::int64_t>(unit.note.at(0).second);
    story_.taken_up = units.size();
    return true;
  }
  void finish(const PipelineContext& ctx) override {
    if (story_.gives_up) {
      draft_.reset();
      Draft(story_.product(), true);
      throw Error(ErrorKind::input, "nothing is in it");
    }
    Draft sum(story_.product("sum"));
    std::ofstream(sum.path()) << sum_;
    sum.keep();
    ctx.all_complete();
    draft_->publish();
    story_.between_names();
    sum.publish();
  }

 private:
  void put(int value, const Span& span) {
    const int file = ::open(draft_->path().c_str(), O_WRONLY | O_CREAT, 0666);
    const auto place = static_cast<off_t>(span.at("number").begin * sizeof value);
    REQUIRE(::pwrite(file, &value, sizeof value, place) == sizeof value);
    ::close(file);
    sum_ += value;
  }

  Story& story_;
  std::optional<Draft> draft_;
  std::int64_t sum_ = 0;
};

void run(Story& story) {
  std::vector<testing::GivenStage> stages;
  story.worked.clear();
  story.taken_up = 0;
  stages.push_back({"input", Shape::source, OneInput::ports(), std::make_unique<OneInput>(story)});
  stages.push_back({"squares", Shape::reduce, Squares::ports(), std::make_unique<Squares>(story)});
  stages.push_back({"slots", Shape::sink, Slots::ports(), std::make_unique<Slots>(story)});
  testing::run_stages(std::move(stages));
}

/// What `skymill run --dry-run` says of the same run.
std::string look(Story& story) {
  struct NoParams {};
  Registry registry;
  Descriptor descriptor;
  descriptor.file = "test";
  const auto add = [&](const std::string& name, Shape shape, const Ports& ports,
                       const std::function<std::unique_ptr<Stage>()>& make) {
    StageType type;
    type.name = name;
    type.shape = shape;
    type.ports = ports;
    type.schema = std::make_shared<Schema<NoParams>>("A stage under test.");
    type.make = [make](const Settings&, const Where&, Diagnostics&, std::vector<ResolvedValue>&) {
      return make();
    };
    registry.add_type(std::move(type));
    StageEntry entry;
    entry.name = name;
    entry.use = name;
    descriptor.stages.push_back(std::move(entry));
  };
  add("input", Shape::source, OneInput::ports(), [&] { return std::make_unique<OneInput>(story); });
  add("squares", Shape::reduce, Squares::ports(), [&] { return std::make_unique<Squares>(story); });
  add("slots", Shape::sink, Slots::ports(), [&] { return std::make_unique<Slots>(story); });
  Diagnostics diagnostics;
  Planner planner(registry, diagnostics);
  Plan plan = planner.build(descriptor);
  diagnostics.throw_if_errors();
  const auto services = std::make_shared<PipelineContext::Services>(
      make_log(nullptr, LogLevel::off), MemoryBudget(std::size_t{1} << 30, "test"), 1, "test",
      "/tmp");
  const PipelineContext ctx = make_context(services);
  look_ahead(planner, plan, ctx);
  check_room(planner, plan, ctx);
  return plan.text(services->memory, 0, 1, &services->resumption);
}

/// Names, contents and times of all that is in a folder.
std::set<std::string> snapshot(const std::string& folder) {
  std::set<std::string> found;
  for (const auto& entry : fs::directory_iterator(folder)) {
    found.insert(entry.path().string() + " " + read(entry.path()) + " " +
                 std::to_string(entry.last_write_time().time_since_epoch().count()));
  }
  return found;
}

Story begin_story(const Scratch& scratch) {
  Story story;
  story.folder = scratch.path();
  std::ofstream(story.folder + "/input") << "one";
  return story;
}

void fail_at(int number, int unit) {
  if (number == unit) throw Error(ErrorKind::failed, "unit " + std::to_string(unit) + " fails");
}

std::size_t entries(const std::string& folder) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

/// What a run makes that nothing disturbs.
std::pair<std::string, std::string> undisturbed() {
  const Scratch scratch("/tmp", "test");
  Story story = begin_story(scratch);
  run(story);
  return {read(story.product()), read(story.product("sum"))};
}

}  // namespace

TEST_CASE("a run that failed is gone on with: only what is missing is made") {
  const Scratch scratch("/tmp", "test");
  Story story = begin_story(scratch);
  const bool fails_at_work = GENERATE(true, false);
  (fails_at_work ? story.on_work : story.on_write) = [](int number) { fail_at(number, 7); };
  CHECK_THROWS_WITH(run(story), Contains("unit 7 fails"));
  CHECK_FALSE(fs::exists(story.product()));
  CHECK(fs::exists(story.product() + ".partial"));

  story.on_work = story.on_write = [](int) {};
  run(story);
  CHECK(story.taken_up == 7);
  CHECK(story.worked == std::set<int>{7, 8, 9, 10, 11});
  CHECK(std::pair(read(story.product()), read(story.product("sum"))) == undisturbed());
  CHECK_FALSE(fs::exists(story.product() + ".partial"));
  CHECK(entries(story.folder) == 4);  // the input, two products and the journal
}

TEST_CASE("a run that failed before anything was done leaves nothing") {
  const Scratch scratch("/tmp", "test");
  Story story = begin_story(scratch);
  story.on_write = [](int number) { fail_at(number, 0); };
  CHECK_THROWS_WITH(run(story), Contains("unit 0 fails"));
  CHECK(entries(story.folder) == 1);
}

TEST_CASE("units are made again when an input has changed, or when the draft is gone") {
  const Scratch scratch("/tmp", "test");
  Story story = begin_story(scratch);
  story.on_work = [](int number) { fail_at(number, 7); };
  CHECK_THROWS(run(story));
  const bool input_changes = GENERATE(true, false);
  if (input_changes) {
    std::ofstream(story.folder + "/input") << "two";
  } else {
    fs::remove(story.product() + ".partial");
  }
  story.on_work = [](int) {};
  run(story);
  CHECK(story.taken_up == 0);
  CHECK(story.worked.size() == 12);
  CHECK(std::pair(read(story.product()), read(story.product("sum"))) == undisturbed());
}

TEST_CASE("what is complete only gets its names; what stands is not made again") {
  const Scratch scratch("/tmp", "test");
  Story story = begin_story(scratch);
  story.between_names = [] { throw Error(ErrorKind::failed, "ended between two names"); };
  CHECK_THROWS_WITH(run(story), Contains("between two names"));
  CHECK(fs::exists(story.product()));
  CHECK_FALSE(fs::exists(story.product("sum")));

  story.between_names = [] {};
  for (int again = 0; again < 2; ++again) {
    run(story);
    CHECK(story.worked.empty());
    CHECK(std::pair(read(story.product()), read(story.product("sum"))) == undisturbed());
    CHECK_FALSE(fs::exists(story.product("sum") + ".partial"));
  }

  fs::remove(story.product("sum"));
  CHECK_THROWS_WITH(run(story), Contains("exists already") && Contains("sum' is gone"));
  fs::remove(story.product());
  run(story);
  CHECK(story.worked.size() == 12);
}

TEST_CASE("a look ahead says what a run would do, and changes nothing") {
  const Scratch scratch("/tmp", "test");
  Story story = begin_story(scratch);
  const std::string slots = story.product();
  const auto looks = [&](const auto& says) {
    const auto before = snapshot(story.folder);
    CHECK_THAT(look(story), says);
    CHECK(snapshot(story.folder) == before);
  };
  looks(Contains("slots: '" + slots + "' is made: missing") &&
        Contains("0 of 12 are taken up, 12 are made: missing"));

  story.on_work = [](int number) { fail_at(number, 7); };
  CHECK_THROWS(run(story));
  looks(Contains("slots: goes on with '" + slots +
                 ".partial', which has 7 units; the missing ones are made") &&
        Contains("7 of 12 are taken up, 5 are made: missing"));

  const auto time = fs::last_write_time(story.folder + "/input");
  std::ofstream(story.folder + "/input") << "another";
  const std::string changed = "input '" + story.folder + "/input' changed from 3 B in 1 file";
  looks(Contains("slots: '" + slots + "' is made anew: " + changed) &&
        Contains("0 of 12 are taken up, 12 are made: " + changed));
  std::ofstream(story.folder + "/input") << "one";
  fs::last_write_time(story.folder + "/input", time);

  story.on_work = [](int) {};
  story.between_names = [] { throw Error(ErrorKind::failed, "ended between two names"); };
  CHECK_THROWS(run(story));
  looks(Contains("slots: '" + story.product("sum") + "' is complete and gets its name") &&
        Contains("slots: '" + slots + "' and the rest of its products stand"));
  story.between_names = [] {};
  run(story);
  CHECK(story.worked.empty());
  looks(Contains("and the rest of its products stand") &&
        Contains("left out, because all that needs it stands") && !Contains("in flight"));

  fs::remove(slots);
  fs::remove(story.product("sum"));
  looks(Contains("is made anew: '" + slots + "' is gone"));

  const auto held = Journal::open(slots);
  CHECK_THROWS_WITH(look(story), Contains("another run is making '" + slots + "'"));
}

TEST_CASE("a draft that a run has left without a journal is made anew, which is said") {
  const Scratch scratch("/tmp", "test");
  Story story = begin_story(scratch);
  std::ofstream(story.product() + ".partial") << "half of it";
  CHECK_THAT(look(story), Contains("is made anew: an earlier run was ended and left '" +
                                   story.product() + ".partial' unfinished"));
  run(story);
  CHECK(std::pair(read(story.product()), read(story.product("sum"))) == undisturbed());
}

TEST_CASE("a stage that gives up what it has made leaves nothing for a next run") {
  const Scratch scratch("/tmp", "test");
  Story story = begin_story(scratch);
  story.gives_up = true;
  CHECK_THROWS_WITH(run(story), Contains("nothing is in it"));
  CHECK(entries(story.folder) == 1);  // the input
  // Also of what an earlier run has kept.
  story.on_work = [](int number) { fail_at(number, 7); };
  CHECK_THROWS_WITH(run(story), Contains("unit 7 fails"));
  CHECK(entries(story.folder) > 1);
  story.on_work = [](int) {};
  CHECK_THROWS_WITH(run(story), Contains("nothing is in it"));
  CHECK(story.taken_up == 7);
  CHECK(entries(story.folder) == 1);
}

TEST_CASE("a product that was made otherwise is refused, with what has changed") {
  const Scratch scratch("/tmp", "test");
  Story story = begin_story(scratch);
  run(story);
  std::ofstream(story.folder + "/input") << "another";
  CHECK_THROWS_WITH(run(story), Contains("exists already") && Contains("input '" + story.folder +
                                                                       "/input' changed from 3 B"));
  CHECK(story.worked.empty());
}

TEST_CASE("a journal keeps what it was told, up to a line that a crash has cut short") {
  const Scratch scratch("/tmp", "test");
  const std::string product = scratch.path() + "/cube";
  const Facts facts{{"parameter image.niter", "100"}};
  {
    const auto journal = Journal::create(product);
    journal->begin(facts, "first");
    journal->add(
        {{"channel 0:1",
          {{"beam", 2.5}, {"blank", true}, {"n", std::int64_t{3}}, {"why", std::string("é")}},
          {{"image", "channels", {{"channel", std::int64_t{0}}}}},
          {"image: diverged"}},
         {"channel 1:2", {}, {}, {}}});
    CHECK_THROWS_WITH(Journal::open(product), Contains("another run"));
  }
  const std::string path = Journal::path_of(product);
  std::ofstream(path, std::ios::app) << "{\"unit\": \"channel 3";
  {
    const auto journal = Journal::open(product);
    CHECK(journal->facts() == facts);
    REQUIRE(journal->units().size() == 2);
    const Journal::Unit& unit = journal->units().front();
    CHECK(unit.span == "channel 0:1");
    CHECK(unit.note ==
          Row{{"beam", 2.5}, {"blank", true}, {"n", std::int64_t{3}}, {"why", std::string("é")}});
    REQUIRE(unit.rows.size() == 1);
    CHECK(unit.rows.front().table == "channels");
    CHECK(unit.degradations == std::vector<std::string>{"image: diverged"});
    journal->add({{"channel 3:4", {}, {}, {}}});
  }
  CHECK(Journal::open(product)->units().size() == 3);
  CHECK(Journal::open(scratch.path() + "/other") == nullptr);
}

TEST_CASE("what has changed between two runs is said in words") {
  CHECK(changes({{"parameter image.niter", "100"}, {"old", "1"}, {"same", "2"}},
                {{"parameter image.niter", "200"}, {"new", "3"}, {"same", "2"}}) ==
        std::vector<std::string>{"new is new: 3", "parameter image.niter changed from 100 to 200",
                                 "old is gone: 1"});
}

TEST_CASE("a file is known by its bytes and its time, a folder without its locks") {
  const Scratch scratch("/tmp", "test");
  const std::string folder = scratch.path() + "/table";
  CHECK(identity_of(folder) == "missing");
  fs::create_directory(folder);
  std::ofstream(folder + "/data") << "123";
  const std::string before = identity_of(folder);
  CHECK_THAT(before, Contains("3 B in 1 file"));
  std::ofstream(folder + "/table.lock") << "a reader";
  CHECK(identity_of(folder) == before);
  fs::last_write_time(folder + "/data", fs::file_time_type::clock::now() + std::chrono::hours(1));
  CHECK(identity_of(folder) != before);
}

TEST_CASE("a span reads back from its text") {
  Span span("channel", 3, 4);
  span.set("row", 0, 1000);
  CHECK(Span::from_text(span.text()) == span);
  CHECK(Span::from_text("").empty());
  for (const char* text :
       {"channel", "channel 3", "channel 3:", "channel :4", "3:4", "channel 3:x"}) {
    CHECK_THROWS_WITH(Span::from_text(text), Contains("is not a place on axes"));
  }
}
