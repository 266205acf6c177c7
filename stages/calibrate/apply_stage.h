// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/params.h>
#include <core/stage.h>
#include <stages/data/calibration.h>
#include <stages/data/visibilities.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace skymill::radio {

struct ApplyParams {
  std::vector<std::string> interp;
  std::vector<std::string> spwmap;
  std::vector<std::string> gainfield;
  std::vector<bool> calwt = {true};
  std::string applymode = "calflag";
  std::string conjugate = "no";
  bool parang = false;
  std::string eop;
  std::optional<double> max_age = 86400;
  std::optional<double> dec_guard = 5 * 3.14159265358979323846 / 180;
};

/// Corrects visibilities by all terms of the calibration on the side input `solutions`
/// (calibration.md 5.5, 5.8): D / (g_i conj(g_j)), in the stream, without touching the disk.
///
/// Antennas are matched by name, windows by frequency or `spwmap`. Weights grow by the mean of
/// |g_i|²|g_j|² over channels. Whatever does not belong to the data, or is out of validity, is an
/// error. Chunks carry on in their header which solutions corrected them.
class Apply final : public Transform<Visibilities, Visibilities> {
 public:
  using Params = ApplyParams;
  static Schema<ApplyParams> schema();
  static Ports ports();

  explicit Apply(ApplyParams params);
  ~Apply() override;

  void plan(Planning& planning) override;
  Chunk<Visibilities> operator()(Chunk<Visibilities> chunk,
                                 const PipelineContext& ctx) const override;

 private:
  struct Work;
  Work& work(const PipelineContext& ctx) const;

  ApplyParams params_;
  std::unique_ptr<Work> work_;
};

}  // namespace skymill::radio
