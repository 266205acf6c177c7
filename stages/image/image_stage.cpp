// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/units.h>
#include <core/version.h>
#include <stages/image/clean_channel.h>
#include <stages/image/image_stage.h>

#include <algorithm>
#include <cmath>

namespace skymill::radio {

namespace {

constexpr double kSpeedOfLight = 299792458;  // m/s
constexpr double kArcsec = 3.14159265358979323846 / 180 / 3600;

/// A mask comes last, where there is one.
bool with_mask(const ImageParams& params) { return params.niter > 0 && params.usemask != "none"; }

std::vector<ProductKind> product_kinds(const ImageParams& params) {
  std::vector<ProductKind> kinds{{"psf", "", true},
                                 {"residual", "Jy/beam", true},
                                 {"model", "Jy/pixel", false},
                                 {"image", "Jy/beam", true}};
  if (with_mask(params)) kinds.push_back({"mask", "", false});
  return kinds;
}

/// The highest frequency that is gridded, or that of the plane where visibilities move.
double top_hz(const std::vector<PlaneChannels>& planes) {
  double top = 0;
  for (const PlaneChannels& plane : planes) {
    top = std::max(top, plane.channels.empty() ? plane.freq_hz : plane.channels.back().freq_hz);
  }
  return top;
}

}  // namespace

Ports Image::ports() {
  PortNeed need;
  need.kind = Visibilities::kDataKind;
  need.axes = {"row", "channel", "correlation"};
  need.columns = {"data", "flag", "weight", "uvw"};
  return Ports()
      .in(need, "visibilities of one phase centre")
      .out("out", ChannelImage::kDataKind, "psf, residual, model and image of every channel");
}

std::array<double, 2> Image::cell_rad(const ObservationHeader& header,
                                      const std::vector<PlaneChannels>& planes) const {
  if (params_.cell[0] > 0 && params_.cell[1] > 0) return params_.cell;
  if (!(header.max_uvw_m > 0)) {
    throw Error(ErrorKind::description, "the data do not say how long their baselines are",
                "give cell");
  }
  // A fifth of the finest fringe, rounded down to two digits so that people can type it again.
  const double finest = kSpeedOfLight / top_hz(planes) / header.max_uvw_m / kArcsec / 5;
  const double digit = std::pow(10.0, std::floor(std::log10(finest)) - 1);
  const double cell = std::floor(finest / digit) * digit * kArcsec;
  return {cell, cell};
}

ImageHeader Image::image_header(const ObservationHeader& header, const CubePlanes& cube) const {
  const std::vector<PlaneChannels>& planes = cube.planes;
  const auto cell = cell_rad(header, planes);
  ImageHeader image;
  image.nx = params_.imsize[0];
  image.ny = params_.imsize[1];
  image.nchan = planes.size();
  image.cell_x_rad = -cell[0];
  image.cell_y_rad = cell[1];
  image.phase_centre = params_.phasecenter.empty() ? header.fields.front().phase_dir
                                                   : parse_direction(params_.phasecenter);
  image.stokes = params_.stokes == "pseudoI" ? "I" : params_.stokes;
  for (const auto& plane : planes) image.chan_freq_hz.push_back(plane.freq_hz);
  image.chan_width_hz = planes.size() > 1 ? (planes.back().freq_hz - planes.front().freq_hz) /
                                                static_cast<double>(planes.size() - 1)
                                          : planes.front().width_hz;
  if (cube.track) image.chan_width_hz = cube.track->axis().step_hz;
  image.spectral_frame = cube.frame;
  image.rest_freq_hz = params_.restfreq > 0 ? params_.restfreq : planes.front().freq_hz;
  image.telescope = header.telescope;
  image.observer = header.observer;
  image.object = header.fields.front().name;
  image.date_obs_mjd_s = header.time_first_s;
  if (!header.antennas.empty()) image.telescope_position_m = header.antennas.front().position_m;
  image.history = {"skymill " SKYMILL_VERSION ": image", "input = '" + header.source + "'"};
  return image;
}

void Image::plan(Planning& planning) {
  const auto header = planning.input().header<ObservationHeader>();
  if (header->fields.size() > 1) {
    const Direction& first = header->fields.front().phase_dir;
    for (const Field& field : header->fields) {
      const bool same = std::abs(field.phase_dir.ra_rad - first.ra_rad) < 1e-9 &&
                        std::abs(field.phase_dir.dec_rad - first.dec_rad) < 1e-9;
      if (same) continue;
      throw Error(ErrorKind::input,
                  "'" + header->source + "' has fields with different phase centres ('" +
                      header->fields.front().name + "' and '" + field.name + "')",
                  "choose one with the reader's field");
    }
  }
  if (!params_.phasecenter.empty()) {
    shift_.emplace(header->fields.front().phase_dir, parse_direction(params_.phasecenter));
  }
  cube_ = cube_planes(*header, params_);
  const std::vector<PlaneChannels>& planes = cube_.planes;
  auto cube = std::make_shared<CubeHeader>();
  cube->image = image_header(*header, cube_);
  cube->products = product_kinds(params_);
  for (const auto& value : planning.parameters()) cube->image.history.push_back(value);

  PortSpec& out = planning.output();
  out.axes = {"channel", "y", "x"};
  out.columns.clear();
  for (const ProductKind& kind : cube->products) out.columns.push_back(kind.extension);
  out.chunks = planes.size();
  out.chunk_bytes = cube->products.size() * sizeof(float) * cube->image.nx * cube->image.ny;
  out.set_header<CubeHeader>(cube);
  planning.set_state(ChannelStore::bytes(*header, planes) + ImagingWeights::joint_bytes(params_) +
                     (shift_ ? planning.input().chunk_bytes : 0));
  planning.set_result_work(
      clean_channel_bytes(params_, ChannelStore::max_samples(*header, planes)));
  planning.add_note(std::to_string(planes.size()) + " planes of " + std::to_string(cube->image.nx) +
                    " x " + std::to_string(cube->image.ny) + " pixels of " +
                    format_quantity(cube->image.cell_y_rad / kArcsec, "arcsec") + ", " +
                    format_quantity(planes.front().freq_hz, "Hz") + " to " +
                    format_quantity(planes.back().freq_hz, "Hz"));
  cell_ = cell_rad(*header, planes);
  weights_.emplace(params_, cell_,
                   kernels::fractional_bandwidth(planes.front().freq_hz, planes.back().freq_hz));
}

void Image::add(const Chunk<Visibilities>& chunk, const PipelineContext& ctx) {
  if (!store_) {
    // Made with the first chunk, not in plan(): the memory is ours only once the pass has begun.
    store_ = std::make_unique<ChannelStore>(*chunk->header, cube_.planes, params_.stokes,
                                            params_.handweights == "mean", cube_.track);
  }
  if (shift_) {
    Visibilities turned = *chunk;
    const ObservationHeader& header = *chunk->header;
    const auto& description =
        header.data_descriptions.at(static_cast<std::size_t>(chunk->data_desc_id));
    shift_->apply(turned,
                  header.spectral_windows.at(static_cast<std::size_t>(description.spectral_window))
                      .chan_freq_hz);
    store_->add(turned);
  } else {
    store_->add(*chunk);
  }
  ctx.count("rows", static_cast<std::int64_t>(chunk->rows()));
}

Stream<ChannelImage> Image::finish(const PipelineContext& ctx) {
  if (!store_) throw Error(ErrorKind::input, "no visibilities came, so there is nothing to image");
  ctx.count("samples_flagged", static_cast<std::int64_t>(store_->flagged()));
  for (std::size_t plane = 0; weights_->joint() && plane < store_->planes(); ++plane) {
    weights_->add(store_->samples(plane));
  }
  auto next = std::make_shared<std::size_t>(0);
  return Stream<ChannelImage>([this, next, ctx]() -> std::optional<Stream<ChannelImage>::Work> {
    while (*next < store_->planes() && ctx.is_done(Span("channel", *next, *next + 1))) {
      store_->release((*next)++);
    }
    if (*next == store_->planes()) return std::nullopt;
    const std::size_t plane = (*next)++;
    return Stream<ChannelImage>::Work(
        [this, plane](const PipelineContext& work_ctx) { return image_plane(plane, work_ctx); });
  });
}

Chunk<ChannelImage> Image::image_plane(std::size_t plane, const PipelineContext& ctx) {
  CleanedChannel done = clean_channel(store_->samples(plane), store_->hands(), *weights_, params_,
                                      cell_, [&] { ctx.throw_if_stopped(); });
  store_->release(plane);
  const CleanSummary& s = done.summary;
  const Beam beam = done.beam.value_or(Beam{});
  ctx.record("channels",
             {{"channel", static_cast<std::int64_t>(plane)},
              {"freq_hz", store_->channels(plane).freq_hz},
              {"iterations", static_cast<std::int64_t>(s.iterations)},
              {"major_cycles", static_cast<std::int64_t>(s.major_cycles)},
              {"stop_code", static_cast<std::int64_t>(s.stop)},
              {"stop", std::string(done.blank ? "no usable data" : kernels::stop_text(s.stop))},
              {"start_peak_jy", s.start_peak_jy},
              {"peak_jy", s.peak_jy},
              {"rms_jy", s.rms_jy},
              {"model_flux_jy", s.model_flux_jy},
              {"sumwt", s.sumwt},
              {"sensitivity_jy", s.sensitivity_jy},
              {"beam_major_arcsec", beam.major_rad / kArcsec},
              {"beam_minor_arcsec", beam.minor_rad / kArcsec},
              {"beam_pa_deg", beam.pa_rad / kArcsec / 3600}});
  if (done.blank) {
    ctx.log().warning("channel " + std::to_string(plane) + " has no usable data; it stays masked");
  } else if (!done.beam) {
    ctx.degrade("channel " + std::to_string(plane) + ": no beam could be fitted to its PSF");
  }
  if (kernels::is_divergence(s.stop)) {
    ctx.degrade("channel " + std::to_string(plane) + ": cleaning diverged");
  }
  ChannelImage image;
  for (auto* pixels : {&done.psf, &done.residual, &done.model, &done.image}) {
    image.products.emplace_back(std::move(*pixels), params_.imsize[0]);
  }
  if (with_mask(params_)) {
    done.mask.resize(params_.imsize[0] * params_.imsize[1]);  // of a blank channel there is none
    image.products.emplace_back(std::move(done.mask), params_.imsize[0]);
  }
  image.beam = done.beam;
  image.blank = done.blank;
  return Chunk<ChannelImage>(std::move(image), Span("channel", plane, plane + 1));
}

}  // namespace skymill::radio
