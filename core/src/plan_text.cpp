// SPDX-License-Identifier: GPL-3.0-or-later
// What `skymill explain` says of a plan.
#include <core/units.h>

#include <algorithm>

#include "draft_leftovers.h"
#include "pass_memory.h"
#include "plan.h"
#include "resumption.h"

namespace skymill {

namespace {

std::string bytes_text(std::size_t bytes) {
  return format_quantity(static_cast<double>(bytes), "B");
}

std::string stage_line(const PlannedStage& stage) {
  return stage.name + (stage.name == stage.type->name ? "" : " (" + stage.type->name + ")") + ", " +
         std::string(shape_name(stage.type->shape));
}

std::string notes_and_products(const PlannedStage& stage) {
  std::string text;
  for (const std::string& note : Planner::notes(stage)) {
    text += "  " + stage.name + ": " + note + "\n";
  }
  for (const auto& product : Planner::products(stage)) {
    text += (product.scratch ? "  scratch " : "  writes  ") + product.path + ", " +
            bytes_text(product.bytes) +
            (product.staging == "none" ? "" : ", staged on tier: " + product.staging) + "\n";
  }
  return text;
}

/// What becomes of the products of a stage, and how many units that takes.
std::string prospects(const Plan& plan, const Segment& segment, std::size_t index,
                      const Resumption& resumption) {
  const PlannedStage& stage = plan.stages[index];
  std::string text;
  const ResumableStage* resumable = resumption.find(index);
  if (!resumable) {
    for (const auto& product : Planner::products(stage)) {
      const auto left = product.scratch ? std::nullopt : left_unfinished(product.path);
      if (left) text += "  resume  '" + product.path + "' is made anew: " + *left + "\n";
    }
    return text;
  }
  for (const std::string& sentence : resumable->prospects(segment.head_is_result)) {
    text += "  resume  " + stage.name + ": " + sentence + "\n";
  }
  const std::size_t units = Planner::output(plan.stages[segment.head]).chunks;
  if (!segment.head_is_result || units == 0 || resumable->stands()) return text;
  const std::size_t done = std::min(units, resumable->usable_units());
  text += "  units   " + std::to_string(done) + " of " + std::to_string(units) + " are taken up, " +
          std::to_string(units - done) + " are made: " +
          (resumable->because().empty() ? "missing" : resumable->because().front()) + "\n";
  return text;
}

}  // namespace

std::string Plan::text(const MemoryBudget& budget, std::size_t program, int threads,
                       const Resumption* resumption) const {
  std::string text;
  const std::size_t total = budget.total();
  const auto passes = memory_of_passes(*this, total - std::min(total, program), threads);
  for (std::size_t number = 0; number < passes.size(); ++number) {
    const PassMemory& pass = passes[number];
    const Segment& segment = pass.segment;
    text += "pass " + std::to_string(number + 1) + "\n";
    const PlannedStage& head = stages[segment.head];
    text += segment.head_is_result ? "  from    the result of " + head.name + "\n"
                                   : "  from    " + stage_line(head) + "\n";
    for (const std::size_t index : segment.chain) {
      text += "  then    " + stage_line(stages[index]) + "\n";
    }
    if (!pass.is_planned) {
      text += "  numbers known once its inputs exist\n";
      continue;
    }
    if (segment.head_is_result) {
      for (const std::string& note : Planner::notes(head)) {
        text += "  " + head.name + ": " + note + "\n";
      }
    }
    bool has_work = !resumption;
    for (const std::size_t index : segment.own_stages()) {
      text += notes_and_products(stages[index]);
      if (!resumption) continue;
      text += prospects(*this, segment, index, *resumption);
      has_work = has_work || resumption->is_needed(*this, index);
    }
    if (!has_work) {
      text += "  left out, because all that needs it stands\n";
      continue;
    }
    if (pass.is_task) continue;
    const std::size_t chunks = Planner::output(head).chunks;
    text += "  chunks  " + (chunks ? std::to_string(chunks) : std::string("unknown number")) +
            " of up to " + bytes_text(Planner::output(head).chunk_bytes) + "; " +
            std::to_string(segment.tokens) + " in flight\n";
    text += "  memory  " + bytes_text(pass.all()) + " = " +
            std::to_string(segment.tokens) + " x " + bytes_text(segment.chunk_footprint) +
            " in flight + " + bytes_text(segment.queued) + " queued + " +
            bytes_text(segment.state) + " accumulated";
    if (pass.held > 0) text += " + " + bytes_text(pass.held) + " held";
    if (segment.leased > 0) text += " + " + bytes_text(segment.leased) + " of files in memory";
    text += "\n";
  }
  text += "program   " + bytes_text(program) + "\n";
  const std::size_t least = least_budget(passes, total, program);
  text += "budget    " + bytes_text(total) + " (" + budget.reason() + "), " +
          (least > total ? "too little: " : "") + bytes_text(least) + " is the least; " +
          std::to_string(threads) + " threads\n";
  return text;
}

}  // namespace skymill
