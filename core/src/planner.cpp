// SPDX-License-Identifier: GPL-3.0-or-later
// From stages and links to numbers: what flows, what it holds, how much of it at once.
#include <core/error.h>
#include <core/storage.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "context_state.h"
#include "durable.h"
#include "pass_memory.h"
#include "plan.h"
#include "resumption.h"

namespace skymill {

void Planner::plan_ready(Plan& plan, const std::vector<bool>& done, const PipelineContext& ctx) {
  for (PlannedStage& stage : plan.stages) {
    if (stage.planning) continue;
    const bool waits = std::any_of(stage.after.begin(), stage.after.end(), [&](std::size_t index) {
      return index >= done.size() || !done[index];
    });
    if (waits || (stage.input && !plan.stages[*stage.input].planning)) continue;
    plan_stage(plan, stage, ctx);
  }
  diagnostics_.throw_if_errors();
}

namespace {

[[noreturn]] void refuse_plan(const PlannedStage& stage, const std::string& thrown) {
  throw Error(ErrorKind::failed, stage.where,
              "stage '" + stage.name + "': plan() of '" + stage.type->name + "' threw: " + thrown,
              "throw a skymill::Error that says what is wrong and what to do");
}

std::filesystem::path place_of(const Planning::Product& product) {
  return std::filesystem::absolute(product.path).lexically_normal();
}

}  // namespace

void Planner::plan_stage(Plan& plan, PlannedStage& stage, const PipelineContext& ctx) {
  Planning planning(ctx.with_stage(stage.name), stage.name);
  const auto index = static_cast<std::size_t>(&stage - plan.stages.data());
  if (index < wanted_columns_.size()) planning.wanted_columns_ = wanted_columns_[index];
  for (const ResolvedValue& value : stage.values) {
    planning.parameters_.push_back(value.name + " = " + value.text);
  }
  if (!stage.type->ports.outputs().empty()) {
    planning.output_.kind = stage.type->ports.outputs().front().need.kind;
  }
  PortNeed need;
  if (stage.input) {
    planning.input_ = plan.stages[*stage.input].planning->output_;
    planning.has_input_ = true;
    need = stage.type->ports.input()->need;
  }
  try {
    stage.stage->plan(planning);
    for (const Planning::Product& product : planning.products_) {
      const auto tiers = ctx.state().services->staging.order(product.staging);
      // Of several tiers one without room is passed over.
      if (tiers.size() == 1 && tiers.front().description().kind == TierKind::tmpfs) {
        stage.leased_memory += product.bytes;
      }
    }
  } catch (const Error& error) {
    const Where& where = error.where().file.empty() ? stage.where : error.where();
    throw Error(error.kind(), where, "stage '" + stage.name + "': " + error.message(),
                error.hint());
  } catch (const std::exception& problem) {
    refuse_plan(stage, problem.what());
  } catch (...) {
    refuse_plan(stage, "something that is no std::exception");
  }
  refuse_shared_products(plan, stage, planning.products_);
  if (stage.input) {
    need.requirements.insert(need.requirements.end(), planning.requirements_.begin(),
                             planning.requirements_.end());
    const PlannedStage& giver = plan.stages[*stage.input];
    for (const Mismatch& reason : match(need, planning.input_)) {
      diagnostics_.error(stage.where,
                         "'" + stage.name + "' cannot read '" + giver.name + ".out'\n" +
                             "      needs  " + reason.needs + "\n" + "      has    " + reason.has +
                             " (from " + giver.name + ", " + giver.where.text() + ")",
                         reason.hint);
    }
  }
  for (const std::string& input : planning.inputs_) ctx.record_input(input);
  stage.planning = std::move(planning);
}

void Planner::refuse_shared_products(const Plan& plan, const PlannedStage& stage,
                                     const std::vector<Planning::Product>& products) {
  for (const Planning::Product& product : products) {
    if (product.path.empty()) {
      throw Error(ErrorKind::description, stage.where,
                  "stage '" + stage.name + "': a product of it has no name",
                  "give the parameter that names it, such as 'output'");
    }
    if (product.scratch || product.overwrite) continue;
    for (const PlannedStage& other : plan.stages) {
      if (!other.planning || &other == &stage) continue;
      for (const Planning::Product& made : other.planning->products_) {
        if (made.scratch || place_of(made) != place_of(product)) continue;
        throw Error(ErrorKind::description, stage.where,
                    "stage '" + stage.name + "': '" + product.path + "' is a product of '" +
                        other.name + "' (" + other.where.text() + ") already",
                    "choose another name for one of them");
      }
    }
  }
}

void Planner::size_segment(const Plan& plan, Segment& segment, std::size_t free_bytes,
                           int threads) {
  const PlannedStage& head = plan.stages[segment.head];
  const std::size_t first = head.planning->output_.chunk_bytes;
  std::size_t footprint = segment.head_is_result
                              ? std::max(first, head.planning->result_work_bytes_)
                              : first + head.planning->scratch_bytes_;
  const bool reads_ahead = !segment.head_is_result && !head.planning->lane_.empty();
  segment.queued = reads_ahead ? kReadAhead * first : 0;
  segment.state = 0;
  segment.leased = segment.head_is_result ? 0 : head.leased_memory;
  for (const std::size_t index : segment.chain) {
    const PlannedStage& stage = plan.stages[index];
    const std::size_t in = stage.planning->input_.chunk_bytes;
    std::size_t held = in + stage.planning->scratch_bytes_;
    if (stage.type->shape == Shape::transform) {
      held += stage.planning->output_.chunk_bytes;
    } else {
      segment.state += stage.planning->state_bytes_;
      if (!stage.planning->lane_.empty()) segment.queued += kWriteBehind * in;
    }
    footprint = std::max(footprint, held);
    segment.leased += stage.leased_memory;
  }
  segment.chunk_footprint = footprint;
  // Waiting chunks help where reading and working alternate; a result is all work.
  const auto most = static_cast<std::size_t>(segment.head_is_result ? threads : 2 * threads);
  const std::size_t taken = segment.state + segment.queued + segment.leased;
  const std::size_t left = free_bytes > taken ? free_bytes - taken : 0;
  const std::size_t fit = footprint == 0 ? most : left / footprint;
  segment.tokens = std::clamp<std::size_t>(fit, 1, most);
}

namespace {

/// What of a product is on the disk already, in a draft that is gone on with or removed.
std::size_t bytes_of_draft(const std::string& product) {
  return filled_bytes(product + ".partial");
}

std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += (all.empty() ? "" : "; ") + text;
  return all;
}

}  // namespace

