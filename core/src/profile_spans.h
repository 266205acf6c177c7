// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "profile.h"

namespace skymill {

/// Which spans of a run are kept for the trace: all, and when there are too many only the longer.
/// Each thread keeps its own.
class ProfileSpans {
 public:
  /// Under the thread's mutex.
  void add(std::vector<ProfileSpan>& of_thread, const ProfileSpan& span);
  std::size_t left_out() const { return left_out_; }
  std::int64_t shortest_ns() const { return shortest_ns_; }

 private:
  void raise_shortest(std::vector<ProfileSpan>& of_thread);

  std::atomic<std::size_t> count_{0};
  std::atomic<std::size_t> left_out_{0};
  std::atomic<std::int64_t> shortest_ns_{0};
};

}  // namespace skymill
