// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/params.h>
#include <core/stage.h>
#include <core/storage.h>
#include <stages/calibration_store/stored_set.h>
#include <stages/data/calibration.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace skymill::radio {

struct StoreCalibrationParams {
  std::string store;
  std::string set;
  std::string quality = "pass";
  double valid_margin = 3600;
};

/// Puts a calibration into a store as one set: its tables get their place by one rename, after
/// they were read back, and then a row in the registry by one transaction.
class StoreCalibrationStage final : public Sink<Calibration> {
 public:
  using Params = StoreCalibrationParams;
  static Schema<StoreCalibrationParams> schema();
  static Ports ports();

  explicit StoreCalibrationStage(StoreCalibrationParams params) : params_(std::move(params)) {}

  void plan(Planning& planning) override;
  void write(const Chunk<Calibration>& chunk, const PipelineContext& ctx) override;
  void finish(const PipelineContext& ctx) override;

 private:
  void write_tables(const Calibration& calibration, const PipelineContext& ctx);

  StoreCalibrationParams params_;
  std::vector<std::string> parameters_;
  bool leftover_ = false;  ///< tables of this name that no registry knows: of a run that was ended
  std::optional<Draft> draft_;
  StoredSet set_;
};

}  // namespace skymill::radio
