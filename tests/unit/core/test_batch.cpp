// SPDX-License-Identifier: GPL-3.0-or-later
// The source of a batch's items, and the record of what became of them.
#include <core/storage.h>
#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "batch_record.h"
#include "console.h"
#include "each.h"

using namespace skymill;
using Catch::Matchers::Contains;
using Outcome = ItemRow::Outcome;

namespace {

struct FindParams {
  int count = 2;
  bool follow = false;
};

/// Items called 0, 1, …; one at a time when it is followed.
class Find final : public Source<WorkItem> {
 public:
  using Params = FindParams;
  static Schema<FindParams> schema() {
    Schema<FindParams> s{"Find items."};
    s.field("count", &FindParams::count, "How many");
    s.field("follow", &FindParams::follow, "One at a time");
    return s;
  }
  static Ports ports() { return Ports().out("out", WorkItem::kDataKind, "numbers", {"square"}); }
  explicit Find(FindParams params) : params_(params) {}
  std::optional<Chunk<WorkItem>> next(const PipelineContext&) override {
    paused_ = params_.follow && !paused_;
    if (next_ == params_.count || paused_) return std::nullopt;
    WorkItem item;
    item.name = std::to_string(next_);
    item.parameters["square"] = std::to_string(next_ * next_);
    ++next_;
    return Chunk<WorkItem>(std::move(item));
  }

 private:
  FindParams params_;
  int next_ = 0;
  bool paused_ = false;
};

class Numbers final : public Source<int> {
 public:
  using Params = FindParams;
  static Schema<FindParams> schema() { return Find::schema(); }
  static Ports ports() { return Ports().out("out", DataKindOf<int>::value); }
  explicit Numbers(FindParams) {}
  std::optional<Chunk<int>> next(const PipelineContext&) override { return std::nullopt; }
};

class Collect final : public Sink<int> {
 public:
  using Params = FindParams;
  static Schema<FindParams> schema() { return Find::schema(); }
  static Ports ports() {
    PortNeed need;
    need.kind = DataKindOf<int>::value;
    return Ports().in(need).side("beside", need, "more of them", true);
  }
  explicit Collect(FindParams) {}
  void write(const Chunk<int>&, const PipelineContext&) override {}
  void finish(const PipelineContext&) override {}
};

struct Opened {
  Registry registry;
  Diagnostics diagnostics;
  std::unique_ptr<EachSource> source;
  PipelineContext ctx = make_context(std::make_shared<PipelineContext::Services>(
      make_log(nullptr, LogLevel::off), MemoryBudget(1 << 20, "test"), 1, "test", "/tmp"));

  explicit Opened(const std::string& text, bool follow = false) {
    registry.add<Find>("find");
    registry.add<Numbers>("numbers");
    registry.add<Collect>("collect");
    const Descriptor descriptor =
        read_descriptor_text("t.yaml", "skymill: 1\n" + text, {}, diagnostics);
    source = std::make_unique<EachSource>(registry, diagnostics);
    source->build(descriptor, follow);
    source->check_stages(descriptor);
  }
};

const std::string kStages = "stages:\n  a: { use: numbers, count: $(each.square) }\n";

ItemRow row(const std::string& item, Outcome outcome) {
  ItemRow row;
  row.item = item;
  row.outcome = outcome;
  return row;
}

}  // namespace

TEST_CASE("a source gives its items") {
  Opened opened("each: { use: find }\n" + kStages);
  REQUIRE(opened.diagnostics.text().empty());
  opened.source->open(opened.ctx);
  CHECK(opened.source->next(opened.ctx)->name == "0");
  const auto second = opened.source->next(opened.ctx);
  CHECK(std::get<std::string>(second->parameters.at("square")) == "1");
  CHECK_FALSE(opened.source->next(opened.ctx).has_value());
}

TEST_CASE("a source that is followed can be asked again") {
  Opened opened("each: { use: find }\n" + kStages, true);
  REQUIRE(opened.diagnostics.text().empty());
  opened.source->open(opened.ctx);
  CHECK_FALSE(opened.source->next(opened.ctx).has_value());
  CHECK(opened.source->next(opened.ctx)->name == "0");
  CHECK_FALSE(opened.source->next(opened.ctx).has_value());
  CHECK(opened.source->next(opened.ctx)->name == "1");
}

