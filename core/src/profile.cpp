// SPDX-License-Identifier: GPL-3.0-or-later
#include "profile.h"

#include <sys/resource.h>

#include <atomic>
#include <utility>

#include "proc_file.h"
#include "profile_arenas.h"
#include "profile_stages.h"
#include "profile_threads.h"
#include "profile_ticks.h"

namespace skymill {

namespace {

/// What the process has used since it began.
struct ProcessUse {
  std::int64_t cpu_ns = 0;
  std::int64_t user_ns = 0;
  ProfileBytes io;
};

std::int64_t nanoseconds(const timeval& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 +
         static_cast<std::int64_t>(time.tv_usec) * 1000;
}

ProcessUse use_of_process(const ProcFile& io) {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const std::int64_t user_ns = nanoseconds(usage.ru_utime);
  return {user_ns + nanoseconds(usage.ru_stime), user_ns, io.bytes()};
}

/// What no stage owns: the process's use without that of the stages and of the other parts.
std::vector<ProfiledStage> others(const ProfileResult& result, const ProfiledStage& before,
                                  const ProfiledStage& scheduling, const ProfiledStage& watching) {
  ProfiledStage rest{"rest", {}, {}, false, 0};
  rest.sums.cpu_ns = result.cpu_ns;
  rest.sums.io = result.io;
  const auto owned = [&](const ProfiledStage& part) {
    rest.sums.cpu_ns -= part.sums.cpu_ns;
    rest.sums.io = rest.sums.io - part.sums.io;
  };
  for (const ProfiledStage& stage : result.stages) owned(stage);
  for (const ProfiledStage* part : {&before, &scheduling, &watching}) owned(*part);
  return {before, scheduling, watching, rest};
}

}  // namespace

struct Profile::Impl {
  explicit Impl(bool is_since_start) : since_start(is_since_start) {}

  const bool since_start;
  ProfileThreads threads;
  ProfileStages stages;
  ProfileArenas arenas{threads};
  ProcFile io{"/proc/self/io"};
  const ProcessUse before = use_of_process(io);
  std::atomic<std::size_t> passes{0};
  ProfileTicks ticks{stages, threads, io, before.io};
};

Profile::Profile(bool since_start) : impl_(std::make_shared<Impl>(since_start)) {}

Profile::~Profile() {
  if (!impl_->ticks.has_ended()) end();
}

std::size_t Profile::stage(const std::string& name) { return impl_->stages.number(name); }

std::size_t Profile::pass() { return impl_->passes++; }

void Profile::run(const Call& call, const std::function<void()>& f) {
  ProfileThreads& threads = impl_->threads;
  ProfileAccount& account = impl_->stages.account(call.stage);
  ProfileLedger& own = threads.own(call.thread);
  auto arena = impl_->arenas.take();
  ProfileOwner before;
  std::int64_t cpu = 0;
  {
    const std::lock_guard lock(own.mutex);
    own.charge(false);
    before = std::exchange(own.owner, ProfileOwner{&account, call, false});
    cpu = own.cpu_ns;
  }
  ProfileSpan span;
  span.begin_ns = threads.now_ns();
  ++account.active;
  arena->serve({&account, call, true});
  const auto leave = [&] {
    arena->serve(threads.nobody());
    --account.active;
    account.touched = true;
    span.end_ns = threads.now_ns();
    const std::int64_t wall = span.end_ns - span.begin_ns;
    const std::lock_guard lock(own.mutex);
    own.charge(account.is_worth_bytes(wall));
    own.owner = before;
    ++account.calls;
    account.change(call, [&](ProfileSums& sums) {
      ++sums.calls;
      sums.wall_ns += wall;
    });
    span.cpu_ns = own.cpu_ns - cpu;
    threads.add_span(own, call, span);
    impl_->arenas.give_back(std::move(arena));
  };
  try {
    arena->run(f);
  } catch (...) {
    leave();
    throw;
  }
  leave();
}

void Profile::count_in(const Call& call, std::int64_t bytes) {
  impl_->stages.account(call.stage).change(call, [&](ProfileSums& sums) {
    ++sums.chunks_in;
    sums.bytes_in += bytes;
  });
}

void Profile::count_out(const Call& call, std::int64_t bytes,
                        const std::function<std::string()>& span) {
  ProfileAccount& account = impl_->stages.account(call.stage);
  account.change(call, [&](ProfileSums& sums) {
    ++sums.chunks_out;
    sums.bytes_out += bytes;
  });
  const std::lock_guard lock(account.mutex);
  ProfiledStage::Unit* unit = account.unit(call);
  if (unit && unit->span.empty()) unit->span = span();
}

void Profile::waited(const Call& call, ProfileWait wait, std::int64_t begin_wall_ns,
                     std::int64_t end_wall_ns, bool blocks) {
  impl_->stages.account(call.stage).change(call, [&](ProfileSums& sums) {
    sums.wait_ns[static_cast<std::size_t>(wait)] += end_wall_ns - begin_wall_ns;
  });
  if (!blocks) return;
  ProfileThreads& threads = impl_->threads;
  ProfileLedger& own = threads.own(call.thread);
  ProfileSpan span;
  span.kind = ProfileSpan::Kind::wait;
  span.wait = wait;
  span.begin_ns = begin_wall_ns - threads.start;
  span.end_ns = end_wall_ns - threads.start;
  const std::lock_guard lock(own.mutex);
  threads.add_span(own, call, span);
}

ProfileResult Profile::end() {
  Impl& impl = *impl_;
  impl.arenas.clear();
  impl.ticks.end();

  ProfileResult result;
  const std::int64_t looked = impl.threads.close(result.spans);
  result.wall_ns = impl.threads.now_ns();
  const ProcessUse use = use_of_process(impl.io);
  impl.ticks.watching.figures.sums.io.read += looked;
  result.cpu_ns = use.cpu_ns;
  result.user_ns = use.user_ns;
  result.io = use.io;
  ProfiledStage before{"start", {}, {}, false, 0};
  if (impl.since_start) {
    before.sums.cpu_ns = impl.before.cpu_ns;
    before.sums.io = impl.before.io;
  } else {
    result.cpu_ns -= impl.before.cpu_ns;
    result.user_ns -= impl.before.user_ns;
    result.io = result.io - impl.before.io;
  }
  result.peak_resident_bytes = impl.ticks.peak_resident_bytes();
  result.stages = impl.stages.take();
  result.others =
      others(result, before, impl.threads.scheduling.figures, impl.ticks.watching.figures);
  result.threads = impl.threads.names;
  result.spans_left_out = impl.threads.spans.left_out();
  result.shortest_span_ns = impl.threads.spans.shortest_ns();
  result.ticks = std::move(impl.ticks.ticks);
  return result;
}

}  // namespace skymill