namespace {

/// What is to be written on one file system.
struct Demand {
  std::string folder;  ///< of the first product
  std::size_t bytes = 0;
};

/// The nearest folder that is there; the product's own may still have to be made.
std::filesystem::path standing_folder(const std::string& product) {
  std::filesystem::path folder = std::filesystem::absolute(product).parent_path();
  while (!std::filesystem::is_directory(folder) && folder.has_relative_path()) {
    folder = folder.parent_path();
  }
  return folder;
}

}  // namespace

void Planner::check_products(const Plan& plan, const Resumption* resumption) {
  namespace fs = std::filesystem;
  std::map<dev_t, Demand> demands;
  checked_.resize(plan.stages.size(), false);
  for (std::size_t index = 0; index < plan.stages.size(); ++index) {
    const PlannedStage& stage = plan.stages[index];
    if (!stage.planning || checked_[index]) continue;
    checked_[index] = true;
    const ResumableStage* resumable = resumption ? resumption->find(index) : nullptr;
    if (resumable && resumable->stands()) continue;
    for (const Planning::Product& product : stage.planning->products_) {
      if (!product.overwrite && fs::exists(fs::symlink_status(product.path))) {
        std::string message = "stage '" + stage.name + "': '" + product.path + "' exists already";
        if (resumable && !resumable->because().empty()) {
          message += ", not as this run would make it (" + joined(resumable->because()) + ")";
        }
        throw Error(ErrorKind::description, stage.where, message,
                    "remove it, choose another output, or set overwrite: true");
      }
      // Whether a tier has room is found when its lease is taken.
      if (product.scratch && product.staging != "none") continue;
      const fs::path folder = standing_folder(product.path);
      struct stat info {};
      if (::stat(folder.c_str(), &info) != 0) continue;  // refused when it is written
      Demand& demand = demands[info.st_dev];
      if (demand.folder.empty()) demand.folder = folder.string();
      demand.bytes += product.bytes - std::min(product.bytes, bytes_of_draft(product.path));
    }
  }
  for (const auto& [device, demand] : demands) {
    require_space(demand.folder, demand.bytes, "this run");
  }
}

}  // namespace skymill
