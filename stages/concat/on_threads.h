// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace skymill::radio {

/// Runs `work` on `threads` threads at once, one of them the caller's, and waits for all; what the
/// first that fails throws is thrown again. For reading and writing, which wait for disks.
template <class F>
void on_threads(int threads, const F& work) {
  std::exception_ptr failure;
  std::mutex guard;
  const auto guarded = [&] {
    try {
      work();
    } catch (const std::exception&) {
      const std::lock_guard lock(guard);
      if (!failure) failure = std::current_exception();
    }
  };
  std::vector<std::thread> others;
  for (int k = 1; k < threads; ++k) others.emplace_back(guarded);
  guarded();
  for (std::thread& other : others) other.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace skymill::radio
