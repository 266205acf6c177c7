// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace skymill::perf {

/// A hot kernel on data made here, always the same. A run is `calls` calls, all of the same work,
/// so that a tenth more calls is a slow-down of a tenth.
struct KernelBench {
  std::string name;
  std::size_t calls = 0;    ///< of a run of 0.05 to 0.2 s on one core of 2024
  std::size_t threads = 1;  ///< 1: CPU time is compared, which others on the machine disturb less
  bool counted = true;      ///< its instructions depend on nothing but the program
  std::function<std::function<void()>()> make;  ///< makes the data and gives the call
};

std::vector<KernelBench> imaging_benches();
std::vector<KernelBench> calibration_benches();
std::vector<KernelBench> file_benches();

}  // namespace skymill::perf
