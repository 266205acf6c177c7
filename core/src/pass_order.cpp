// SPDX-License-Identifier: GPL-3.0-or-later
#include "pass_order.h"

#include <algorithm>
#include <filesystem>
#include <string>

namespace fs = std::filesystem;

namespace skymill {

PassOrder::PassOrder(const Plan& plan) : needs_(plan.segments.size()) {
  for (std::size_t pass = 0; pass < plan.segments.size(); ++pass) {
    const Segment& segment = plan.segments[pass];
    const auto need = [&](std::size_t stage) {
      const std::size_t giver = plan.stages[stage].segment;
      if (giver != pass) needs_[pass].insert(giver);
    };
    // A result that is streamed as well is kept by the pass that streams it.
    const auto need_whole = [&](std::size_t stage) {
      need(stage);
      for (std::size_t other = 0; other < plan.segments.size(); ++other) {
        const bool streams =
            plan.segments[other].head_is_result && plan.segments[other].head == stage;
        if (streams && other != pass) needs_[pass].insert(other);
      }
    };
    if (segment.head_is_result) need(segment.head);
    for (const std::size_t index : segment.own_stages()) {
      const PlannedStage& stage = plan.stages[index];
      for (const std::size_t other : stage.after) need(other);
      for (const auto& [port, from] : stage.sides) need_whole(from);
    }
  }
}

std::set<std::size_t> PassOrder::all_needs(std::size_t pass) const {
  std::set<std::size_t> found;
  std::vector<std::size_t> open{pass};
  while (!open.empty()) {
    const std::size_t next = open.back();
    open.pop_back();
    for (const std::size_t giver : needs_[next]) {
      if (found.insert(giver).second) open.push_back(giver);
    }
  }
  return found;
}

namespace {

/// What a pass touches: paths without links and dots.
struct Touched {
  std::vector<std::string> read;
  std::vector<std::string> made;
  std::set<std::string> lanes;
};

std::string plain(const std::string& path) {
  std::error_code code;
  fs::path whole = fs::weakly_canonical(path, code);
  if (code) whole = fs::absolute(path).lexically_normal();
  if (!whole.has_filename()) whole = whole.parent_path();
  return whole.string();
}

Touched touched(const Plan& plan, const Segment& segment) {
  Touched all;
  for (const std::size_t index : segment.own_stages()) {
    const PlannedStage& stage = plan.stages[index];
    for (const std::string& path : Planner::inputs(stage)) all.read.push_back(plain(path));
    for (const auto& product : Planner::products(stage)) {
      if (!product.scratch) all.made.push_back(plain(product.path));
    }
    if (!Planner::lane(stage).empty()) all.lanes.insert(Planner::lane(stage));
  }
  return all;
}

bool is_in(const std::string& path, const std::string& folder) {
  return path == folder || path.rfind(folder + "/", 0) == 0;
}

bool meet(const std::vector<std::string>& one, const std::vector<std::string>& other) {
  return std::any_of(one.begin(), one.end(), [&](const std::string& a) {
    return std::any_of(other.begin(), other.end(),
                       [&](const std::string& b) { return is_in(a, b) || is_in(b, a); });
  });
}

}  // namespace

bool are_in_each_others_way(const Plan& plan, const Segment& one, const Segment& other) {
  const Touched a = touched(plan, one);
  const Touched b = touched(plan, other);
  if (meet(a.made, b.made) || meet(a.made, b.read) || meet(a.read, b.made)) return true;
  const bool share_a_lane = std::any_of(a.lanes.begin(), a.lanes.end(),
                                        [&](const auto& lane) { return b.lanes.count(lane) > 0; });
  if (share_a_lane) return false;
  return std::any_of(a.read.begin(), a.read.end(), [&](const std::string& path) {
    return std::find(b.read.begin(), b.read.end(), path) != b.read.end() && fs::is_directory(path);
  });
}

}  // namespace skymill
