// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/context.h>

#include <mutex>
#include <string>
#include <vector>

namespace skymill {

/// What stages tell about one unit while they work on it; a journal keeps it, so that the record of
/// a run that goes on has it too.
struct UnitNotes {
  struct TableRow {
    std::string stage;
    std::string table;
    Row row;
  };

  std::mutex mutex;
  std::vector<TableRow> rows;
  std::vector<std::string> degradations;

  void clear() {
    const std::lock_guard lock(mutex);
    rows.clear();
    degradations.clear();
  }
};

/// A context for work on one unit. Such work is finished when a stop is asked for, since it lasts.
PipelineContext with_unit(const PipelineContext& ctx, std::shared_ptr<UnitNotes> notes);

}  // namespace skymill
