// SPDX-License-Identifier: GPL-3.0-or-later
#include "preview_panels.h"
#include "preview_sky.h"

#include <algorithm>
#include <cmath>

namespace skymill::radio {
namespace {

constexpr Rgb kBlank{0.72, 0.72, 0.72};
constexpr int kBarGap = 14;
constexpr int kBarWidth = 20;

std::uint32_t packed(Rgb c) {
  const auto byte = [](double v) { return static_cast<std::uint32_t>(std::lround(v * 255)); };
  return byte(c.red) << 16 | byte(c.green) << 8 | byte(c.blue);
}

/// The image's shape within the room, centred; very long images are not kept to scale.
Box fit(const Box& room, std::size_t nx, std::size_t ny) {
  constexpr double kLeast = 60;
  const double scale =
      std::min(room.width / static_cast<double>(nx), room.height / static_cast<double>(ny));
  Box box;
  box.width = static_cast<int>(std::max(kLeast, std::floor(static_cast<double>(nx) * scale)));
  box.height = static_cast<int>(std::max(kLeast, std::floor(static_cast<double>(ny) * scale)));
  box.x = room.x + (room.width - box.width) / 2;
  box.y = room.y + (room.height - box.height) / 2;
  return box;
}

class ImagePanel {
 public:
  ImagePanel(Canvas& canvas, const Box& room, const PreviewInput& input,
             const PixelSummary& summary, const UnitScale& scale)
      : canvas_(canvas),
        input_(input),
        nx_(input.header.nx),
        ny_(input.header.ny),
        box_(fit(room, nx_, ny_)),
        bar_{box_.right() + kBarGap, box_.y, kBarWidth, box_.height},
        stretch_(summary),
        scale_(scale),
        projection_(input) {}

  void draw() {
    draw_pixels();
    canvas_.clip(box_);
    draw_markers();
    draw_beam();
    canvas_.unclip();
    draw_sky_axes();
    draw_colour_bar();
  }

 private:
  double screen_x(double pixel_x) const {
    return box_.x + (pixel_x + 0.5) / static_cast<double>(nx_) * box_.width;
  }
  double screen_y(double pixel_y) const {
    return box_.bottom() - (pixel_y + 0.5) / static_cast<double>(ny_) * box_.height;
  }

  /// The mean of the image's pixels under one pixel of the screen; NaN when all are blank.
  double mean_under(int u, int v) const {
    const auto range = [](int at, std::size_t pixels, int screen) {
      const auto first = static_cast<std::size_t>(at) * pixels / static_cast<std::size_t>(screen);
      const auto next =
          (static_cast<std::size_t>(at) + 1) * pixels / static_cast<std::size_t>(screen);
      return std::pair(first, std::max(next, first + 1));
    };
    const auto [x0, x1] = range(u, nx_, box_.width);
    const auto [y0, y1] = range(box_.height - 1 - v, ny_, box_.height);
    double sum = 0;
    std::size_t count = 0;
    for (std::size_t y = y0; y < y1; ++y) {
      for (std::size_t x = x0; x < x1; ++x) {
        const float value = input_.pixels[y * nx_ + x];
        if (!std::isfinite(value)) continue;
        sum += value;
        ++count;
      }
    }
    return count == 0 ? std::nan("") : sum / static_cast<double>(count);
  }

  void draw_pixels() {
    std::vector<std::uint32_t> screen;
    screen.reserve(static_cast<std::size_t>(box_.width) * static_cast<std::size_t>(box_.height));
    for (int v = 0; v < box_.height; ++v) {
      for (int u = 0; u < box_.width; ++u) {
        const double value = mean_under(u, v);
        screen.push_back(packed(std::isnan(value) ? kBlank : map_colour(stretch_.fraction(value))));
      }
    }
    canvas_.image(box_, screen);
  }

