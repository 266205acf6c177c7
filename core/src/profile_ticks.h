// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "proc_file.h"
#include "profile_stages.h"
#include "profile_threads.h"

namespace skymill {

/// Looks at the process's memory and bytes many times a second, on a thread of its own.
class ProfileTicks {
 public:
  /// @param stages  what works while the memory has a peak learns of it
  /// @param io  the process's counts of bytes, and what they were at the begin of the profile
  ProfileTicks(ProfileStages& stages, ProfileThreads& threads, const ProcFile& io,
               const ProfileBytes& io_before);
  ~ProfileTicks();
  ProfileTicks(const ProfileTicks&) = delete;
  ProfileTicks& operator=(const ProfileTicks&) = delete;

  /// Ends the thread, after which there is a last tick.
  void end();
  bool has_ended() const { return !thread_.joinable(); }
  std::int64_t peak_resident_bytes() const { return peak_bytes_; }

  /// What the looking itself has cost.
  ProfileAccount watching{"watching"};
  std::vector<ProfileTick> ticks;

 private:
  void go();
  void tick();

  ProfileStages& stages_;
  ProfileThreads& threads_;
  const ProcFile& io_;
  const ProfileBytes io_before_;
  ProcFile status_{"/proc/self/status"};
  std::int64_t peak_bytes_ = 0;
  std::int64_t between_ns_ = 0;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace skymill
