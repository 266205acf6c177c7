// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/calibrate/apply_stage.h>
#include <stages/gains/correction.h>

#include <algorithm>

namespace skymill::radio {

Schema<ApplyParams> Apply::schema() {
  Schema<ApplyParams> s{"Correct visibilities by antenna gains; what has no solution is flagged."};
  s.field("calwt", &ApplyParams::calwt, "Scale weights by the gains' squared amplitudes as well");
  s.example("apply:\n  in: target\n  solutions: solve", "target is a reader, solve a solve stage");
  return s;
}

Ports Apply::ports() {
  PortNeed need;
  need.kind = Visibilities::kDataKind;
  need.axes = {"row", "channel", "correlation"};
  need.columns = {"data", "flag", "weight", "time", "antenna"};
  PortNeed solutions;
  solutions.kind = Calibration::kDataKind;
  return Ports()
      .in(need, "visibilities of the array and windows that were solved")
      .side("solutions", solutions, "all terms, by antenna name")
      .out("out", Visibilities::kDataKind, "corrected visibilities");
}

void Apply::plan(Planning& planning) {
  Stage::plan(planning);
  planning.output().properties["calibrated"] = true;
  const auto header = planning.input().header<ObservationHeader>();
  std::size_t channels = 0;
  for (const SpectralWindow& window : header->spectral_windows) {
    channels = std::max(channels, window.chan_freq_hz.size());
  }
  constexpr std::size_t kPols = 2;
  planning.set_scratch(header->antennas.size() * channels * kPols * sizeof(std::complex<float>));
}

Chunk<Visibilities> Apply::operator()(Chunk<Visibilities> chunk, const PipelineContext& ctx) const {
  const Correction correct(ctx.side<Calibration>("solutions"), {params_.calwt});
  const std::int64_t flagged = correct(*chunk);
  ctx.count("samples", static_cast<std::int64_t>(chunk->flag.size()));
  ctx.count("flagged_without_solution", flagged);
  return chunk;
}

}  // namespace skymill::radio
