// SPDX-License-Identifier: GPL-3.0-or-later
#include "profile_spans.h"

#include <algorithm>

namespace skymill {

namespace {

constexpr std::size_t kMostSpans = 200'000;  ///< of a run

}  // namespace

void ProfileSpans::add(std::vector<ProfileSpan>& of_thread, const ProfileSpan& span) {
  if (span.end_ns - span.begin_ns < shortest_ns_.load(std::memory_order_relaxed)) {
    ++left_out_;
    return;
  }
  of_thread.push_back(span);
  if (++count_ > kMostSpans) raise_shortest(of_thread);
}

/// Longer spans only from now on; each thread drops what is shorter when it is its turn.
void ProfileSpans::raise_shortest(std::vector<ProfileSpan>& of_thread) {
  const std::int64_t least = std::max<std::int64_t>(1'000, 2 * shortest_ns_);
  if (of_thread.size() > kMostSpans / 64) shortest_ns_ = least;
  const std::int64_t now_least = shortest_ns_;
  const std::size_t dropped = std::erase_if(
      of_thread, [&](const ProfileSpan& span) { return span.end_ns - span.begin_ns < now_least; });
  count_ -= dropped;
  left_out_ += dropped;
}

}  // namespace skymill
