// SPDX-License-Identifier: GPL-3.0-or-later
// Descriptions of integer pipelines: links, side inputs, tasks, order of planning, stopping.
#include <core/error.h>
#include <core/storage.h>
#include <catch2/catch.hpp>

#include <atomic>
#include <filesystem>
#include <fstream>

#include "executor.h"
#include "run_record.h"

using namespace skymill;
using Catch::Matchers::Contains;

namespace {

const DataKind kInt = DataKindOf<int>::value;
const DataKind kInteger = DataKindOf<long long>::value;

PortNeed needs(DataKind kind) {
  PortNeed need;
  need.kind = kind;
  return need;
}

struct CountParams {
  int count = 10;
  std::string only_if;
};

/// 0, 1, 2, …; where `only_if` is given, that file must exist when the stage is planned.
class Count final : public Source<int> {
 public:
  using Params = CountParams;
  static Schema<CountParams> schema() {
    Schema<CountParams> s{"Count."};
    s.field("count", &CountParams::count, "How far");
    s.field("only_if", &CountParams::only_if, "File that must exist");
    return s;
  }
  static Ports ports() { return Ports().out("out", kInt); }
  explicit Count(CountParams params) : params_(std::move(params)) {}
  void plan(Planning& planning) override {
    if (!params_.only_if.empty() && !std::filesystem::exists(params_.only_if)) {
      throw Error(ErrorKind::input, "'" + params_.only_if + "' does not exist");
    }
    planning.output().chunk_bytes = sizeof(int);
    planning.output().properties["counted"] = true;
  }
  std::optional<Chunk<int>> next(const PipelineContext&) override {
    if (next_ == params_.count) return std::nullopt;
    return Chunk<int>(next_++);
  }

 private:
  CountParams params_;
  int next_ = 0;
};

struct NoParams {
  int unused = 0;
};

template <class S>
Schema<NoParams> no_schema() {
  Schema<NoParams> s{"Nothing to choose."};
  s.field("unused", &NoParams::unused, "Nothing");
  return s;
}

class Sum final : public Reduce<int, long long> {
 public:
  using Params = NoParams;
  static Schema<NoParams> schema() { return no_schema<Sum>(); }
  static Ports ports() { return Ports().in(needs(kInt)).out("total", kInteger); }
  explicit Sum(NoParams) {}
  void add(const Chunk<int>& chunk, const PipelineContext&) override { sum_ += *chunk; }
  Stream<long long> finish(const PipelineContext&) override {
    return Stream<long long>::one(Chunk<long long>(sum_));
  }

 private:
  long long sum_ = 0;
};

/// Adds a finished total to every number.
class Shift final : public Transform<int, int> {
 public:
  using Params = NoParams;
  static Schema<NoParams> schema() { return no_schema<Shift>(); }
  static Ports ports() {
    return Ports().in(needs(kInt)).side("by", needs(kInteger)).out("out", kInt);
  }
  explicit Shift(NoParams) {}
  Chunk<int> operator()(Chunk<int> chunk, const PipelineContext& ctx) const override {
    return Chunk<int>(*chunk + static_cast<int>(ctx.side<long long>("by")), chunk.span());
  }
};

/// The same, or nothing where there is no total.
class ShiftIfAny final : public Transform<int, int> {
 public:
  using Params = NoParams;
  static Schema<NoParams> schema() { return no_schema<ShiftIfAny>(); }
  static Ports ports() {
    return Ports().in(needs(kInt)).side("by", needs(kInteger), "", true).out("out", kInt);
  }
  explicit ShiftIfAny(NoParams) {}
  Chunk<int> operator()(Chunk<int> chunk, const PipelineContext& ctx) const override {
    const auto* const by = ctx.find_side<long long>("by");
    return Chunk<int>(*chunk + (by != nullptr ? static_cast<int>(*by) : 0), chunk.span());
  }
};

struct WriteParams {
  std::string output;
};

/// Writes numbers, one a line.
class Write final : public Sink<int> {
 public:
  using Params = WriteParams;
  static Schema<WriteParams> schema() {
    Schema<WriteParams> s{"Write numbers."};
    s.field("output", &WriteParams::output, "File").required();
    return s;
  }
  static Ports ports() {
    PortNeed need = needs(kInt);
    need.requirements = {{"counted", {true}, {}, "", "count first"}};
    return Ports().in(need);
  }
  explicit Write(WriteParams params) : params_(std::move(params)) {}
  void plan(Planning& planning) override { planning.add_product(params_.output, 100, false); }
  void write(const Chunk<int>& chunk, const PipelineContext&) override {
    text_ += std::to_string(*chunk) + "\n";
  }
  void finish(const PipelineContext& ctx) override {
    Draft draft(params_.output);
    std::ofstream(draft.path()) << text_;
    draft.publish();
    ctx.record_output(params_.output);
  }

