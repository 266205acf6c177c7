// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/aoflagger/aoflag_stage.h>
#include <stages/aoflagger/strategy_search.h>

#include <memory>

namespace skymill::radio {

Schema<AoFlagParams> AoFlag::schema() {
  Schema<AoFlagParams> s{
      "Find interference by AOFlagger with a strategy in Lua, for flag to lay on the data."};
  s.field("strategy", &AoFlagParams::strategy,
          "File of the strategy; empty = AOFlagger's own for the telescope");
  window_fields(s);
  s.example(
      "rfi:   { use: aoflag, in: read, strategy: mine.lua }\n"
      "again: { use: ms_reader, input: my.ms, after: rfi }\n"
      "flag:  { rfi: rfi }",
      "interference is found in a first reading and flagged in a second");
  return s;
}

void AoFlag::plan(Planning& planning) {
  const auto header = planning.input().header<ObservationHeader>();
  for (const DataDescription& description : header->data_descriptions) {
    const std::size_t ncorr = description.corr_types.size();
    if (ncorr != 1 && ncorr != 2 && ncorr != 4) {
      throw Error(ErrorKind::input,
                  "'" + header->source + "' has " + std::to_string(ncorr) +
                      " correlations, and AOFlagger looks at 1, 2 or 4 together",
                  "select other correlations, or use flag_rfi");
    }
  }
  const std::string file =
      params_.strategy.empty() ? strategy_of_telescope(header->telescope) : params_.strategy;
  RfiWindowParams windows;
  windows.search = std::make_shared<StrategySearch>(file);
  windows.window = static_cast<std::size_t>(params_.window);
  windows.autocorrelations = params_.autocorrelations;
  run_.plan(planning, std::move(windows), params_.scratch);
  planning.add_note("strategy " + file);
}

}  // namespace skymill::radio
