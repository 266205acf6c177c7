// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/visibilities.h>
#include <stages/kernels/find_interference.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace skymill::radio {

/// How interference is looked for in windows of integrations, each baseline on its own. What it
/// finds must not depend on threads, nor on the other baselines.
class WindowSearch {
 public:
  virtual ~WindowSearch() = default;

  /// Floats that are kept of a sample until its window is complete.
  virtual std::size_t floats() const = 0;
  /// Writes what is kept of one row: nchan * ncorr * floats() numbers, not a number where there is
  /// no sample. Rows that are missing consist of such.
  virtual void keep(const Visibilities& rows, std::size_t row, float* out) const = 0;
  /// Looks at a window.
  /// @param kept   [baseline] -> [time] of what keep() gives
  /// @param found  [baseline] -> [time][chan] in bits, as of kernels::find_interference
  virtual void look(const std::vector<const float*>& kept, const kernels::BaselineShape& shape,
                    std::size_t threads, const std::vector<std::uint8_t*>& found) const = 0;
  /// Bytes that a thread needs.
  virtual std::size_t scratch(const kernels::BaselineShape& shape) const = 0;
};

}  // namespace skymill::radio
