// SPDX-License-Identifier: GPL-3.0-or-later
// What every stage type owes its users, checked on all of ours: the plugins are loaded, and each
// stage that they register must have its case here.
#include <core/conformance.h>
#include <core/count_heap.h>
#include <core/error.h>
#include <core/plugin.h>
#include <core/storage.h>
#include <core/work_item.h>
#include <stages/data/probe.h>
#include <stages/data/visibilities.h>
#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "conformance_cases.h"
#include "context_state.h"
#include "descriptor.h"
#include "executor.h"
#include "metrics_state.h"
#include "plan.h"
#include "plugin_loader.h"

using namespace skymill;
using namespace skymill::radio;
using skymill::testing::Figures;
using skymill::testing::Outcome;
using skymill::testing::Trial;

namespace fs = std::filesystem;

namespace {

const Registry& plugins() {
  static const Registry registry = [] {
    Registry all;
    for (const PluginFile& file : load_plugins({}, all)) {
      INFO(file.path << ": " << file.reason);
      REQUIRE(file.loaded);
    }
    return all;
  }();
  return registry;
}

struct NoParams {};

/// Adds a stage of the test, made anew for every run.
template <class Make>
void add_given(Registry& registry, const std::string& name, Shape shape, Ports ports, Make make) {
  StageType type;
  type.name = name;
  type.shape = shape;
  type.ports = std::move(ports);
  type.schema = std::make_shared<Schema<NoParams>>("A stage of the test.");
  type.make = [make](const Settings&, const Where&, Diagnostics&, std::vector<ResolvedValue>&) {
    return make();
  };
  registry.add_type(std::move(type));
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what)) {
    text.replace(at, what.size(), by);
  }
  return text;
}

bool has(const std::string& stages, const std::string& text) {
  return stages.find(text) != std::string::npos;
}

/// Lets rows through, and does to them what a source of the suite would.
class Passed final : public Transform<Visibilities, Visibilities> {
 public:
  Passed(const Trial& trial, std::atomic<bool>& stop) : trial_(trial), stop_(stop) {}
  Chunk<Visibilities> operator()(Chunk<Visibilities> chunk, const PipelineContext&) const override {
    const bool is_first = chunk.span().at("row").begin == 0;
    if (trial_.fail && !is_first) throw Error(ErrorKind::failed, "as the trial asks");
    using Probe = testing::Probe<Visibilities>;
    if (trial_.spoil == Trial::Spoil::flagged) Probe::spoil_flagged(*chunk);
    if (trial_.spoil == Trial::Spoil::one && is_first) Probe::spoil_one(*chunk);
    if (trial_.stop) stop_ = true;
    return chunk;
  }

 private:
  Trial trial_;
  std::atomic<bool>& stop_;
};

/// The size of chunks of `whole` bytes or rows, in so many pieces.
std::string piece_text(std::size_t whole, std::size_t pieces, std::size_t least) {
  return std::to_string(std::max(least, (whole + pieces - 1) / pieces));
}

/// The figures that the stages recorded.
void add_recorded(const PipelineContext& ctx, Figures& figures) {
  for (const auto& [stage, tables] : ctx.metrics().state().tables) {
    for (const auto& [table, rows] : tables) {
      if (table == "steps") continue;  // seconds
      for (const Row& row : rows) {
        for (const auto& [name, value] : row) {
          auto& column = figures["record:" + stage + "." + table + "." + name];
          std::visit(
              [&](const auto& held) {
                if constexpr (std::is_arithmetic_v<std::decay_t<decltype(held)>>) {
                  column.push_back(static_cast<double>(held));
                }
              },
              value);
        }
      }
    }
  }
}

/// Bytes of products, without locks, the tables that tell of the run, and FITS headers.
Figures product_figures(const std::string& folder) {
  constexpr std::size_t kBlock = 2880;
  Figures figures;
  for (auto& [name, bytes] : testing::bytes_below(folder)) {
    if (name.find("table.lock") != std::string::npos) continue;
    if (name.find(".f0i") != std::string::npos) continue;  // casacore leaves bytes in it unset
    if (name.find("HISTORY/") != std::string::npos) continue;
    if (name.find("logtable/") != std::string::npos) continue;
    if (name.size() > 5 && name.substr(name.size() - 5) == ".fits") {
      bytes.erase(bytes.begin(),
                  bytes.begin() + static_cast<std::ptrdiff_t>(std::min(bytes.size(), 2 * kBlock)));
    }
    figures[name] = std::move(bytes);
  }
  return figures;
}

