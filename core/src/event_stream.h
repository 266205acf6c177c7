// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/log.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace skymill {

/// Where the events of runs go, one JSON object a line (docs/guide/watching_a_run.md). A line is
/// written whole and at once, so that a reader of a pipe sees an event when it happens.
class EventStream {
 public:
  /// @param path  a file, which is made anew, or a pipe; "-" is standard output
  /// @param log   hears of it when nobody reads any more; the run goes on without events
  /// @throws Error (failed) when the place cannot be written
  EventStream(const std::string& path, Log log);
  ~EventStream();
  EventStream(const EventStream&) = delete;
  EventStream& operator=(const EventStream&) = delete;

  bool is_standard_output() const { return is_standard_output_; }
  void write(const nlohmann::ordered_json& event);

 private:
  const std::string path_;
  const bool is_standard_output_;
  const Log log_;
  int file_ = -1;
  std::atomic<bool> is_open_{true};
  std::mutex mutex_;
};

}  // namespace skymill
