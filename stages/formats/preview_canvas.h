// SPDX-License-Identifier: GPL-3.0-or-later
// Private to stages/formats.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace skymill::radio {

/// A rectangle on the canvas; y grows downwards.
struct Box {
  int x = 0;
  int y = 0;
  int width = 0;
  int height = 0;
  int right() const { return x + width; }
  int bottom() const { return y + height; }
};

struct Rgb {
  double red = 0;
  double green = 0;
  double blue = 0;
};

inline constexpr Rgb kBlack{0, 0, 0};
inline constexpr Rgb kWhite{1, 1, 1};

struct TextStyle {
  double size = 15;
  bool bold = false;
  double align = 0;      ///< 0 = starts at x, 0.5 = centred, 1 = ends at x
  bool upwards = false;  ///< turned by 90 degrees, reading from below
  Rgb colour = kBlack;
};

/// A part of a label; raised parts are small, such as the h of 12h.
struct LabelPart {
  std::string text;
  bool raised = false;
};
using Label = std::vector<LabelPart>;

/// A white sheet on which the preview is drawn with cairo.
class Canvas {
 public:
  Canvas(int width, int height);
  ~Canvas();
  Canvas(const Canvas&) = delete;
  Canvas& operator=(const Canvas&) = delete;

  /// `y` is the middle of the line's height (of digits and capitals).
  void text(double x, double y, const std::string& words, const TextStyle& style);
  void label(double x, double y, const Label& label, const TextStyle& style);
  double text_width(const std::string& words, const TextStyle& style);
  double label_width(const Label& label, const TextStyle& style);

  void line(double x0, double y0, double x1, double y1, double width, Rgb colour);
  void dashed_line(double x0, double y0, double x1, double y1, Rgb colour);
  /// Connects points [i] = {x, y}.
  void path(const std::vector<std::pair<double, double>>& points, double width, Rgb colour);
  void frame(const Box& box, double width, Rgb colour);
  void fill(const Box& box, Rgb colour);
  void circle(double x, double y, double radius, double width, Rgb colour);
  /// Half axes in pixels, the first along the direction (dx, dy) of the canvas.
  void ellipse(double x, double y, double half_major, double half_minor, double dx, double dy,
               Rgb inside, Rgb outline);
  /// Pixels 0x00RRGGBB, [y][x] downwards, as many as the box has.
  void image(const Box& box, const std::vector<std::uint32_t>& pixels);
  /// Nothing is drawn outside the box until `unclip()`.
  void clip(const Box& box);
  void unclip();

  /// The finished sheet as a PNG file's bytes.
  std::vector<unsigned char> png();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace skymill::radio
