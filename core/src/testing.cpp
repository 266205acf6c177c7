// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/testing.h>

#include <algorithm>
#include <cstdlib>

#include "context_state.h"
#include "executor.h"

namespace skymill::testing {

namespace {

struct NoParams {};

std::shared_ptr<PipelineContext::Services> make_services(const HarnessOptions& options) {
  const char* scratch = std::getenv("TMPDIR");
  auto services = std::make_shared<PipelineContext::Services>(
      make_log(nullptr, LogLevel::off), MemoryBudget(options.memory_bytes, "test"), options.threads,
      "test", scratch && *scratch ? scratch : "/tmp");
  services->staging.set_tiers({options.tiers.begin(), options.tiers.end()});
  services->stop.asked = options.stop;
  return services;
}

}  // namespace

PipelineContext make_context(const HarnessOptions& options) {
  return skymill::make_context(make_services(options));
}

RunFigures run_stages(std::vector<GivenStage> stages, const HarnessOptions& options) {
  Registry registry;
  Descriptor descriptor;
  descriptor.file = "test";
  auto held = std::make_shared<std::vector<GivenStage>>(std::move(stages));
  for (std::size_t i = 0; i < held->size(); ++i) {
    const GivenStage& given = (*held)[i];
    StageType type;
    type.name = given.name;
    type.shape = given.shape;
    type.ports = given.ports;
    type.schema = std::make_shared<Schema<NoParams>>("A stage under test.");
    type.make = [held, i](const Settings&, const Where&, Diagnostics&,
                          std::vector<ResolvedValue>&) { return std::move((*held)[i].stage); };
    registry.add_type(std::move(type));
    StageEntry entry;
    entry.name = given.name;
    entry.use = given.name;
    entry.where = {"test", static_cast<int>(i) + 1, 1};
    descriptor.stages.push_back(std::move(entry));
  }
  Diagnostics diagnostics;
  Planner planner(registry, diagnostics);
  Plan plan = planner.build(descriptor);
  diagnostics.throw_if_errors();
  const PipelineContext ctx = make_context(options);
  planner.plan_ready(plan, {}, ctx);
  Executor(planner).run(plan, ctx);
  RunFigures figures;
  figures.reserved_bytes = ctx.memory().peak();
  for (const PlannedStage& stage : plan.stages) {
    if (Planner::is_resumable(stage)) figures.resumable = true;
  }
  return figures;
}

std::vector<std::string> description_faults(const StageType& type) {
  std::vector<std::string> faults = type.schema->faults();
  const auto lower_snake = [](const std::string& name) {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    });
  };
  if (!lower_snake(type.name)) faults.push_back("the name '" + type.name + "' is not lower_snake");
  if (type.schema->summary().empty()) faults.push_back("it has no summary");
  for (const FieldInfo& field : type.schema->fields()) {
    if (field.doc.empty()) faults.push_back("parameter '" + field.name + "' has no words");
    if (!lower_snake(field.name)) {
      faults.push_back("parameter '" + field.name + "' is not lower_snake");
    }
  }
  if (type.members > 0 && type.members != type.schema->fields().size()) {
    faults.push_back("the struct of its parameters has " + std::to_string(type.members) +
                     " members, and its schema declares " +
                     std::to_string(type.schema->fields().size()) +
                     ": add a field() for each to schema()");
  }
  const auto port = [&](const std::string& kind, const Ports::Port& shown, bool needs_words) {
    if (!lower_snake(shown.name)) {
      faults.push_back(kind + " '" + shown.name + "' is not lower_snake");
    }
    if (shown.need.kind.name.empty()) {
      faults.push_back(kind + " '" + shown.name + "' has no kind of data");
    }
    if (needs_words && shown.doc.empty()) {
      faults.push_back(kind + " '" + shown.name + "' has no words: say what it is");
    }
  };
  if (type.ports.input()) port("input", *type.ports.input(), false);  // its kind says it
  for (const Ports::Port& side : type.ports.sides()) {
    port("side input", side, true);
    for (const FieldInfo& field : type.schema->fields()) {
      if (field.name == side.name)
        faults.push_back("'" + side.name + "' is a side input and a parameter: rename one");
    }
  }
  for (const Ports::Port& output : type.ports.outputs()) port("output", output, true);
  const bool reads = type.ports.input() != nullptr;
  const bool gives = !type.ports.outputs().empty();
  if ((type.shape == Shape::transform || type.shape == Shape::reduce) && !(reads && gives)) {
    faults.push_back("a " + std::string(shape_name(type.shape)) + " has an input and an output");
  }
  if (type.shape == Shape::source && (reads || !gives)) {
    faults.push_back("a source has an output and no input");
  }
  if (type.shape == Shape::sink && (!reads || gives)) {
    faults.push_back("a sink has an input and no output");
  }
  return faults;
}

}  // namespace skymill::testing
