// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/context.h>
#include <stages/checks/ms_checks.h>

#include <string>
#include <vector>

namespace skymill::radio {

/// The checks as JSON: `{"product", "passed", "checks": [{"name", "level", "passed", "measured",
/// "limit", "unit", "where"}]}`; a figure that is no number is null.
std::string check_report(const std::string& product, const std::vector<Check>& checks);

/// Records all checks in the table "checks" of the run record; warnings become warnings of the log.
/// @throws Error(failed) naming each check of level fail that did not pass, with its figures
void judge(const std::string& product, const std::vector<Check>& checks,
           const PipelineContext& ctx);

}  // namespace skymill::radio
