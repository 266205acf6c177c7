// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/log.h>
#include <core/metrics.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "console.h"
#include "event_stream.h"
#include "log_listener.h"
#include "pass_watch.h"
#include "run_samples.h"

namespace skymill {

/// What can be seen of a run while it goes on: its events, the line on the terminal, and the
/// samples of memory, CPU and traffic for its record. Before `start` nothing is shown.
class RunWatch {
 public:
  using Clock = PassWatch::Clock;

  /// Where it is shown; all but the log may be null.
  struct Outlets {
    std::shared_ptr<Console> console;
    Log log;
    std::shared_ptr<EventStream> events;
    std::shared_ptr<LogListener> listener;
  };

  explicit RunWatch(Metrics& metrics);
  ~RunWatch();
  RunWatch(const RunWatch&) = delete;
  RunWatch& operator=(const RunWatch&) = delete;

  /// Begins to take samples, and to show.
  void start(const std::string& run_id, Outlets outlets);
  /// Takes the last sample. Events may still be told.
  void stop();

  /// Whether an event would be written; without, it need not be made.
  bool wants_events() const { return outlets_ && outlets_->events; }
  /// Writes an event with its name, the run, the time, and the fields of `fields`.
  void tell(const char* event, const nlohmann::ordered_json& fields) const;

  void degraded(const std::string& stage, const std::string& reason) const;
  void input(const std::string& stage, const std::string& path) const;
  /// A product has its name; its bytes on the disk are looked up.
  void output(const std::string& stage, const std::string& path) const;

  double seconds(Clock::time_point time) const;

  /// For the record, once stopped: {interval_s, time_s, resident_bytes, ...}, a list for each.
  nlohmann::ordered_json samples_record() const;
  /// The passes in the order of their ends.
  nlohmann::ordered_json passes_record() const;
  /// {count, texts}: the first warnings and how many there were.
  nlohmann::ordered_json warnings_record() const;

 private:
  friend class PassWatch;
  static constexpr std::size_t kMostWarnings = 200;

  void add_pass(const PassWatch& pass);
  void remove_pass(const PassWatch& pass, PassRecord record, const std::string& summary);
  void stage_ended(const std::string& stage) const;
  void row(const std::string& stage, const std::string& table, const Row& row) const;
  void hear(const char* level, const std::string& text);
  void sample(bool is_last = false);
  void show();
  void go();

  Metrics& metrics_;
  std::string run_id_;
  std::optional<Outlets> outlets_;
  Clock::time_point start_ = Clock::now();
  std::thread thread_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool is_stopping_ = false;
  RunSamples samples_;
  double told_sample_s_ = 0;
  std::vector<const PassWatch*> passes_;  ///< going on
  std::vector<PassRecord> past_passes_;
  std::vector<std::string> warnings_;
  std::size_t warning_count_ = 0;
  std::int64_t written_before_ = 0;  ///< bytes that the process had written when the run began
  Clock::time_point shown_{};
};

}  // namespace skymill
