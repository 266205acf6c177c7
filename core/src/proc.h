// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace skymill {

/// A `Name:  123 kB` line of a file in /proc, in bytes.
std::optional<std::size_t> proc_kilobytes(const std::string& file, const std::string& name);

/// When a process began, in the kernel's clock ticks since boot; with the number of the process it
/// names it for good. Nothing when there is no such process, or when it has ended already and only
/// waits for its parent.
std::optional<unsigned long long> process_start(int pid);

}  // namespace skymill
