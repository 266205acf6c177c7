// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace skymill {

/// What the process uses at a moment; all but the memory count from its start.
struct RunSample {
  double time_s = 0;  ///< since the start of the run
  std::size_t resident_bytes = 0;
  double cpu_s = 0;                     ///< user and system, of all threads
  std::int64_t read_bytes = 0;          ///< asked for with read(2), also where no disk was needed
  std::int64_t written_bytes = 0;       ///< given to write(2)
  std::int64_t storage_read_bytes = 0;  ///< that storage had to give
  std::int64_t storage_written_bytes = 0;  ///< that storage will have to take; not on tmpfs
};

/// The sample of now, from getrusage(2) and /proc/self (proc(5)).
RunSample sample_now(double time_s);

/// Samples of a whole run in bounded memory: when there are too many, two neighbours become one
/// with the later counts and the larger memory.
class RunSamples {
 public:
  static constexpr std::size_t kMost = 300;

  void add(const RunSample& sample);
  const std::vector<RunSample>& kept() const { return kept_; }
  /// Least time between two kept samples, but for the last.
  double interval_s() const { return interval_s_; }

 private:
  std::vector<RunSample> kept_;
  double interval_s_ = 0.1;
};

}  // namespace skymill