  void draw_markers() {
    constexpr double kRadius = 13;
    for (const PreviewMarker& marker : input_.markers) {
      const auto pixel = projection_.pixel(marker.ra_rad, marker.dec_rad);
      if (!pixel) continue;
      const double x = screen_x((*pixel)[0]);
      const double y = screen_y((*pixel)[1]);
      canvas_.circle(x, y, kRadius, 3.2, kBlack);
      canvas_.circle(x, y, kRadius, 1.6, kWhite);
      TextStyle style{13, false, 0, false, kWhite};
      const double width = canvas_.text_width(marker.label, style);
      const bool leftwards = x + kRadius + 5 + width > box_.right() - 4;
      style.align = leftwards ? 1 : 0;
      const double at = leftwards ? x - kRadius - 5 : x + kRadius + 5;
      TextStyle shadow = style;
      shadow.colour = kBlack;
      canvas_.text(at + 1, y + 1, marker.label, shadow);
      canvas_.text(at, y, marker.label, style);
    }
  }

  /// Lower left, to scale; the angle runs from north through east.
  void draw_beam() {
    if (!input_.beam || !input_.beam->valid()) return;
    const Beam& beam = *input_.beam;
    const double cell_rad =
        std::sqrt(std::abs(input_.header.cell_x_rad * input_.header.cell_y_rad));
    const double scale = std::sqrt(static_cast<double>(box_.width) / static_cast<double>(nx_) *
                                   static_cast<double>(box_.height) / static_cast<double>(ny_));
    const double major = std::max(0.5 * beam.major_rad / cell_rad * scale, 0.7);
    const double minor = std::max(0.5 * beam.minor_rad / cell_rad * scale, 0.7);
    const double dx = (input_.header.cell_x_rad < 0 ? -1 : 1) * std::sin(beam.pa_rad);
    const double dy = -std::cos(beam.pa_rad);
    const double half_x = std::hypot(major * dx, minor * dy);
    const double half_y = std::hypot(major * dy, minor * dx);
    const int margin = 8;
    const int padding = 7;
    Box frame{box_.x + margin, 0, static_cast<int>(2 * half_x) + 2 * padding,
              static_cast<int>(2 * half_y) + 2 * padding};
    frame.y = box_.bottom() - margin - frame.height;
    canvas_.fill(frame, kWhite);
    canvas_.frame(frame, 1, kBlack);
    canvas_.ellipse(frame.x + frame.width / 2.0, frame.y + frame.height / 2.0, major, minor, dx, dy,
                    {0.55, 0.60, 0.68}, kBlack);
  }

  PixelEdge edge(double x0, double y0, double x1, double y1) const {
    const double width = static_cast<double>(nx_);
    const double height = static_cast<double>(ny_);
    return {{x0 * width - 0.5, y0 * height - 0.5}, {x1 * width - 0.5, y1 * height - 0.5}};
  }

  void draw_sky_axes() {
    const std::string& frame = input_.header.phase_centre.frame;
    const double label_room = 135;
    const int most_ra = std::max(1, static_cast<int>(box_.width / label_room));
    const int most_dec = std::max(2, static_cast<int>(box_.height / 85));
    const double ra_step =
        sky_step(projection_, SkyCoordinate::right_ascension, edge(0, 0, 1, 0), most_ra);
    const double dec_step =
        sky_step(projection_, SkyCoordinate::declination, edge(0, 0, 0, 1), most_dec);
    draw_ra_ticks(ra_step);
    const double widest = draw_dec_ticks(dec_step);
    canvas_.frame(box_, 1.3, kBlack);
    TextStyle title{kAxisTextSize, false, 0.5};
    canvas_.text(box_.x + box_.width / 2.0, box_.bottom() + 50, "Right ascension (" + frame + ")",
                 title);
    title.upwards = true;
    canvas_.text(box_.x - widest - 32, box_.y + box_.height / 2.0, "Declination (" + frame + ")",
                 title);
  }

