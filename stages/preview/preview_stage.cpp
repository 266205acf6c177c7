// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/storage.h>
#include <stages/formats/fits_cube.h>
#include <stages/formats/preview_png.h>
#include <stages/kernels/statistics.h>
#include <stages/preview/preview_stage.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

namespace skymill::radio {

namespace {

constexpr float kNothing = std::numeric_limits<float>::quiet_NaN();

/// The sources of a truth file, as `simulate` writes it.
std::vector<PreviewMarker> read_markers(const std::string& path) {
  std::ifstream in(path);
  try {
    const auto json = nlohmann::json::parse(in);
    std::vector<PreviewMarker> markers;
    for (const auto& source : json.at("sources")) {
      markers.push_back({source.at("ra_rad").get<double>(), source.at("dec_rad").get<double>(),
                         source.value("name", std::string())});
    }
    return markers;
  } catch (const nlohmann::json::exception& problem) {
    throw Error(ErrorKind::input,
                "'" + path + "' is not a list of sources: " + std::string(problem.what()),
                "it needs \"sources\": [{\"ra_rad\", \"dec_rad\", \"name\"}, …]");
  }
}

}  // namespace

Schema<PreviewParams> Preview::schema() {
  Schema<PreviewParams> s{"Draw a FITS cube as a picture to look at."};
  s.field("input", &PreviewParams::input, "FITS image or cube").required();
  s.field("output", &PreviewParams::output, "PNG file to make").required();
  s.field("channel", &PreviewParams::channel, "Channel to show; without it the brightest");
  s.field("markers", &PreviewParams::markers,
          "JSON of sources to mark, such as a simulation's truth; empty marks none");
  s.field("overwrite", &PreviewParams::overwrite, "Replace a picture that exists").tuning();
  return s;
}

void Preview::plan(Planning& planning) {
  planning.set_resumable();
  planning.add_input(params_.input);
  planning.add_product(params_.output, std::size_t{1} << 20, params_.overwrite);
  if (!params_.markers.empty()) planning.add_input(params_.markers);
}

void Preview::validate(const PipelineContext&) const {
  for (const std::string* path : {&params_.input, &params_.markers}) {
    if (path->empty() || std::filesystem::is_regular_file(*path)) continue;
    throw Error(ErrorKind::input, "'" + *path + "' does not exist");
  }
}

PipelineContext Preview::execute(const PipelineContext& ctx, const std::string&) {
  const FitsCubeReader cube(params_.input);
  const ImageHeader& header = cube.header();
  if (params_.channel && *params_.channel >= header.nchan) {
    throw Error(ErrorKind::description, "'" + params_.input + "' has " +
                                            std::to_string(header.nchan) + " channels, not one " +
                                            std::to_string(*params_.channel));
  }
  PreviewInput input;
  std::vector<float> pixels(header.nx * header.ny);
  std::size_t shown = params_.channel.value_or(0);
  float brightest = -std::numeric_limits<float>::infinity();
  for (std::size_t chan = 0; chan < header.nchan; ++chan) {
    ctx.throw_if_stopped();
    cube.read_plane(chan, pixels.data());
    const kernels::View<const float, 2> plane(pixels.data(), {header.ny, header.nx});
    const kernels::PlaneStatistics figures = kernels::plane_statistics(plane);
    const bool real = figures.count > 0;  // a plane without data shows as a gap
    input.chan_peak.push_back(real ? static_cast<float>(figures.max) : kNothing);
    input.chan_rms.push_back(real ? static_cast<float>(kernels::mad_rms(plane)) : kNothing);
    const bool better = real && static_cast<float>(figures.max) > brightest;
    if (better) brightest = static_cast<float>(figures.max);
    if (params_.channel ? chan == shown : better || input.pixels.empty()) {
      input.pixels = pixels;
      shown = chan;
    }
  }
  input.header = header;
  input.chan = shown;
  input.product = std::filesystem::path(params_.input).stem().string();
  input.unit = cube.unit();
  input.reference_pixel = cube.reference_pixel();
  if (shown < cube.beams().size() && cube.beams()[shown].valid()) input.beam = cube.beams()[shown];
  if (header.nchan < 2) {
    input.chan_peak.clear();
    input.chan_rms.clear();
  }
  if (!params_.markers.empty()) input.markers = read_markers(params_.markers);

  Draft draft(params_.output, params_.overwrite);
  render_preview(draft.path(), input);
  ctx.all_complete();
  draft.publish();
  ctx.record_output(params_.output);
  return ctx;
}

void Preview::validate_outputs(const PipelineContext&) const {
  if (bytes_on_disk(params_.output) == 0) {
    throw Error(ErrorKind::failed, "the picture '" + params_.output + "' is empty");
  }
}

}  // namespace skymill::radio
