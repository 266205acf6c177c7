// SPDX-License-Identifier: GPL-3.0-or-later
#include "profile_threads.h"

#include <pthread.h>
#include <unistd.h>

#include <utility>

namespace skymill {

namespace {

std::uint64_t next_id() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

/// A thread's part in the profile that goes on; closes it when the thread ends. The ledger may
/// outlive its profile, which has closed it then.
struct ThreadPart {
  std::uint64_t profile = 0;
  std::shared_ptr<ProfileLedger> ledger;
  ~ThreadPart() {
    if (!ledger) return;
    const std::lock_guard lock(ledger->mutex);
    ledger->charge(true);
    ledger->is_gone = true;
  }
};

}  // namespace

ProfileLedger::ProfileLedger(std::size_t thread_index, const ProfileOwner& first_owner, bool is_new)
    : index(thread_index),
      owner(first_owner),
      io("/proc/self/task/" + std::to_string(::gettid()) + "/io") {
  ::pthread_getcpuclockid(::pthread_self(), &clock);
  ProcFile::count_own_reads(looked);
  if (is_new) return;
  cpu_ns = clock_ns(clock);
  bytes = own_bytes();
}

/// Without those of looking at them.
ProfileBytes ProfileLedger::own_bytes() const {
  const std::int64_t before = looked;
  ProfileBytes counts = io.bytes();
  counts.read -= before;
  return counts;
}

void ProfileLedger::charge(bool with_bytes) {
  if (is_gone) return;
  const std::int64_t now = clock_ns(clock);
  const std::int64_t more = now - cpu_ns;
  cpu_ns = now;
  ProfileBytes moved;
  if (with_bytes) {
    const ProfileBytes counts = own_bytes();
    moved = counts - bytes;
    bytes = counts;
    if (moved.read != 0 || moved.written != 0) owner.account->moves_bytes = true;
  }
  const bool helps = owner.helps;
  owner.account->change(owner.call, [&](ProfileSums& sums) {
    sums.cpu_ns += more;
    if (helps) sums.helped_ns += more;
    sums.io += moved;
  });
}

ProfileThreads::ProfileThreads() : start(wall_now_ns()), id_(next_id()) {}

ProfileLedger& ProfileThreads::own(const char* kind) {
  thread_local ThreadPart part;
  if (part.profile == id_) return *part.ledger;
  // A thread that another profile knew has done nothing for this one yet.
  const bool is_new = part.profile == 0;
  const std::lock_guard lock(mutex_);
  auto made = std::make_shared<ProfileLedger>(names.size(), nobody(), is_new);
  names.push_back(kind);
  ledgers_.push_back(made);
  part.ledger = std::move(made);
  part.profile = id_;
  return *part.ledger;
}

void ProfileThreads::add_span(ProfileLedger& ledger, const Profile::Call& call, ProfileSpan span) {
  span.thread = ledger.index;
  span.stage = call.stage;
  span.pass = call.pass;
  span.unit = call.unit;
  span.has_unit = call.has_unit;
  spans.add(ledger.spans, span);
}

std::int64_t ProfileThreads::close(std::vector<ProfileSpan>& all) {
  std::int64_t looked = 0;
  for (const auto& ledger : ledgers_) {
    const std::lock_guard lock(ledger->mutex);
    ledger->charge(true);
    looked += ledger->looked;
    ledger->is_gone = true;
    all.insert(all.end(), ledger->spans.begin(), ledger->spans.end());
    ledger->spans = {};
  }
  std::erase_if(all, [&](const ProfileSpan& span) {
    return span.end_ns - span.begin_ns < spans.shortest_ns();
  });
  return looked;
}

}  // namespace skymill