/// Runs descriptions over the same simulated rows.
class Runs {
 public:
  Runs() : root_("/tmp", "conformance_cases") {
    Figures ignored;
    Visibilities rows;
    const auto keep = [&](const Chunk<Visibilities>& chunk) { join(rows, *chunk); };
    using Keep = testing::ShowTo<Visibilities, decltype(keep)>;
    Registry registry = plugins();
    PortNeed need;
    need.kind = Visibilities::kDataKind;
    add_given(registry, "kept", Shape::sink, Ports().in(need),
              [&] { return std::make_unique<Keep>(keep); });
    run(registry,
        "  simulate: { antennas: 6, times: 12, interval: 10s, nchan: 4, noise: 0.1Jy, "
        "sources: [0arcsec 0arcsec 3Jy], seed: 3 }\n  kept: {}\n",
        {});
    for (std::size_t i = 5; i < rows.flag.size(); i += 37) rows.flag[i] = 1;
    data_ = testing::cut_rows(std::move(rows));
  }

  Outcome of(const ConformanceCase& tested, const Trial& trial, bool in_place = false) {
    constexpr std::size_t kIntegrations = 6, kMsBytes = 400000, kLeastBytes = 65536;
    const std::string made = made_for(tested);
    if (in_place && fs::is_empty(trial.folder)) {
      fs::copy(made, trial.folder, fs::copy_options::recursive);
    }
    const auto filled = [&](std::string text) {
      text = replaced(text, "$(made)", made);
      text = replaced(text, "$(folder)", trial.folder);
      text = replaced(text, "$(chunk_bytes)", piece_text(kMsBytes, trial.pieces, kLeastBytes));
      return replaced(text, "$(integrations)", piece_text(kIntegrations, trial.pieces, 1));
    };
    Outcome outcome;
    const PipelineContext ctx = run(filled(tested.stages), trial, outcome);
    outcome.reserved_bytes = ctx.memory().peak();
    // A stage that works in place tells what it found there, which is not the same at every turn.
    if (!in_place) add_recorded(ctx, outcome.figures);
    if (!tested.read.empty()) {
      const std::string folder = new_folder();
      run(replaced(filled(tested.read), "$(read)", folder), {}, outcome);
      outcome.figures.merge(product_figures(folder));
    } else {
      outcome.figures.merge(product_figures(trial.folder));
    }
    return outcome;
  }

 private:
  static void join(Visibilities& all, const Visibilities& more) {
    const auto add = [](auto& into, const auto& from) {
      into.insert(into.end(), from.begin(), from.end());
    };
    all.header = more.header;
    all.nchan = more.nchan;
    all.ncorr = more.ncorr;
    add(all.time_s, more.time_s);
    add(all.interval_s, more.interval_s);
    add(all.exposure_s, more.exposure_s);
    add(all.antenna1, more.antenna1);
    add(all.antenna2, more.antenna2);
    add(all.field_id, more.field_id);
    add(all.scan_number, more.scan_number);
    add(all.uvw_m, more.uvw_m);
    add(all.data, more.data);
    add(all.flag, more.flag);
    add(all.weight, more.weight);
  }

  std::string new_folder() {
    const std::string folder = root_.path() + "/" + std::to_string(++folders_);
    fs::create_directory(folder);
    return folder;
  }

  /// What a case needs beforehand, made once for all cases that need the same.
  std::string made_for(const ConformanceCase& tested) {
    std::string key = tested.made;
    for (const auto& [name, text] : tested.files) key += name + text;
    const auto [made, is_new] = made_.try_emplace(key);
    if (!is_new) return made->second;
    made->second = new_folder();
    for (const auto& [name, text] : tested.files) {
      std::ofstream(made->second + "/" + name) << text;
    }
    Outcome ignored;
    if (!tested.made.empty()) run(replaced(tested.made, "$(made)", made->second), {}, ignored);
    return made->second;
  }

