// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/storage.h>
#include <core/tier.h>
#include <core/units.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "durable.h"
#include "proc.h"
#include "tier_ledger.h"
#include "tier_room.h"

namespace fs = std::filesystem;

namespace skymill {

namespace {

std::string text(std::size_t bytes) { return format_quantity(static_cast<double>(bytes), "B"); }

/// What the file system and the kernel say; the leases are given.
TierNumbers numbers_of(const TierDescription& tier, const TierState& state) {
  fs::path root(tier.root);
  if (tier.make_root && !fs::exists(root)) root = root.parent_path();
  struct statvfs disk {};
  if (::statvfs(root.c_str(), &disk) != 0) {
    throw Error(ErrorKind::resources,
                "the root '" + tier.root + "' cannot be used: " + std::strerror(errno),
                "make or mount it, or correct the machine file");
  }
  TierNumbers numbers;
  numbers.disk_size = static_cast<std::size_t>(disk.f_blocks) * disk.f_frsize;
  numbers.disk_free = static_cast<std::size_t>(disk.f_bavail) * disk.f_frsize;
  numbers.capacity = tier.capacity ? tier.capacity : numbers.disk_size;
  numbers.reserve = tier.reserve;
  for (const TierLease& lease : state.leases) {
    numbers.leased += lease.bytes;
    numbers.unwritten += lease.bytes - std::min(lease.bytes, lease.used);
  }
  numbers.in_memory = tier.kind == TierKind::tmpfs;
  numbers.memory_total = proc_kilobytes("/proc/meminfo", "MemTotal").value_or(0);
  numbers.memory_available = proc_kilobytes("/proc/meminfo", "MemAvailable").value_or(0);
  return numbers;
}

TierState state_of(const TierDescription& tier, const std::string& folder,
                   const TierLedger& ledger) {
  TierState state;
  for (const LedgerEntry& entry : ledger.entries) {
    state.leases.push_back({entry.pid, entry.folder, entry.purpose, entry.bytes,
                            filled_bytes(fs::path(folder) / entry.folder)});
  }
  const TierNumbers numbers = numbers_of(tier, state);
  TierRoom room = tier_room(numbers);
  state.capacity = numbers.capacity;
  state.leased = numbers.leased;
  state.free = room.free;
  state.limit = std::move(room.limit);
  return state;
}

/// Takes the leases of dead processes out of the ledger, after their folders.
std::vector<Leftover> reap(TierLedger& ledger, const std::string& folder, bool only_look) {
  std::vector<Leftover> found;
  std::vector<LedgerEntry> living;
  for (const LedgerEntry& entry : ledger.entries) {
    if (entry.is_alive()) {
      living.push_back(entry);
      continue;
    }
    const fs::path path = fs::path(folder) / entry.folder;
    found.push_back(
        {path.string(),
         "leased by process " + std::to_string(entry.pid) + ", which is dead, for " + entry.purpose,
         filled_bytes(path)});
    if (only_look) continue;
    std::error_code code;
    fs::remove_all(path, code);
    // Another user's: the bytes are still there, so they stay in the ledger.
    if (!code) continue;
    found.back().what += "; cannot be removed: " + code.message();
    living.push_back(entry);
  }
  if (only_look || living.size() == ledger.entries.size()) return found;
  ledger.entries = std::move(living);
  ledger.save();
  return found;
}

bool is_leased(const TierLedger& ledger, const std::string& name) {
  return std::any_of(ledger.entries.begin(), ledger.entries.end(),
                     [&](const LedgerEntry& entry) { return entry.folder == name; });
}

}  // namespace

std::string_view tier_kind_name(TierKind kind) {
  switch (kind) {
    case TierKind::tmpfs:
      return "tmpfs";
    case TierKind::nvme:
      return "nvme";
    case TierKind::hdd:
      return "hdd";
  }
  return "hdd";
}

struct Space::Lease {
  std::string tier;
  std::string folder;  ///< of the ledger
  std::string name;    ///< of this lease's folder in it
  std::string path;
  std::string purpose;
  std::size_t bytes = 0;
  pid_t owner = ::getpid();
  std::shared_ptr<std::atomic<std::size_t>> most_used =
      std::make_shared<std::atomic<std::size_t>>(0);
  MemoryShare memory;

  ~Lease() {
    if (owner != ::getpid()) return;  // a forked child has a copy, not the lease
    used();
    std::error_code ignored;
    fs::remove_all(path, ignored);
    try {
      TierLedger ledger(folder, TierLedger::Access::change);
      std::erase_if(ledger.entries, [&](const LedgerEntry& entry) { return entry.folder == name; });
      ledger.save();
    } catch (const Error&) {
      // The next reservation finds the ledger damaged and says so, or this process dead.
    }
  }

