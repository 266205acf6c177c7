// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/assess/assess_stage.h>
#include <stages/assess/solution_series.h>
#include <stages/assess/term_quality.h>

#include <map>
#include <vector>

namespace skymill::radio {

namespace {

constexpr double kDegree = 3.14159265358979323846 / 180;

std::optional<double> scaled(std::optional<double> value, double factor) {
  return value ? std::optional(*value * factor) : std::nullopt;
}

void put(Row& row, const char* name, const std::optional<double>& value) {
  if (value) row.emplace_back(name, *value);
}

Row term_row(std::size_t order, const Solutions& solutions, const TermQuality& quality) {
  Row row{{"order", static_cast<std::int64_t>(order)},
          {"term", std::string(letter(solutions.term))},
          {"name", solutions.name},
          {"solutions", static_cast<std::int64_t>(quality.solutions)},
          {"intervals", static_cast<std::int64_t>(solutions.intervals.size())},
          {"frequencies", static_cast<std::int64_t>(solutions.frequencies.size())},
          {"antennas", static_cast<std::int64_t>(quality.present_antennas)},
          {"good_antennas", static_cast<std::int64_t>(quality.good_antennas)},
          {"flagged", quality.flagged}};
  put(row, "snr_median", quality.snr_median);
  put(row, "snr_p05", quality.snr_p05);
  put(row, "amplitude_median", quality.amplitude_median);
  put(row, "amplitude_low", quality.amplitude_low);
  put(row, "amplitude_high", quality.amplitude_high);
  put(row, "amplitude_scatter", quality.amplitude_scatter);
  put(row, "phase_spread_deg", quality.phase_spread_deg);
  put(row, "phase_scatter_deg", quality.phase_scatter_deg);
  put(row, "delay_range_ns", quality.delay_range_ns);
  put(row, "xy_ratio", quality.xy_ratio);
  put(row, "smoothness", quality.smoothness);
  if (quality.good_antennas > 0) {
    row.emplace_back("refant", solutions.antennas[quality.refant]);
    row.emplace_back("refant_phase_deg", quality.refant_phase_deg);
    row.emplace_back("refant_health",
                     health_of(quality.antennas[quality.refant].flagged_fraction()));
  }
  return row;
}

void record_antennas(const std::string& table, const Solutions& solutions,
                     const TermQuality& quality, const PipelineContext& ctx) {
  for (std::size_t a = 0; a < quality.antennas.size(); ++a) {
    if (solutions.is_absent(a)) continue;
    const AntennaQuality& one = quality.antennas[a];
    Row row{{"antenna", static_cast<std::int64_t>(a)},
            {"name", solutions.antennas[a]},
            {"flagged", one.flagged_fraction()},
            {"health", health_of(one.flagged_fraction())}};
    put(row, "snr_median", one.snr);
    put(row, "amplitude_median", one.amplitude);
    put(row, "amplitude_mad", one.amplitude_mad);
    put(row, "amplitude_range", one.amplitude_range);
    put(row, "phase_scatter_deg", one.phase_scatter_deg);
    put(row, "delay_ns", one.delay_ns);
    ctx.record(table, std::move(row));
  }
}

void record_flags(const std::string& label, const Solutions& solutions, const TermQuality& quality,
                  const PipelineContext& ctx) {
  for (std::size_t w = 0; w < quality.windows.size(); ++w) {
    ctx.record("windows_" + label, {{"data_description", std::int64_t{quality.windows[w]}},
                                    {"flagged", quality.flagged_by_window[w]}});
  }
  for (std::size_t p = 0; p < quality.flagged_by_pol.size(); ++p) {
    ctx.record("polarisations_" + label, {{"correlation_type", std::int64_t{solutions.pols[p]}},
                                          {"flagged", quality.flagged_by_pol[p]}});
  }
}

void record_judged(const std::string& label, const JudgedFigure& one, const PipelineContext& ctx) {
  Row row{{"term", label}, {"figure", one.figure}, {"value", one.value}};
  row.emplace_back("bad_when", std::string(one.low_is_bad ? "below" : "above"));
  put(row, "warn", one.limit.warn);
  put(row, "fail", one.limit.fail);
  row.emplace_back("level", std::string(level_name(one.level)));
  ctx.record("quality", std::move(row));
}

}  // namespace

Schema<AssessParams> Assess::schema() {
  Schema<AssessParams> s{"Judge a calibration: its figures, levels ok, warn and fail, and charts."};
  s.field("which", &AssessParams::which,
          "all terms, or the last one, which was solved with the others applied")
      .choices({"all", "last"});
  s.field("on_fail", &AssessParams::on_fail,
          "What a figure of level fail does: fail ends the run, degrade calls it degraded, report "
          "only says so in the record, as of warn")
      .choices({"fail", "degrade", "report"});
  const auto limit = [&](const std::string& name, auto warn, auto fail, const std::string& doc,
                         const char* unit = "") {
    auto at_warn = s.field(name + "_warn", warn, doc + "; none never warns").at_least(0);
    auto at_fail = s.field(name + "_fail", fail, "The same for level fail").at_least(0);
    if (*unit == 0) return;
    at_warn.unit(unit);
    at_fail.unit(unit);
  };
  using P = AssessParams;
  limit("snr", &P::snr_warn, &P::snr_fail, "Warn when the median signal-to-noise ratio is below");
  limit("flagged", &P::flagged_warn, &P::flagged_fail,
        "Warn when more than this fraction of solutions is flagged");
  limit("bandpass_flagged", &P::bandpass_flagged_warn, &P::bandpass_flagged_fail,
        "The same of a bandpass");
  limit("amplitude", &P::amplitude_warn, &P::amplitude_fail,
        "Warn when an antenna's amplitude is more than this factor above or below the median");
  limit("phase_scatter", &P::phase_scatter_warn, &P::phase_scatter_fail,
        "Warn when phases scatter more than this about straight lines in time or frequency, rms "
        "of the middle antenna",
        "rad");
  limit("antennas", &P::antennas_warn, &P::antennas_fail,
        "Warn when fewer antennas than this have solutions");
  limit("refant_flagged", &P::refant_flagged_warn, &P::refant_flagged_fail,
        "Warn when more than this fraction of the reference antenna's solutions is flagged");
  limit("refant_phase", &P::refant_phase_warn, &P::refant_phase_fail,
        "Warn when the reference antenna's phase is further from 0", "rad");
  limit("delay_range", &P::delay_range_warn, &P::delay_range_fail,
        "Warn when delays lie further apart", "s");
  limit("xy_ratio", &P::xy_ratio_warn, &P::xy_ratio_fail,
        "Warn when the amplitudes of the two hands differ by more than this factor");
  limit("smoothness", &P::smoothness_warn, &P::smoothness_fail,
        "Warn when a bandpass is rougher, rms of second differences over the square root of 6");
  s.field("points", &P::points,
          "Most moments or channels of an antenna in the record's tables gains and bandpass")
      .range(1, 1000)
      .tuning();
  s.example("assess:\n  solutions: solve\n  flagged_fail: 0.5", "solve is a stage above");
  return s;
}

Ports Assess::ports() {
  PortNeed solutions;
  solutions.kind = Calibration::kDataKind;
  return Ports().side("solutions", solutions, "what is judged");
}

QualityLimits Assess::limits() const {
  const AssessParams& p = params_;
  QualityLimits limits;
  limits.snr = {p.snr_warn, p.snr_fail};
  limits.flagged = {p.flagged_warn, p.flagged_fail};
  limits.bandpass_flagged = {p.bandpass_flagged_warn, p.bandpass_flagged_fail};
  limits.amplitude = {p.amplitude_warn, p.amplitude_fail};
  limits.phase_scatter_deg = {scaled(p.phase_scatter_warn, 1 / kDegree),
                              scaled(p.phase_scatter_fail, 1 / kDegree)};
  limits.antennas = {p.antennas_warn, p.antennas_fail};
  limits.refant_flagged = {p.refant_flagged_warn, p.refant_flagged_fail};
  limits.refant_phase_deg = {scaled(p.refant_phase_warn, 1 / kDegree),
                             scaled(p.refant_phase_fail, 1 / kDegree)};
  limits.delay_range_ns = {scaled(p.delay_range_warn, 1e9), scaled(p.delay_range_fail, 1e9)};
  limits.xy_ratio = {p.xy_ratio_warn, p.xy_ratio_fail};
  limits.smoothness = {p.smoothness_warn, p.smoothness_fail};
  return limits;
}

PipelineContext Assess::execute(const PipelineContext& ctx, const std::string&) {
  const auto& calibration = ctx.side<Calibration>("solutions");
  if (calibration.terms.empty()) {
    throw Error(ErrorKind::input, "the calibration has no terms, so there is nothing to judge");
  }
  std::map<JonesTerm, int> number;
  std::string failures;
  for (std::size_t order = 0; order < calibration.terms.size(); ++order) {
    const Solutions& solutions = *calibration.terms[order];
    const int count = ++number[solutions.term];
    if (params_.which == "last" && order + 1 < calibration.terms.size()) continue;
    std::string label = count > 1 ? std::to_string(count) : "";
    label += letter(solutions.term);
    const TermQuality quality = quality_of(solutions);
    ctx.record("terms", term_row(order, solutions, quality));
    for (const JudgedFigure& one : judge_term(solutions.term, quality, limits())) {
      record_judged(label, one, ctx);
      if (one.level == QualityLevel::ok) continue;
      const std::string sentence = label + ": " + one.sentence();
      if (params_.on_fail == "report") {
        ctx.log().warning(sentence);
      } else if (one.level == QualityLevel::warn || params_.on_fail == "degrade") {
        ctx.degrade(sentence);
      } else {
        failures += (failures.empty() ? "" : "; ") + sentence;
      }
    }
    record_antennas("antennas_" + label, solutions, quality, ctx);
    record_flags(label, solutions, quality, ctx);
    const SolutionSeries series = series_of(solutions, params_.points);
    for (const Row& row : series.rows) ctx.record(series.table + "_" + label, row);
  }
  if (!failures.empty()) {
    throw Error(ErrorKind::failed, "the calibration is not good enough: " + failures,
                "see the table 'quality' of the record; on_fail: degrade goes on all the same");
  }
  return ctx;
}

}  // namespace skymill::radio
