// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/error.h>

#include <optional>
#include <vector>

namespace skymill {

/// What a run does when a stage fails: the keys `retry`, `retry_on`, `timeout` and `on_failure`.
/// They count for each unit of a reduce's result, or for the whole of a task.
struct FailurePolicy {
  int retries = 0;  ///< attempts after the first
  std::vector<ErrorKind> retry_on{ErrorKind::failed, ErrorKind::resources};
  std::optional<double> timeout_s;  ///< of one attempt; the stage looks at it now and then
  bool goes_on = false;             ///< the rest of the run does not need it
  Where where;                      ///< of the first of the keys; no line when there is none

  bool may_retry(const Error& error, int attempts) const {
    if (attempts > retries) return false;
    for (const ErrorKind kind : retry_on) {
      if (kind == error.kind()) return true;
    }
    return false;
  }
};

}  // namespace skymill
