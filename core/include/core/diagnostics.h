// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/error.h>
#include <core/export.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace skymill {

enum class Severity { error, warning };

/// One remark on a place in a description or on the command line.
struct Diagnostic {
  Where where;
  Severity severity = Severity::error;
  std::string message;  ///< what is wrong
  std::string hint;     ///< what to do; may be empty

  /// `file:line:col: error: message; hint`
  SKYMILL_API std::string text() const;
};

/// Collects all remarks of one run, so that they are printed at once and not one by one.
class SKYMILL_API Diagnostics {
 public:
  void error(const Where& where, const std::string& message, const std::string& hint = {});
  void warning(const Where& where, const std::string& message, const std::string& hint = {});
  /// Adds a remark unless the very same one is there.
  void add(Diagnostic diagnostic);

  bool empty() const;
  std::size_t error_count() const;
  bool has_errors() const { return error_count() > 0; }

  /// All remarks by file, line and column.
  std::vector<Diagnostic> sorted() const;
  /// One line per remark, sorted; each line ends with a newline.
  std::string text() const;
  /// @throws Error (description) whose message is `text()` without the last newline
  void throw_if_errors() const;

 private:
  std::vector<Diagnostic> diagnostics_;
  std::vector<std::string> seen_;  // their texts, sorted
};

/// The candidate that `word` was probably meant to be, or an empty text. Counts inserted, lost,
/// changed and swapped letters; letter case counts less than any of them.
SKYMILL_API std::string closest_word(std::string_view word,
                                     const std::vector<std::string>& candidates);

/// `did you mean 'x'?`, or an empty text when nothing is close.
SKYMILL_API std::string did_you_mean(std::string_view word,
                                     const std::vector<std::string>& candidates);

}  // namespace skymill
