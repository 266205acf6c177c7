// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/chunk.h>
#include <core/lane.h>

#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>

#include "unit_notes.h"

namespace skymill {

/// A chunk on its way through a pass, with what stages tell about it when a journal wants that.
struct Load {
  AnyChunk chunk;
  std::shared_ptr<UnitNotes> notes;
};

/// Hands chunks to a terminal on its lane, a bounded number behind, so that no worker waits for
/// I/O unless the disk is slower than the work.
class WriteBehind {
 public:
  using Write = std::function<void(const Load&, const Lane::Token&)>;

  WriteBehind(std::shared_ptr<Lane> lane, Write write, std::size_t depth)
      : lane_(std::move(lane)), write_(std::move(write)), depth_(depth) {}

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
      changed_.wait(lock, [&] { return in_flight_ < depth_; });
      rethrow();
      ++in_flight_;
    }
    lane_->post([this, load = std::move(load)](const Lane::Token& token) mutable {
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
  bool failed_ = false;  ///< touched by the lane only
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t in_flight_ = 0;
  std::exception_ptr failure_;
};

}  // namespace skymill
