// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/diagnostics.h>
#include <core/tier.h>

#include <string>
#include <string_view>
#include <vector>

namespace skymill {

/// What a description need not know: the storage of the machine that it runs on.
struct Machine {
  std::string source;                  ///< the file, or "built-in default"
  std::vector<TierDescription> tiers;  ///< fastest first
};

/// Reads a machine file; every mistake goes to `diagnostics` with its place.
Machine read_machine_text(const std::string& name, std::string_view text, Diagnostics& diagnostics);

/// For a machine without a file: /dev/shm when that is a tmpfs, then $TMPDIR or /tmp.
Machine default_machine();

/// The machine file: `$SKYMILL_MACHINE`, else `~/.config/skymill/machine.yaml`, else
/// `/etc/skymill/machine.yaml`; without any, the default.
/// @throws Error (description) when the file cannot be read or has mistakes, all of them located
Machine this_machine();

}  // namespace skymill