  std::size_t used() const {
    const std::size_t now = filled_bytes(path);
    std::size_t most = most_used->load();
    while (most < now && !most_used->compare_exchange_weak(most, now)) {
    }
    return now;
  }
};

Space::Space(std::unique_ptr<Lease> lease) : lease_(std::move(lease)) {}
Space::~Space() = default;
Space::Space(Space&&) noexcept = default;
Space& Space::operator=(Space&&) noexcept = default;

const std::string& Space::tier() const { return lease_->tier; }
const std::string& Space::path() const { return lease_->path; }
std::size_t Space::bytes() const { return lease_->bytes; }
std::size_t Space::used() const { return lease_->used(); }
void Space::hold(MemoryShare memory) { lease_->memory = std::move(memory); }

std::shared_ptr<const std::atomic<std::size_t>> Space::most_used() const {
  return lease_->most_used;
}

void Space::check() const {
  const std::size_t now = used();
  if (now <= bytes()) return;
  throw Error(ErrorKind::resources,
              lease_->purpose + " leased " + text(bytes()) + " on tier '" + tier() +
                  "' and fills " + text(now) + " in '" + path() + "'",
              "the estimate was too low: write without staging, and report it");
}

void Tier::make_root() const {
  if (!description_.make_root) return;
  struct stat info {};
  if (::mkdir(description_.root.c_str(), 0700) == 0) return;
  const int code = errno;
  // In a folder for everybody, such as /dev/shm, somebody else may have put something there.
  if (code == EEXIST && ::lstat(description_.root.c_str(), &info) == 0 && S_ISDIR(info.st_mode) &&
      info.st_uid == ::geteuid()) {
    return;
  }
  throw Error(
      ErrorKind::resources,
      "the root '" + description_.root + "' cannot be made: " +
          (code == EEXIST ? "something that is not ours has its name" : std::strerror(code)),
      "name another root in a machine file");
}

TierState Tier::state() const {
  TierLedger ledger(folder(), TierLedger::Access::look);
  std::erase_if(ledger.entries, [](const LedgerEntry& entry) { return !entry.is_alive(); });
  return state_of(description_, folder(), ledger);
}

Space Tier::reserve(std::size_t bytes, const std::string& run, const std::string& purpose) const {
  make_root();
  TierLedger ledger(folder(), TierLedger::Access::change);
  reap(ledger, folder(), false);
  const TierState state = state_of(description_, folder(), ledger);
  if (bytes > state.free) {
    throw Error(ErrorKind::resources,
                purpose + " asked for " + text(bytes) + " on tier '" + description_.name + "' (" +
                    std::string(tier_kind_name(description_.kind)) + ", " + description_.root +
                    "); " + text(state.free) + " are free, " + text(state.leased) +
                    " leased by others, capacity " + text(state.capacity) + ": " + state.limit,
                "'skymill tiers' shows who holds it, 'skymill clean' removes what is left over");
  }
  std::string name;
  fs::path path;
  int number = 0;
  do {
    name = run + "-" + std::to_string(++number);
    path = fs::path(folder()) / name;
  } while (is_leased(ledger, name) || fs::exists(fs::symlink_status(path)));
  // The folder first: on a full tier it can be taken back, an entry perhaps not. A crash between
  // the two leaves an empty folder, which `clean` finds.
  if (::mkdir(path.c_str(), 0777) != 0) refuse("cannot make the folder '" + path.string() + "'");
  const pid_t self = ::getpid();
  ledger.entries.push_back({self, process_start(self).value_or(0), bytes, name, purpose});
  try {
    ledger.save();
  } catch (const Error&) {
    ::rmdir(path.c_str());
    throw;
  }
  // Only now: a lease that goes needs the ledger, which is held here.
  auto lease = std::make_unique<Space::Lease>();
  lease->tier = description_.name;
  lease->folder = folder();
  lease->name = name;
  lease->path = path.string();
  lease->purpose = purpose;
  lease->bytes = bytes;
  return Space(std::move(lease));
}

std::vector<Leftover> Tier::clean(bool only_look) const {
  std::error_code code;
  if (!fs::is_directory(folder(), code)) return {};
  TierLedger ledger(folder(), only_look ? TierLedger::Access::look : TierLedger::Access::change);
  std::vector<LedgerEntry> all = ledger.entries;
  std::vector<Leftover> found = reap(ledger, folder(), only_look);
  for (const auto& entry : fs::directory_iterator(folder())) {
    const std::string name = entry.path().filename().string();
    const bool named = std::any_of(all.begin(), all.end(),
                                   [&](const LedgerEntry& lease) { return lease.folder == name; });
    if (named || !entry.is_directory()) continue;
    found.push_back({entry.path().string(), "no lease names it", filled_bytes(entry.path())});
    if (!only_look) fs::remove_all(entry.path());
  }
  return found;
}

Placement place(const std::vector<Tier>& tiers, const SpaceRequest& request) {
  Placement placement;
  for (const Tier& tier : tiers) {
    try {
      MemoryShare memory;
      if (request.memory && tier.description().kind == TierKind::tmpfs) {
        memory = request.memory->reserve(
            request.bytes, request.purpose + " on tier '" + tier.description().name + "'");
      }
      placement.space = tier.reserve(request.bytes, request.run, request.purpose);
      placement.space->hold(std::move(memory));
      return placement;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::resources) throw;
      placement.refusals.push_back("tier '" + tier.description().name + "': " + error.message());
    }
  }
  try {
    require_space(request.destination, request.bytes, request.purpose);
  } catch (const Error& error) {
    std::string all;
    for (const std::string& refusal : placement.refusals) all += refusal + "; ";
    throw Error(error.kind(), all + error.message(), error.hint());
  }
  return placement;
}

}  // namespace skymill
