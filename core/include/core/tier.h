// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/export.h>
#include <core/memory.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace skymill {

enum class TierKind { tmpfs, nvme, hdd };

SKYMILL_API std::string_view tier_kind_name(TierKind kind);

/// A place for files, as the machine file has it.
struct TierDescription {
  std::string name;
  std::string root;  ///< a folder that exists
  TierKind kind = TierKind::nvme;
  std::size_t capacity = 0;  ///< bytes that may be leased; 0: all of its file system
  std::size_t reserve = 0;   ///< bytes that are kept free on its file system
  bool make_root = false;    ///< the root may be made, for this user alone, in a folder that exists
};

/// A lease of bytes on a tier, with a folder of its own, `<root>/.skymill/<run>-<n>`. The folder
/// and all in it go with the lease.
class SKYMILL_API Space {
 public:
  ~Space();
  Space(Space&&) noexcept;
  Space& operator=(Space&&) noexcept;

  const std::string& tier() const;  ///< name
  const std::string& path() const;  ///< of the folder; it exists and is empty at first
  std::size_t bytes() const;        ///< that are leased
  /// Bytes that the files in the folder fill now.
  std::size_t used() const;
  /// @throws Error (resources) when more is used than was leased, with both numbers
  void check() const;
  /// The most that `used` has found so far, also after the lease has ended.
  std::shared_ptr<const std::atomic<std::size_t>> most_used() const;
  /// Holds a part of the run's memory as long as the lease, for a tier in memory.
  void hold(MemoryShare memory);

 private:
  friend class Tier;
  struct Lease;
  explicit Space(std::unique_ptr<Lease> lease);
  std::unique_ptr<Lease> lease_;
};

/// Who has leased how much of a tier.
struct TierLease {
  int pid = 0;
  std::string folder;
  std::string purpose;
  std::size_t bytes = 0;
  std::size_t used = 0;
};

/// A tier at one moment; bytes.
struct TierState {
  std::size_t capacity = 0;
  std::size_t leased = 0;
  std::size_t free = 0;
  std::string limit;  ///< what limits `free`, with its numbers
  std::vector<TierLease> leases;
};

/// What was cleaned away.
struct Leftover {
  std::string path;
  std::string what;  ///< why it was left, in words
  std::size_t bytes = 0;
};

/// A tier of this machine. All processes on the machine keep one ledger of leases for it, so that
/// together they cannot lease more than it has.
class SKYMILL_API Tier {
 public:
  explicit Tier(TierDescription description) : description_(std::move(description)) {}

  const TierDescription& description() const { return description_; }

  /// @throws Error when the root cannot be used or the ledger is damaged
  TierState state() const;

  /// Leases bytes; leases of processes that have died are ended first, with their folders.
  /// @param run     names the folder
  /// @param purpose what the lease is for, in words, for messages of other runs
  /// @throws Error (resources) with what is asked, free, leased and the capacity; (failed) when
  ///         the ledger is damaged, with what to do
  Space reserve(std::size_t bytes, const std::string& run, const std::string& purpose) const;

  /// Removes what dead processes have left, and folders that no lease names.
  /// @param only_look  say what would be removed
  /// @throws Error as `state` does
  std::vector<Leftover> clean(bool only_look = false) const;

 private:
  std::string folder() const { return description_.root + "/.skymill"; }
  void make_root() const;

  TierDescription description_;
};

/// What a run wants of the tiers.
struct SpaceRequest {
  std::size_t bytes = 0;
  std::string run;                 ///< as in `Tier::reserve`
  std::string purpose;             ///< as in `Tier::reserve`
  std::string destination;         ///< where the bytes go in the end
  MemoryBudget* memory = nullptr;  ///< bytes on a tmpfs count against it; may be null
};

/// Where they fit.
struct Placement {
  std::optional<Space> space;         ///< none: on the destination's own file system
  std::vector<std::string> refusals;  ///< why earlier tiers were not taken, in order
};

/// Leases on the first tier with room; without any, the place is the destination's file system.
/// @throws Error (resources) when not even that has room, with the numbers of all of them; (failed)
///         when a ledger is damaged
SKYMILL_API Placement place(const std::vector<Tier>& tiers, const SpaceRequest& request);

}  // namespace skymill
