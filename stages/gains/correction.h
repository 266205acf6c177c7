// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/calibration.h>
#include <stages/data/visibilities.h>

#include <cstdint>

namespace skymill::radio {

/// How gains meet the data.
struct CorrectionOptions {
  bool calwt = true;  ///< weights grow by the mean of |g_i|²|g_j|² over channels
};

/// Corrects visibilities by all terms of a calibration: D / (g_i conj(g_j)), g the product of the
/// terms (calibration.md 5.8). `apply` corrects with it, `solve` what its prior terms say.
class Correction {
 public:
  /// @param calibration  outlives the correction
  Correction(const Calibration& calibration, CorrectionOptions options);

  /// Corrects rows of one data description; flags where a term has no solution (calflag).
  /// Many threads may correct chunks at once.
  /// @return samples that it had to flag
  /// @throws Error (input) when the calibration is empty or does not belong to these data
  std::int64_t operator()(Visibilities& rows) const;

 private:
  const Calibration& calibration_;
  CorrectionOptions options_;
};

}  // namespace skymill::radio
