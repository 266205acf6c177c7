// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace skymill {

/// A lease as the ledger of a tier names it.
struct LedgerEntry {
  int pid = 0;
  unsigned long long started = 0;  ///< of the process, see `process_start`
  std::size_t bytes = 0;
  std::string folder;   ///< name of the lease's folder, beside the ledger
  std::string purpose;  ///< in words, one line

  /// Whether the process that took the lease still lives.
  bool is_alive() const;
};

/// The leases on one tier, shared by all processes of the machine and held under `flock` while
/// this object lives.
///
/// The file is small, is written anew and renamed, and ends with a checksum: a crash leaves the
/// old or the new one, and any other damage is noticed.
class TierLedger {
 public:
  enum class Access { look, change };

  /// Waits for whoever holds it. `look` finds no entries where there is no ledger yet.
  /// @param folder `<root>/.skymill`; for `change` it is made when its parent exists
  /// @throws Error (resources) when the folder cannot be used, (failed) when the ledger is damaged
  TierLedger(const std::string& folder, Access access);
  ~TierLedger();
  TierLedger(const TierLedger&) = delete;
  TierLedger& operator=(const TierLedger&) = delete;

  std::vector<LedgerEntry> entries;

  /// Makes the entries durable. @throws Error
  void save() const;

 private:
  void read();

  std::string folder_;
  int lock_ = -1;
};

}  // namespace skymill
