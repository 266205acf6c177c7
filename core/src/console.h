// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/log.h>

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace skymill {

class LogListener;

/// Standard error, shared by the log and the progress line: on a terminal the progress line stays
/// at the bottom and log lines scroll above it.
class Console {
 public:
  explicit Console(bool is_terminal) : is_terminal_(is_terminal) {}

  bool is_terminal() const { return is_terminal_; }
  void write_line(std::string_view line);
  /// Replaces the progress line, cut to the width of the terminal; empty removes it. Only on a
  /// terminal.
  void show_progress(std::string line);

 private:
  const bool is_terminal_;
  std::mutex mutex_;
  std::string progress_;
};

/// A log that writes to the console and, when `file` is not empty, to that file as well.
/// @param listener  hears warnings and errors whatever the level; may be null
Log make_log(std::shared_ptr<Console> console, LogLevel level, const std::string& file = {},
             std::shared_ptr<LogListener> listener = nullptr);

}  // namespace skymill
