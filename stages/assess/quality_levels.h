// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/assess/term_quality.h>

#include <optional>
#include <string>
#include <vector>

namespace skymill::radio {

enum class QualityLevel { ok, warn, fail };

/// "ok", "warn" or "fail".
const char* level_name(QualityLevel level);

/// From where on a figure is a warning and a failure; absent: never.
struct QualityLimit {
  std::optional<double> warn, fail;
};

/// Thresholds for solutions of every term (dsa110.md 3.4, calibration.md 5.4).
struct QualityLimits {
  QualityLimit snr;               ///< median; below
  QualityLimit flagged;           ///< fraction; above
  QualityLimit bandpass_flagged;  ///< the same of B
  QualityLimit amplitude;         ///< factor of an antenna's amplitude up or down; above
  QualityLimit phase_scatter_deg;
  QualityLimit antennas;        ///< with solutions; below
  QualityLimit refant_flagged;  ///< fraction
  QualityLimit refant_phase_deg;
  QualityLimit delay_range_ns;
  QualityLimit xy_ratio;    ///< factor between hands, up or down
  QualityLimit smoothness;  ///< of a bandpass
};

/// One figure of one term against its limits.
struct JudgedFigure {
  std::string figure;  ///< with its unit at the end, as figures of a run record
  double value = 0;
  bool low_is_bad = false;
  QualityLimit limit;
  QualityLevel level = QualityLevel::ok;

  /// "snr_median is 2.1, below 3".
  std::string sentence() const;
};

/// The figures of a term that have limits, in a fixed order; those it does not have are left out.
std::vector<JudgedFigure> judge_term(JonesTerm term, const TermQuality& quality,
                                     const QualityLimits& limits);

}  // namespace skymill::radio
