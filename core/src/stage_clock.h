// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>
#include <cstdint>
#include <ctime>

namespace skymill {

inline std::int64_t clock_ns(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

/// Nanoseconds of CLOCK_MONOTONIC.
inline std::int64_t wall_now_ns() { return clock_ns(CLOCK_MONOTONIC); }

/// A point in the time of the wall and of the calling thread's CPU.
struct StageMoment {
  std::int64_t wall_ns = 0;
  std::int64_t cpu_ns = 0;
};

/// The moment of now. Asking for the thread's CPU time is a system call of nearly a microsecond, so
/// it is done once in 100 microseconds; in between the thread is taken to run. Differences of
/// moments add up to the thread's time whatever lies between, since the next look puts it right.
inline StageMoment stage_moment() {
  constexpr std::int64_t kBetweenLooks_ns = 100'000;
  thread_local StageMoment looked;
  const std::int64_t wall = wall_now_ns();
  if (looked.wall_ns != 0 && wall - looked.wall_ns < kBetweenLooks_ns) {
    return {wall, looked.cpu_ns + (wall - looked.wall_ns)};
  }
  looked = {wall, clock_ns(CLOCK_THREAD_CPUTIME_ID)};
  return looked;
}

/// What one thread, or one at a time, has done for a stage.
struct StageSums {
  std::int64_t chunks_out = 0;
  std::int64_t bytes_out = 0;
  std::int64_t wall_ns = 0;
  std::int64_t cpu_ns = 0;

  /// @param weight  calls for which this one stands
  void add_time(const StageMoment& begin, const StageMoment& end, std::int64_t weight) {
    wall_ns += weight * (end.wall_ns - begin.wall_ns);
    cpu_ns += weight * (end.cpu_ns - begin.cpu_ns);
  }
};

/// Time and traffic of one stage.
struct StageTiming {
  std::atomic<std::int64_t> chunks_out{0};
  std::atomic<std::int64_t> bytes_out{0};
  std::atomic<std::int64_t> wall_ns{0};
  std::atomic<std::int64_t> cpu_ns{0};

  void add(const StageSums& sums) {
    chunks_out += sums.chunks_out;
    bytes_out += sums.bytes_out;
    wall_ns += sums.wall_ns;
    cpu_ns += sums.cpu_ns;
  }
};

/// Adds the wall and CPU time of the calling thread, from construction to destruction, to a stage.
class TimedCall {
 public:
  explicit TimedCall(StageTiming& timing) : timing_(timing), begin_(stage_moment()) {}
  ~TimedCall() {
    const StageMoment end = stage_moment();
    timing_.wall_ns += end.wall_ns - begin_.wall_ns;
    timing_.cpu_ns += end.cpu_ns - begin_.cpu_ns;
  }
  TimedCall(const TimedCall&) = delete;
  TimedCall& operator=(const TimedCall&) = delete;

 private:
  StageTiming& timing_;
  const StageMoment begin_;
};

}  // namespace skymill
