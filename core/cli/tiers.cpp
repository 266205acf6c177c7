// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/units.h>

#include "cli.h"
#include "machine.h"

namespace skymill::cli {

namespace {

std::string text(std::size_t bytes) { return format_quantity(static_cast<double>(bytes), "B"); }

/// One tier, and a line for each of its leases. A tier that cannot be used says why.
std::string tier_text(const TierDescription& description) {
  std::string lines = description.name + "  " + std::string(tier_kind_name(description.kind)) +
                      ", " + description.root + "\n";
  try {
    const TierState state = Tier(description).state();
    lines += "  capacity  " + text(state.capacity) + "\n";
    lines += "  reserve   " + text(description.reserve) + " kept free\n";
    lines += "  leased    " + text(state.leased) + "\n";
    for (const TierLease& lease : state.leases) {
      lines += "    " + text(lease.bytes) + " by process " + std::to_string(lease.pid) + ", " +
               lease.purpose + "; " + text(lease.used) + " written in " + lease.folder + "\n";
    }
    lines += "  free      " + text(state.free) + ": " + state.limit + "\n";
  } catch (const Error& error) {
    lines += "  unusable  " + std::string(error.what()) + "\n";
  }
  return lines;
}

}  // namespace

Command add_tiers(CLI::App&) {
  return [] {
    const Machine machine = this_machine();
    print("tiers of this machine, fastest first (" + machine.source + ")\n");
    for (const TierDescription& description : machine.tiers) print(tier_text(description));
    return 0;
  };
}

}  // namespace skymill::cli
