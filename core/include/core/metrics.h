// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/export.h>
#include <core/port.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace skymill {

/// A named row of figures for the run record; names carry their unit (`peak_jy`, `wall_s`).
using Row = std::vector<std::pair<std::string, PropertyValue>>;

/// What the run measured, by stage. Thread-safe. All of it ends in `run.json`.
class SKYMILL_API Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// Adds to a counter: `bytes_read`, `bytes_written`, `rows`, `flagged`.
  void add(const std::string& stage, const std::string& counter, std::int64_t amount);

  /// Adds a row to a table of the stage: one per channel, antenna, file.
  /// Rows are kept ordered by their first figure, so that the record does not depend on threads.
  void add_row(const std::string& stage, const std::string& table, Row row);

  struct State;  // read by core when it writes the run record
  State& state() const;

 private:
  std::unique_ptr<State> state_;
};

}  // namespace skymill
