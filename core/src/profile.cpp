// SPDX-License-Identifier: GPL-3.0-or-later
#include "profile.h"

#include <core/memory.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <tbb/global_control.h>
#include <tbb/task_arena.h>
#include <tbb/task_scheduler_observer.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

#include "stage_clock.h"

namespace skymill {

namespace {

constexpr std::size_t kMostUnits = 10'000;   ///< of a stage
constexpr std::size_t kMostSpans = 200'000;  ///< of a run
constexpr std::size_t kMostTicks = 2'000;
constexpr auto kTick = std::chrono::milliseconds(20);
/// A stage that has moved no byte is asked for its bytes after calls of this length only.
constexpr std::int64_t kWorthBytes_ns = 200'000;
constexpr int kCallsToLearn = 8;

std::int64_t nanoseconds(const timeval& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 +
         static_cast<std::int64_t>(time.tv_usec) * 1000;
}
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

std::int64_t figure(const char* text, const char* name) {
  const char* found = std::strstr(text, name);
  return found ? std::strtoll(found + std::strlen(name), nullptr, 10) : 0;
}

/// Bytes that this thread has read to learn how many it had read; they are nobody's work.
thread_local std::atomic<std::int64_t>* looked_by_thread = nullptr;

/// An open file of /proc that is read again and again.
class ProcFile {
 public:
  explicit ProcFile(const std::string& path) : file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~ProcFile() {
    if (file_ >= 0) ::close(file_);
  }
  ProcFile(const ProcFile&) = delete;
  ProcFile& operator=(const ProcFile&) = delete;

  template <std::size_t N>
  void read(char (&text)[N]) const {
    const ssize_t got = file_ < 0 ? 0 : std::max<ssize_t>(0, ::pread(file_, text, N - 1, 0));
    text[got] = 0;
    if (looked_by_thread) *looked_by_thread += got;
  }
  /// Of a file `io`.
  ProfileBytes bytes() const {
    char text[512];
    read(text);
    return {figure(text, "rchar: "), figure(text, "wchar: "), figure(text, "\nread_bytes: "),
            figure(text, "\nwrite_bytes: ")};
  }

 private:
  int file_;
};

/// A stage while the profile goes on, or something that is no stage.
struct Slot {
  explicit Slot(std::string slot_name) { figures.name = std::move(slot_name); }

  std::mutex mutex;
  ProfiledStage figures;
  std::map<std::pair<std::size_t, std::size_t>, ProfiledStage::Unit> units;
  bool has_left_out = false;  ///< units, under the mutex
  std::atomic<int> active{0};
  std::atomic<bool> touched{false};  ///< since the last tick
  std::atomic<bool> moves_bytes{false};
  std::atomic<int> calls{0};

  /// Under the mutex. @return null when there are too many
  ProfiledStage::Unit* unit(const Profile::Call& call) {
    if (!call.has_unit) return nullptr;
    const std::pair<std::size_t, std::size_t> key{call.pass, call.unit};
    const auto found = units.find(key);
    if (found != units.end()) return &found->second;
    if (units.size() >= kMostUnits) return nullptr;
    return &units.emplace(key, ProfiledStage::Unit{call.pass, call.unit, {}, {}}).first->second;
  }

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
};

struct Owner {
  Slot* slot = nullptr;
  Profile::Call call;
  bool helps = false;
};

}  // namespace

struct Profile::Impl : std::enable_shared_from_this<Profile::Impl> {
  /// What one thread has done; others look at its clocks too.
  struct Ledger {
    Ledger(Impl& profile, std::size_t thread_index, bool is_new)
        : index(thread_index),
          owner{&profile.scheduling, {}, false},
          io("/proc/self/task/" + std::to_string(::gettid()) + "/io") {
      ::pthread_getcpuclockid(::pthread_self(), &clock);
      looked_by_thread = &looked;
      if (is_new) return;
      cpu_ns = clock_ns(clock);
      bytes = own_bytes();
    }

    /// Without those of looking at them.
    ProfileBytes own_bytes() const {
      const std::int64_t before = looked;
      ProfileBytes counts = io.bytes();
      counts.read -= before;
      return counts;
    }

