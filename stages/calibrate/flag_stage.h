// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/params.h>
#include <core/stage.h>
#include <stages/data/visibilities.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace skymill::radio {

struct FlagParams {
  bool zeros = true;
  bool autocorrelations = true;
  bool dead_antennas = true;
  double amplitude_max = 0;
  double clip_sigma = 0;
  std::vector<std::string> antennas;
  bool shadowing = false;
  double shadow_tolerance = 0;
  int edge_channels = 0;
  double quack_begin = 0;
  double quack_end = 0;
};

/// Flags what cannot be good: nothing is removed, values stay as they are.
///
/// A row is shadowed when its projected baseline is shorter than the mean diameter of its dishes
/// less the tolerance, CASA's measure; which of both dishes is in front, other rows would tell that
/// may be in another chunk, so only this baseline is flagged.
///
/// A sample counts for the first reason that holds, in the order antennas, autocorrelations,
/// dead_antennas, shadowing, quack, edge_channels, not finite, zeros, amplitude_max, clip_sigma
/// (dsa110.md 3.1, steps 1 to 5), and interference that `flag_rfi` has found.
class FlagStage final : public Transform<Visibilities, Visibilities> {
 public:
  using Params = FlagParams;
  static Schema<FlagParams> schema();
  static Ports ports();

  explicit FlagStage(FlagParams params) : params_(std::move(params)) {}

  void plan(Planning& planning) override;
  Chunk<Visibilities> operator()(Chunk<Visibilities> chunk,
                                 const PipelineContext& ctx) const override;

 private:
  FlagParams params_;
  std::vector<std::uint8_t> listed_;  ///< [antenna] 1 = named in `antennas`
};

}  // namespace skymill::radio