  /// Runs stages with those of the test.
  PipelineContext run(const std::string& stages, const Trial& trial, Outcome& outcome) {
    std::atomic<bool> stop{false};
    Registry registry = plugins();
    PortNeed need, item;
    need.kind = Visibilities::kDataKind;
    item.kind = WorkItem::kDataKind;
    add_given(registry, "rows", Shape::source,
              Ports().out("out", Visibilities::kDataKind, "rows of the test"), [&] {
                return std::make_unique<testing::detail::TrialSource<Visibilities>>(data_, trial,
                                                                                    stop);
              });
    add_given(registry, "passed", Shape::transform,
              Ports().in(need).out("out", Visibilities::kDataKind, "the same rows"),
              [&] { return std::make_unique<Passed>(trial, stop); });
    add_given(registry, "shown", Shape::sink, Ports().in(need), [&] {
      return std::make_unique<testing::detail::TrialSink<Visibilities>>(outcome.figures, trial,
                                                                        stop);
    });
    add_given(registry, "items", Shape::sink, Ports().in(item), [&] {
      return std::make_unique<testing::detail::TrialSink<WorkItem>>(outcome.figures, trial, stop);
    });
    // Without a stage of the test there is nobody to ask for the end but before the run.
    const bool is_watched = has(stages, "rows:") || has(stages, "passed:") ||
                            has(stages, "shown:") || has(stages, "items:");
    if (trial.stop && !is_watched) stop = true;
    return run(registry, stages, {.threads = trial.threads, .stop = &stop}, &outcome);
  }

  static PipelineContext run(const Registry& registry, const std::string& stages,
                             const testing::HarnessOptions& options, Outcome* outcome = nullptr) {
    Diagnostics diagnostics;
    const Descriptor descriptor = read_descriptor_text(
        "case", "skymill: 1\ndescription: a case\nstages:\n" + stages, {}, diagnostics);
    diagnostics.throw_if_errors();
    Planner planner(registry, diagnostics);
    Plan plan = planner.build(descriptor);
    diagnostics.throw_if_errors();
    PipelineContext ctx = testing::make_context(options);
    planner.plan_ready(plan, {}, ctx);
    Executor(planner).run(plan, ctx);
    for (const PlannedStage& stage : plan.stages) {
      if (outcome && Planner::is_resumable(stage)) outcome->resumable = true;
    }
    return ctx;
  }

  Scratch root_;
  testing::CutData<Visibilities> data_;
  std::map<std::string, std::string> made_;  ///< folders
  int folders_ = 0;
};

/// What every stage owes its users, of one of ours.
void check(const std::string& name, const ConformanceCase& tested) {
  static Runs runs;
  testing::Subject subject;
  subject.type = *plugins().find(name);
  const std::string& stages = tested.stages;
  subject.reads_stream = has(stages, "rows:") || has(stages, "passed:");
  subject.has_flags = subject.reads_stream;
  subject.is_cut =
      has(stages, "rows:") || has(stages, "$(chunk_bytes)") || has(stages, "$(integrations)");
  const bool in_place = subject.type.promises.in_place;
  subject.run = [&](const Trial& trial) { return runs.of(tested, trial, in_place); };
  for (const std::string& fault : testing::conformance_faults(subject)) FAIL_CHECK(fault);
}

}  // namespace

TEST_CASE("no stage is forgotten") {
  const auto all = conformance_cases();
  for (const auto& [name, type] : plugins().types()) {
    INFO("stage '" << name << "' has no case: give it one in conformance_cases()");
    CHECK(all.count(name) == 1);
  }
  for (const auto& [name, tested] : all) CHECK((plugins().find(name) || tested.optional));
}

TEST_CASE("every stage describes itself fully") {
  for (const auto& [name, type] : plugins().types()) {
    INFO("stage '" << name << "'");
    CHECK(type.members == type.schema->fields().size());
    for (const std::string& fault : testing::description_faults(type)) FAIL_CHECK(fault);
  }
}

TEST_CASE("every stage is what it owes its users") {
  for (const auto& [name, tested] : conformance_cases()) {
    if (tested.optional) continue;
    DYNAMIC_SECTION(name) { check(name, tested); }
  }
}

TEST_CASE("so is every stage of a plugin that need not be built", "[optional]") {
  for (const auto& [name, tested] : conformance_cases()) {
    if (!tested.optional) continue;
    DYNAMIC_SECTION(name) {
      if (plugins().find(name)) {
        check(name, tested);
      } else {
        WARN("SKIPPED: the plugin with the stage '" << name << "' was not built");
      }
    }
  }
}

TEST_CASE("what works in place and begins where it was left is found out") {
  testing::Subject subject;
  subject.type = *plugins().find("flag_writer");
  subject.run = [](const Trial& trial) {
    std::ofstream(trial.folder + "/product", std::ios::app) << "more";
    if (trial.stop) throw Error(ErrorKind::requeue, "stopped");
    return Outcome{testing::bytes_below(trial.folder)};
  };
  const auto faults = testing::conformance_faults(subject);
  REQUIRE(faults.size() == 2);
  CHECK_THAT(faults[0], Catch::Contains("asked to stop and then run again the results differ"));
  CHECK_THAT(faults[1], Catch::Contains("run over its own product the results differ"));
}
