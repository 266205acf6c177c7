// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/calibration_store/database.h>
#include <stages/calibration_store/stored_set.h>

#include <string>
#include <vector>

namespace skymill::radio {

/// A folder of sets of calibration tables with a registry, `store.sqlite`, beside them
/// (calibration.md 5.9, dsa110.md 3.7). A set is there from the moment in which its row is
/// committed, after its tables have their names; whoever reads sees it whole or not at all.
class CalibrationStore {
 public:
  /// @throws Error (input) when there is none and none is to be made, or it is of another version
  CalibrationStore(const std::string& folder, Database::Open how);

  const std::string& folder() const { return folder_; }

  /// All sets, the newest first.
  std::vector<StoredSet> sets();
  /// Whether a set of this name is registered.
  bool has(const std::string& name);

  /// @throws Error (input) when the name is taken
  void add(const StoredSet& set);

  /// Takes a set out of use; its tables stay. @throws Error (input) when there is none of this name
  /// or it is retired already
  void retire(const std::string& name, const std::string& reason);

 private:
  std::vector<StoredTable> tables_of(std::int64_t set);

  std::string folder_;
  Database database_;
};

/// Where the tables of a set stand, below the folder of the store.
std::string set_folder(const std::string& set);

/// Throws an Error (description) unless the name can be that of a folder.
void require_set_name(const std::string& name);

}  // namespace skymill::radio
