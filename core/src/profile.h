// SPDX-License-Identifier: GPL-3.0-or-later
// What every thread of a run did, by stage and unit; kept only when `--profile` asks for it.
//
// Each thread has one owner at a time, and all that its CPU clock and its counts of bytes grow by
// goes to that owner, so nothing counts twice. The owner is the stage whose call runs, and between
// calls the scheduler. A call works in a TBB arena of its own, so that a worker that helps it, as
// with a `parallel_for`, is known to work for this call, whatever stage brought it here before.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace skymill {

/// What a stage or a chunk of it waits for.
enum class ProfileWait : std::size_t {
  input,   ///< the pass, for a chunk that the source has not given yet
  token,   ///< the source, until as many chunks have left the pass as memory allows in flight
  memory,  ///< the pass that begins with the stage, for memory or threads that others have
  lane,    ///< the stage's call or a chunk for it, until its lane is free
  worker,  ///< a chunk that is ready, until it is its turn and a thread takes it on
};
constexpr std::size_t kProfileWaits = 5;

/// Bytes as proc(5) counts them in `io`.
struct ProfileBytes {
  std::int64_t read = 0;
  std::int64_t written = 0;
  std::int64_t storage_read = 0;
  std::int64_t storage_written = 0;
};

/// Sums over calls.
struct ProfileSums {
  std::int64_t calls = 0;
  std::int64_t chunks_in = 0;
  std::int64_t chunks_out = 0;
  std::int64_t bytes_in = 0;
  std::int64_t bytes_out = 0;
  std::int64_t wall_ns = 0;    ///< from begin to end of the calls
  std::int64_t cpu_ns = 0;     ///< of all threads that worked for them
  std::int64_t helped_ns = 0;  ///< of that, by threads other than the caller's
  std::array<std::int64_t, kProfileWaits> wait_ns{};
  ProfileBytes io;
};

/// A stage's sums, those of its units, and the most memory that the program had while it worked.
struct ProfiledStage {
  struct Unit {
    std::size_t pass = 0;
    std::size_t number = 0;
    std::string span;
    ProfileSums sums;
  };
  std::string name;
  ProfileSums sums;
  std::vector<Unit> units;    ///< by pass and number
  bool has_left_out = false;  ///< there were more units
  std::int64_t peak_resident_bytes = 0;
};

/// An event of a thread, or a series of counts, for the trace.
struct ProfileSpan {
  std::size_t thread = 0;
  std::size_t stage = 0;
  std::size_t pass = 0;
  std::size_t unit = 0;
  bool has_unit = false;
  enum class Kind { work, help, wait } kind = Kind::work;
  ProfileWait wait = ProfileWait::input;
  std::int64_t begin_ns = 0;  ///< since the begin of the profile
  std::int64_t end_ns = 0;
  std::int64_t cpu_ns = 0;
};
struct ProfileTick {
  std::int64_t time_ns = 0;
  std::int64_t resident_bytes = 0;
  ProfileBytes io;  ///< since the begin of the profile
};

/// A profile that has ended.
struct ProfileResult {
  std::vector<ProfiledStage> stages;
  /// What no stage owns: "start" (before the run), "scheduling", "watching", "rest".
  std::vector<ProfiledStage> others;
  std::int64_t wall_ns = 0;
  std::int64_t cpu_ns = 0;  ///< of the process, by getrusage(2)
  std::int64_t user_ns = 0;
  ProfileBytes io;                       ///< of the process
  std::int64_t peak_resident_bytes = 0;  ///< VmHWM
  std::vector<std::string> threads;
  std::vector<ProfileSpan> spans;
  std::size_t spans_left_out = 0;
  std::int64_t shortest_span_ns = 0;  ///< of those that were kept
  std::vector<ProfileTick> ticks;
};

/// Thread-safe but for `begin` and `end`.
class Profile {
 public:
  /// @param since_start  whether what the process did before belongs to it, as "start"
  explicit Profile(bool since_start);
  ~Profile();
  Profile(const Profile&) = delete;
  Profile& operator=(const Profile&) = delete;

  /// Names a stage; the same name is the same stage.
  std::size_t stage(const std::string& name);
  /// A new number for a pass.
  std::size_t pass();

  struct Call {
    std::size_t stage = 0;
    std::size_t pass = 0;
    std::size_t unit = 0;
    bool has_unit = false;
    const char* thread = "worker";  ///< what the thread is, when it is seen for the first time
  };
  /// Runs `f` as a call of a stage: in an arena of its own and isolated.
  void run(const Call& call, const std::function<void()>& f);

  void count_in(const Call& call, std::int64_t bytes);
  void count_out(const Call& call, std::int64_t bytes, const std::function<std::string()>& span);
  /// @param begin_wall_ns, end_wall_ns  of `wall_now_ns`
  /// @param blocks  a thread of the pass was held up by it, which the trace shows
  void waited(const Call& call, ProfileWait wait, std::int64_t begin_wall_ns,
              std::int64_t end_wall_ns, bool blocks);

  ProfileResult end();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace skymill
