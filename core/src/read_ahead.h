// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/chunk.h>
#include <core/lane.h>

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>

namespace skymill {

/// Reads a source on its lane, a bounded number of chunks ahead, so that no worker waits for I/O.
class ReadAhead {
 public:
  using Pull = std::function<std::optional<AnyChunk>(const Lane::Token&)>;

  ReadAhead(std::shared_ptr<Lane> lane, Pull pull, std::size_t depth)
      : lane_(std::move(lane)), pull_(std::move(pull)), depth_(depth) {
    const std::lock_guard lock(mutex_);
    request();
  }

  /// Waits until the lane has left this object alone.
  ~ReadAhead() {
    std::unique_lock lock(mutex_);
    closing_ = true;
    changed_.wait(lock, [&] { return !pending_; });
  }
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  /// The next chunk, or nothing at the end; throws what the source threw.
  std::optional<AnyChunk> next() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !ready_.empty() || ended_; });
    if (ready_.empty()) {
      if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
      return std::nullopt;
    }
    AnyChunk chunk = std::move(ready_.front());
    ready_.pop_front();
    request();
    return chunk;
  }

 private:
  /// Posts one pull at a time: a lane that several stages share is thereby shared fairly.
  void request() {
    if (pending_ || ended_ || closing_ || ready_.size() >= depth_) return;
    pending_ = true;
    lane_->post([this](const Lane::Token& token) { pull_one(token); });
  }

  void pull_one(const Lane::Token& token) {
    std::optional<AnyChunk> chunk;
    std::exception_ptr failure;
    try {
      chunk = pull_(token);
    } catch (...) {
      failure = std::current_exception();
    }
    const std::lock_guard lock(mutex_);
    pending_ = false;
    if (chunk) {
      ready_.push_back(std::move(*chunk));
    } else {
      ended_ = true;
      failure_ = failure;
    }
    request();
    changed_.notify_all();
  }

  std::shared_ptr<Lane> lane_;
  Pull pull_;
  const std::size_t depth_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<AnyChunk> ready_;
  std::exception_ptr failure_;
  bool pending_ = false;
  bool ended_ = false;
  bool closing_ = false;
};

}  // namespace skymill
