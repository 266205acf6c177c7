// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <utility>

namespace skymill {

/// Who else hears the warnings and errors of a log, whatever level the log itself shows: the run
/// that goes on. Thread-safe.
class LogListener {
 public:
  using Hear = std::function<void(const char* level, const std::string& text)>;

  /// @param hear  may be empty: nobody listens
  void set(Hear hear) {
    const std::lock_guard lock(mutex_);
    hear_ = std::move(hear);
  }
  void tell(const char* level, const std::string& text) {
    const std::lock_guard lock(mutex_);
    if (hear_) hear_(level, text);
  }

 private:
  // A listener's own warning comes back here.
  std::recursive_mutex mutex_;
  Hear hear_;
};

}  // namespace skymill
