// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/checks/check_report.h>

#include <cmath>
#include <nlohmann/json.hpp>

namespace skymill::radio {

namespace {

const char* level_name(CheckLevel level) { return level == CheckLevel::fail ? "fail" : "warn"; }

nlohmann::ordered_json number(double value) {
  if (!std::isfinite(value)) return nullptr;
  return value;
}

}  // namespace

std::string check_report(const std::string& product, const std::vector<Check>& checks) {
  nlohmann::ordered_json report;
  report["product"] = product;
  report["passed"] = failures(checks, CheckLevel::fail).empty();
  report["checks"] = nlohmann::ordered_json::array();
  for (const Check& check : checks) {
    report["checks"].push_back({{"name", check.name},
                                {"level", level_name(check.level)},
                                {"passed", check.passed},
                                {"measured", number(check.measured)},
                                {"limit", number(check.limit)},
                                {"unit", check.unit},
                                {"where", check.where}});
  }
  return report.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

void judge(const std::string& product, const std::vector<Check>& checks,
           const PipelineContext& ctx) {
  for (const Check& check : checks) {
    ctx.record("checks", {{"name", check.name},
                          {"level", std::string(level_name(check.level))},
                          {"passed", check.passed},
                          {"measured", check.measured},
                          {"limit", check.limit},
                          {"unit", check.unit},
                          {"where", check.where}});
  }
  for (const std::string& sentence : failures(checks, CheckLevel::warn)) {
    ctx.log().warning("'" + product + "': " + sentence);
  }
  const std::vector<std::string> failed = failures(checks, CheckLevel::fail);
  if (failed.empty()) return;
  std::string text;
  for (const std::string& sentence : failed) text += (text.empty() ? "" : "; ") + sentence;
  throw Error(ErrorKind::failed,
              "'" + product + "' does not pass " + std::to_string(failed.size()) + " of " +
                  std::to_string(checks.size()) + " checks: " + text,
              "the checks and their limits: skymill describe validate");
}

}  // namespace skymill::radio
