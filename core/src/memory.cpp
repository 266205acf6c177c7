// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/memory.h>
#include <core/units.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <utility>
#include <vector>

#include "proc.h"

namespace skymill {

struct MemoryShare::Ledger {
  std::mutex mutex;
  std::size_t total = 0;
  std::size_t held = 0;
  std::size_t peak = 0;
};

MemoryShare::MemoryShare(std::shared_ptr<Ledger> ledger, std::size_t bytes)
    : ledger_(std::move(ledger)), bytes_(bytes) {}

MemoryShare::~MemoryShare() {
  if (!ledger_) return;
  const std::lock_guard lock(ledger_->mutex);
  ledger_->held -= bytes_;
}

MemoryShare::MemoryShare(MemoryShare&& other) noexcept
    : ledger_(std::move(other.ledger_)), bytes_(std::exchange(other.bytes_, 0)) {}

MemoryShare& MemoryShare::operator=(MemoryShare&& other) noexcept {
  std::swap(ledger_, other.ledger_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

MemoryBudget::MemoryBudget(std::size_t total, std::string reason)
    : ledger_(std::make_shared<MemoryShare::Ledger>()), reason_(std::move(reason)) {
  ledger_->total = total;
}

MemoryShare MemoryBudget::reserve(std::size_t bytes, const std::string& what) {
  const std::lock_guard lock(ledger_->mutex);
  const std::size_t left = ledger_->total - ledger_->held;
  if (bytes > left) {
    throw Error(
        ErrorKind::resources,
        what + " needs " + format_quantity(static_cast<double>(bytes), "B") + " of memory; " +
            format_quantity(static_cast<double>(left), "B") + " are left of the budget of " +
            format_quantity(static_cast<double>(ledger_->total), "B") + " (" + reason_ + ")",
        "give more with --memory, or make the work smaller");
  }
  ledger_->held += bytes;
  ledger_->peak = std::max(ledger_->peak, ledger_->held);
  return MemoryShare(ledger_, bytes);
}

std::size_t MemoryBudget::total() const { return ledger_->total; }

std::size_t MemoryBudget::free() const {
  const std::lock_guard lock(ledger_->mutex);
  return ledger_->total - ledger_->held;
}

std::size_t MemoryBudget::peak() const {
  const std::lock_guard lock(ledger_->mutex);
  return ledger_->peak;
}

namespace {

/// The least memory.max on the way from this process's cgroup (v2) to the root.
std::optional<std::size_t> cgroup_limit() {
  std::ifstream self("/proc/self/cgroup");
  std::string line;
  std::string group;
  while (std::getline(self, line)) {
    if (line.rfind("0::", 0) == 0) group = line.substr(3);
  }
  std::optional<std::size_t> limit;
  for (;;) {
    std::ifstream in("/sys/fs/cgroup" + group + "/memory.max");
    std::size_t bytes = 0;
    if (in >> bytes) limit = limit ? std::min(*limit, bytes) : bytes;  // "max" is not a number
    const auto slash = group.rfind('/');
    if (group.empty() || slash == std::string::npos) return limit;
    group.resize(slash);
  }
}

}  // namespace

MemoryBudget machine_budget(std::optional<std::size_t> asked) {
  struct Limit {
    std::size_t bytes;
    std::string reason;
  };
  std::vector<Limit> limits;
  if (asked) limits.push_back({*asked, "--memory"});
  if (const auto bytes = cgroup_limit()) limits.push_back({*bytes, "the cgroup's limit"});
  if (const char* slurm = std::getenv("SLURM_MEM_PER_NODE")) {
    const std::size_t megabytes = std::strtoull(slurm, nullptr, 10);
    if (megabytes > 0) limits.push_back({megabytes << 20, "SLURM_MEM_PER_NODE"});
  }
  if (const auto bytes = proc_kilobytes("/proc/meminfo", "MemAvailable")) {
    limits.push_back({*bytes / 10 * 8, "80 % of free memory"});
  }
  if (limits.empty()) limits.push_back({std::size_t{2} << 30, "nothing known of this machine"});
  const auto least = std::min_element(
      limits.begin(), limits.end(), [](const auto& a, const auto& b) { return a.bytes < b.bytes; });
  return MemoryBudget(least->bytes, least->reason);
}

std::size_t peak_resident_bytes() {
  return proc_kilobytes("/proc/self/status", "VmHWM").value_or(0);
}

}  // namespace skymill
