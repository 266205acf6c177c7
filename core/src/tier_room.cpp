// SPDX-License-Identifier: GPL-3.0-or-later
#include "tier_room.h"

#include <core/units.h>

#include <algorithm>
#include <vector>

namespace skymill {

namespace {

std::string text(std::size_t bytes) { return format_quantity(static_cast<double>(bytes), "B"); }

std::size_t less(std::size_t from, std::size_t taken) { return from - std::min(from, taken); }

}  // namespace

TierRoom tier_room(const TierNumbers& n) {
  std::vector<TierRoom> limits;
  limits.push_back({less(n.capacity, n.leased), "of its capacity of " + text(n.capacity) + ", " +
                                                    text(n.leased) + " are leased"});
  limits.push_back({less(n.disk_free, n.unwritten + n.reserve),
                    "its file system has " + text(n.disk_free) + " free, of which " +
                        text(n.unwritten) + " are leased and not yet written and " +
                        text(n.reserve) + " are kept free"});
  if (n.in_memory) {
    const std::size_t filled = less(n.disk_size, n.disk_free);
    limits.push_back({less(n.disk_size / 5 * 4, filled + n.unwritten),
                      "a tmpfs is filled to 80 % at most; of " + text(n.disk_size) + ", " +
                          text(filled) + " are filled and " + text(n.unwritten) +
                          " are leased and not yet written"});
    limits.push_back({less(n.memory_available, n.memory_total / 4 + n.unwritten),
                      "a quarter of the memory of " + text(n.memory_total) + " stays available; " +
                          text(n.memory_available) + " are available now, of which " +
                          text(n.unwritten) + " are leased and not yet written"});
  }
  return *std::min_element(limits.begin(), limits.end(),
                           [](const auto& a, const auto& b) { return a.free < b.free; });
}

}  // namespace skymill
