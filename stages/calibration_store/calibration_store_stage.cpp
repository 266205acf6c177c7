// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/units.h>
#include <stages/calibration_store/calibration_store_stage.h>
#include <stages/calibration_store/store.h>
#include <stages/calsets/solution_figures.h>
#include <stages/ms/ms_reader.h>
#include <stages/ms/table_lane.h>

#include <filesystem>

namespace skymill::radio {

namespace {

constexpr double kStale_s = 6 * 3600.0;  // dsa110.md 3.7: the first level of staleness

/// What the data need, from their subtables and times alone.
Wanted look_at(const std::string& input, const PipelineContext& ctx) {
  Wanted wanted;
  ctx.lanes().get(table_lane(input))->run([&](const Lane::Token& token) {
    MsReader reader(token, input);
    wanted = wanted_by(*reader.header());
    reader.close(token);
  });
  return wanted;
}

}  // namespace

Schema<CalibrationStoreParams> CalibrationStoreStage::schema() {
  Schema<CalibrationStoreParams> s{
      "Look a calibration up in a store: the set of tables that fits a MeasurementSet in time, "
      "telescope, antennas, windows, declination and sense of UVW. Without one the run fails."};
  s.field("store", &CalibrationStoreParams::store, "Folder of the store").required();
  s.field("input", &CalibrationStoreParams::input, "The MeasurementSet to be corrected").required();
  s.field("terms", &CalibrationStoreParams::terms,
          "Types that a set must have, such as KBG; empty asks for none in particular");
  s.field("quality", &CalibrationStoreParams::quality,
          "The lowest verdict to accept; sets that failed are never taken")
      .choices({"pass", "warn"});
  s.field("max_age_k", &CalibrationStoreParams::max_age_k,
          "Most time between data and delays (K), before or after")
      .unit("s")
      .range(0, 1e9);
  s.field("max_age_b", &CalibrationStoreParams::max_age_b, "The same for bandpasses (B)")
      .unit("s")
      .range(0, 1e9);
  s.field("max_age_g", &CalibrationStoreParams::max_age_g, "The same for gains (G and T)")
      .unit("s")
      .range(0, 1e9);
  s.field("declination_guard", &CalibrationStoreParams::declination_guard,
          "Most by which declinations of the data's fields may lie beyond those of the calibrator")
      .unit("rad")
      .range(0, 3.2);
  s.example("calibration_store:\n  store: /data/calibration\n  input: target.ms\n  terms: KBG",
            "apply takes it as its solutions");
  return s;
}

Ports CalibrationStoreStage::ports() {
  return Ports().out("out", Calibration::kDataKind, "all terms of one set, in one piece");
}

ChoiceLimits CalibrationStoreStage::limits() const {
  ChoiceLimits limits;
  limits.max_age_s = {{JonesTerm::K, params_.max_age_k},
                      {JonesTerm::B, params_.max_age_b},
                      {JonesTerm::G, params_.max_age_g},
                      {JonesTerm::T, params_.max_age_g}};
  limits.declination_guard_rad = params_.declination_guard;
  limits.accept_warn = params_.quality == "warn";
  limits.terms = params_.terms;
  return limits;
}

void CalibrationStoreStage::open_tables(Planning& planning) {
  std::vector<std::string> paths;
  for (const StoredTable& table : set_.tables) {
    paths.push_back(params_.store + "/" + table.path);
    planning.add_input(paths.back());
    if (std::filesystem::is_directory(paths.back())) continue;
    throw Error(ErrorKind::input,
                "the calibration set '" + set_.name + "' is not whole: '" + paths.back() +
                    "' does not exist",
                "bring the table back, or take the set out of use with retire_calibration");
  }
  const std::string lane = table_lane(params_.store);
  planning.set_lane(lane);
  planning.context().lanes().get(lane)->run(
      [&](const Lane::Token& token) { tables_ = TableSet(token, paths, planning.context()); });
}

void CalibrationStoreStage::plan(Planning& planning) {
  planning.add_input(params_.input);
  wanted_ = look_at(params_.input, planning.context());
  CalibrationStore store(params_.store, Database::Open::existing);
  const std::vector<StoredSet> sets = store.sets();
  set_ = choose_set(sets, wanted_, limits(), params_.store);
  open_tables(planning);
  PortSpec& out = planning.output();
  out.axes = {"time", "frequency", "polarisation", "antenna"};
  out.columns = {"gain", "flag", "snr", "error"};
  out.properties["terms"] = tables_.terms();
  out.properties["telescope"] = set_.telescope;
  out.chunk_bytes = tables_.bytes();
  out.chunks = 1;
  out.set_header<ObservationHeader>(tables_.header());
  planning.add_note("set '" + set_.name + "' of " + utc_text(set_.first_s) + " UTC, terms " +
                    tables_.terms());
}

std::optional<Chunk<Calibration>> CalibrationStoreStage::next(const PipelineContext& ctx) {
  if (done_) return std::nullopt;
  done_ = true;
  const double away_s = distance_s(set_, wanted_);
  ctx.record("set", {{"name", set_.name},
                     {"calibrator", set_.calibrator},
                     {"first_utc", utc_text(set_.first_s)},
                     {"last_utc", utc_text(set_.last_s)},
                     {"valid", is_valid(set_, wanted_)},
                     {"away_s", away_s},
                     {"quality", set_.quality},
                     {"solved_from", set_.source_ms},
                     {"run", set_.run},
                     {"software", set_.software},
                     {"stored_utc", set_.created_utc}});
  ctx.log().info("takes the calibration set '" + set_.name + "' of " + set_.calibrator + " at " +
                 utc_text(set_.first_s) + " UTC, " + format_quantity(away_s, "s") +
                 (set_.first_s > wanted_.last_s ? " after" : " before") + " the data");
  const std::string doubt = sense_doubt(set_, wanted_);
  if (!doubt.empty()) ctx.log().warning(doubt);
  if (set_.quality == "warn") ctx.degrade("the calibration set '" + set_.name + "' has a warning");
  if (away_s > kStale_s) {
    ctx.degrade("the calibration set '" + set_.name + "' is stale: it lies " +
                format_quantity(away_s, "s") + " from the data");
  }
  return Chunk<Calibration>(tables_.read(ctx));
}

}  // namespace skymill::radio
