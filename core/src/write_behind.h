// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/chunk.h>
#include <core/lane.h>

#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>

namespace skymill {

/// Hands chunks to a terminal on its lane, a bounded number behind, so that no worker waits for
/// I/O unless the disk is slower than the work.
class WriteBehind {
 public:
  using Write = std::function<void(const AnyChunk&, const Lane::Token&)>;

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
  void push(std::shared_ptr<const AnyChunk> chunk) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return in_flight_ < depth_; });
      rethrow();
      ++in_flight_;
    }
    lane_->post([this, chunk = std::move(chunk)](const Lane::Token& token) mutable {
      write_one(std::move(chunk), token);
    });
  }

  /// Waits for all writes; throws what one of them threw.
  void drain() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return in_flight_ == 0; });
    rethrow();
  }

 private:
  void rethrow() {
    if (failure_) std::rethrow_exception(failure_);
  }

  void write_one(std::shared_ptr<const AnyChunk> chunk, const Lane::Token& token) {
    std::exception_ptr failure;
    try {
      if (!failed_) write_(*chunk, token);
    } catch (...) {
      failure = std::current_exception();
      failed_ = true;  // later chunks are dropped: the product is lost anyway
    }
    chunk.reset();
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
