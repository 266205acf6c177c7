// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/selfcal/round_figures.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <vector>

namespace skymill::radio {

namespace {

using Json = nlohmann::json;

/// The figures of a column of a table, of the stage of this type; rows without it are passed over.
std::vector<double> column(const Json& record, const std::string& type, const std::string& table,
                           const std::string& name) {
  std::vector<double> values;
  for (const Json& stage : record.at("stages")) {
    if (stage.at("use") != type || !stage.contains("tables")) continue;
    const Json& tables = stage.at("tables");
    if (!tables.contains(table)) continue;
    for (const Json& row : tables.at(table)) {
      if (row.contains(name) && row.at(name).is_number()) values.push_back(row.at(name));
    }
  }
  return values;
}

std::optional<double> middle(std::vector<double> values) {
  if (values.empty()) return std::nullopt;
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

std::string error_of(const Json& record) {
  if (record.contains("error")) return record.at("error");
  std::string text;
  for (const Json& failure : record.value("failures", Json::array())) {
    text += (text.empty() ? "" : "; ") + failure.get<std::string>();
  }
  return text;
}

}  // namespace

std::optional<RoundFigures> read_round(const std::string& path, const std::string& run) try {
  std::ifstream in(path);
  if (!in) return std::nullopt;
  const Json record = Json::parse(in);
  const std::string id = record.at("run");
  if (!run.empty() && id.rfind(run + "-", 0) != 0) return std::nullopt;
  RoundFigures figures;
  figures.error = error_of(record);
  figures.peak_jy = middle(column(record, "image", "channels", "start_peak_jy"));
  figures.rms_jy = middle(column(record, "image", "channels", "rms_jy"));
  figures.chi2 = middle(column(record, "model_fit", "fit", "chi2_averaged"));
  figures.flagged = middle(column(record, "model_fit", "fit", "flagged"));
  const std::vector<double> snr = column(record, "assess", "terms", "snr_median");
  if (!snr.empty()) figures.antenna_snr = snr.back();
  const std::vector<double> spread = column(record, "assess", "terms", "phase_spread_deg");
  if (!spread.empty()) figures.phase_spread_deg = spread.back();
  const std::vector<double> scatter = column(record, "assess", "terms", "amplitude_scatter");
  if (!scatter.empty()) figures.amplitude_scatter = scatter.back();
  return figures;
} catch (const nlohmann::json::exception&) {
  throw Error(ErrorKind::input, "'" + path + "' is no run record");
}

}  // namespace skymill::radio
