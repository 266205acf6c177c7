// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <tbb/task_arena.h>
#include <tbb/task_scheduler_observer.h>

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "profile_threads.h"

namespace skymill {

/// Where one call at a time works, and who helps it.
class ProfileArena {
 public:
  ProfileArena(ProfileThreads& threads, int width);
  ~ProfileArena();
  ProfileArena(const ProfileArena&) = delete;
  ProfileArena& operator=(const ProfileArena&) = delete;

  /// Runs `f` isolated; the calling thread itself is no helper.
  void run(const std::function<void()>& f);
  /// From now on helpers work for another owner.
  void serve(const ProfileOwner& owner);
  int width() const { return width_; }

 private:
  class Watch final : public tbb::task_scheduler_observer {
   public:
    explicit Watch(ProfileArena& arena) : task_scheduler_observer(arena.arena_), arena_(arena) {}
    void on_scheduler_entry(bool) override { arena_.enter(); }
    void on_scheduler_exit(bool) override { arena_.leave(); }

   private:
    ProfileArena& arena_;
  };

  void enter();
  void leave();
  void settle(ProfileLedger& helper, const ProfileOwner& owner);

  const int width_;
  tbb::task_arena arena_;
  ProfileThreads& threads_;
  std::mutex mutex_;
  ProfileOwner owner_;
  std::vector<ProfileLedger*> helpers_;
  Watch watch_;
};

/// Arenas that calls take and give back; of the width that the calling thread's arena has.
class ProfileArenas {
 public:
  explicit ProfileArenas(ProfileThreads& threads) : threads_(threads) {}

  std::unique_ptr<ProfileArena> take();
  void give_back(std::unique_ptr<ProfileArena> arena);
  void clear() { free_.clear(); }

 private:
  ProfileThreads& threads_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<ProfileArena>> free_;
};

}  // namespace skymill
