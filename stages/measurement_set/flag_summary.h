// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/context.h>
#include <stages/data/visibilities.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

namespace skymill::radio {

/// What is flagged, before and after, by antenna, channel, time and baseline.
class FlagSummary {
 public:
  /// @param before  [row][chan][corr], of the same rows
  void add(const Visibilities& rows, const std::vector<std::uint8_t>& before);

  /// Records the tables flagged_by_antenna, _channel, _time and _baseline (the `worst` most
  /// flagged), and counts samples, flagged_before and flagged_after.
  void record(std::size_t worst, const PipelineContext& ctx) const;

 private:
  struct Count {
    std::int64_t samples = 0, before = 0, after = 0;
    void add(const Count& other);
  };
  using Pair = std::pair<std::int32_t, std::int32_t>;
  static void record_fractions(const char* table, Row row, const Count& count,
                               const PipelineContext& ctx);

  std::shared_ptr<const ObservationHeader> header_;
  std::map<std::int32_t, Count> by_antenna_;
  std::map<Pair, Count> by_channel_;  ///< window, channel
  std::map<double, Count> by_time_;
  std::map<Pair, Count> by_baseline_;
};

}  // namespace skymill::radio
