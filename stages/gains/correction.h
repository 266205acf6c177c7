// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/calibration.h>
#include <stages/data/visibilities.h>
#include <stages/gains/term_choice.h>
#include <stages/gains/time_series.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace skymill::radio {

/// What becomes of samples (calibration.md 5.8). A sample has no solution when one of a term is
/// flagged, or when its antenna or hand is not in the table.
enum class ApplyMode {
  calflag,         ///< correct; flag what has no solution. A window that a table lacks is an error
  calonly,         ///< correct; what has no solution passes as it is
  flagonly,        ///< flag as calflag, correct nothing
  trial,           ///< count what calflag would flag
  calflagstrict,   ///< calflag, and windows that a table lacks are flagged
  flagonlystrict,  ///< flagonly, likewise
};

/// What to do about the sense of uvw, to which gains belong (calibration.md 1.4).
enum class Conjugate {
  no,         ///< a known difference is an error
  yes,        ///< take all gains conjugate
  automatic,  ///< those of solutions whose data had the other sense
};

/// How gains meet the data.
struct CorrectionOptions {
  ApplyMode mode = ApplyMode::calflag;
  TermChoiceTexts terms = {};
  Conjugate conjugate = Conjugate::no;
  SolutionLimits limits = {};
};

/// Corrects visibilities by all terms of a calibration: D / (g_i conj(g_j)), g the product of the
/// terms (calibration.md 5.8). `apply` corrects with it, `solve` what its prior terms say.
///
/// Gains of a moment are worked out once and kept while they are of use, so one object should serve
/// all chunks; what comes out depends neither on chunks nor on threads.
class Correction {
 public:
  /// @throws Error (input) when the calibration or a term is empty or not for science, or
  ///         (description) when the options do not fit its terms
  Correction(const Calibration& calibration, CorrectionOptions options);
  ~Correction();
  Correction(Correction&&) noexcept;
  Correction& operator=(Correction&&) noexcept;

  /// Corrects rows of one data description in place: data, flags, and weights by the mean of
  /// |g_i|²|g_j|² over the channels that have solutions. Many threads may correct chunks at once.
  /// @return unflagged samples that have no solution
  /// @throws Error (input) when the calibration does not belong to these data
  std::int64_t operator()(Visibilities& rows) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Bytes that a Correction keeps for a data description, for the memory budget.
std::size_t correction_bytes(std::size_t terms, std::size_t antennas, std::size_t channels,
                             std::size_t ncorr);

}  // namespace skymill::radio
