// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/storage.h>
#include <stages/calibrate/flag_rfi_stage.h>

#include <cstdint>
#include <cstdio>

namespace skymill::radio {

namespace {

constexpr const char* kBits = "found_flags";

void fit_fields(Schema<FlagRfiParams>& s) {
  s.field("time_resize", &FlagRfiParams::time_resize,
          "Integrations averaged before the background is fitted")
      .range(1, 1000)
      .advanced();
  s.field("channel_resize", &FlagRfiParams::channel_resize, "Channels averaged, likewise")
      .range(1, 1000)
      .advanced();
  s.field("time_kernel", &FlagRfiParams::time_kernel,
          "Length of the background's Gaussian in such averages of time; odd")
      .range(1, 1001)
      .advanced();
  s.field("channel_kernel", &FlagRfiParams::channel_kernel, "Likewise in channels; odd")
      .range(1, 1001)
      .advanced();
  s.field("time_sigma", &FlagRfiParams::time_sigma,
          "Width of the Gaussian in such averages of time")
      .range(0.1, 1000)
      .advanced();
  s.field("channel_sigma", &FlagRfiParams::channel_sigma, "Likewise in channels")
      .range(0.1, 1000)
      .advanced();
}

void growth_fields(Schema<FlagRfiParams>& s) {
  s.field("time_share", &FlagRfiParams::time_share,
          "Flags grow over runs of times of which no more than this share is good; 0 = none")
      .range(0, 0.9);
  s.field("channel_share", &FlagRfiParams::channel_share, "Likewise over runs of channels")
      .range(0, 0.9);
  s.field("of_times", &FlagRfiParams::of_times,
          "A channel of which more than this share of the times is flagged is flagged; 1 = none")
      .range(0, 1);
  s.field("of_channels", &FlagRfiParams::of_channels,
          "An integration of which more than this share of the channels is flagged is flagged")
      .range(0, 1);
  s.field("of_baselines", &FlagRfiParams::of_baselines,
          "What more than this share of the baselines have at the same time and channel is flagged "
          "on all of them; 1 = none")
      .range(0, 1);
}

}  // namespace

Schema<FlagRfiParams> FlagRfi::schema() {
  Schema<FlagRfiParams> s{
      "Find interference in time and frequency by SumThreshold, for flag to lay on the data."};
  s.field("base_threshold", &FlagRfiParams::base_threshold,
          "Threshold of a single sample over six sigma; lower finds more")
      .range(0.1, 100);
  s.field("iterations", &FlagRfiParams::iterations,
          "Rounds of thresholds and fit of the background")
      .range(1, 20);
  s.field("sensitivity_step", &FlagRfiParams::sensitivity_step,
          "Factor by which thresholds fall from round to round, to base_threshold in the last")
      .range(1, 10);
  s.field("transient_factor", &FlagRfiParams::transient_factor,
          "Thresholds of runs of channels by those of runs of times; less finds more short bursts")
      .range(0.1, 10);
  fit_fields(s);
  s.field("time_cut", &FlagRfiParams::time_cut,
          "Integrations whose rms is this far above the others' do not count for the background; "
          "0 = none")
      .unit("sigma")
      .range(0, 1e6);
  s.field("last_time_cut", &FlagRfiParams::last_time_cut,
          "Integrations whose rms is this far above the others' in the end are flagged; 0 = none")
      .unit("sigma")
      .range(0, 1e6);
  s.field("channel_cut", &FlagRfiParams::channel_cut,
          "Channels likewise do not count for the background, times the round's factor; 0 = none")
      .unit("sigma")
      .range(0, 1e6);
  growth_fields(s);
  s.field("window", &FlagRfiParams::window,
          "Integrations that are judged together, counted from the scan's first; 0 = as many as "
          "hold half a GiB, 32 to 256")
      .range(0, 1e6);
  s.field("autocorrelations", &FlagRfiParams::autocorrelations, "Look at antennas with themselves");
  s.field("scratch", &FlagRfiParams::scratch,
          "Tier of the file with what was found, a bit a channel: auto or a name")
      .advanced();
  s.example(
      "rfi:   { use: flag_rfi, in: read }\n"
      "again: { use: ms_reader, input: my.ms, after: rfi }\n"
      "flag:  { rfi: rfi }",
      "interference is found in a first reading and flagged in a second");
  return s;
}

Ports FlagRfi::ports() {
  PortNeed need;
  need.kind = Visibilities::kDataKind;
  need.axes = {"row", "channel", "correlation"};
  need.columns = {"data", "flag", "time", "antenna"};
  return Ports()
      .in(need, "visibilities, each data description in the order of time")
      .out("out", FoundFlags::kDataKind, "where interference is");
}

RfiWindowParams FlagRfi::search() const {
  RfiWindowParams all;
  all.of_baselines = params_.of_baselines;
  kernels::SumThresholdParams& threshold = all.search.threshold;
  const auto number = [](int value) { return static_cast<std::size_t>(value); };
  threshold.base_threshold = params_.base_threshold;
  threshold.iterations = number(params_.iterations);
  threshold.sensitivity_step = params_.sensitivity_step;
  threshold.transient_factor = params_.transient_factor;
  threshold.time_resize = number(params_.time_resize);
  threshold.channel_resize = number(params_.channel_resize);
  threshold.time_kernel = number(params_.time_kernel);
  threshold.channel_kernel = number(params_.channel_kernel);
  threshold.time_sigma = params_.time_sigma;
  threshold.channel_sigma = params_.channel_sigma;
  threshold.time_cut = params_.time_cut;
  threshold.last_time_cut = params_.last_time_cut;
  threshold.channel_cut = params_.channel_cut;
  all.search.time_share = params_.time_share;
  all.search.channel_share = params_.channel_share;
  all.search.of_times = params_.of_times;
  all.search.of_channels = params_.of_channels;
  all.window = number(params_.window);
  all.autocorrelations = params_.autocorrelations;
  return all;
}

void FlagRfi::plan(Planning& planning) {
  if (params_.time_kernel % 2 == 0 || params_.channel_kernel % 2 == 0) {
    throw Error(ErrorKind::description, "time_kernel and channel_kernel must be odd",
                "a Gaussian has a middle");
  }
  header_ = planning.input().header<ObservationHeader>();
  const auto threads = static_cast<std::size_t>(planning.context().threads());
  planning.set_state(RfiWindows::bytes(search(), *header_, threads));
  planning.add_scratch(kBits, RfiWindows::file_bytes(*header_),
                       params_.scratch == "auto" ? "disk" : params_.scratch);
  PortSpec& out = planning.output();
  out.chunks = 1;
  out.chunk_bytes = std::size_t{1} << 20;
  out.set_header<ObservationHeader>(header_);
  std::string windows;
  for (std::size_t k = 0; k < header_->data_descriptions.size(); ++k) {
    const std::string each = std::to_string(integrations_of(search(), *header_, k));
    if (windows.find(each) == std::string::npos) windows += (windows.empty() ? "" : ", ") + each;
  }
  planning.add_note("windows of " + windows + " integrations");
}

void FlagRfi::add(const Chunk<Visibilities>& chunk, const PipelineContext& ctx) {
  if (!windows_) {
    found_.bits = std::make_shared<FlagBits>(ctx.scratch(kBits));
    windows_ = std::make_unique<RfiWindows>(search(), header_,
                                            static_cast<std::size_t>(ctx.threads()), found_);
  }
  windows_->add(*chunk);
}

Stream<FoundFlags> FlagRfi::finish(const PipelineContext& ctx) {
  if (!windows_) {
    throw Error(ErrorKind::input, "no visibilities came, so there is nothing to look at");
  }
  windows_->finish();
  ctx.count("samples", windows_->samples());
  ctx.count("found", windows_->found());
  ctx.count("windows", windows_->windows());
  const auto all = static_cast<double>(windows_->samples());
  char text[64];
  std::snprintf(text, sizeof text, "%.3g",
                all > 0 ? 100 * static_cast<double>(windows_->found()) / all : 0.0);
  ctx.log().info("interference in " + std::string(text) + " % of the samples");
  windows_.reset();
  return Stream<FoundFlags>::one(Chunk<FoundFlags>(std::move(found_)));
}

}  // namespace skymill::radio
