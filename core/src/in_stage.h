// SPDX-License-Identifier: GPL-3.0-or-later
// How a stage's own code is called: its failures name it, and are met as its description asks.
#pragma once

#include <core/error.h>

#include <new>
#include <string>

#include "context_state.h"
#include "plan.h"

namespace skymill {

/// Throws what is being handled as an Error that names the stage. It stands apart, so that what is
/// done for every chunk is short.
[[noreturn, gnu::cold, gnu::noinline]] inline void throw_from_stage(const std::string& stage) {
  const std::string where = "stage '" + stage + "'";
  try {
    throw;
  } catch (const Error& error) {
    // What comes out of a stage further down names it already.
    throw error.message().rfind("stage '", 0) == 0 ? error : error.within(where);
  } catch (const std::bad_alloc&) {
    throw Error(ErrorKind::resources, where + ": the system gave no more memory",
                "lower --memory or --threads");
  } catch (const std::exception& problem) {
    throw Error(ErrorKind::failed, where + ": " + problem.what());
  } catch (...) {
    throw Error(ErrorKind::failed, where + ": it threw something that is no std::exception",
                "throw a skymill::Error that says what is wrong and what to do");
  }
}

/// Calls `f` and lets every failure leave as an Error that names the stage.
template <class F>
auto in_stage(const std::string& stage, F&& f) {
  try {
    return f();
  } catch (...) {
    throw_from_stage(stage);
  }
}

/// Makes attempts as the stage's policy says, each with its own limit of time.
/// @param attempt  called with the context of the attempt
template <class F>
void try_as_asked(const PlannedStage& planned, const PipelineContext& ctx, F&& attempt) {
  const FailurePolicy& policy = planned.on_failure;
  for (int attempts = 1;; ++attempts) {
    try {
      return in_stage(planned.name, [&] {
        return attempt(policy.timeout_s ? with_deadline(ctx, *policy.timeout_s) : ctx);
      });
    } catch (const Error& error) {
      if (ctx.stop_requested() || !policy.may_retry(error, attempts)) throw;
      ctx.log().warning(std::string(error.what()) + "; tried again, " + std::to_string(attempts) +
                        " of " + std::to_string(policy.retries) + " times");
    }
  }
}

/// Notes a failure after which the run goes on.
inline void note_failure(const PipelineContext& ctx, const std::string& text) {
  ctx.log().error(text);
  RunNotes& notes = ctx.state().services->notes;
  const std::lock_guard lock(notes.mutex);
  notes.failures.push_back(text);
}

}  // namespace skymill
