// SPDX-License-Identifier: GPL-3.0-or-later
#include "pass_threads.h"

#include <tbb/info.h>

#include <algorithm>
#include <utility>

namespace skymill {

PassThreads::PassThreads(int threads)
    : most_(static_cast<std::size_t>(threads)),
      all_(tbb::global_control::max_allowed_parallelism, most_) {}

PassThreads::~PassThreads() {
  for (auto& [pass, thread] : running_) thread.join();
}

/// TBB counts one of the threads that call it, and each pass has one.
std::size_t PassThreads::share_out(std::size_t passes) {
  const std::size_t share = most_ + 1 - std::max<std::size_t>(1, passes);
  workers_.emplace(tbb::global_control::max_allowed_parallelism, share);
  return share;
}

void PassThreads::start(std::size_t pass, std::function<PassEnd()> work) {
  const std::size_t share = share_out(running_.size() + 1);
  // TBB complains about an arena that is wider than what is allowed now, unless it has its default.
  const bool is_default = static_cast<std::size_t>(tbb::info::default_concurrency()) == most_;
  auto arena = std::make_shared<tbb::task_arena>(static_cast<int>(is_default ? most_ : share));
  arena->initialize();
  running_.emplace(pass, std::thread([this, pass, arena, work = std::move(work)] {
                     Ended ended;
                     ended.pass = pass;
                     try {
                       arena->execute([&] { ended.end = work(); });
                     } catch (...) {
                       ended.failure = std::current_exception();
                     }
                     const std::lock_guard lock(mutex_);
                     ended_.push_back(std::move(ended));
                     changed_.notify_all();
                   }));
}

PassThreads::Ended PassThreads::wait() {
  Ended ended;
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !ended_.empty(); });
    ended = std::move(ended_.front());
    ended_.pop_front();
  }
  running_.at(ended.pass).join();
  running_.erase(ended.pass);
  share_out(running_.size());
  return ended;
}

}  // namespace skymill
