// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/memory.h>

#include <cstddef>
#include <map>
#include <vector>

#include "pass_work.h"
#include "plan.h"

namespace skymill {

/// Shares the run's memory among passes that go on side by side.
///
/// Accumulators stay until a later pass has streamed what they hold, so a pass is let in beside
/// others only while, whatever has been let in, one after the other could still go on to its end:
/// then waiting for memory never waits for itself. One pass alone may have all there is.
class Admission {
 public:
  explicit Admission(MemoryBudget& memory) : memory_(memory) {}

  /// Those of the planned passes that may begin now, as many as fit, in their order.
  /// @param candidates  passes that nothing else keeps from beginning
  /// @param most        so many at most
  /// @param going_on    whether any pass goes on
  std::vector<std::size_t> choose(const Plan& plan, const std::vector<std::size_t>& candidates,
                                  std::size_t most, bool going_on) const;

  /// Sizes a pass and takes its memory.
  /// @param others   passes that begin right after it, whose share is left to them
  /// @param threads  of the run
  /// @throws Error (resources) with the numbers when it does not fit
  void admit(Plan& plan, std::size_t pass, const std::vector<std::size_t>& others, int threads,
             PassStart& start);

  /// What the reduce holds is given back.
  void released(std::size_t stage) { kept_.erase(stage); }

 private:
  MemoryBudget& memory_;
  std::map<std::size_t, std::size_t> kept_;  ///< bytes of accumulators by stage, until streamed
};

/// The least that a pass needs, with one chunk in flight.
std::size_t least_memory(const Plan& plan, const Segment& segment);

}  // namespace skymill
