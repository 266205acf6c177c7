// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/storage.h>
#include <stages/selfcal/round_figures.h>
#include <stages/selfcal/selfcal_summary_stage.h>

#include <fstream>
#include <nlohmann/json.hpp>

namespace skymill::radio {

namespace {

using Json = nlohmann::ordered_json;

/// The figures of a round by name; those that it lacks are left out.
std::vector<std::pair<std::string, double>> figures_of(const RoundFigures& f) {
  std::vector<std::pair<std::string, double>> figures;
  const auto put = [&](const char* name, const std::optional<double>& value) {
    if (value) figures.emplace_back(name, *value);
  };
  put("snr", f.snr());
  put("peak_jy", f.peak_jy);
  put("rms_jy", f.rms_jy);
  put("chi2_averaged", f.chi2);
  put("flagged", f.flagged);
  put("antenna_snr", f.antenna_snr);
  put("phase_spread_deg", f.phase_spread_deg);
  put("amplitude_scatter", f.amplitude_scatter);
  return figures;
}

}  // namespace

Schema<SelfcalSummaryParams> SelfcalSummary::schema() {
  using P = SelfcalSummaryParams;
  Schema<P> s{"Sum up the rounds of a self-calibration."};
  s.field("output", &P::output, "JSON file to write").required();
  s.field("rounds", &P::rounds, "Prefixes of the rounds, whose records are <prefix>.run.json")
      .required();
  s.field("verdicts", &P::verdicts, "What became of each");
  s.field("best", &P::best, "Prefix of the round that is kept");
  s.field("outcome", &P::outcome, "How the self-calibration ended");
  s.field("reason", &P::reason, "Why");
  s.field("tables", &P::tables, "Tables of the round that is kept");
  s.field("overwrite", &P::overwrite, "Replace a summary that exists").tuning();
  return s;
}

void SelfcalSummary::plan(Planning& planning) {
  for (const std::string& round : params_.rounds) planning.add_input(round + ".run.json");
  planning.add_product(params_.output, std::size_t{1} << 14, params_.overwrite);
}

PipelineContext SelfcalSummary::execute(const PipelineContext& ctx, const std::string&) {
  Json summary{{"outcome", params_.outcome}, {"reason", params_.reason}, {"best", params_.best}};
  summary["tables"] = params_.tables;
  summary["rounds"] = Json::array();
  for (std::size_t k = 0; k < params_.rounds.size(); ++k) {
    const std::string& prefix = params_.rounds[k];
    const std::string verdict = k < params_.verdicts.size() ? params_.verdicts[k] : "";
    const auto figures = read_round(prefix + ".run.json", "");
    Json round{{"round", prefix}, {"verdict", verdict}, {"kept", prefix == params_.best}};
    Row row{{"round", static_cast<std::int64_t>(k)}, {"verdict", verdict}};
    if (figures) {
      for (const auto& [name, value] : figures_of(*figures)) {
        round[name] = value;
        row.emplace_back(name, value);
      }
      if (!figures->error.empty()) round["error"] = figures->error;
    }
    summary["rounds"].push_back(std::move(round));
    ctx.record("rounds", std::move(row));
  }
  Draft draft = ctx.draft(params_.output, params_.overwrite);
  std::ofstream out(draft.path());
  out << summary.dump(2) << "\n";
  out.close();
  if (!out) throw Error(ErrorKind::failed, "cannot write '" + params_.output + "'");
  draft.publish();
  ctx.record_output(params_.output);
  if (params_.outcome == "failed" || params_.outcome == "diverged") {
    ctx.degrade("self-calibration " + params_.outcome + ": " + params_.reason);
  }
  ctx.log().info("self-calibration: " + params_.outcome + ", '" + params_.best + "' is kept");
  return ctx;
}

}  // namespace skymill::radio