    /// Gives what the clocks have grown by to the owner; under the mutex.
    void charge(bool with_bytes) {
      if (is_gone) return;
      const std::int64_t now = clock_ns(clock);
      const std::int64_t more = now - cpu_ns;
      cpu_ns = now;
      ProfileBytes moved;
      if (with_bytes) {
        const ProfileBytes counts = own_bytes();
        moved = counts - bytes;
        bytes = counts;
        if (moved.read != 0 || moved.written != 0) owner.slot->moves_bytes = true;
      }
      const bool helps = owner.helps;
      owner.slot->change(owner.call, [&](ProfileSums& sums) {
        sums.cpu_ns += more;
        if (helps) sums.helped_ns += more;
        sums.io += moved;
      });
    }

    const std::size_t index;
    std::mutex mutex;
    Owner owner;
    clockid_t clock{};
    std::int64_t cpu_ns = 0;
    ProcFile io;
    std::atomic<std::int64_t> looked{0};
    ProfileBytes bytes;
    bool is_gone = false;
    std::vector<ProfileSpan> spans;
    std::int64_t helps_since_ns = 0;
  };

  /// Where one call at a time works, and who helps it.
  class Arena {
   public:
    Arena(Impl& profile, int most) : width(most), arena(most), profile_(profile), watch_(*this) {
      watch_.observe(true);
    }
    ~Arena() {
      watch_.observe(false);
      const std::lock_guard lock(mutex_);
      for (Ledger* helper : helpers_) settle(*helper, {&profile_.scheduling, {}, false});
    }
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;

    /// From now on helpers work for another owner.
    void serve(const Owner& owner) {
      const std::lock_guard lock(mutex_);
      owner_ = owner;
      for (Ledger* helper : helpers_) settle(*helper, owner);
    }

    static thread_local const Arena* caller_of;
    const int width;
    tbb::task_arena arena;

   private:
    class Watch final : public tbb::task_scheduler_observer {
     public:
      explicit Watch(Arena& arena) : task_scheduler_observer(arena.arena), arena_(arena) {}
      void on_scheduler_entry(bool) override { arena_.enter(); }
      void on_scheduler_exit(bool) override { arena_.leave(); }

     private:
      Arena& arena_;
    };

    void enter() {
      if (caller_of == this) return;
      Ledger& helper = profile_.ledger("worker");
      const std::lock_guard lock(mutex_);
      helpers_.push_back(&helper);
      settle(helper, owner_);
    }
    void leave() {
      if (caller_of == this) return;
      Ledger& helper = profile_.ledger("worker");
      const std::lock_guard lock(mutex_);
      if (std::erase(helpers_, &helper) > 0) settle(helper, {&profile_.scheduling, {}, false});
    }

    void settle(Ledger& helper, const Owner& owner) const {
      const std::lock_guard lock(helper.mutex);
      const std::int64_t before = helper.cpu_ns;
      helper.charge(is_worth_bytes(*helper.owner.slot, 0));
      const std::int64_t now = profile_.now_ns();
      const Call& call = helper.owner.call;
      if (helper.owner.helps && helper.cpu_ns > before) {
        profile_.add_span(helper, {helper.index, call.stage, call.pass, call.unit, call.has_unit,
                                   ProfileSpan::Kind::help, ProfileWait::input,
                                   helper.helps_since_ns, now, helper.cpu_ns - before});
      }
      helper.helps_since_ns = now;
      helper.owner = owner;
    }

    Impl& profile_;
    std::mutex mutex_;
    Owner owner_{&profile_.scheduling, {}, false};
    std::vector<Ledger*> helpers_;
    Watch watch_;
  };

  explicit Impl(bool is_since_start)
      : since_start(is_since_start), start(wall_now_ns()), process_io("/proc/self/io") {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    cpu_before = nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime);
    user_before = nanoseconds(usage.ru_utime);
    io_before = process_io.bytes();
    id = next_id();
  }

  static std::uint64_t next_id() {
    static std::atomic<std::uint64_t> last{0};
    return ++last;
  }

  std::int64_t now_ns() const { return wall_now_ns() - start; }

