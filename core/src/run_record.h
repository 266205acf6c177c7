// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "context_state.h"
#include "plan.h"

namespace skymill {

/// What identifies a run, known when it starts.
struct RunIdentity {
  std::string id;
  std::vector<std::string> command_line;
  std::string description_file;
  std::chrono::system_clock::time_point started;
  std::string item;  ///< of a batch; empty for a run by itself
};

/// How it ended.
struct RunEnd {
  int exit_code = 0;
  std::string error;        ///< empty when it did not fail
  bool is_partial = false;  ///< parts failed, and the rest went on
};

/// clean, degraded, partial, stopped or failed
std::string run_verdict(const RunEnd& end, const std::vector<std::string>& degradations);

/// Writes `run.json`: resolved parameters and where each came from, versions, inputs, outputs,
/// times, bytes, memory and the verdict (clean, degraded, partial, stopped, failed). It is written
/// whole and renamed.
void write_run_record(const std::string& path, const RunIdentity& identity, const RunEnd& end,
                      const Plan* plan, PipelineContext::Services& services);

}  // namespace skymill
