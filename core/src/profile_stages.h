// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "profile.h"

namespace skymill {

ProfileBytes& operator+=(ProfileBytes& sum, const ProfileBytes& more);
ProfileBytes operator-(ProfileBytes from, const ProfileBytes& less);

/// The sums of a stage while the profile goes on, or of something that is no stage.
struct ProfileAccount {
  explicit ProfileAccount(std::string name) { figures.name = std::move(name); }

  /// Changes the sums of the call's stage and those of its unit.
  template <class F>
  void change(const Profile::Call& call, const F& f) {
    const std::lock_guard lock(mutex);
    f(figures.sums);
    if (ProfiledStage::Unit* of_unit = unit(call)) {
      f(of_unit->sums);
    } else if (call.has_unit) {
      has_left_out = true;
    }
  }
  /// Whether to ask for the bytes of a thread that has worked for it, which costs more than its
  /// clock.
  bool is_worth_bytes(std::int64_t wall_ns) const;
  /// Under the mutex. @return null when there are too many
  ProfiledStage::Unit* unit(const Profile::Call& call);

  std::mutex mutex;
  ProfiledStage figures;
  std::map<std::pair<std::size_t, std::size_t>, ProfiledStage::Unit> units;
  bool has_left_out = false;  ///< units, under the mutex
  std::atomic<int> active{0};
  std::atomic<bool> touched{false};  ///< since the last tick
  std::atomic<bool> moves_bytes{false};
  std::atomic<int> calls{0};
};

/// The accounts of all stages.
class ProfileStages {
 public:
  /// The same name is the same stage.
  std::size_t number(const std::string& name);
  ProfileAccount& account(std::size_t number);
  /// The program has this much memory, or had so since the last time: a peak of who works now.
  void saw_resident(std::int64_t bytes);
  /// The stages with their units, when nobody works any more; may be taken once.
  std::vector<ProfiledStage> take();

 private:
  std::mutex mutex_;
  std::deque<ProfileAccount> accounts_;
};

}  // namespace skymill
