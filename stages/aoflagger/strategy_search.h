// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/flags/window_search.h>

#include <string>

namespace skymill::radio {

/// The file of AOFlagger's own strategy for a telescope by its name in the data, the generic one
/// for those that it does not know.
/// @throws Error (failed) when AOFlagger's strategies are not installed
std::string strategy_of_telescope(const std::string& telescope);

/// Has each baseline looked at by a strategy of AOFlagger, all correlations together.
///
/// Flagged samples are given to the strategy as its mask of what is flagged. Some strategies
/// (the generic one, too) forget that mask, so the values of such samples are those of good ones
/// nearby: the last good one of the channel, else the next, else those of a channel beside it. What
/// was flagged in all correlations is never found.
class StrategySearch final : public WindowSearch {
 public:
  /// @param file  a strategy in Lua
  /// @throws Error (description) when the file is no strategy
  explicit StrategySearch(std::string file);

  std::size_t floats() const override { return 2; }  // real and imaginary parts
  void keep(const Visibilities& rows, std::size_t row, float* out) const override;
  void look(const std::vector<const float*>& kept, const kernels::BaselineShape& shape,
            std::size_t threads, const std::vector<std::uint8_t*>& found) const override;
  std::size_t scratch(const kernels::BaselineShape& shape) const override;

 private:
  std::string file_;
};

}  // namespace skymill::radio
