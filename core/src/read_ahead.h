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

#include "profile.h"
#include "stage_clock.h"

namespace skymill {

/// Reads a source on its lane, a bounded number of chunks ahead, so that no worker waits for I/O.
class ReadAhead {
 public:
  using Pull = std::function<std::optional<AnyChunk>(const Lane::Token&)>;
  /// Hears of a wait from one `wall_now_ns` to another.
  using Waited = std::function<void(ProfileWait, std::int64_t, std::int64_t, bool blocks)>;

  /// @param waited  may be empty
  ReadAhead(std::shared_ptr<Lane> lane, Pull pull, std::size_t depth, Waited waited = nullptr)
      : lane_(std::move(lane)), pull_(std::move(pull)), depth_(depth), waited_(std::move(waited)) {
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
    if (waited_ && ready_.empty() && !ended_) {
      const std::int64_t begin = wall_now_ns();
      changed_.wait(lock, [&] { return !ready_.empty() || ended_; });
      waited_(ProfileWait::input, begin, wall_now_ns(), true);
    }
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
    if (pending_ || ended_ || closing_) return;
    if (ready_.size() >= depth_) {
      if (waited_ && full_since_ns_ == 0) full_since_ns_ = wall_now_ns();
      return;
    }
    if (full_since_ns_ != 0) waited_(ProfileWait::token, full_since_ns_, wall_now_ns(), false);
    full_since_ns_ = 0;
    pending_ = true;
    const std::int64_t posted = waited_ ? wall_now_ns() : 0;
    lane_->post([this, posted](const Lane::Token& token) {
      if (waited_) waited_(ProfileWait::lane, posted, wall_now_ns(), false);
      pull_one(token);
    });
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
  const Waited waited_;
  std::int64_t full_since_ns_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<AnyChunk> ready_;
  std::exception_ptr failure_;
  bool pending_ = false;
  bool ended_ = false;
  bool closing_ = false;
};

}  // namespace skymill
