// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/export.h>

#include <memory>
#include <string>
#include <string_view>

namespace skymill {

enum class LogLevel { debug, info, warning, error, off };

/// Writes lines to the run's log, each with the name of the stage that says it. Thread-safe.
class SKYMILL_API Log {
 public:
  void debug(std::string_view text) const { write(LogLevel::debug, text); }
  void info(std::string_view text) const { write(LogLevel::info, text); }
  void warning(std::string_view text) const { write(LogLevel::warning, text); }
  void error(std::string_view text) const { write(LogLevel::error, text); }

  /// The same log with a stage's name before each line.
  Log named(std::string stage) const;

  struct Output;  // the spdlog side, private to core
  explicit Log(std::shared_ptr<Output> output, std::string stage = {});

 private:
  void write(LogLevel level, std::string_view text) const;

  std::shared_ptr<Output> output_;
  std::string stage_;
};

}  // namespace skymill
