// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/calibrate/baseline_sums.h>
#include <stages/calibrate/solve_layout.h>
#include <stages/calibrate/solve_params.h>
#include <stages/data/solutions.h>
#include <stages/sky/model_visibilities.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace skymill::radio {

/// What became of the data on the way, for records and messages.
struct SolveCounts {
  std::vector<std::size_t> samples;  ///< [antenna] of parallel hands, cross-correlations, in uvmin
  std::vector<std::size_t> used;     ///< [antenna] of these
  std::size_t cells = 0;
  std::size_t too_few = 0;        ///< cells with too few antennas
  std::size_t not_converged = 0;  ///< cells
  std::size_t iterations = 0;     ///< over all cells
};

/// Sums samples up by time interval, and solves an interval once the data have moved on.
///
/// Intervals are cut by time alone, counted from the first integration of the observation; scans
/// and fields are combined. Of each data description at most `kOpen` intervals are open at once.
class SolutionSlots {
 public:
  static constexpr std::size_t kOpen = 2;

  /// @param threads  of the solver; results do not depend on it
  SolutionSlots(const SolveParams& params, SolveLayout layout,
                std::shared_ptr<const ObservationHeader> header, std::size_t threads);

  /// Bytes of the sums that may be open at once.
  static std::size_t bytes(const SolveParams& params, const SolveLayout& layout);

  /// Adds a chunk's samples: cross-correlations that are not flagged, finite and of weight > 0.
  /// @throws Error (input) when its rows go back to an interval that is solved already
  void add(const Visibilities& rows, ModelVisibilities& model);

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
  struct Solved {
    Timing timing;
    std::vector<std::complex<float>> gain;  ///< [frequency][pol][antenna]
    std::vector<float> snr, error;
    std::vector<std::uint8_t> flag;
    std::vector<std::int32_t> refant;  ///< [frequency][pol]
  };

  std::int64_t number_of(double time_s) const;
  Slot& slot_of(const Visibilities& rows, std::size_t row);
  void add_row(const Visibilities& rows, std::size_t row,
               const std::vector<std::complex<double>>& model, Slot& slot);
  void close(std::size_t description, std::int64_t number);
  void put(std::size_t interval, std::size_t description, const Solved& from,
           Solutions& into) const;

  SolveParams params_;
  SolveLayout layout_;
  std::shared_ptr<const ObservationHeader> header_;
  std::size_t threads_;
  double length_s_ = 0;             ///< of an interval; 0 until the first row when `int`
  std::optional<double> origin_s_;  ///< start of interval 0
  std::vector<std::map<std::int64_t, Slot>> open_;  ///< by data description
  std::vector<std::optional<std::int64_t>> done_;   ///< by data description: last one closed
  std::map<std::int64_t, std::map<std::size_t, Solved>> solved_;  ///< by interval, description
  SolveCounts counts_;
};

}  // namespace skymill::radio
