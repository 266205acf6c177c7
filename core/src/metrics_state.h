// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/metrics.h>

#include <atomic>
#include <ctime>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace skymill {

/// Time and traffic of one stage.
struct StageTiming {
  std::atomic<std::int64_t> calls{0};
  std::atomic<std::int64_t> chunks_out{0};
  std::atomic<std::int64_t> bytes_out{0};
  std::atomic<std::int64_t> wall_ns{0};
  std::atomic<std::int64_t> cpu_ns{0};
};

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

/// Adds the wall and CPU time of the calling thread, from construction to destruction, to a stage.
class TimedCall {
 public:
  explicit TimedCall(StageTiming& timing)
      : timing_(timing), wall_(now(CLOCK_MONOTONIC)), cpu_(now(CLOCK_THREAD_CPUTIME_ID)) {}
  ~TimedCall() {
    timing_.calls += 1;
    timing_.wall_ns += now(CLOCK_MONOTONIC) - wall_;
    timing_.cpu_ns += now(CLOCK_THREAD_CPUTIME_ID) - cpu_;
  }
  TimedCall(const TimedCall&) = delete;
  TimedCall& operator=(const TimedCall&) = delete;

 private:
  static std::int64_t now(clockid_t clock) {
    timespec time{};
    clock_gettime(clock, &time);
    return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
  }

  StageTiming& timing_;
  std::int64_t wall_;
  std::int64_t cpu_;
};

}  // namespace skymill
