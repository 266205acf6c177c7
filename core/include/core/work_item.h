// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/data_kind.h>

#include <map>
#include <string>
#include <variant>
#include <vector>

namespace skymill {

/// One piece of a batch: a description with an `each:` block is run once for every item that its
/// source gives.
///
/// The source stage says in its ports which parameters its items have (`Ports::out` with columns).
/// A source that `skymill watch` can follow has a parameter `follow`; with it, `next` gives nothing
/// when nothing is new at the moment, and is called again later.
struct WorkItem {
  static constexpr DataKind kDataKind{"work_item", 1};

  enum class State {
    ready,     ///< to be run
    waiting,   ///< not complete yet, but may become so
    skipped,   ///< left out as the parameters ask for
    rejected,  ///< cannot be run; `reason` says why
  };
  /// A text, or a list of texts.
  using Value = std::variant<std::string, std::vector<std::string>>;

  std::string name;                         ///< what `$(each.name)` stands for
  std::map<std::string, Value> parameters;  ///< what `$(each.KEY)` stands for
  State state = State::ready;
  std::string reason;        ///< of the state; a ready item may have remarks
  bool recoverable = false;  ///< a rejected item may be accepted by a later run
};

}  // namespace skymill
