// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "proc_file.h"
#include "profile.h"
#include "profile_spans.h"
#include "profile_stages.h"
#include "stage_clock.h"

namespace skymill {

/// Who gets what a thread's clocks grow by.
struct ProfileOwner {
  ProfileAccount* account = nullptr;
  Profile::Call call;
  bool helps = false;
};

/// What one thread has done; others look at its clocks too.
struct ProfileLedger {
  /// Of the calling thread.
  /// @param is_new  whether all that the thread has done so far belongs to this profile
  ProfileLedger(std::size_t thread_index, const ProfileOwner& first_owner, bool is_new);

  /// Gives what the clocks have grown by to the owner; under the mutex.
  void charge(bool with_bytes);

  const std::size_t index;
  std::mutex mutex;
  ProfileOwner owner;
  clockid_t clock{};
  std::int64_t cpu_ns = 0;
  ProcFile io;
  std::atomic<std::int64_t> looked{0};  ///< bytes read to learn how many were read
  ProfileBytes bytes;
  bool is_gone = false;
  std::vector<ProfileSpan> spans;
  std::int64_t helps_since_ns = 0;

 private:
  ProfileBytes own_bytes() const;
};

/// The threads that a profile has seen, each with its ledger.
class ProfileThreads {
 public:
  ProfileThreads();

  /// The calling thread's.
  /// @param kind  what the thread is, when it is seen for the first time
  ProfileLedger& own(const char* kind);
  /// Who owns a thread that works for no call.
  ProfileOwner nobody() { return {&scheduling, {}, false}; }
  std::int64_t now_ns() const { return wall_now_ns() - start; }

  /// A span of a call; under the ledger's mutex.
  void add_span(ProfileLedger& ledger, const Profile::Call& call, ProfileSpan span);

  /// Closes all ledgers, when nobody works any more.
  /// @param [out] spans  of all threads
  /// @return bytes that were read to learn how many were read
  std::int64_t close(std::vector<ProfileSpan>& spans);

  const std::int64_t start;
  ProfileAccount scheduling{"scheduling"};
  ProfileSpans spans;
  std::vector<std::string> names;

 private:
  const std::uint64_t id_;
  std::mutex mutex_;
  std::deque<std::shared_ptr<ProfileLedger>> ledgers_;
};

}  // namespace skymill
