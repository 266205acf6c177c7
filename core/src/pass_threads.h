// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <tbb/global_control.h>
#include <tbb/task_arena.h>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "pass_work.h"

namespace skymill {

/// Makes passes side by side, each in a thread of its own, and hands back how they ended. All of
/// them together keep no more than the run's threads busy: TBB shares out what the passes' own
/// threads leave, and gives the rest of it to those that go on when one has ended.
class PassThreads {
 public:
  /// @param threads  of the run
  explicit PassThreads(int threads);
  /// Waits for all.
  ~PassThreads();
  PassThreads(const PassThreads&) = delete;
  PassThreads& operator=(const PassThreads&) = delete;

  struct Ended {
    std::size_t pass = 0;
    PassEnd end;
    std::exception_ptr failure;
  };

  void start(std::size_t pass, std::function<PassEnd()> work);
  /// The next that ends; there must be one.
  Ended wait();

  /// How many more may begin.
  std::size_t free() const { return most_ - running_.size(); }
  std::size_t size() const { return running_.size(); }
  bool empty() const { return running_.empty(); }

 private:
  std::size_t share_out(std::size_t passes);

  const std::size_t most_;
  const tbb::global_control all_;
  std::optional<tbb::global_control> workers_;
  std::map<std::size_t, std::thread> running_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Ended> ended_;
};

}  // namespace skymill