 private:
  WriteParams params_;
  std::string text_;
};

const Key<std::string> kRemembered{"remembered"};
std::string seen_scratch;

/// A task that reads what `remember` put into the context, or puts it there.
struct NoteParams {
  std::string text;
};
class Remember final : public Task {
 public:
  using Params = NoteParams;
  static Schema<NoteParams> schema() {
    Schema<NoteParams> s{"Remember a text."};
    s.field("text", &NoteParams::text, "The text");
    return s;
  }
  static Ports ports() { return {}; }
  explicit Remember(NoteParams params) : params_(std::move(params)) {}
  PipelineContext execute(const PipelineContext& ctx, const std::string& scratch) override {
    std::ofstream(scratch + "/mess") << "left lying about";
    seen_scratch = scratch;
    if (params_.text == "fail") throw Error(ErrorKind::failed, "as asked");
    if (const std::string* earlier = ctx.find_output(kRemembered)) {
      if (*earlier != params_.text) throw Error(ErrorKind::failed, "remembers '" + *earlier + "'");
      return ctx;
    }
    return ctx.with_output(kRemembered, params_.text);
  }

 private:
  NoteParams params_;
};

const std::atomic<bool> always_stop{true};

/// Reads a description, plans and runs it. Throws what a run would.
void run(const std::string& text, const std::vector<std::string>& params = {},
         const std::atomic<bool>* stop = nullptr) {
  Registry registry;
  registry.add<Count>("count");
  registry.add<Sum>("sum");
  registry.add<Shift>("shift");
  registry.add<ShiftIfAny>("shift_if_any");
  registry.add<Write>("write");
  registry.add<Remember>("remember");
  Diagnostics diagnostics;
  const Descriptor descriptor = read_descriptor_text("t.yaml", text, {params, {}}, diagnostics);
  Planner planner(registry, diagnostics);
  Plan plan = planner.build(descriptor);
  diagnostics.throw_if_errors();
  auto services = std::make_shared<PipelineContext::Services>(
      make_log(nullptr, LogLevel::off), MemoryBudget(1 << 20, "test"), 2, "test", "/tmp");
  services->stop.asked = stop;
  const PipelineContext ctx = make_context(services);
  planner.plan_ready(plan, {}, ctx);
  Executor(planner).run(plan, ctx);
}

std::string contents(const std::string& path) {
  std::ifstream in(path);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

}  // namespace

TEST_CASE("a finished result is a side input of a later pass; links go where they say") {
  const Scratch scratch("/tmp", "test");
  const std::string out = scratch.path() + "/out.txt";
  run("skymill: 1\n"
      "parameters: { out: { required: true } }\n"
      "stages:\n"
      "  first: { use: count, count: 5 }\n"
      "  total: { use: sum, in: first }\n"
      "  again: { use: count, count: 3 }\n"
      "  shift: { by: total.total }\n"
      "  write: { in: shift, output: $(out) }\n",
      {"out=" + out});
  CHECK(contents(out) == "10\n11\n12\n");
}

TEST_CASE("an optional side input does without a stage that is switched off, another does not") {
  const Scratch scratch("/tmp", "test");
  const auto text = [&](const std::string& shift, const std::string& on) {
    return "skymill: 1\n"
           "stages:\n"
           "  first: { use: count, count: 5, when: " +
           on +
           " }\n"
           "  total: { use: sum, in: first, when: " +
           on +
           " }\n"
           "  again: { use: count, count: 3 }\n"
           "  shift: { use: " +
           shift +
           ", by: total }\n"
           "  write: { output: " +
           scratch.path() + "/" + shift + "_" + on + " }\n";
  };
  run(text("shift_if_any", "true"));
  CHECK(contents(scratch.path() + "/shift_if_any_true") == "10\n11\n12\n");
  run(text("shift_if_any", "false"));
  CHECK(contents(scratch.path() + "/shift_if_any_false") == "0\n1\n2\n");
  CHECK_THROWS_WITH(run(text("shift", "false")), Contains("no stage 'total' stands above 'shift'"));
}

TEST_CASE("several terminals see the same chunks") {
  const Scratch scratch("/tmp", "test");
  run("skymill: 1\n"
      "parameters: { folder: { required: true } }\n"
      "stages:\n"
      "  count: { count: 3 }\n"
      "  one: { use: write, output: $(folder)/one }\n"
      "  two: { use: write, in: count, output: $(folder)/two }\n",
      {"folder=" + scratch.path()});
  CHECK(contents(scratch.path() + "/one") == "0\n1\n2\n");
  CHECK(contents(scratch.path() + "/two") == "0\n1\n2\n");
}

TEST_CASE("a stage after another is planned once that one is done") {
  const Scratch scratch("/tmp", "test");
  const std::string text =
      "skymill: 1\n"
      "parameters: { folder: { required: true } }\n"
      "stages:\n"
      "  count: { count: 2 }\n"
      "  make: { use: write, output: $(folder)/made }\n"
      "  use: { use: count, count: 1, only_if: $(folder)/made AFTER }\n"
      "  end: { use: write, output: $(folder)/end }\n";
  const auto with = [&](const std::string& after) {
    std::string filled = text;
    return filled.replace(filled.find(" AFTER"), 6, after);
  };
  CHECK_THROWS_WITH(run(with(""), {"folder=" + scratch.path()}),
                    Contains("t.yaml:6:3: stage 'use': '") && Contains("made' does not exist"));
  CHECK(std::filesystem::is_empty(scratch.path()));
  run(with(", after: make"), {"folder=" + scratch.path()});
  CHECK(contents(scratch.path() + "/end") == "0\n");
}

TEST_CASE("tasks hand products on under typed keys; their scratch goes on every way out") {
  run("skymill: 1\nstages:\n  a: { use: remember, text: pears }\n"
      "  b: { use: remember, after: a, text: pears }\n");
  CHECK_FALSE(std::filesystem::exists(seen_scratch));
  CHECK_THROWS_WITH(run("skymill: 1\nstages:\n  a: { use: remember, text: pears }\n"
                        "  b: { use: remember, after: a, text: plums }\n"),
                    Contains("stage 'b': remembers 'pears'"));
  CHECK_THROWS_WITH(run("skymill: 1\nstages:\n  a: { use: remember, text: fail }\n"),
                    Contains("stage 'a': as asked"));
  CHECK_FALSE(std::filesystem::exists(seen_scratch));
}

TEST_CASE("what cannot be linked is said with its place") {
  CHECK_THROWS_WITH(run("skymill: 1\nstages:\n  sum: {}\n"),
                    Contains("t.yaml:3:3: error: 'sum' reads int@1, but no stage stands above it"));
  CHECK_THROWS_WITH(run("skymill: 1\nstages:\n  count: {}\n  sum: { in: cuont }\n"),
                    Contains("t.yaml:4:14: error: no stage 'cuont' stands above 'sum'; "
                             "did you mean 'count'?"));
  CHECK_THROWS_WITH(run("skymill: 1\nstages:\n  count: {}\n  shift: {}\n"),
                    Contains("'shift' needs integer@1 on 'by'"));
  CHECK_THROWS_WITH(run("skymill: 1\nstages:\n  count: {}\n  w: { use: write, output: /tmp/x }\n"
                        "  sum: {}\n"),
                    Contains("would read from 'w', which gives nothing on"));
  CHECK_THROWS_WITH(
      run("skymill: 1\nstages:\n  count: {}\n  sum: {}\n  shift: { in: count, by: sum }\n"
          "  w: { use: write, output: /tmp/never }\n"),
      Contains("'shift' needs the finished 'sum', but both read the same pass"));
}

TEST_CASE("a run that is asked to stop publishes nothing and says so") {
  const Scratch scratch("/tmp", "test");
  try {
    run("skymill: 1\nparameters: { out: { required: true } }\nstages:\n  count: {}\n"
        "  write: { output: $(out) }\n",
        {"out=" + scratch.path() + "/out"}, &always_stop);
    FAIL("it ran");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::requeue);
  }
  CHECK(std::filesystem::is_empty(scratch.path()));
}