  Slot* slot(std::size_t stage) {
    const std::lock_guard lock(mutex);
    return &stages[stage];
  }
  static bool is_worth_bytes(const Slot& slot, std::int64_t wall_ns) {
    return slot.moves_bytes || wall_ns >= kWorthBytes_ns || slot.calls < kCallsToLearn;
  }

  Ledger& ledger(const char* kind);

  void add_span(Ledger& ledger, const ProfileSpan& span) {
    if (span.end_ns - span.begin_ns < shortest_span_ns.load(std::memory_order_relaxed)) {
      ++spans_left_out;
      return;
    }
    ledger.spans.push_back(span);
    if (++span_count > kMostSpans) raise_shortest(ledger);
  }

  /// Longer spans only from now on; each thread drops what is shorter when it is its turn.
  void raise_shortest(Ledger& ledger) {
    const std::int64_t least = std::max<std::int64_t>(1'000, 2 * shortest_span_ns);
    if (ledger.spans.size() > kMostSpans / 64) shortest_span_ns = least;
    const std::int64_t now_least = shortest_span_ns;
    const std::size_t dropped = std::erase_if(ledger.spans, [&](const ProfileSpan& span) {
      return span.end_ns - span.begin_ns < now_least;
    });
    span_count -= dropped;
    spans_left_out += dropped;
  }

  std::shared_ptr<Arena> take_arena() {
    const int allowed = static_cast<int>(
        tbb::global_control::active_value(tbb::global_control::max_allowed_parallelism));
    const int width = std::max(1, std::min(allowed, tbb::this_task_arena::max_concurrency()));
    {
      const std::lock_guard lock(mutex);
      for (auto place = free_arenas.rbegin(); place != free_arenas.rend(); ++place) {
        if ((*place)->width != width) continue;
        auto arena = std::move(*place);
        free_arenas.erase(std::next(place).base());
        return arena;
      }
    }
    return std::make_shared<Arena>(*this, width);
  }
  void give_back(std::shared_ptr<Arena> arena) {
    const std::lock_guard lock(mutex);
    free_arenas.push_back(std::move(arena));
  }

  void tick();
  void go();

  const bool since_start;
  const std::int64_t start;
  std::int64_t cpu_before = 0;
  std::int64_t user_before = 0;
  ProcFile process_io;
  ProfileBytes io_before;
  std::uint64_t id = 0;

  mutable std::mutex mutex;
  std::deque<Slot> stages;
  std::deque<std::shared_ptr<Ledger>> ledgers;
  std::vector<std::string> threads;
  std::vector<std::shared_ptr<Arena>> free_arenas;
  Slot scheduling{"scheduling"};
  Slot watching{"watching"};
  std::atomic<std::size_t> passes{0};
  std::atomic<std::size_t> span_count{0};
  std::atomic<std::size_t> spans_left_out{0};
  std::atomic<std::int64_t> shortest_span_ns{0};

  std::thread thread;
  std::condition_variable wake;
  std::mutex tick_mutex;
  bool is_stopping = false;
  ProcFile status{"/proc/self/status"};
  std::int64_t peak_seen = 0;
  std::int64_t tick_ns = 0;
  std::vector<ProfileTick> ticks;
};

thread_local const Profile::Impl::Arena* Profile::Impl::Arena::caller_of = nullptr;

namespace {

/// A thread's part in the profile that goes on; closes it when the thread ends.
template <class Impl>
struct ThreadPart {
  std::uint64_t profile = 0;
  std::shared_ptr<typename Impl::Ledger> ledger;
  std::shared_ptr<Impl> kept;
  ~ThreadPart() {
    if (!ledger) return;
    const std::lock_guard lock(ledger->mutex);
    ledger->charge(true);
    ledger->is_gone = true;
  }
};

}  // namespace

Profile::Impl::Ledger& Profile::Impl::ledger(const char* kind) {
  thread_local ThreadPart<Impl> part;
  if (part.profile == id) return *part.ledger;
  // A thread that another profile knew has done nothing for this one yet.
  const bool is_new = part.profile == 0;
  const std::lock_guard lock(mutex);
  auto made = std::make_shared<Ledger>(*this, threads.size(), is_new);
  threads.push_back(kind);
  ledgers.push_back(made);
  part.ledger = std::move(made);
  part.kept = shared_from_this();
  part.profile = id;
  return *part.ledger;
}

void Profile::Impl::tick() {
  char text[4096];
  status.read(text);
  const std::int64_t peak = figure(text, "VmHWM:") * 1024;
  const std::int64_t resident = figure(text, "VmRSS:") * 1024;
  const std::int64_t reached = peak > peak_seen ? peak : resident;
  peak_seen = std::max(peak_seen, peak);
  {
    const std::lock_guard lock(mutex);
    for (Slot& slot : stages) {
      const bool was_active = slot.touched.exchange(false) || slot.active > 0;
      if (!was_active) continue;
      const std::lock_guard slot_lock(slot.mutex);
      slot.figures.peak_resident_bytes = std::max(slot.figures.peak_resident_bytes, reached);
    }
  }
  const std::int64_t now = now_ns();
  if (!ticks.empty() && now - ticks.back().time_ns < tick_ns) return;
  ticks.push_back({now, resident, process_io.bytes() - io_before});
  if (ticks.size() < kMostTicks) return;
  std::size_t kept = 0;
  for (std::size_t k = 0; k < ticks.size(); k += 2) ticks[kept++] = ticks[k];
  ticks.resize(kept);
  tick_ns = std::max<std::int64_t>(2 * tick_ns, 2 * std::chrono::nanoseconds(kTick).count());
}

void Profile::Impl::go() {
  Ledger& own = ledger("watching");
  {
    const std::lock_guard lock(own.mutex);
    own.owner = {&watching, {}, false};
  }
  std::unique_lock lock(tick_mutex);
  do {
    tick();
  } while (!wake.wait_for(lock, kTick, [this] { return is_stopping; }));
}

Profile::Profile(bool since_start) : impl_(std::make_shared<Impl>(since_start)) {
  impl_->thread = std::thread([impl = impl_.get()] { impl->go(); });
}

Profile::~Profile() {
  if (impl_->thread.joinable()) end();
}

std::size_t Profile::stage(const std::string& name) {
  const std::lock_guard lock(impl_->mutex);
  for (std::size_t k = 0; k < impl_->stages.size(); ++k) {
    if (impl_->stages[k].figures.name == name) return k;
  }
  impl_->stages.emplace_back(name);
  return impl_->stages.size() - 1;
}

std::size_t Profile::pass() { return impl_->passes++; }

void Profile::run(const Call& call, const std::function<void()>& f) {
  Impl& impl = *impl_;
  Slot* slot = impl.slot(call.stage);
  Impl::Ledger& own = impl.ledger(call.thread);
  auto arena = impl.take_arena();
  const Impl::Arena* const outer = Impl::Arena::caller_of;
  Owner before;
  std::int64_t cpu = 0;
  {
    const std::lock_guard lock(own.mutex);
    own.charge(false);
    before = std::exchange(own.owner, Owner{slot, call, false});
    cpu = own.cpu_ns;
  }
  const std::int64_t begin = impl.now_ns();
  ++slot->active;
  arena->serve({slot, call, true});
  const auto leave = [&] {
    arena->serve({&impl.scheduling, {}, false});
    Impl::Arena::caller_of = outer;
    --slot->active;
    slot->touched = true;
    const std::int64_t end = impl.now_ns();
    const std::lock_guard lock(own.mutex);
    own.charge(Impl::is_worth_bytes(*slot, end - begin));
    own.owner = before;
    ++slot->calls;
    slot->change(call, [&](ProfileSums& sums) {
      ++sums.calls;
      sums.wall_ns += end - begin;
    });
    impl.add_span(own, {own.index, call.stage, call.pass, call.unit, call.has_unit,
                        ProfileSpan::Kind::work, ProfileWait::input, begin, end, own.cpu_ns - cpu});
    impl.give_back(std::move(arena));
  };
  try {
    Impl::Arena::caller_of = arena.get();
    arena->arena.execute([&] { tbb::this_task_arena::isolate(f); });
  } catch (...) {
    leave();
    throw;
  }
  leave();
}

void Profile::count_in(const Call& call, std::int64_t bytes) {
  impl_->slot(call.stage)->change(call, [&](ProfileSums& sums) {
    ++sums.chunks_in;
    sums.bytes_in += bytes;
  });
}

void Profile::count_out(const Call& call, std::int64_t bytes,
                        const std::function<std::string()>& span) {
  Slot* slot = impl_->slot(call.stage);
  slot->change(call, [&](ProfileSums& sums) {
    ++sums.chunks_out;
    sums.bytes_out += bytes;
  });
  const std::lock_guard lock(slot->mutex);
  ProfiledStage::Unit* unit = slot->unit(call);
  if (unit && unit->span.empty()) unit->span = span();
}

void Profile::waited(const Call& call, ProfileWait wait, std::int64_t begin_wall_ns,
                     std::int64_t end_wall_ns, bool blocks) {
  const std::int64_t begin_ns = begin_wall_ns - impl_->start;
  const std::int64_t end_ns = end_wall_ns - impl_->start;
  impl_->slot(call.stage)->change(call, [&](ProfileSums& sums) {
    sums.wait_ns[static_cast<std::size_t>(wait)] += end_ns - begin_ns;
  });
  if (!blocks) return;
  Impl::Ledger& own = impl_->ledger(call.thread);
  const std::lock_guard lock(own.mutex);
  impl_->add_span(own, {own.index, call.stage, call.pass, call.unit, call.has_unit,
                        ProfileSpan::Kind::wait, wait, begin_ns, end_ns, 0});
}

ProfileResult Profile::end() {
  Impl& impl = *impl_;
  {
    const std::lock_guard lock(impl.tick_mutex);
    impl.is_stopping = true;
  }
  impl.wake.notify_all();
  impl.thread.join();
  impl.free_arenas.clear();
  impl.tick();

  ProfileResult result;
  std::int64_t looked = 0;
  for (const auto& ledger : impl.ledgers) {
    const std::lock_guard lock(ledger->mutex);
    ledger->charge(true);
    looked += ledger->looked;
    ledger->is_gone = true;
    result.spans.insert(result.spans.end(), ledger->spans.begin(), ledger->spans.end());
    ledger->spans = {};
  }
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  result.wall_ns = impl.now_ns();
  result.cpu_ns = nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime);
  result.user_ns = nanoseconds(usage.ru_utime);
  result.io = impl.process_io.bytes();
  impl.watching.figures.sums.io.read += looked;
  ProfiledStage before{"start", {}, {}, false, 0};
  if (impl.since_start) {
    before.sums.cpu_ns = impl.cpu_before;
    before.sums.io = impl.io_before;
  } else {
    result.cpu_ns -= impl.cpu_before;
    result.user_ns -= impl.user_before;
    result.io = result.io - impl.io_before;
  }
  result.peak_resident_bytes = impl.peak_seen;

  ProfiledStage rest{"rest", {}, {}, false, 0};
  rest.sums.cpu_ns = result.cpu_ns - before.sums.cpu_ns;
  rest.sums.io = result.io - before.sums.io;
  const auto owned = [&](Slot& slot) {
    rest.sums.cpu_ns -= slot.figures.sums.cpu_ns;
    rest.sums.io = rest.sums.io - slot.figures.sums.io;
  };
  for (Slot& slot : impl.stages) {
    owned(slot);
    ProfiledStage stage = std::move(slot.figures);
    stage.has_left_out = slot.has_left_out;
    for (auto& [key, unit] : slot.units) stage.units.push_back(std::move(unit));
    result.stages.push_back(std::move(stage));
  }
  owned(impl.scheduling);
  owned(impl.watching);
  result.others = {before, impl.scheduling.figures, impl.watching.figures, rest};
  result.threads = impl.threads;
  std::erase_if(result.spans, [&](const ProfileSpan& span) {
    return span.end_ns - span.begin_ns < impl.shortest_span_ns;
  });
  result.spans_left_out = impl.spans_left_out;
  result.shortest_span_ns = impl.shortest_span_ns;
  result.ticks = std::move(impl.ticks);
  return result;
}

}  // namespace skymill
