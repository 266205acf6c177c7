// SPDX-License-Identifier: GPL-3.0-or-later
#include "profile_arenas.h"

#include <tbb/global_control.h>

#include <algorithm>
#include <utility>

namespace skymill {

namespace {

thread_local const ProfileArena* caller_of = nullptr;

}  // namespace

ProfileArena::ProfileArena(ProfileThreads& threads, int width)
    : width_(width), arena_(width), threads_(threads), owner_(threads.nobody()), watch_(*this) {
  watch_.observe(true);
}

ProfileArena::~ProfileArena() {
  watch_.observe(false);
  const std::lock_guard lock(mutex_);
  for (ProfileLedger* helper : helpers_) settle(*helper, threads_.nobody());
}

void ProfileArena::run(const std::function<void()>& f) {
  struct Caller {
    const ProfileArena* outer;
    ~Caller() { caller_of = outer; }
  };
  const Caller caller{std::exchange(caller_of, this)};
  arena_.execute([&] { tbb::this_task_arena::isolate(f); });
}

void ProfileArena::serve(const ProfileOwner& owner) {
  const std::lock_guard lock(mutex_);
  owner_ = owner;
  for (ProfileLedger* helper : helpers_) settle(*helper, owner);
}

void ProfileArena::enter() {
  if (caller_of == this) return;
  ProfileLedger& helper = threads_.own("worker");
  const std::lock_guard lock(mutex_);
  helpers_.push_back(&helper);
  settle(helper, owner_);
}

void ProfileArena::leave() {
  if (caller_of == this) return;
  ProfileLedger& helper = threads_.own("worker");
  const std::lock_guard lock(mutex_);
  if (std::erase(helpers_, &helper) > 0) settle(helper, threads_.nobody());
}

/// What the helper has done goes to its owner before.
void ProfileArena::settle(ProfileLedger& helper, const ProfileOwner& owner) {
  const std::lock_guard lock(helper.mutex);
  const std::int64_t before = helper.cpu_ns;
  helper.charge(helper.owner.account->is_worth_bytes(0));
  const std::int64_t now = threads_.now_ns();
  if (helper.owner.helps && helper.cpu_ns > before) {
    ProfileSpan span;
    span.kind = ProfileSpan::Kind::help;
    span.begin_ns = helper.helps_since_ns;
    span.end_ns = now;
    span.cpu_ns = helper.cpu_ns - before;
    threads_.add_span(helper, helper.owner.call, span);
  }
  helper.helps_since_ns = now;
  helper.owner = owner;
}

std::unique_ptr<ProfileArena> ProfileArenas::take() {
  const int allowed = static_cast<int>(
      tbb::global_control::active_value(tbb::global_control::max_allowed_parallelism));
  const int width = std::max(1, std::min(allowed, tbb::this_task_arena::max_concurrency()));
  {
    const std::lock_guard lock(mutex_);
    for (auto place = free_.rbegin(); place != free_.rend(); ++place) {
      if ((*place)->width() != width) continue;
      auto arena = std::move(*place);
      free_.erase(std::next(place).base());
      return arena;
    }
  }
  return std::make_unique<ProfileArena>(threads_, width);
}

void ProfileArenas::give_back(std::unique_ptr<ProfileArena> arena) {
  const std::lock_guard lock(mutex_);
  free_.push_back(std::move(arena));
}

}  // namespace skymill
