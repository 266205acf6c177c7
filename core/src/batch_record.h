// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/work_item.h>

#include <string>
#include <vector>

#include "run_record.h"

namespace skymill {

/// What became of an item of a batch.
struct ItemRow {
  enum class Outcome { done, skipped, waiting, failed, rejected, stopped };

  std::string item;
  WorkItem::State state = WorkItem::State::ready;
  Outcome outcome = Outcome::done;
  std::string reason;        ///< of a failure, a rejection, a degraded result
  bool recoverable = false;  ///< running it again may help, with the same inputs or more of them
  double seconds = 0;
  std::size_t bytes = 0;             ///< of its products
  std::vector<std::string> outputs;  ///< its products
  std::string record;                ///< of its run; empty when it was not run
};

std::string_view state_name(WorkItem::State state);
std::string_view outcome_name(ItemRow::Outcome outcome);

/// The rows of a batch. A later row of an item takes the place of its earlier one: a group that was
/// rejected may be done once the rest of it has come.
class BatchRecord {
 public:
  void add(ItemRow row);
  const std::vector<ItemRow>& rows() const { return rows_; }

  /// 0 when all that could be run is done, else 1; 75 when the batch was stopped before its end.
  int exit_code() const;
  void set_stopped() { stopped_ = true; }
  /// `clean`, `partial` or `stopped`.
  std::string verdict() const;
  /// A line for each item, then how many of each outcome.
  std::string table() const;
  void write(const std::string& path, const RunIdentity& identity) const;

 private:
  std::vector<std::pair<std::string, std::size_t>> counts() const;

  std::vector<ItemRow> rows_;
  bool stopped_ = false;
};

}  // namespace skymill
