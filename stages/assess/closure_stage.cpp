// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/units.h>
#include <stages/assess/closure_stage.h>

#include <algorithm>

namespace skymill::radio {

namespace {

constexpr double kDegree = 3.14159265358979323846 / 180;

}  // namespace

Schema<ClosureParams> Closure::schema() {
  Schema<ClosureParams> s{"Measure closure phases of a calibrator, which no gain can change."};
  s.field("refant", &ClosureParams::refant,
          "Antenna in all triangles; empty takes the first of the antenna table");
  s.field("rms_warn", &ClosureParams::rms_warn,
          "The run is degraded when their root mean square is more; none never")
      .unit("rad")
      .positive();
  s.example("closure:\n  in: read\n  refant: pad103", "read is a reader of a calibrator's data");
  return s;
}

Ports Closure::ports() {
  PortNeed need;
  need.kind = Visibilities::kDataKind;
  need.axes = {"row", "channel", "correlation"};
  need.columns = {"data", "flag", "time", "antenna"};
  return Ports().in(need, "visibilities of one source, corrected or not");
}

void Closure::plan(Planning& planning) {
  header_ = planning.input().header<ObservationHeader>();
  const auto& antennas = header_->antennas;
  if (!params_.refant.empty()) {
    const auto found = std::find_if(antennas.begin(), antennas.end(), [&](const Antenna& antenna) {
      return antenna.name == params_.refant;
    });
    if (found == antennas.end()) {
      throw Error(ErrorKind::description, "refant: there is no antenna '" + params_.refant + "'");
    }
    refant_ = static_cast<std::size_t>(found - antennas.begin());
  }
  planning.set_state(ClosurePhases::bytes(*header_));
}

void Closure::write(const Chunk<Visibilities>& chunk, const PipelineContext&) {
  if (!phases_) phases_ = std::make_unique<ClosurePhases>(header_, refant_);
  phases_->add(*chunk);
}

void Closure::finish(const PipelineContext& ctx) {
  if (!phases_) {
    throw Error(ErrorKind::input, "no visibilities came, so there are no closure phases");
  }
  double worst = 0;
  std::int64_t hand = 0;
  for (const ClosurePhases::Figures& figures : phases_->finish()) {
    worst = std::max(worst, figures.rms_rad);
    ctx.record("closure", {{"hand", hand++},
                           {"refant", header_->antennas[refant_].name},
                           {"triangles", static_cast<std::int64_t>(figures.triangles)},
                           {"closure_rms_deg", figures.rms_rad / kDegree}});
  }
  if (params_.rms_warn && worst > *params_.rms_warn) {
    ctx.degrade("closure phases have an rms of " + format_quantity(worst / kDegree, "deg") +
                ": the source is no point, or baselines have errors of their own");
  }
}

}  // namespace skymill::radio