TEST_CASE("a link may follow from the item, which is not known beforehand") {
  const std::string stages =
      "stages:\n  a: { use: numbers }\n  b: { use: numbers }\n"
      "  c: { use: collect, in: $(each.square), beside: $(each.name) }\n";
  Opened opened("each: { use: find }\n" + stages);
  CHECK(opened.diagnostics.text().empty());

  WorkItem item;
  item.name = "b";
  for (const auto& [square, remark] :
       {std::pair{"a", ""}, {"x", "no stage 'x' stands above 'c'"}}) {
    item.parameters["square"] = std::string(square);
    Diagnostics diagnostics;
    const Descriptor known = read_descriptor_text(
        "t.yaml", "skymill: 1\neach: { use: find }\n" + stages, {}, diagnostics, &item);
    const Plan plan = Planner(opened.registry, diagnostics).build(known);
    CHECK_THAT(diagnostics.text(), Contains(remark));
    if (diagnostics.has_errors()) continue;
    CHECK(plan.stages.at(2).input == std::size_t{0});
    CHECK(plan.stages.at(2).sides.at("beside") == 1);
  }
}

TEST_CASE("mistakes with the source of items are said with their places") {
  CHECK(Opened("each: { use: fnid }\n" + kStages).diagnostics.text() ==
        "t.yaml:2:14: error: there is no stage 'fnid'; did you mean 'find'?\n");
  CHECK(Opened("each: { use: numbers }\n" + kStages).diagnostics.text() ==
        "t.yaml:2:14: error: 'each' needs a source of work_item@1, and 'numbers' is none; "
        "'skymill describe STAGE' shows what a stage gives\n");
  CHECK(Opened("each: { use: find, cuont: 3 }\n" + kStages).diagnostics.text() ==
        "t.yaml:2:20: error: no parameter 'cuont'; did you mean 'count'?\n");
  CHECK(Opened("each: { use: find }\nstages:\n  a: { use: numbers, count: $(each.sqare) }\n")
            .diagnostics.text() ==
        "t.yaml:4:29: error: the items of 'find' have no 'sqare'; did you mean 'square'?\n");
  CHECK(Opened("each: { use: find }\nstages:\n  a: { use: nmubers, count: $(each.square) }\n")
            .diagnostics.text() ==
        "t.yaml:4:13: error: there is no stage 'nmubers'; did you mean 'numbers'?\n");
}

TEST_CASE("the verdict of a batch follows from its items") {
  BatchRecord record;
  CHECK(record.exit_code() == 0);
  CHECK(record.table() == "nothing to do: clean\n");
  record.add(row("a", Outcome::done));
  record.add(row("b", Outcome::skipped));
  record.add(row("c", Outcome::waiting));
  CHECK(record.exit_code() == 0);
  CHECK(record.verdict() == "clean");
  SECTION("one that fails makes it partial") {
    record.add(row("d", Outcome::failed));
    CHECK(record.exit_code() == 1);
    CHECK(record.verdict() == "partial");
    CHECK_THAT(record.table(), Contains("1 done, 1 skipped, 1 waiting, 1 failed: partial\n"));
  }
  SECTION("one that is rejected does so until it is done") {
    record.add(row("d", Outcome::rejected));
    CHECK(record.exit_code() == 1);
    record.add(row("d", Outcome::done));
    CHECK(record.rows().size() == 4);
    CHECK(record.exit_code() == 0);
  }
  SECTION("a stop comes before all") {
    record.add(row("d", Outcome::failed));
    record.set_stopped();
    CHECK(record.exit_code() == 75);
    CHECK(record.verdict() == "stopped");
  }
}

TEST_CASE("the record of a batch has a row for every item") {
  const Scratch scratch("/tmp", "test");
  const std::string path = scratch.path() + "/sub/batch.json";
  BatchRecord record;
  ItemRow failed = row("a", Outcome::failed);
  failed.reason = "the disk said no";
  failed.recoverable = true;
  failed.seconds = 1.5;
  failed.record = "a.run.json";
  record.add(failed);
  record.write(path, {"id", {"skymill", "run"}, "d.yaml", std::chrono::system_clock::now(), {}});
  std::ifstream in(path);
  const auto json = nlohmann::json::parse(in);
  CHECK(json["verdict"] == "partial");
  CHECK(json["exit_code"] == 1);
  CHECK(json["counts"]["failed"] == 1);
  REQUIRE(json["items"].size() == 1);
  CHECK(json["items"][0]["item"] == "a");
  CHECK(json["items"][0]["state"] == "ready");
  CHECK(json["items"][0]["outcome"] == "failed");
  CHECK(json["items"][0]["reason"] == "the disk said no");
  CHECK(json["items"][0]["recoverable"] == true);
  CHECK(json["items"][0]["seconds"] == 1.5);
  CHECK_FALSE(std::filesystem::exists(path + ".partial"));
}
