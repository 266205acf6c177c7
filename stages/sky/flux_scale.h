// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace skymill::radio {

/// A source whose flux density is the scale itself: log10 S[Jy] = Σ a_n (log10 ν[GHz])^n
/// (Perley & Butler 2017, ApJS 230, 7, table 6; calibration.md 5.7). It is 3 to 5 % right; 3C48,
/// 3C138 and 3C147 vary.
struct ScaleSource {
  std::string name;  ///< `3C286`
  std::vector<double> coefficients;
  double low_hz = 0;  ///< the fit holds from here
  double high_hz = 0;

  /// Jy. @throws Error (input) naming the range when the frequency is outside
  double flux_jy_at(double freq_hz) const;
};

/// All of them.
const std::vector<ScaleSource>& perley_butler_2017();

/// The one of that name, exactly as `ScaleSource::name` has it; nothing for others.
const ScaleSource* scale_source(const std::string& name);

}  // namespace skymill::radio
