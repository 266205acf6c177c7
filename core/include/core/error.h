// SPDX-License-Identifier: GPL-3.0-or-later
// Kept in the common subset of C++17 and C++20: the casacore wall (stages/ms) includes it.
#pragma once

#include <core/export.h>

#include <stdexcept>
#include <string>

namespace skymill {

/// What an error means for the caller; the value is the program's exit code
/// (architecture.md 8).
enum class ErrorKind : int {
  failed = 1,       ///< a unit of work failed
  description = 2,  ///< the pipeline description or a parameter is wrong
  resources = 3,    ///< not enough memory or space
  plugin = 4,       ///< a plugin was refused
  input = 5,        ///< an input is missing, unreadable or invalid
  requeue = 75,     ///< stopped early on purpose; run again
};

/// A place in a text file; line and column count from 1, 0 means unknown.
struct Where {
  std::string file;
  int line = 0;
  int column = 0;

  /// `file:line:col`, without the parts that are unknown.
  SKYMILL_API std::string text() const;
};

/// The one exception type: what happened, where, and what to do about it.
///
/// The constructor and `what()` live in core, so that the type is one type in every library.
class SKYMILL_API Error : public std::runtime_error {
 public:
  /// @param kind   decides the exit code
  /// @param message one sentence: what is wrong, with names and numbers
  /// @param hint   what the user can do; may be empty
  Error(ErrorKind kind, const std::string& message, const std::string& hint = {});
  Error(ErrorKind kind, Where where, const std::string& message, const std::string& hint = {});
  ~Error() override;

  ErrorKind kind() const noexcept { return kind_; }
  const Where& where() const noexcept { return where_; }
  const std::string& message() const noexcept { return message_; }
  const std::string& hint() const noexcept { return hint_; }

  /// The same error with a prefix such as a stage's name put before its message.
  Error within(const std::string& context) const;

 private:
  ErrorKind kind_;
  Where where_;
  std::string message_;
  std::string hint_;
};

}  // namespace skymill
