// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <sys/resource.h>

#include <algorithm>
#include <chrono>

namespace skymill::perf {

/// The least of several runs of one thing, seconds.
struct LeastTime {
  double wall = 1e300;
  double cpu = 1e300;  ///< of all threads
};

/// Runs `work` once and keeps what it took when that is less.
template <class Work>
void take(LeastTime& best, const Work& work) {
  const auto cpu = [] {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           1e-6 * static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
  };
  const auto start = std::chrono::steady_clock::now();
  const double cpu_start = cpu();
  work();
  best.cpu = std::min(best.cpu, cpu() - cpu_start);
  best.wall = std::min(
      best.wall, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
}

}  // namespace skymill::perf
