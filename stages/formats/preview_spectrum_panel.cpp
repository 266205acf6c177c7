// SPDX-License-Identifier: GPL-3.0-or-later
#include "preview_panels.h"

#include <algorithm>
#include <cmath>

namespace skymill::radio {
namespace {

constexpr Rgb kPeakColour{0.05, 0.25, 0.60};
constexpr Rgb kRmsColour{0.78, 0.30, 0.05};
/// Up to here channels are drawn as steps, above as a line.
constexpr std::size_t kMostSteps = 256;

struct Range {
  double low = 0;
  double high = 1;
};

/// From zero, or below it when there are negative values, with some air above.
Range value_range(const std::vector<float>& values) {
  double low = 0;
  double high = 0;
  for (const float value : values) {
    if (!std::isfinite(value)) continue;
    low = std::min<double>(low, value);
    high = std::max<double>(high, value);
  }
  if (!(high > low)) return {0, 1};
  constexpr double kAir = 0.12;
  const double span = high - low;
  return {low < 0 ? low - kAir * span : 0, high + kAir * span};
}

class SpectrumPanel {
 public:
  SpectrumPanel(Canvas& canvas, const Box& box, const PreviewInput& input)
      : canvas_(canvas), box_(box), input_(input), freq_hz_(input.header.chan_freq_hz) {
    const auto [low, high] = std::minmax_element(freq_hz_.begin(), freq_hz_.end());
    const double chan_hz =
        freq_hz_.size() > 1 ? (*high - *low) / static_cast<double>(freq_hz_.size() - 1) : 1;
    half_channel_hz_ = chan_hz / 2;
    freq_ = {*low - half_channel_hz_, *high + half_channel_hz_};
  }

  void draw() {
    if (input_.chan) {
      const double x = screen_x(freq_hz_[*input_.chan]);
      canvas_.dashed_line(x, box_.y, x, box_.bottom(), {0.45, 0.45, 0.45});
    }
    draw_values(input_.chan_rms, "rms", kRmsColour, false);
    draw_values(input_.chan_peak, "Peak", kPeakColour, true);
    draw_frequency_axis();
    canvas_.frame(box_, 1.3, kBlack);
  }

 private:
  double screen_x(double hz) const {
    return box_.x + (hz - freq_.low) / (freq_.high - freq_.low) * box_.width;
  }
  double screen_y(double value, const Range& range) const {
    return box_.bottom() - (value - range.low) / (range.high - range.low) * box_.height;
  }

  void draw_values(const std::vector<float>& values, const std::string& name, Rgb colour,
                   bool on_the_left) {
    const auto known = [](float value) { return std::isfinite(value); };
    if (std::none_of(values.begin(), values.end(), known)) return;
    const Range range = value_range(values);
    draw_curve(values, range, colour);

    const UnitScale scale = scale_unit(input_.unit, std::max(range.high, -range.low));
    const int most = 5;
    const double low = range.low * scale.factor;
    const double high = range.high * scale.factor;
    const double step = round_step(low, high, most);
    const double edge = on_the_left ? box_.x : box_.right();
    const double inwards = on_the_left ? kTickLength : -kTickLength;
    TextStyle style{kTickTextSize, false, on_the_left ? 1.0 : 0.0, false, colour};
    double widest = 0;
    for (const double value : round_ticks(low, high, most)) {
      const double y = screen_y(value / scale.factor, range);
      canvas_.line(edge, y, edge + inwards, y, 1.2, colour);
      const std::string words = tick_text(value, step);
      canvas_.text(edge + (on_the_left ? -8 : 8), y, words, style);
      widest = std::max(widest, canvas_.text_width(words, style));
    }
    const std::string title = scale.unit.empty() ? name : name + " (" + scale.unit + ")";
    const double distance = 8 + widest + 22;
    canvas_.text(edge + (on_the_left ? -distance : distance), box_.y + box_.height / 2.0, title,
                 {kAxisTextSize - 1, false, 0.5, true, colour});
  }

  /// A gap where a value is missing.
  void draw_curve(const std::vector<float>& values, const Range& range, Rgb colour) {
    const bool steps = values.size() <= kMostSteps;
    const double to_right = freq_hz_.size() > 1 && freq_hz_.back() < freq_hz_.front()
                                ? -half_channel_hz_
                                : half_channel_hz_;
    std::vector<std::pair<double, double>> points;
    const auto flush = [&] {
      if (points.size() > 1) canvas_.path(points, 1.6, colour);
      if (points.size() == 1) canvas_.circle(points[0].first, points[0].second, 1, 1.6, colour);
      points.clear();
    };
    for (std::size_t k = 0; k < values.size(); ++k) {
      if (!std::isfinite(values[k])) {
        flush();
        continue;
      }
      const double y = screen_y(values[k], range);
      if (steps) {
        points.emplace_back(screen_x(freq_hz_[k] - to_right), y);
        points.emplace_back(screen_x(freq_hz_[k] + to_right), y);
      } else {
        points.emplace_back(screen_x(freq_hz_[k]), y);
      }
    }
    flush();
  }

  void draw_frequency_axis() {
    const UnitScale scale = scale_frequency(freq_.high);
    const double low = freq_.low * scale.factor;
    const double high = freq_.high * scale.factor;
    const double room_for_label = 115;
    const int most = std::max(2, static_cast<int>(box_.width / room_for_label));
    const double step = round_step(low, high, most);
    for (const double value : round_ticks(low, high, most)) {
      const double x = screen_x(value / scale.factor);
      canvas_.line(x, box_.bottom(), x, box_.bottom() - kTickLength, 1.2, kBlack);
      canvas_.line(x, box_.y, x, box_.y + kTickLength, 1.2, kBlack);
      canvas_.text(x, box_.bottom() + 18, tick_text(value, step), {kTickTextSize, false, 0.5});
    }
    const std::string& frame = input_.header.spectral_frame;
    canvas_.text(box_.x + box_.width / 2.0, box_.bottom() + 46,
                 (frame.empty() ? "Frequency (" : frame + " frequency (") + scale.unit + ")",
                 {kAxisTextSize, false, 0.5});
  }

  Canvas& canvas_;
  Box box_;
  const PreviewInput& input_;
  const std::vector<double>& freq_hz_;
  double half_channel_hz_ = 0.5;
  Range freq_;
};

}  // namespace

void draw_spectrum_panel(Canvas& canvas, const Box& box, const PreviewInput& input) {
  SpectrumPanel(canvas, box, input).draw();
}

}  // namespace skymill::radio
