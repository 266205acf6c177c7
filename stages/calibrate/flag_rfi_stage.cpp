// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/calibrate/flag_rfi_stage.h>
#include <stages/flags/window_search.h>

namespace skymill::radio {

namespace {

class SumThresholdSearch final : public WindowSearch {
 public:
  explicit SumThresholdSearch(const kernels::InterferenceParams& params) : params_(params) {}

  std::size_t floats() const override { return 1; }  // amplitudes
  void keep(const Visibilities& rows, std::size_t row, float* out) const override {
    const std::size_t first = row * rows.nchan * rows.ncorr;
    kernels::row_amplitudes(&rows.data[first], &rows.flag[first], rows.nchan, rows.ncorr, out);
  }
  void look(const std::vector<const float*>& kept, const kernels::BaselineShape& shape,
            std::size_t threads, const std::vector<std::uint8_t*>& found) const override {
    kernels::find_interference(kept, shape, params_, threads, found);
  }
  std::size_t scratch(const kernels::BaselineShape& shape) const override {
    return kernels::interference_scratch(shape);
  }

 private:
  kernels::InterferenceParams params_;
};

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
  window_fields(s);
  s.example(
      "rfi:   { use: flag_rfi, in: read }\n"
      "again: { use: ms_reader, input: my.ms, after: rfi }\n"
      "flag:  { rfi: rfi }",
      "interference is found in a first reading and flagged in a second");
  return s;
}

Ports FlagRfi::ports() { return InterferenceRun::ports(); }

kernels::InterferenceParams FlagRfi::search() const {
  kernels::InterferenceParams all;
  kernels::SumThresholdParams& threshold = all.threshold;
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
  all.time_share = params_.time_share;
  all.channel_share = params_.channel_share;
  all.of_times = params_.of_times;
  all.of_channels = params_.of_channels;
  return all;
}

void FlagRfi::plan(Planning& planning) {
  if (params_.time_kernel % 2 == 0 || params_.channel_kernel % 2 == 0) {
    throw Error(ErrorKind::description, "time_kernel and channel_kernel must be odd",
                "a Gaussian has a middle");
  }
  RfiWindowParams windows;
  windows.search = std::make_shared<SumThresholdSearch>(search());
  windows.window = static_cast<std::size_t>(params_.window);
  windows.autocorrelations = params_.autocorrelations;
  windows.of_baselines = params_.of_baselines;
  run_.plan(planning, std::move(windows), params_.scratch);
}

}  // namespace skymill::radio
