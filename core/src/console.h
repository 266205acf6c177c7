// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/log.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>

namespace skymill {

/// Standard error, shared by the log and the progress line: on a terminal the progress line stays
/// at the bottom and log lines scroll above it.
class Console {
 public:
  explicit Console(bool is_terminal) : is_terminal_(is_terminal) {}

  bool is_terminal() const { return is_terminal_; }
  void write_line(std::string_view line);
  /// Replaces the progress line; empty removes it. Only on a terminal.
  void show_progress(std::string line);

 private:
  const bool is_terminal_;
  std::mutex mutex_;
  std::string progress_;
};

/// A log that writes to the console and, when `file` is not empty, to that file as well.
Log make_log(std::shared_ptr<Console> console, LogLevel level, const std::string& file = {});

/// How far the running segment is. On a terminal one line with the time that is left; elsewhere a
/// log line at most every ten seconds.
class Progress {
 public:
  /// @param total  number of chunks expected, 0 when not known
  Progress(std::shared_ptr<Console> console, Log log, std::string what, std::size_t total);
  ~Progress();
  void step();

 private:
  using Clock = std::chrono::steady_clock;
  std::string line(Clock::time_point now) const;

  std::shared_ptr<Console> console_;
  Log log_;
  std::string what_;
  std::size_t total_;
  std::mutex mutex_;
  std::size_t done_ = 0;
  Clock::time_point start_;
  Clock::time_point shown_;
};

}  // namespace skymill
