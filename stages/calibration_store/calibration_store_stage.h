// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/params.h>
#include <core/stage.h>
#include <stages/calibration_store/set_choice.h>
#include <stages/calsets/table_set.h>
#include <stages/data/calibration.h>

#include <optional>
#include <string>
#include <utility>

namespace skymill::radio {

struct CalibrationStoreParams {
  std::string store;
  std::string input;
  std::string terms;
  std::string quality = "warn";
  double max_age_k = 24 * 3600.0;
  double max_age_b = 24 * 3600.0;
  double max_age_g = 12 * 3600.0;
  double declination_guard = 5 * 0.017453292519943295;
};

/// Gives the set of calibration tables of a store that fits a MeasurementSet, whole; without one it
/// fails and says why each set was refused (calibration.md 5.9, dsa110.md 3.6).
class CalibrationStoreStage final : public Source<Calibration> {
 public:
  using Params = CalibrationStoreParams;
  static Schema<CalibrationStoreParams> schema();
  static Ports ports();

  explicit CalibrationStoreStage(CalibrationStoreParams params) : params_(std::move(params)) {}

  void plan(Planning& planning) override;
  std::optional<Chunk<Calibration>> next(const PipelineContext& ctx) override;

 private:
  ChoiceLimits limits() const;
  void open_tables(Planning& planning);

  CalibrationStoreParams params_;
  Wanted wanted_;
  StoredSet set_;
  TableSet tables_;
  bool done_ = false;
};

}  // namespace skymill::radio
