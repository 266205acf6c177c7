// SPDX-License-Identifier: GPL-3.0-or-later
// What every stage type owes its users, checked on all of ours: the plugins are loaded, and each
// stage that they register must have its case here.
#include <core/conformance.h>
#include <core/count_heap.h>
#include <core/error.h>
#include <core/plugin.h>
#include <core/storage.h>
#include <stages/data/probe.h>
#include <stages/data/visibilities.h>
#include <catch2/catch.hpp>

#include <cstdlib>
#include <map>
#include <set>

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

namespace {

constexpr const char* kSky = "sources: [0arcsec 0arcsec 3Jy], ";

/// The stages of ours with a description of each in which it works. Of `rows` chunks come as the
/// trial asks, `$(folder)` is empty for products, `$(made)` has what `made` was run for.
struct Case {
  std::string stages;
  std::string made = {};  ///< run once before, with `$(made)` as its folder
};

std::map<std::string, Case> cases() {
  const std::string solved =
      std::string("  rows: {}\n  solve: { ") + kSky + "term: G, solint: 20s }\n";
  const std::string drift =  // fringe-stopped to the meridian, in 16 windows
      "  simulate: { telescope: dsa110, antennas: 6, times: 6, nchan: 2, noise: 1Jy }\n";
  const std::string in_ms = "  rows: {}\n  ms_writer: { output: $(made)/in.ms, validate: false }\n";
  return {
      {"simulate", {"  simulate: { antennas: 5, times: 6, nchan: 4, noise: 1Jy }\n  shown: {}\n"}},
      {"rephase", {"  rows: {}\n  rephase: { to: field }\n  shown: {}\n"}},
      {"flag", {"  rows: {}\n  flag: {}\n  shown: {}\n"}},
      {"flag_rfi",
       {"  rows: {}\n  flag_rfi: {}\n  again: { use: rows }\n  flag: { rfi: flag_rfi }\n"
        "  shown: {}\n"}},
      {"solve", {solved + "  caltable_writer: { output: $(folder)/cal }\n"}},
      {"caltable_writer", {solved + "  caltable_writer: { output: $(folder)/cal }\n"}},
      {"apply", {solved + "  again: { use: rows }\n  apply: { solutions: solve }\n  shown: {}\n"}},
      {"assess", {solved + "  assess: { solutions: solve, on_fail: degrade }\n"}},
      {"closure", {"  rows: {}\n  closure: {}\n"}},
      {"image",
       {"  rows: {}\n  image: { imsize: 64, cell: 30arcsec }\n"
        "  concat: { output: $(folder)/cube }\n"}},
      {"concat",
       {"  rows: {}\n  image: { imsize: 64, cell: 30arcsec }\n"
        "  concat: { output: $(folder)/cube }\n"}},
      {"ms_writer", {"  rows: {}\n  ms_writer: { output: $(folder)/out.ms, validate: false }\n"}},
      {"uvh5_writer", {drift + "  uvh5_writer: { output: $(folder)/out }\n"}},
      {"ms_reader", {"  ms_reader: { input: $(made)/in.ms }\n  shown: {}\n", in_ms}},
  };
}

/// Stages that change a product in its place, or look up, order and judge whole products. The suite
/// has no trial of that kind; what they do when run twice or stopped is in these tests.
const std::map<std::string, std::string> kElsewhere{
    {"calibration_store", "system/test_caltables.py"},
    {"caltable_reader", "system/test_caltables.py"},
    {"concat_images", "system/test_concat_images.py"},
    {"corrected_writer", "unit/stages/test_corrected_writer.cpp"},
    {"find_calibrator", "unit/sky"},
    {"flag_versions", "system/test_flag.py"},
    {"flag_writer", "system/test_flag.py"},
    {"model_fit", "system/test_selfcal.py"},
    {"predict", "unit/stages/test_savemodel.cpp"},
    {"preview", "system/test_concat_images.py"},
    {"retire_calibration", "system/test_caltables.py"},
    {"selfcal_rounds", "system/test_selfcal.py"},
    {"selfcal_summary", "system/test_selfcal.py"},
    {"store_calibration", "system/test_caltables.py"},
    {"uvh5_groups", "system/test_batch.py"},
    {"uvh5_reader", "system/test_convert.py"},
    {"validate", "system/test_validate.py"},
};

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
        "  simulate: { antennas: 6, times: 12, interval: 10s, nchan: 4, noise: 0.1Jy, " +
            std::string(kSky) + "seed: 3 }\n  kept: {}\n",
        {});
    for (std::size_t i = 5; i < rows.flag.size(); i += 37) rows.flag[i] = 1;
    data_ = testing::cut_rows(std::move(rows));
  }

  Outcome of(const Case& tested, const Trial& trial) {
    std::string made;
    if (!tested.made.empty()) {
      made = root_.path() + "/" + std::to_string(std::hash<std::string>{}(tested.made));
      if (made_.insert(made).second) {
        Trial first;
        first.folder = made;
        of(Case{replaced(tested.made, "$(made)", made)}, first);
      }
    }
    const std::string text =
        replaced(replaced(tested.stages, "$(made)", made), "$(folder)", trial.folder);
    Outcome outcome;
    std::atomic<bool> stop{false};
    Registry registry = plugins();
    PortNeed need;
    need.kind = Visibilities::kDataKind;
    add_given(registry, "rows", Shape::source,
              Ports().out("out", Visibilities::kDataKind, "rows of the test"), [&] {
                return std::make_unique<testing::detail::TrialSource<Visibilities>>(data_, trial,
                                                                                    stop);
              });
    add_given(registry, "shown", Shape::sink, Ports().in(need), [&] {
      return std::make_unique<testing::detail::TrialSink<Visibilities>>(outcome.figures, trial,
                                                                        stop);
    });
    const PipelineContext ctx = run(registry, text, {.threads = trial.threads, .stop = &stop});
    outcome.reserved_bytes = ctx.memory().peak();
    add_recorded(ctx, outcome.figures);
    if (tested.stages.find("$(folder)/out.ms") != std::string::npos) {
      // The same rows may be laid out otherwise.
      run(registry, "  ms_reader: { input: " + trial.folder + "/out.ms }\n  shown: {}\n", {});
    } else if (tested.stages.find("$(folder)") != std::string::npos) {
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

  PipelineContext run(const Registry& registry, const std::string& stages,
                      const testing::HarnessOptions& options) {
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
    return ctx;
  }

  Scratch root_;
  testing::CutData<Visibilities> data_;
  std::set<std::string> made_;
};

}  // namespace

