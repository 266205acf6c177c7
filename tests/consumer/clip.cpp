// SPDX-License-Identifier: GPL-3.0-or-later
#include "clip.h"

#include <core/plugin.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace clip {

namespace {

/// The middle value; of an even number, the upper of the two in the middle.
float median(std::vector<float>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// The amplitude above which a visibility is flagged; infinite where there is no scatter.
float clip_level(std::vector<float>& amplitudes, double nsigma) {
  if (amplitudes.empty()) return INFINITY;
  const float centre = median(amplitudes);
  for (float& amplitude : amplitudes) amplitude = std::abs(amplitude - centre);
  const double scatter = 1.4826 * median(amplitudes);
  return scatter > 0 ? static_cast<float>(centre + nsigma * scatter) : INFINITY;
}

}  // namespace

skymill::Schema<ClipParams> Clip::schema() {
  skymill::Schema<ClipParams> s{"Flag visibilities far above the chunk's own scatter."};
  s.field("nsigma", &ClipParams::nsigma, "Flag above this many times the scatter").range(0.5, 1000);
  return s;
}

skymill::Ports Clip::ports() {
  skymill::PortNeed need;
  need.kind = Visibilities::kDataKind;
  need.axes = {"row", "channel", "correlation"};
  need.columns = {"data", "flag"};
  return skymill::Ports().in(need).out("out", Visibilities::kDataKind,
                                       "the same visibilities with more flags");
}

void Clip::plan(skymill::Planning& planning) {
  Transform::plan(planning);  // what comes in goes out: axes, columns, header
  // One amplitude for every visibility, less than the chunk itself.
  planning.set_scratch(planning.input().chunk_bytes);
}

skymill::Chunk<Visibilities> Clip::operator()(skymill::Chunk<Visibilities> chunk,
                                              const skymill::PipelineContext& ctx) const {
  const auto& data = chunk->data;
  auto& flag = chunk->flag;
  std::vector<float> amplitudes;
  amplitudes.reserve(data.size());
  for (std::size_t i = 0; i < data.size(); ++i) {
    const float amplitude = std::abs(data[i]);
    if (!flag[i] && std::isfinite(amplitude)) amplitudes.push_back(amplitude);
  }
  const float level = clip_level(amplitudes, params_.nsigma);
  std::int64_t flagged = 0;
  for (std::size_t i = 0; i < data.size(); ++i) {
    const float amplitude = std::abs(data[i]);
    if (flag[i] || (std::isfinite(amplitude) && amplitude <= level)) continue;
    flag[i] = 1;
    ++flagged;
  }
  ctx.count("visibilities", static_cast<std::int64_t>(data.size()));
  ctx.count("flagged", flagged);
  return chunk;
}

}  // namespace clip

SKYMILL_PLUGIN(registry) { registry.add<clip::Clip>("clip"); }
