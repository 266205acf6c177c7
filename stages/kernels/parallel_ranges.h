// SPDX-License-Identifier: GPL-3.0-or-later
// Private to the .cpp files of this folder: it brings in TBB.
#pragma once

#include <tbb/global_control.h>
#include <tbb/info.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <atomic>
#include <cstddef>

namespace skymill::kernels {

/// An arena wider than the machine, or than what the run allows now, makes TBB complain on standard
/// error.
inline int arena_width(std::size_t threads) {
  using tbb::global_control;
  const std::size_t allowed = global_control::active_value(global_control::max_allowed_parallelism);
  return static_cast<int>(
      std::min({threads, static_cast<std::size_t>(tbb::info::default_concurrency()),
                std::max(allowed, std::size_t{1})}));
}

/// Calls body(begin, end) over at most `threads` equal parts of [0, n). The parts must not
/// depend on each other; with one thread the body runs once, in the caller, without TBB.
template <class Body>
void parallel_ranges(std::size_t n, std::size_t threads, const Body& body) {
  const std::size_t parts = std::min(threads, n);
  if (parts <= 1) {
    if (n > 0) {
      body(std::size_t{0}, n);
    }
    return;
  }
  tbb::task_arena arena(arena_width(parts));
  arena.execute([&] {
    tbb::parallel_for(std::size_t{0}, parts,
                      [&](std::size_t part) { body(n * part / parts, n * (part + 1) / parts); });
  });
}

/// Calls body(k) for every k in [0, n), in no fixed order, in at most `threads` threads; for items
/// of unequal cost. The items must not depend on each other.
template <class Body>
void parallel_each(std::size_t n, std::size_t threads, const Body& body) {
  if (threads <= 1 || n <= 1) {
    for (std::size_t k = 0; k < n; ++k) {
      body(k);
    }
    return;
  }
  tbb::task_arena arena(arena_width(std::min(threads, n)));
  arena.execute([&] { tbb::parallel_for(std::size_t{0}, n, [&](std::size_t k) { body(k); }); });
}

/// Runs worker(take) in at most `threads` threads: take() gives every k in [0, n) to one of them,
/// and n when none is left. For items of unequal cost that need scratch memory of their worker.
template <class Worker>
void parallel_workers(std::size_t n, std::size_t threads, const Worker& worker) {
  std::atomic<std::size_t> next{0};
  const auto take = [&] { return std::min(n, next.fetch_add(1, std::memory_order_relaxed)); };
  const std::size_t workers = std::min(threads, n);
  parallel_each(workers, workers, [&](std::size_t) { worker(take); });
}

}  // namespace skymill::kernels
