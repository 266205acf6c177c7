// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/assess/quality_levels.h>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace skymill::radio {

namespace {

std::string text_of(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", value);
  return text;
}

/// A factor away from 1, whichever way.
double away_from_one(double ratio) { return ratio > 0 ? std::max(ratio, 1 / ratio) : 1e9; }

class Judge {
 public:
  void high(const char* figure, std::optional<double> value, const QualityLimit& limit) {
    judge(figure, value, limit, false);
  }
  void low(const char* figure, std::optional<double> value, const QualityLimit& limit) {
    judge(figure, value, limit, true);
  }
  std::vector<JudgedFigure> take() { return std::move(judged_); }

 private:
  void judge(const char* figure, std::optional<double> value, const QualityLimit& limit,
             bool low_is_bad) {
    if (!value) return;
    const auto is_past = [&](const std::optional<double>& bound) {
      return bound && (low_is_bad ? *value < *bound : *value > *bound);
    };
    const QualityLevel level = is_past(limit.fail)   ? QualityLevel::fail
                               : is_past(limit.warn) ? QualityLevel::warn
                                                     : QualityLevel::ok;
    judged_.push_back({figure, *value, low_is_bad, limit, level});
  }

  std::vector<JudgedFigure> judged_;
};

}  // namespace

const char* level_name(QualityLevel level) {
  switch (level) {
    case QualityLevel::ok:
      return "ok";
    case QualityLevel::warn:
      return "warn";
    default:
      return "fail";
  }
}

std::string JudgedFigure::sentence() const {
  std::string text = figure + " is " + text_of(value);
  const auto& bound = level == QualityLevel::fail ? limit.fail : limit.warn;
  if (level != QualityLevel::ok && bound) {
    text += (low_is_bad ? ", below " : ", above ") + text_of(*bound);
  }
  return text;
}

std::vector<JudgedFigure> judge_term(JonesTerm term, const TermQuality& quality,
                                     const QualityLimits& limits) {
  Judge judge;
  judge.low("good_antennas", static_cast<double>(quality.good_antennas), limits.antennas);
  judge.high("flagged", quality.flagged,
             term == JonesTerm::B ? limits.bandpass_flagged : limits.flagged);
  // Without any solution there is nothing more to judge.
  if (quality.good_antennas == 0) return judge.take();
  judge.low("snr_median", quality.snr_median, limits.snr);
  if (quality.amplitude_low && quality.amplitude_high) {
    judge.high(
        "amplitude_factor",
        std::max(away_from_one(*quality.amplitude_low), away_from_one(*quality.amplitude_high)),
        limits.amplitude);
  }
  judge.high("phase_scatter_deg", quality.phase_scatter_deg, limits.phase_scatter_deg);
  judge.high("delay_range_ns", quality.delay_range_ns, limits.delay_range_ns);
  judge.high("refant_flagged", quality.antennas[quality.refant].flagged_fraction(),
             limits.refant_flagged);
  judge.high("refant_phase_deg", quality.refant_phase_deg, limits.refant_phase_deg);
  if (quality.xy_ratio) judge.high("xy_factor", away_from_one(*quality.xy_ratio), limits.xy_ratio);
  if (term == JonesTerm::B) judge.high("smoothness", quality.smoothness, limits.smoothness);
  return judge.take();
}

}  // namespace skymill::radio
