// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/export.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

namespace skymill {

class MemoryBudget;

/// A part of the budget, given back when it goes.
class SKYMILL_API MemoryShare {
 public:
  MemoryShare() = default;
  ~MemoryShare();
  MemoryShare(MemoryShare&& other) noexcept;
  MemoryShare& operator=(MemoryShare&& other) noexcept;
  MemoryShare(const MemoryShare&) = delete;
  MemoryShare& operator=(const MemoryShare&) = delete;

  std::size_t bytes() const { return bytes_; }

 private:
  friend class MemoryBudget;
  struct Ledger;
  MemoryShare(std::shared_ptr<Ledger> ledger, std::size_t bytes);

  std::shared_ptr<Ledger> ledger_;
  std::size_t bytes_ = 0;
};

/// The bytes that a run may hold. Shares are taken before work starts, never in the middle of it,
/// so there is no waiting while holding (architecture.md 3.3).
class SKYMILL_API MemoryBudget {
 public:
  /// @param total   bytes
  /// @param reason  where the number comes from, for messages: "--memory", "80 % of free memory"
  MemoryBudget(std::size_t total, std::string reason);

  /// @throws Error (resources) with the numbers when the budget has not that much left
  MemoryShare reserve(std::size_t bytes, const std::string& what);

  std::size_t total() const;
  std::size_t free() const;
  std::size_t peak() const;  ///< most that was ever reserved at once
  const std::string& reason() const { return reason_; }

 private:
  std::shared_ptr<MemoryShare::Ledger> ledger_;
  std::string reason_;
};

/// The budget of this machine and process: the least of `asked`, the cgroup's limit, Slurm's
/// SLURM_MEM_PER_NODE and 80 % of the memory that is free now.
SKYMILL_API MemoryBudget machine_budget(std::optional<std::size_t> asked);

/// Most memory this process has held so far, from the kernel (VmHWM), bytes.
SKYMILL_API std::size_t peak_resident_bytes();

}  // namespace skymill
