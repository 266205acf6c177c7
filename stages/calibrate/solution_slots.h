// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/calibrate/baseline_sums.h>
#include <stages/calibrate/interval_rule.h>
#include <stages/calibrate/solve_layout.h>
#include <stages/calibrate/solve_params.h>
#include <stages/data/solutions.h>
#include <stages/sky/model_visibilities.h>

#include <complex>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

namespace skymill::radio {

/// What became of the data on the way, for records and messages.
struct SolveCounts {
  std::vector<std::size_t> rows;  ///< [antenna] cross-correlations
  std::vector<std::size_t>
      samples;                    ///< [antenna] of parallel hands, cross-correlations, in uv range
  std::vector<std::size_t> used;  ///< [antenna] of these
  std::size_t cells = 0;
  std::size_t too_few = 0;        ///< cells with too few antennas
  std::size_t not_converged = 0;  ///< cells
  std::size_t iterations = 0;     ///< over all cells
};

/// Sums samples up by time interval, and solves an interval once the data have moved on. Of what is
/// solved together at most `kOpen` intervals are open at once.
class SolutionSlots {
 public:
  static constexpr std::size_t kOpen = 2;

  /// @param threads  of the solver; results do not depend on it
  SolutionSlots(const SolveParams& params, SolveLayout layout,
                std::shared_ptr<const ObservationHeader> header, std::size_t threads);

  /// Bytes of the sums that may be open at once.
  static std::size_t bytes(const SolveParams& params, const SolveLayout& layout);
  /// Bytes that solving takes besides.
  static std::size_t work_bytes(const SolveParams& params, const SolveLayout& layout,
                                std::size_t threads);

  /// Adds a chunk's samples: cross-correlations that are not flagged, finite and of weight > 0.
  /// @param models  copies of one model, one a thread that may take part
  /// @throws Error (input) when its rows go back to an interval that is solved already, or as
  ///         ModelVisibilities::row
  void add(const Visibilities& rows, std::vector<ModelVisibilities>& models);

  /// Solves what is open and joins all: phases are still those of the solver.
  Solutions finish();

  const SolveCounts& counts() const { return counts_; }

 private:
  struct Timing {
    double begin_s = 0, end_s = 0;
    double weight = 0, weighted_s = 0;  ///< seconds from `begin_s`
    std::int32_t field_id = 0, scan_number = 0;
  };
  struct Slot {
    Timing timing;
    BaselineSums sums;
  };
  /// Solutions of a unit, [cell of the unit][antenna].
  struct Solved {
    Timing timing;
    std::vector<std::complex<float>> gain;
    std::vector<float> delay_ns;
    std::vector<float> snr, error;
    std::vector<std::uint8_t> flag;
    std::vector<std::int32_t> refant;  ///< [cell]
  };
  /// Neighbouring channels of a row that are in the uv range.
  struct ChannelRange {
    std::size_t first, end;
  };

  /// What a row has brought.
  struct RowSum {
    std::size_t row = 0;
    std::size_t samples = 0;
    kernels::RowUse use{};
  };

  Slot& slot_of(const Visibilities& rows, std::size_t row);
  void in_uv_range(const Visibilities& rows, std::size_t row,
                   std::vector<ChannelRange>& ranges) const;
  void add_row(const Visibilities& rows, const std::vector<std::complex<double>>& model,
               const std::vector<ChannelRange>& ranges, RowSum& row, BaselineSums& sums) const;
  void add_rows_of(Slot& slot, const Visibilities& rows, std::vector<ModelVisibilities>& models);
  void count(const Visibilities& rows, const RowSum& row, Timing& timing);
  void close(std::size_t unit, std::size_t number);
  void solve_gains(const BaselineSums& sums, Solved& solved);
  void solve_delays(const SolveUnit& unit, const BaselineSums& sums, Solved& solved);
  void count(kernels::GainStop stop);
  void put(std::size_t interval, std::size_t unit, const Solved& from, Solutions& into) const;

  SolveParams params_;
  SolveLayout layout_;
  std::shared_ptr<const ObservationHeader> header_;
  std::size_t threads_;
  IntervalRule rule_;
  std::vector<std::map<std::size_t, Slot>> open_;  ///< by unit, interval
  std::vector<std::size_t> newest_;                ///< by unit: interval of the last row
  std::vector<std::vector<BaselineSums>> spare_;   ///< by unit: of closed intervals
  std::map<std::size_t, std::map<std::size_t, Solved>> solved_;  ///< by interval, unit
  std::vector<RowSum> pending_;  ///< rows of one interval that are to be added
  SolveCounts counts_;
};

}  // namespace skymill::radio
