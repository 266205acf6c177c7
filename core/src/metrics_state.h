// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/metrics.h>

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "stage_clock.h"

namespace skymill {

struct Metrics::State {
  std::mutex mutex;
  std::map<std::string, std::map<std::string, std::int64_t>> counters;
  std::map<std::string, std::map<std::string, std::vector<Row>>> tables;
  std::map<std::string, StageTiming> timings;
  /// Hears of every row with its stage and table, in the thread that adds it; set before the run.
  std::function<void(const std::string&, const std::string&, const Row&)> on_row;

  StageTiming& timing(const std::string& stage) {
    const std::lock_guard lock(mutex);
    return timings[stage];
  }
};

}  // namespace skymill
