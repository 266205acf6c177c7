// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <string>

namespace skymill {

/// What is known of a tier at one moment; bytes.
struct TierNumbers {
  std::size_t capacity = 0;
  std::size_t reserve = 0;    ///< kept free on its file system
  std::size_t leased = 0;     ///< by all leases on it
  std::size_t unwritten = 0;  ///< the part of the leases that is not filled yet
  std::size_t disk_size = 0;
  std::size_t disk_free = 0;
  bool in_memory = false;
  std::size_t memory_total = 0;
  std::size_t memory_available = 0;
};

struct TierRoom {
  std::size_t free = 0;
  std::string limit;  ///< what limits it, with its numbers
};

/// The least of: capacity less leases; what the file system has free less what is leased and not
/// yet written and less the reserve; and, in memory, what fills the tmpfs to 80 % and what leaves
/// a quarter of the memory available (dsa110.md 2.7).
TierRoom tier_room(const TierNumbers& numbers);

}  // namespace skymill