  void draw_ra_ticks(double step) {
    const TextStyle style{kTickTextSize, false, 0.5};
    double free_from = -INFINITY;
    for (const SkyTick& tick :
         sky_ticks(projection_, SkyCoordinate::right_ascension, edge(0, 0, 1, 0), step)) {
      const double x = box_.x + tick.along * box_.width;
      tick_mark(x, box_.bottom(), 0, -1);
      const double half = canvas_.label_width(tick.label, style) / 2;
      if (x - half < free_from) continue;
      canvas_.label(x, box_.bottom() + 20, tick.label, style);
      free_from = x + half + 8;
    }
    for (const SkyTick& tick :
         sky_ticks(projection_, SkyCoordinate::right_ascension, edge(0, 1, 1, 1), step)) {
      tick_mark(box_.x + tick.along * box_.width, box_.y, 0, 1);
    }
  }

  /// Returns the width of the widest label.
  double draw_dec_ticks(double step) {
    const TextStyle style{kTickTextSize, false, 1};
    double widest = 0;
    double free_below = INFINITY;
    for (const SkyTick& tick :
         sky_ticks(projection_, SkyCoordinate::declination, edge(0, 0, 0, 1), step)) {
      const double y = box_.bottom() - tick.along * box_.height;
      tick_mark(box_.x, y, 1, 0);
      if (y > free_below) continue;
      canvas_.label(box_.x - 8, y, tick.label, style);
      widest = std::max(widest, canvas_.label_width(tick.label, style));
      free_below = y - 1.3 * kTickTextSize;
    }
    for (const SkyTick& tick :
         sky_ticks(projection_, SkyCoordinate::declination, edge(1, 0, 1, 1), step)) {
      tick_mark(box_.right(), box_.bottom() - tick.along * box_.height, -1, 0);
    }
    return widest;
  }

  /// White on a dark image, with a black rim that shows on a bright one.
  void tick_mark(double x, double y, double dx, double dy) {
    const double x1 = x + dx * kTickLength;
    const double y1 = y + dy * kTickLength;
    canvas_.line(x, y, x1, y1, 3, kBlack);
    canvas_.line(x, y, x1, y1, 1.4, kWhite);
  }

  void draw_colour_bar() {
    std::vector<std::uint32_t> colours;
    for (int v = 0; v < bar_.height; ++v) {
      const std::uint32_t colour = packed(map_colour(1 - (v + 0.5) / bar_.height));
      colours.insert(colours.end(), static_cast<std::size_t>(bar_.width), colour);
    }
    canvas_.image(bar_, colours);
    const TextStyle style{kTickTextSize, false, 0};
    double widest = 0;
    for (const double value : stretch_.ticks(26.0 / bar_.height)) {
      const double y = bar_.bottom() - stretch_.fraction(value) * bar_.height;
      canvas_.line(bar_.right() - 5, y, bar_.right(), y, 1.2, kBlack);
      const std::string words = plain_text(value * scale_.factor);
      canvas_.text(bar_.right() + 6, y, words, style);
      widest = std::max(widest, canvas_.text_width(words, style));
    }
    canvas_.frame(bar_, 1.2, kBlack);
    if (scale_.unit.empty()) return;
    canvas_.text(bar_.right() + widest + 22, bar_.y + bar_.height / 2.0, scale_.unit,
                 {kAxisTextSize, false, 0.5, true});
  }

  /// Values of the bar are round: no more digits than they have.
  static std::string plain_text(double value) {
    const double size = std::abs(value);
    if (size == 0) return "0";
    const double power = std::floor(std::log10(size) + 1e-9);
    const double digits = size / std::pow(10.0, power);
    const bool one_digit = std::abs(digits - std::round(digits)) < 1e-6;
    const double step = std::pow(10.0, one_digit ? power : power - 1);
    if (size >= 1e6 || size < 1e-4) return value_text(value, 2);
    return tick_text(value, step);
  }

  Canvas& canvas_;
  const PreviewInput& input_;
  std::size_t nx_;
  std::size_t ny_;
  Box box_;
  Box bar_;
  Stretch stretch_;
  UnitScale scale_;
  SkyProjection projection_;
};

}  // namespace

void draw_image_panel(Canvas& canvas, const Box& room, const PreviewInput& input,
                      const PixelSummary& summary, const UnitScale& scale) {
  ImagePanel(canvas, room, input, summary, scale).draw();
}

}  // namespace skymill::radio
