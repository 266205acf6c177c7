// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/version.h>
#include <stages/calibration_store/store.h>
#include <stages/calibration_store/store_calibration_stage.h>
#include <stages/calsets/solution_figures.h>
#include <stages/calsets/table_set.h>
#include <stages/ms/cal_table_reader.h>
#include <stages/ms/cal_table_writer.h>

#include <chrono>
#include <filesystem>
#include <map>

namespace skymill::radio {

namespace {

double now_mjd_s() {
  using Seconds = std::chrono::duration<double>;
  constexpr double kUnixEpochMjd_s = 40587.0 * 86400.0;
  return Seconds(std::chrono::system_clock::now().time_since_epoch()).count() + kUnixEpochMjd_s;
}

/// A set that cannot be read must not be registered.
void require_readable(const Lane::Token& token, const std::string& path, const Solutions& term) {
  const Solutions again = CalTableReader(token, path).read(token);
  const bool same = again.intervals.size() == term.intervals.size() &&
                    again.frequencies.size() == term.frequencies.size() &&
                    count_solutions(again).flagged == count_solutions(term).flagged;
  if (same) return;
  throw Error(ErrorKind::failed, "'" + path + "' does not read back as it was written",
              "the disk may be failing");
}

}  // namespace

Schema<StoreCalibrationParams> StoreCalibrationStage::schema() {
  Schema<StoreCalibrationParams> s{
      "Keep a calibration in a store, from which calibration_store takes it for other data."};
  s.field("store", &StoreCalibrationParams::store, "Folder of the store; made when there is none")
      .required();
  s.field("set", &StoreCalibrationParams::set,
          "Name of the set, such as 2025-09-05_3C286; one that was used is never used again")
      .required();
  s.field("quality", &StoreCalibrationParams::quality,
          "Verdict on the solutions; a set that failed is kept, but never taken")
      .choices({"pass", "warn", "fail"});
  s.field("valid_margin", &StoreCalibrationParams::valid_margin,
          "By which validity goes beyond the first and last of the data that were solved")
      .unit("s")
      .range(0, 1e8);
  s.example("store_calibration:\n  in: solve\n  store: /data/calibration\n  set: 2025-09-05_3C286",
            "solve is a stage that solves for gains");
  return s;
}

Ports StoreCalibrationStage::ports() {
  PortNeed need;
  need.kind = Calibration::kDataKind;
  return Ports().in(need, "solutions that belong together, in one piece");
}

void StoreCalibrationStage::plan(Planning& planning) {
  require_set_name(params_.set);
  const std::string folder = params_.store + "/" + set_folder(params_.set);
  const bool exists = std::filesystem::exists(folder);
  if (std::filesystem::exists(params_.store + "/store.sqlite")) {
    CalibrationStore store(params_.store, Database::Open::existing);
    if (store.has(params_.set)) {
      throw Error(
          ErrorKind::description,
          "the calibration store '" + params_.store + "' has a set '" + params_.set + "' already",
          "choose another name; a set is never changed");
    }
  }
  leftover_ = exists;
  planning.set_lane("table:" + std::filesystem::absolute(params_.store).string());
  parameters_ = planning.parameters();
  constexpr std::size_t kSubtables = std::size_t{4} << 20;
  planning.add_product(folder, planning.input().chunk_bytes + kSubtables, leftover_);
}

void StoreCalibrationStage::write_tables(const Calibration& calibration,
                                         const PipelineContext& ctx) {
  std::filesystem::create_directory(draft_->path());
  CalTableOptions options;
  options.application = "skymill " SKYMILL_VERSION;
  std::map<JonesTerm, int> number;
  for (std::size_t k = 0; k < calibration.terms.size(); ++k) {
    const Solutions& term = *calibration.terms[k];
    options.history = table_history(calibration, term, parameters_, ctx);
    const std::string name = params_.set + table_ending(term.term, ++number[term.term]);
    write_cal_table(ctx.lane_token(), draft_->path() + "/" + name, term, options);
    require_readable(ctx.lane_token(), draft_->path() + "/" + name, term);
    set_.tables[k].path = set_folder(params_.set) + "/" + name;
    ctx.record("tables", table_row(k, params_.store + "/" + set_.tables[k].path, term));
    ctx.log().info(table_sentence(params_.store + "/" + set_.tables[k].path, term));
  }
}

void StoreCalibrationStage::write(const Chunk<Calibration>& chunk, const PipelineContext& ctx) {
  if (draft_) {
    throw Error(ErrorKind::input,
                "a second calibration came for the set '" + params_.set + "', which takes one");
  }
  set_ = describe_set(*chunk);
  set_.name = params_.set;
  set_.quality = params_.quality;
  set_.valid_from_s -= params_.valid_margin;
  set_.valid_to_s += params_.valid_margin;
  set_.software = "skymill " SKYMILL_VERSION;
  set_.run = ctx.run_id();
  for (const std::string& parameter : parameters_) set_.parameters += parameter + "\n";
  draft_.emplace(ctx.draft(params_.store + "/" + set_folder(params_.set), leftover_));
  write_tables(*chunk, ctx);
}

void StoreCalibrationStage::finish(const PipelineContext& ctx) {
  if (!draft_) {
    throw Error(ErrorKind::input,
                "no calibration came for the set '" + params_.set + "', so nothing was stored");
  }
  CalibrationStore store(params_.store, Database::Open::create);
  for (const StoredSet& other : store.sets()) {
    const bool overlaps = other.status == "active" && other.telescope == set_.telescope &&
                          other.valid_from_s < set_.valid_to_s &&
                          set_.valid_from_s < other.valid_to_s;
    if (overlaps) {
      ctx.log().info("the validity of '" + set_.name + "' overlaps that of '" + other.name +
                     "'; the newer one is taken where both hold");
    }
  }
  draft_->publish();
  set_.created_utc = utc_text(now_mjd_s());
  store.add(set_);
  ctx.record_output(params_.store + "/" + set_folder(params_.set));
  ctx.log().info("stored '" + set_.name + "', terms " + set_.terms() + " of " + set_.calibrator +
                 ", valid from " + utc_text(set_.valid_from_s) + " to " +
                 utc_text(set_.valid_to_s) + " UTC");
}

}  // namespace skymill::radio
