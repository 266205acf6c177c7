// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/chunk.h>
#include <core/metrics.h>

#include <chrono>
#include <cstddef>
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

  /// A unit has gone through all stages.
  /// @param key  as it was given to `UnitInWork::made`
  void done(const void* key);

  /// @param brief  it shares the line with other passes
  std::string line(Clock::time_point now, bool brief = false) const;
  /// The last line, of a pass that lasted long enough for it to be of use; else empty.
  std::string summary(Clock::time_point now) const;

 private:
  friend class UnitInWork;
  struct TableRow {
    std::string stage;
    std::string table;
    Row row;
  };
  struct Unit {
    std::size_t number = 0;
    Clock::time_point start;
    std::string span;
    std::size_t bytes = 0;
    std::string stop;
    std::vector<TableRow> rows;  ///< kept only when somebody wants events
  };

  double left_s(Clock::time_point now) const;
  std::string stops_text() const;

  RunWatch& run_;
  const PassFacts facts_;
  const Clock::time_point start_;
  const int exceptions_;
  mutable std::mutex mutex_;
  std::size_t begun_ = 0;
  std::size_t done_ = 0;
  std::size_t left_out_ = 0;  ///< that could not be made
  double done_seconds_ = 0;   ///< summed over the units that are done
  std::map<std::size_t, Clock::time_point> running_;
  std::map<const void*, Unit> on_the_way_;  ///< made, but not through all stages
  std::map<std::string, std::size_t> stops_;
};

/// A unit while its chunk is made, in the thread that makes it; rows that this thread records are
/// the unit's. A unit that was not made is a failed one.
class UnitInWork {
 public:
  /// @param given  the chunk where there is one already
  UnitInWork(PassWatch& pass, const AnyChunk& given);
  ~UnitInWork();
  UnitInWork(const UnitInWork&) = delete;
  UnitInWork& operator=(const UnitInWork&) = delete;

  /// The chunk is made; `key` names it on its way to `PassWatch::done`.
  void made(const void* key, const AnyChunk& chunk);

  /// Forgets the rows so far: the work is tried again.
  void clear();

  /// Gives a row to the unit that this thread works on. @return false when it works on none
  static bool take(const std::string& stage, const std::string& table, const Row& row);

 private:
  PassWatch& pass_;
  PassWatch::Unit unit_;
  UnitInWork* const outer_;
  bool is_made_ = false;
};

}  // namespace skymill
