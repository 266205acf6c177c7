// SPDX-License-Identifier: GPL-3.0-or-later
// From a description to stages, links and passes: what can be known without opening an input.
#include <core/error.h>
#include <core/units.h>

#include <algorithm>

#include "plan.h"
#include "words.h"

namespace skymill {

namespace {

std::vector<std::string> names_of(const std::vector<PlannedStage>& stages) {
  std::vector<std::string> names;
  for (const auto& stage : stages) names.push_back(stage.name);
  return names;
}

std::optional<std::size_t> index_of(const Plan& plan, const std::string& name) {
  for (std::size_t i = 0; i < plan.stages.size(); ++i) {
    if (plan.stages[i].name == name) return i;
  }
  return std::nullopt;
}

bool has_output(const PlannedStage& stage) { return !stage.type->ports.outputs().empty(); }

std::string place(const PlannedStage& stage) { return stage.where.text(); }

/// Whether this was said of an earlier stage of the type. One parameter of the description often
/// reaches several stages, which are then all wrong in the same way.
bool said_before(const Diagnostic& remark, const PlannedStage& stage, const Plan& plan,
                 const Diagnostics& said) {
  if (remark.where.text() != place(stage)) return false;
  const std::vector<Diagnostic> all = said.sorted();
  return std::any_of(all.begin(), all.end(), [&](const Diagnostic& other) {
    return other.message == remark.message &&
           std::any_of(plan.stages.begin(), plan.stages.end(), [&](const PlannedStage& earlier) {
             return earlier.type == stage.type && place(earlier) == other.where.text();
           });
  });
}

[[noreturn]] void refuse_constructor(const StageEntry& entry, const StageType& type,
                                     const std::string& thrown) {
  throw Error(ErrorKind::failed, entry.where,
              "stage '" + entry.name + "': the constructor of '" + entry.use + "' (" +
                  (type.library.empty() ? "skymill itself" : type.library) + ") threw: " + thrown,
              "let the constructor only keep its parameters; what can fail belongs into plan() or "
              "the work, as a skymill::Error that says what to do");
}

/// A link that names more or other than one stage. @return whether it does not
bool is_one_name(const std::string& port, const SettingValue& value, Diagnostics& diagnostics) {
  if (!value.is_list() && !value.text.empty()) return true;
  diagnostics.error(value.where, "'" + port + "' is " + in_quotes(value.display()),
                    "write the name of one stage above");
  return false;
}

}  // namespace

Plan Planner::build(const Descriptor& descriptor) {
  Plan plan;
  for (const StageEntry& entry : descriptor.skipped) off_.push_back(entry.name);
  for (const StageEntry& entry : descriptor.stages) make_stage(entry, plan);
  if (!diagnostics_.has_errors()) check_requirements(descriptor, plan);
  if (!diagnostics_.has_errors()) cut_segments(plan);
  if (!diagnostics_.has_errors()) fold_columns(plan);
  return plan;
}

void Planner::make_stage(const StageEntry& entry, Plan& plan) {
  PlannedStage stage;
  stage.name = entry.name;
  stage.where = entry.where;
  stage.type = registry_.find(entry.use);
  if (!stage.type) {
    std::vector<std::string> known;
    for (const auto& [name, type] : registry_.types()) known.push_back(name);
    std::string hint = did_you_mean(entry.use, known);
    if (hint.empty()) hint = "'skymill plugins' lists the stages and every plugin looked at";
    diagnostics_.error(entry.use_where, "there is no stage '" + entry.use + "'", hint);
    unknown_.push_back(entry.name);
    return;
  }
  Settings settings = entry.settings;
  link(entry, settings, plan, stage);
  stage.on_failure = entry.on_failure;
  const bool in_units = stage.type->shape == Shape::reduce || stage.type->shape == Shape::task;
  if (stage.on_failure.where.line > 0 && !in_units) {
    diagnostics_.error(stage.on_failure.where,
                       "'" + entry.use + "' is a " + std::string(shape_name(stage.type->shape)) +
                           ", whose chunks cannot be asked for again or left out",
                       "write it at a reduce such as image, or at a task");
  }
  Diagnostics own;
  try {
    stage.stage = stage.type->make(settings, entry.where, own, stage.values);
  } catch (const Error& error) {
    const Where& where = error.where().file.empty() ? entry.where : error.where();
    throw Error(error.kind(), where, "stage '" + entry.name + "': " + error.message(),
                error.hint());
  } catch (const std::exception& problem) {
    refuse_constructor(entry, *stage.type, problem.what());
  } catch (...) {
    refuse_constructor(entry, *stage.type, "something that is no std::exception");
  }
  for (const Diagnostic& remark : own.sorted()) {
    if (!said_before(remark, stage, plan, diagnostics_)) diagnostics_.add(remark);
  }
  plan.stages.push_back(std::move(stage));
}

void Planner::link(const StageEntry& entry, Settings& settings, const Plan& plan,
                   PlannedStage& stage) {
  const Ports& ports = stage.type->ports;
  if (const auto given = settings.take("in")) {
    if (!ports.input()) {
      diagnostics_.error(given->where, "'" + entry.use + "' has no input to link");
    } else if (!given->value.broken) {
      if (is_one_name("in", given->value, diagnostics_))
        stage.input = find_link(given->value, stage, plan);
    }
  } else if (ports.input()) {
    if (plan.stages.empty() && unknown_.empty()) {
      diagnostics_.error(entry.where,
                         "'" + stage.name + "' reads " + ports.input()->need.kind.text() +
                             ", but no stage stands above it",
                         "put a stage that gives them first");
    } else if (unknown_.empty()) {
      stage.input = plan.stages.size() - 1;
      if (!has_output(plan.stages.back())) {
        diagnostics_.error(entry.where,
                           "'" + stage.name + "' would read from '" + plan.stages.back().name +
                               "', which gives nothing on",
                           "name the stage to read from with 'in:'");
        stage.input.reset();
      }
    }
  }
  if (stage.input) check_kinds(stage, *stage.input, ports.input()->need, "in", plan);
  for (const auto& side : ports.sides()) {
    const auto given = settings.take(side.name);
    if (!given && !side.optional) {
      diagnostics_.error(
          entry.where,
          "'" + stage.name + "' needs " + side.need.kind.text() + " on '" + side.name + "'",
          "link it: '" + side.name + ": <stage>'");
    }
    // Of a batch, a link may follow from the item, which is not known beforehand.
    if (!given || given->value.broken) continue;
    // What is switched off gives nothing, which an optional side can do without.
    if (side.optional && std::count(off_.begin(), off_.end(), given->value.text) > 0) continue;
    if (!is_one_name(side.name, given->value, diagnostics_)) continue;
    if (const auto from = find_link(given->value, stage, plan)) {
      stage.sides[side.name] = *from;
      check_kinds(stage, *from, side.need, side.name, plan);
    }
  }
  for (const ScalarText& name : entry.after) {
    const auto from = index_of(plan, name.text);
    if (from) {
      stage.after.push_back(*from);
    } else if (std::find(unknown_.begin(), unknown_.end(), name.text) == unknown_.end()) {
      diagnostics_.error(name.where,
                         "no stage '" + name.text + "' stands above '" + stage.name + "'",
                         did_you_mean(name.text, names_of(plan.stages)));
    }
  }
}

std::optional<std::size_t> Planner::find_link(const SettingValue& value, const PlannedStage& stage,
                                              const Plan& plan) {
  const std::string name = value.text.substr(0, value.text.find('.'));
  const auto from = index_of(plan, name);
  if (!from) {
    if (std::find(unknown_.begin(), unknown_.end(), name) != unknown_.end()) return std::nullopt;
    diagnostics_.error(value.where, "no stage '" + name + "' stands above '" + stage.name + "'",
                       did_you_mean(name, names_of(plan.stages)));
    return std::nullopt;
  }
  const auto& outputs = plan.stages[*from].type->ports.outputs();
  const auto dot = value.text.find('.');
  const std::string port = dot == std::string::npos ? "" : value.text.substr(dot + 1);
  const bool known = port.empty() || std::any_of(outputs.begin(), outputs.end(),
                                                 [&](const auto& o) { return o.name == port; });
  if (outputs.empty() || !known) {
    diagnostics_.error(value.where,
                       "'" + name + "' has no output" + (port.empty() ? "" : " '" + port + "'"),
                       outputs.empty() ? "" : "it has '" + outputs.front().name + "'");
    return std::nullopt;
  }
  return from;
}

void Planner::check_kinds(const PlannedStage& stage, std::size_t from, const PortNeed& need,
                          const std::string& port, const Plan& plan) {
  const PlannedStage& giver = plan.stages[from];
  const DataKind given = giver.type->ports.outputs().front().need.kind;
  if (given == need.kind) return;
  diagnostics_.error(stage.where,
                     "'" + stage.name + "." + port + "' cannot read '" + giver.name + ".out'\n" +
                         "      needs  " + need.kind.text() + "\n" + "      has    " +
                         given.text() + " (from " + giver.name + ", " + place(giver) + ")",
                     "put a stage between them that turns one into the other");
}

void Planner::cut_segments(Plan& plan) {
  for (std::size_t i = 0; i < plan.stages.size(); ++i) place_in_segment(plan, i);
  for (const PlannedStage& stage : plan.stages) {
    for (const auto& [port, from] : stage.sides) {
      const PlannedStage& giver = plan.stages[from];
      if (giver.segment < stage.segment) continue;
      diagnostics_.error(stage.where,
                         "'" + stage.name + "' needs the finished '" + giver.name +
                             "', but both read the same pass over the data",
                         "let a second reader give '" + stage.name + "' its data");
    }
  }
}

void Planner::place_in_segment(Plan& plan, std::size_t index) {
  PlannedStage& stage = plan.stages[index];
  if (!stage.input) {
    stage.segment = plan.segments.size();
    Segment segment;
    segment.head = index;
    plan.segments.push_back(std::move(segment));
    return;
  }
  const PlannedStage& giver = plan.stages[*stage.input];
  if (giver.type->shape == Shape::reduce) {
    for (std::size_t s = 0; s < plan.segments.size(); ++s) {
      if (plan.segments[s].head_is_result && plan.segments[s].head == *stage.input) {
        stage.segment = s;
        plan.segments[s].chain.push_back(index);
        return;
      }
    }
    stage.segment = plan.segments.size();
    Segment segment;
    segment.head = *stage.input;
    segment.head_is_result = true;
    segment.chain.push_back(index);
    plan.segments.push_back(std::move(segment));
    return;
  }
  stage.segment = giver.segment;
  Segment& segment = plan.segments[giver.segment];
  // The chunk changes along the chain: who reads an earlier form of it must stand before the
  // change.
  for (const std::size_t other : segment.chain) {
    const PlannedStage& passed = plan.stages[other];
    if (passed.type->shape == Shape::transform && other != *stage.input && passed.input &&
        *passed.input == *stage.input) {
      diagnostics_.error(stage.where,
                         "'" + stage.name + "' reads '" + giver.name + "' after '" + passed.name +
                             "' has changed the same chunks",
                         stage.type->shape == Shape::transform
                             ? "read the data a second time for it"
                             : "put '" + stage.name + "' above '" + passed.name + "'");
      return;
    }
  }
  segment.chain.push_back(index);
}

void Planner::warn_of_unread(const Plan& plan) {
  for (std::size_t i = 0; i < plan.stages.size(); ++i) {
    const PlannedStage& giver = plan.stages[i];
    if (!has_output(giver) || giver.type->shape == Shape::task) continue;
    const bool is_read =
        std::any_of(plan.stages.begin(), plan.stages.end(), [&](const PlannedStage& stage) {
          return stage.input == i ||
                 std::any_of(stage.sides.begin(), stage.sides.end(),
                             [&](const auto& side) { return side.second == i; });
        });
    if (is_read) continue;
    const auto& output = giver.type->ports.outputs().front();
    diagnostics_.warning(giver.where,
                         "nothing reads what '" + giver.name + "' gives (" +
                             output.need.kind.text() + "), so it is not kept",
                         "put a stage below it that reads or writes it");
  }
}

void Planner::fold_columns(Plan& plan) {
  wanted_columns_.assign(plan.stages.size(), {});
  for (std::size_t i = plan.stages.size(); i-- > 0;) {
    const PlannedStage& stage = plan.stages[i];
    if (!stage.input) continue;
    auto& wanted = wanted_columns_[*stage.input];
    const auto add = [&](const std::vector<std::string>& columns) {
      for (const auto& column : columns) {
        if (std::find(wanted.begin(), wanted.end(), column) == wanted.end()) {
          wanted.push_back(column);
        }
      }
    };
    add(stage.type->ports.input()->need.columns);
    // A transform passes columns on that only stages behind it read.
    if (stage.type->shape == Shape::transform) add(wanted_columns_[i]);
  }
}

void Planner::check_requirements(const Descriptor& descriptor, const Plan& plan) {
  const auto value_of = [&](const ScalarText& ref) -> std::optional<double> {
    const auto dot = ref.text.find('.');
    const auto index = index_of(plan, ref.text.substr(0, dot));
    if (!index || dot == std::string::npos) {
      diagnostics_.error(ref.where, "'" + ref.text + "' is not a parameter of a stage",
                         "write stage.parameter");
      return std::nullopt;
    }
    const PlannedStage& stage = plan.stages[*index];
    const std::string name = ref.text.substr(dot + 1);
    for (const FieldInfo& field : stage.type->schema->fields()) {
      if (field.name != name) continue;
      for (const ResolvedValue& value : stage.values) {
        if (value.name != name) continue;
        std::string text = value.text;  // of a pair, the first is compared
        if (!text.empty() && text.front() == '[') text = text.substr(1, text.find(',') - 1);
        try {
          return parse_quantity(text, field.unit);
        } catch (const QuantityError& problem) {
          diagnostics_.error(ref.where, "'" + ref.text + "' cannot be compared: " + problem.what());
          return std::nullopt;
        }
      }
    }
    diagnostics_.error(ref.where, "'" + stage.type->name + "' has no parameter '" + name + "'");
    return std::nullopt;
  };
  for (const RequireEntry& entry : descriptor.require) {
    const auto left = value_of(entry.left);
    const auto right = value_of(entry.right);
    if (!left || !right) continue;
    using Relation = RequireEntry::Relation;
    const bool holds = entry.relation == Relation::equal      ? *left == *right
                       : entry.relation == Relation::at_least ? *left >= *right
                                                              : *left <= *right;
    if (holds) continue;
    diagnostics_.error(entry.where, entry.message.empty()
                                        ? "the rule on '" + entry.left.text + "' and '" +
                                              entry.right.text + "' does not hold"
                                        : entry.message);
  }
}

}  // namespace skymill
