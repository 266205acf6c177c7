// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "context_state.h"
#include "plan.h"

namespace skymill {

/// What a pass is given when it begins. Its memory goes with it.
struct PassStart {
  PipelineContext ctx;                       ///< with the products of the passes that it needs
  AnyStream result;                          ///< of the head, when that is what is streamed
  std::map<std::size_t, MemoryShare> state;  ///< accumulators by stage, those of `result` too
  MemoryShare in_flight;
  std::size_t workers = 1;  ///< that it can count on
};

/// What a pass leaves to later ones.
struct PassEnd {
  struct Product {
    std::string key;
    PipelineContext::State::Product value;
  };

  std::map<std::size_t, AnyStream> results;  ///< of reduces, to be streamed
  std::map<std::size_t, MemoryShare> state;  ///< that those hold
  std::vector<Product> products;
};

/// Which stages a pass has, for people: its head and its chain.
std::string pass_title(const Plan& plan, const Segment& segment);

/// Whether a later pass streams what this reduce gives.
bool is_streamed_later(const Plan& plan, std::size_t stage);

/// Makes a pass, in this thread and with TBB's workers: a task, or the chunks of a segment.
/// @throws Error with the stage's name; nothing unfinished is published
PassEnd make_pass(const Plan& plan, const Segment& segment, PassStart start);

}  // namespace skymill