TEST_CASE("no stage is forgotten") {
  const auto all = cases();
  for (const auto& [name, type] : plugins().types()) {
    INFO("stage '" << name << "' has no case: give it one in cases()");
    CHECK(all.count(name) + kElsewhere.count(name) == 1);
  }
  for (const auto& [name, tested] : all) CHECK(plugins().find(name));
  for (const auto& [name, where] : kElsewhere) CHECK(plugins().find(name));
}

TEST_CASE("every stage describes itself fully") {
  for (const auto& [name, type] : plugins().types()) {
    INFO("stage '" << name << "'");
    CHECK(type.members == type.schema->fields().size());
    for (const std::string& fault : testing::description_faults(type)) FAIL_CHECK(fault);
  }
}

TEST_CASE("every stage is what it owes its users") {
  static Runs runs;
  for (const auto& [name, tested] : cases()) {
    DYNAMIC_SECTION(name) {
      testing::Subject subject;
      subject.type = *plugins().find(name);
      subject.reads_stream = subject.is_cut = tested.stages.find("rows:") != std::string::npos;
      subject.has_flags = subject.reads_stream;
      subject.run = [&tested = tested](const Trial& trial) { return runs.of(tested, trial); };
      for (const std::string& fault : testing::conformance_faults(subject)) FAIL_CHECK(fault);
    }
  }
}
