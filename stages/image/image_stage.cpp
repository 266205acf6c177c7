// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/storage.h>
#include <core/units.h>
#include <core/version.h>
#include <stages/image/image_stage.h>
#include <stages/image/restoring_beams.h>
#include <stages/kernels/parallel_items.h>

#include <algorithm>
#include <cmath>
#include <deque>

namespace skymill::radio {

namespace {

constexpr double kSpeedOfLight = 299792458;  // m/s
constexpr const char* kSamples = "samples";  ///< the scratch folder
constexpr double kArcsec = 3.14159265358979323846 / 180 / 3600;

bool with_mask(const ImageParams& params) { return params.niter > 0 && cleans_in_mask(params); }

/// tclean's products (imaging.md 5.1); what a run writes of them is chosen where it is written.
std::vector<ProductKind> product_kinds(const ImageParams& params, bool with_pb) {
  const bool one_beam = !params.restoringbeam.empty();
  std::vector<ProductKind> kinds{{"psf", "", true},
                                 {"residual", "Jy/beam", true},
                                 {"model", "Jy/pixel", false},
                                 {"image", "Jy/beam", true, false, one_beam}};
  if (with_mask(params)) kinds.push_back({"mask", "", false});
  kinds.push_back({"sumwt", "", false, true});
  if (with_pb) kinds.push_back({"pb", "", false});
  if (with_pb && params.pbcor) {
    kinds.push_back({"image.pbcor", "Jy/beam", true, false, one_beam});
  }
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
      .out("out", ChannelImage::kDataKind,
           "every channel's psf, residual, model, image and what belongs to them");
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

/// Says what the stage will hold: while it gathers, between channels, and for each one in work.
void Image::plan_memory(Planning& planning, const ObservationHeader& header) {
  const std::vector<PlaneChannels>& planes = cube_.planes;
  const MemoryBudget& memory = planning.context().memory();
  const auto threads = static_cast<std::size_t>(planning.context().threads());
  const std::size_t sample_bytes = ChannelStore::sample_bytes(header, planes);
  const std::size_t plane_bytes = most_samples_ * (sizeof(std::complex<float>) + sizeof(float));
  const auto work_of = [&](std::size_t at_work) {
    return clean_channel_bytes(
        params_, most_samples_,
        gridder_bytes(params_, cell_, most_samples_, at_work, header.max_uvw_m, top_hz(planes)));
  };
  const auto work = [&](bool from_file) { return work_of(1) + (from_file ? plane_bytes : 0); };
  // Threads without a plane help with others. Spread over several they need no more than all at
  // one, because what a plane needs for another thread never falls with their number.
  const std::size_t helpers_bytes = std::max(work_of(threads), work_of(1)) - work_of(1);
  std::size_t state = ChannelStore::geometry_bytes(header, planes) +
                      ImagingWeights::joint_bytes(params_) + helpers_bytes +
                      (shift_ ? planning.input().chunk_bytes : 0);
  std::size_t together = 0;
  if (params_.convergence != "channel") {
    // Planes under common control are all held until the last of them is done.
    together = control_groups(params_, planes.size(), threads).front().end;
    const std::size_t held = held_channel_bytes(params_, most_samples_) + plane_bytes;
    state += together * held + (std::min(threads, together) - 1) * work(true);
  }
  in_memory_ = params_.scratch == "memory" ||
               (params_.scratch == "auto" && sample_bytes <= memory.total() / 2 &&
                sample_bytes + state + work(false) <= memory.free());
  if (in_memory_) {
    state += sample_bytes;
  } else {
    planning.add_scratch(kSamples, sample_bytes,
                         params_.scratch == "auto" ? "disk" : params_.scratch);
  }
  planning.set_state(state);
  planning.set_result_work(work(!in_memory_));
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
  givens_.emplace(params_, *header, cube->image, planning.context().lanes());
  for (const std::string& path : givens_->paths()) planning.add_input(path);
  if (const auto dec_rad = givens_->standing_dec_rad()) drift_.emplace(*header, *dec_rad);
  cube->products = product_kinds(params_, givens_->beams() != nullptr);
  if (givens_->beams()) cube->image.history.push_back("pb = " + givens_->beams()->words());
  beam_ = given_beam(params_.restoringbeam);
  for (const auto& value : planning.parameters()) cube->image.history.push_back(value);
  for (const auto& line : header->history) cube->image.history.push_back(line);
  planned_history_ = header->history.size();

  PortSpec& out = planning.output();
  out.axes = {"channel", "y", "x"};
  out.columns.clear();
  for (const ProductKind& kind : cube->products) out.columns.push_back(kind.extension);
  out.chunks = planes.size();
  out.chunk_bytes = cleaned_channel_bytes(params_);
  out.set_header<CubeHeader>(cube);
  planning.add_note(std::to_string(planes.size()) + " planes of " + std::to_string(cube->image.nx) +
                    " x " + std::to_string(cube->image.ny) + " pixels of " +
                    format_quantity(cube->image.cell_y_rad / kArcsec, "arcsec") + ", " +
                    format_quantity(planes.front().freq_hz, "Hz") + " to " +
                    format_quantity(planes.back().freq_hz, "Hz"));
  cell_ = cell_rad(*header, planes);
  most_samples_ = ChannelStore::max_samples(*header, planes);
  plan_memory(planning, *header);
  weights_.emplace(params_, cell_,
                   kernels::fractional_bandwidth(planes.front().freq_hz, planes.back().freq_hz));
}

void Image::add(const Chunk<Visibilities>& chunk, const PipelineContext& ctx) {
  if (!store_) {
    // Made with the first chunk, not in plan(): the memory is ours only once the pass has begun.
    if (!in_memory_) scratch_ = ctx.scratch(kSamples);
    store_ = std::make_unique<ChannelStore>(
        *chunk->header, cube_.planes, params_.stokes, params_.handweights == "mean", cube_.track,
        in_memory_ ? "" : scratch_->path() + "/samples",
        params_.scratch_compression == "lz4" ? SampleCoding::kLz4 : SampleCoding::kPlain);
    const std::vector<std::string>& lines = chunk->header->history;
    const auto first = static_cast<std::ptrdiff_t>(std::min(planned_history_, lines.size()));
    history_ = std::make_shared<const std::vector<std::string>>(lines.begin() + first, lines.end());
  }
  if (drift_) drift_->add(*chunk);
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
  ctx.count("scratch_bytes_written", static_cast<std::int64_t>(store_->bytes_written()));
  for (std::size_t plane = 0; weights_->joint() && plane < store_->planes(); ++plane) {
    weights_->add(store_->samples(plane));
  }
  pool_ = std::make_unique<PlanePool>(params_.imsize[0] * params_.imsize[1]);
  plans_ = std::make_unique<MeasuredPlans>();
  gridder_ = make_gridder(params_, cell_, most_samples_, static_cast<std::size_t>(ctx.threads()));
  if (drift_) {
    const auto pointings = drift_->pointings();
    if (!pointings.empty()) givens_->set_pointings(pointings);
  }
  givens_->load();
  if (wants_common_beam(params_.restoringbeam)) find_common_beam(ctx);
  if (params_.convergence != "channel") return in_groups(ctx);
  auto waiting = std::make_shared<std::deque<std::size_t>>();
  for (const std::size_t plane : store_->longest_first()) waiting->push_back(plane);
  return Stream<ChannelImage>([this, ctx, waiting]() -> std::optional<Stream<ChannelImage>::Work> {
    // What an earlier run has made is known only now, not yet when this stream was asked for.
    while (!waiting->empty() &&
           ctx.is_done(Span("channel", waiting->front(), waiting->front() + 1))) {
      store_->release(waiting->front());
      waiting->pop_front();
    }
    if (waiting->empty()) return std::nullopt;
    const std::size_t plane = waiting->front();
    waiting->pop_front();
    return Stream<ChannelImage>::Work(
        [this, plane](const PipelineContext& work_ctx) { return image_plane(plane, work_ctx); });
  });
}

void Image::find_common_beam(const PipelineContext& ctx) {
  // A plane's weights, and the densities that they are made from, for each that is made at once.
  const std::size_t each = most_samples_ * sizeof(float) + ImagingWeights::scratch_bytes(params_);
  std::size_t at_once = std::min<std::size_t>(static_cast<std::size_t>(ctx.threads()),
                                              1 + ctx.memory().free() / (each + 1));
  MemoryShare share;
  try {
    share = ctx.memory().reserve((at_once - 1) * each, "the beams of planes before the common one");
  } catch (const Error&) {
    at_once = 1;  // a pass beside this one was faster
  }
  const CommonBeam common = common_beam_of(params_, cell_, *store_, *weights_, most_samples_,
                                           at_once, [&ctx] { ctx.throw_if_stopped(); });
  beam_ = common.beam;
  for (const std::size_t plane : common.left_out) {
    ctx.log().warning("channel " + std::to_string(plane) +
                      ": its beam has no part in the common one, because it is far larger than "
                      "the others' or there is none");
  }
}

void Image::record(std::size_t plane, const CleanedChannel& done,
                   const PipelineContext& ctx) const {
  const CleanSummary& s = done.summary;
  const Beam beam = done.beam.value_or(Beam{});
  Row row{{"channel", static_cast<std::int64_t>(plane)},
          {"freq_hz", store_->channels(plane).freq_hz},
          {"iterations", static_cast<std::int64_t>(s.iterations)},
          {"major_cycles", static_cast<std::int64_t>(s.major_cycles)},
          {"stop_code", static_cast<std::int64_t>(s.stop)},
          {"stop", std::string(done.blank ? "no usable data" : kernels::stop_text(s.stop))},
          {"start_peak_jy", s.start_peak_jy},
          {"peak_jy", s.peak_jy},
          {"rms_jy", s.rms_jy},
          {"model_flux_jy", s.model_flux_jy},
          {"mask_pixels", static_cast<std::int64_t>(s.mask_pixels)},
          {"sumwt", s.sumwt},
          {"sensitivity_jy", s.sensitivity_jy},
          {"beam_major_arcsec", beam.major_rad / kArcsec},
          {"beam_minor_arcsec", beam.minor_rad / kArcsec},
          {"beam_pa_deg", beam.pa_rad / kArcsec / 3600}};
  ctx.record("channels", row);
  // Apart, because a channel that is made again differs in nothing else.
  Row steps{{"channel", static_cast<std::int64_t>(plane)}};
  for (std::size_t k = 0; k < kStepNames.size(); ++k) {
    steps.emplace_back(std::string(kStepNames[k]) + "_s", s.clock.seconds()[k]);
  }
  ctx.record("steps", steps);
}

Chunk<ChannelImage> Image::image_plane(std::size_t plane, const PipelineContext& ctx) {
  return products_of(plane, std::move(clean_together({plane, plane + 1}, ctx).front()), ctx);
}

std::vector<CleanedChannel> Image::clean_together(const ControlGroup& group,
                                                  const PipelineContext& ctx) const {
  const std::size_t size = group.end - group.first;
  const ChannelTools tools{params_, cell_, *weights_, *gridder_, *pool_};
  const std::function<void()> check = [&ctx] { ctx.throw_if_stopped(); };
  std::vector<StoredPlane> samples(size);
  std::vector<PlaneGivens> givens(size);
  std::vector<ChannelCleaner> cleaners;
  for (std::size_t k = 0; k < size; ++k) {
    givens[k] = givens_->of(group.first + k);
    givens[k].beam = beam_;
  }
  const auto each = [&](std::size_t n, const std::function<void(std::size_t)>& work) {
    kernels::parallel_items(n, static_cast<std::size_t>(ctx.threads()), work);
  };
  each(size, [&](std::size_t k) { samples[k] = store_->samples(group.first + k); });
  for (std::size_t k = 0; k < size; ++k) {
    cleaners.emplace_back(tools, samples[k], store_->hands(), givens[k], check);
  }
  std::vector<std::uint8_t> has_data(size);
  each(size, [&](std::size_t k) { has_data[k] = cleaners[k].begin() ? 1 : 0; });
  std::vector<ChannelCleaner*> members;
  for (std::size_t k = 0; params_.niter > 0 && k < size; ++k) {
    if (has_data[k] != 0) members.push_back(&cleaners[k]);
  }
  clean_group(std::move(members), params_, each);
  std::vector<CleanedChannel> done(size);
  each(size, [&](std::size_t k) { done[k] = cleaners[k].finish(); });
  return done;
}

Stream<ChannelImage> Image::in_groups(const PipelineContext& ctx) {
  struct Waiting {
    std::deque<ControlGroup> groups;
    std::deque<std::pair<std::size_t, CleanedChannel>> done;
  };
  auto waiting = std::make_shared<Waiting>();
  const auto groups =
      control_groups(params_, store_->planes(), static_cast<std::size_t>(ctx.threads()));
  waiting->groups.assign(groups.begin(), groups.end());
  return Stream<ChannelImage>([this, ctx, waiting]() -> std::optional<Stream<ChannelImage>::Work> {
    while (waiting->done.empty()) {
      if (waiting->groups.empty()) return std::nullopt;
      const ControlGroup group = waiting->groups.front();
      waiting->groups.pop_front();
      // A group is cleaned as a whole, or not at all.
      std::vector<std::size_t> missing;
      for (std::size_t plane = group.first; plane < group.end; ++plane) {
        if (!ctx.is_done(Span("channel", plane, plane + 1))) missing.push_back(plane);
      }
      if (missing.empty()) continue;
      std::vector<CleanedChannel> cleaned = clean_together(group, ctx);
      for (const std::size_t plane : missing) {
        waiting->done.emplace_back(plane, std::move(cleaned[plane - group.first]));
      }
    }
    auto next =
        std::make_shared<std::pair<std::size_t, CleanedChannel>>(std::move(waiting->done.front()));
    waiting->done.pop_front();
    return Stream<ChannelImage>::Work([this, next](const PipelineContext& work_ctx) {
      return products_of(next->first, std::move(next->second), work_ctx);
    });
  });
}

Chunk<ChannelImage> Image::products_of(std::size_t plane, CleanedChannel done,
                                       const PipelineContext& ctx) {
  store_->release(plane);
  ctx.count("scratch_bytes_read", static_cast<std::int64_t>(store_->take_bytes_read()));
  record(plane, done, ctx);
  if (done.blank) {
    ctx.log().warning("channel " + std::to_string(plane) + " has no usable data; it stays masked");
  } else if (!done.beam) {
    ctx.degrade("channel " + std::to_string(plane) + ": no beam could be fitted to its PSF");
  }
  if (done.own_residual) {
    ctx.degrade("channel " + std::to_string(plane) +
                ": its beam does not fit into the beam of the image, so its residual stays as it "
                "is there");
  }
  if (kernels::is_divergence(done.summary.stop)) {
    ctx.degrade("channel " + std::to_string(plane) + ": cleaning diverged");
  }
  ChannelImage image;
  image.products = {done.psf, givens_->limited(done.residual, plane), done.model,
                    givens_->limited(done.image, plane)};
  if (with_mask(params_)) image.products.push_back(done.mask);
  image.products.emplace_back(std::vector<float>{static_cast<float>(done.summary.sumwt)}, 1);
  if (givens_->beams()) image.products.push_back(givens_->pb(plane));
  if (givens_->beams() && params_.pbcor) {
    image.products.push_back(givens_->corrected(done.image, plane));
  }
  image.beam = done.beam;
  image.restored_beam = done.restored;
  image.blank = done.blank;
  image.history = history_;
  return Chunk<ChannelImage>(std::move(image), Span("channel", plane, plane + 1));
}

}  // namespace skymill::radio
