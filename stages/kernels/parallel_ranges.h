// SPDX-License-Identifier: GPL-3.0-or-later
// Private to the .cpp files of this folder: it brings in TBB.
#pragma once

#include <tbb/info.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <cstddef>

namespace skymill::kernels {

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
  // An arena wider than the machine makes TBB complain on standard error.
  tbb::task_arena arena(std::min(static_cast<int>(parts), tbb::info::default_concurrency()));
  arena.execute([&] {
    tbb::parallel_for(std::size_t{0}, parts,
                      [&](std::size_t part) { body(n * part / parts, n * (part + 1) / parts); });
  });
}

}  // namespace skymill::kernels
