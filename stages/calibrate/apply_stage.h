// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/params.h>
#include <core/stage.h>
#include <stages/data/calibration.h>
#include <stages/data/visibilities.h>

#include <utility>

namespace skymill::radio {

struct ApplyParams {
  bool calwt = true;
};

/// Corrects visibilities by all terms of the calibration on the side input `solutions` (calibration.md 5.8,
/// applymode calflag): D / (g_i conj(g_j)), flags where a solution is flagged or missing.
///
/// The solution nearest in time is taken; cells belong to a data description and channel, and
/// antennas are matched by name. Rows' weights grow by the mean of |g_i|²|g_j|² over channels.
class Apply final : public Transform<Visibilities, Visibilities> {
 public:
  using Params = ApplyParams;
  static Schema<ApplyParams> schema();
  static Ports ports();

  explicit Apply(ApplyParams params) : params_(std::move(params)) {}

  void plan(Planning& planning) override;
  Chunk<Visibilities> operator()(Chunk<Visibilities> chunk,
                                 const PipelineContext& ctx) const override;

 private:
  ApplyParams params_;
};

}  // namespace skymill::radio
