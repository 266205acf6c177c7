// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/chunk.h>
#include <core/metrics.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace skymill {

class RunWatch;

/// What is known of a pass when it begins.
struct PassFacts {
  std::string title;
  std::vector<std::string> stages;
  std::vector<std::string> ending;  ///< those of them that no later pass has
  std::size_t units = 0;            ///< expected; 0 when not known
  std::size_t workers = 1;          ///< units worked on at a time
  bool makes_units = false;         ///< its first stage makes each unit by work of its own
};

/// What is left of a pass in the record of the run.
struct PassRecord {
  std::vector<std::string> stages;
  double started_s = 0;  ///< since the start of the run
  double ended_s = 0;
  std::size_t units = 0;
  std::map<std::string, std::size_t> stopped;  ///< units by why work on them ended
  bool failed = false;
};

/// Seconds until units that each take `mean_s` are done.
/// @param left       units that are not done, those worked on among them
/// @param running_s  for how long each of those is worked on already
/// @param workers    units worked on at a time
double seconds_left(double mean_s, std::size_t left, const std::vector<double>& running_s,
                    std::size_t workers);

/// A unit on its way through a pass. What only events or the line tell is kept when it is told.
struct WatchedUnit {
  struct TableRow {
    std::string stage;
    std::string table;
    Row row;
  };

  std::size_t number = 0;  ///< in its pass
  bool is_made = false;
  std::chrono::steady_clock::time_point start;
  std::string span;
  std::size_t bytes = 0;
  std::string stop;
  std::vector<TableRow> rows;
};

/// One pass while it goes on: which of its units are done, why work on them stopped, and how long
/// the rest will take. Thread-safe. It is told by the executor and tells the run's watch.
///
/// A unit is a chunk on its way through the pass, such as a channel of a cube. Where a stage
/// records a row with a text `stop` while it makes the unit, that is why the work on it ended.
class PassWatch {
 public:
  using Clock = std::chrono::steady_clock;

  PassWatch(RunWatch& run, PassFacts facts);
  /// Ends the pass; as failed when an exception is on its way.
  ~PassWatch();
  PassWatch(const PassWatch&) = delete;
  PassWatch& operator=(const PassWatch&) = delete;

  /// A unit has gone through all stages, or was not made.
  void done(const WatchedUnit& unit);
  /// The same of a unit of which nobody wants to know more; by one thread at a time, which spares
  /// short chunks a locked instruction.
  void count_done() {
    done_.store(done_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  /// @param brief  it shares the line with other passes
  std::string line(Clock::time_point now, bool brief = false) const;
  /// The last line, of a pass that lasted long enough for it to be of use; else empty.
  std::string summary(Clock::time_point now) const;

 private:
  friend class UnitInWork;

  double left_s(Clock::time_point now) const;
  std::string stops_text() const;

  RunWatch& run_;
  const PassFacts facts_;
  const Clock::time_point start_;
  const int exceptions_;
  const bool is_close_;  ///< each unit is looked at by itself, not only counted
  std::atomic<std::size_t> done_{0};
  std::atomic<std::size_t> left_out_{0};  ///< that could not be made
  std::atomic<std::int64_t> done_ns_{0};  ///< summed over the units that are done
  mutable std::mutex mutex_;
  std::map<std::size_t, Clock::time_point> running_;
  std::map<std::string, std::size_t> stops_;
};

/// A unit while its chunk is made, in the thread that makes it; rows that this thread records are
/// the unit's. A unit that was not made is a failed one.
class UnitInWork {
 public:
  /// @param given  the chunk where there is one already
  UnitInWork(PassWatch& pass, WatchedUnit& unit, const AnyChunk& given);
  ~UnitInWork();
  UnitInWork(const UnitInWork&) = delete;
  UnitInWork& operator=(const UnitInWork&) = delete;

  void made(const AnyChunk& chunk);

  /// Forgets the rows so far: the work is tried again.
  void clear();

  /// Gives a row to the unit that this thread works on. @return false when it works on none
  static bool take(const std::string& stage, const std::string& table, const Row& row);

 private:
  PassWatch& pass_;
  WatchedUnit& unit_;
  UnitInWork* const outer_;
};

}  // namespace skymill
