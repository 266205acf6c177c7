// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/chunk.h>
#include <core/lane.h>
#include <core/stream.h>

#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>

#include "pass_watch.h"
#include "profile.h"
#include "stage_clock.h"
#include "unit_notes.h"

namespace skymill {

/// A chunk on its way through a pass, with what stages tell about it when a journal wants that.
struct Load {
  AnyChunk chunk;
  std::shared_ptr<UnitNotes> notes;
  AnyStream::Work work;  ///< that makes the chunk, where there is none yet
  WatchedUnit unit;
  std::size_t number = 0;     ///< in the order of the source
  std::int64_t weight = 1;    ///< chunks for which its times stand; 0: it is not timed
  std::int64_t spent_ns = 0;  ///< in stages, if it is timed
  std::int64_t ready_ns = 0;  ///< since when the next stage could have it, for a profile
};

/// Hands chunks to a terminal on its lane, a bounded number behind, so that no worker waits for
/// I/O unless the disk is slower than the work.
class WriteBehind {
 public:
  using Write = std::function<void(const Load&, const Lane::Token&)>;
  /// Hears of a load's wait from one `wall_now_ns` to another.
  using Waited = std::function<void(const Load&, std::int64_t, std::int64_t, bool blocks)>;

  /// @param waited  may be empty
  WriteBehind(std::shared_ptr<Lane> lane, Write write, std::size_t depth, Waited waited = nullptr)
      : lane_(std::move(lane)),
        write_(std::move(write)),
        depth_(depth),
        waited_(std::move(waited)) {}

  /// Waits until the lane has left this object alone.
  ~WriteBehind() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return in_flight_ == 0; });
  }
  WriteBehind(const WriteBehind&) = delete;
  WriteBehind& operator=(const WriteBehind&) = delete;

  /// Throws what an earlier write threw.
  void push(std::shared_ptr<const Load> load) {
    {
      std::unique_lock lock(mutex_);
      if (waited_ && in_flight_ >= depth_) {
        const std::int64_t begin = wall_now_ns();
        changed_.wait(lock, [&] { return in_flight_ < depth_; });
        waited_(*load, begin, wall_now_ns(), true);
      }
      changed_.wait(lock, [&] { return in_flight_ < depth_; });
      rethrow();
      ++in_flight_;
    }
    const std::int64_t posted = waited_ ? wall_now_ns() : 0;
    lane_->post([this, posted, load = std::move(load)](const Lane::Token& token) mutable {
      if (waited_) waited_(*load, posted, wall_now_ns(), false);
      write_one(std::move(load), token);
    });
  }

  /// Waits for all writes, whatever becomes of them.
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return in_flight_ == 0; });
  }

  /// Waits for all writes; throws what one of them threw.
  void drain() {
    wait();
    const std::lock_guard lock(mutex_);
    rethrow();
  }

 private:
  void rethrow() {
    if (failure_) std::rethrow_exception(failure_);
  }

  void write_one(std::shared_ptr<const Load> load, const Lane::Token& token) {
    std::exception_ptr failure;
    try {
      if (!failed_) write_(*load, token);
    } catch (...) {
      failure = std::current_exception();
      failed_ = true;  // later chunks are dropped: the product is lost anyway
    }
    load.reset();
    const std::lock_guard lock(mutex_);
    if (failure && !failure_) failure_ = failure;
    --in_flight_;
    changed_.notify_all();
  }

  std::shared_ptr<Lane> lane_;
  Write write_;
  const std::size_t depth_;
  const Waited waited_;
  bool failed_ = false;  ///< touched by the lane only
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t in_flight_ = 0;
  std::exception_ptr failure_;
};

}  // namespace skymill
