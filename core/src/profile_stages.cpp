// SPDX-License-Identifier: GPL-3.0-or-later
#include "profile_stages.h"

#include <algorithm>

namespace skymill {

namespace {

constexpr std::size_t kMostUnits = 10'000;  ///< of a stage
/// A stage that has moved no byte is asked for its bytes after calls of this length only.
constexpr std::int64_t kWorthBytes_ns = 200'000;
constexpr int kCallsToLearn = 8;

}  // namespace

ProfileBytes& operator+=(ProfileBytes& sum, const ProfileBytes& more) {
  sum.read += more.read;
  sum.written += more.written;
  sum.storage_read += more.storage_read;
  sum.storage_written += more.storage_written;
  return sum;
}

ProfileBytes operator-(ProfileBytes from, const ProfileBytes& less) {
  from.read -= less.read;
  from.written -= less.written;
  from.storage_read -= less.storage_read;
  from.storage_written -= less.storage_written;
  return from;
}

bool ProfileAccount::is_worth_bytes(std::int64_t wall_ns) const {
  return moves_bytes || wall_ns >= kWorthBytes_ns || calls < kCallsToLearn;
}

ProfiledStage::Unit* ProfileAccount::unit(const Profile::Call& call) {
  if (!call.has_unit) return nullptr;
  const std::pair<std::size_t, std::size_t> key{call.pass, call.unit};
  const auto found = units.find(key);
  if (found != units.end()) return &found->second;
  if (units.size() >= kMostUnits) return nullptr;
  return &units.emplace(key, ProfiledStage::Unit{call.pass, call.unit, {}, {}}).first->second;
}

std::size_t ProfileStages::number(const std::string& name) {
  const std::lock_guard lock(mutex_);
  for (std::size_t k = 0; k < accounts_.size(); ++k) {
    if (accounts_[k].figures.name == name) return k;
  }
  accounts_.emplace_back(name);
  return accounts_.size() - 1;
}

ProfileAccount& ProfileStages::account(std::size_t number) {
  const std::lock_guard lock(mutex_);
  return accounts_[number];
}

void ProfileStages::saw_resident(std::int64_t bytes) {
  const std::lock_guard lock(mutex_);
  for (ProfileAccount& account : accounts_) {
    const bool was_active = account.touched.exchange(false) || account.active > 0;
    if (!was_active) continue;
    const std::lock_guard account_lock(account.mutex);
    std::int64_t& peak = account.figures.peak_resident_bytes;
    peak = std::max(peak, bytes);
  }
}

std::vector<ProfiledStage> ProfileStages::take() {
  std::vector<ProfiledStage> stages;
  for (ProfileAccount& account : accounts_) {
    ProfiledStage stage = std::move(account.figures);
    stage.has_left_out = account.has_left_out;
    for (auto& [key, unit] : account.units) stage.units.push_back(std::move(unit));
    stages.push_back(std::move(stage));
  }
  return stages;
}

}  // namespace skymill
