// SPDX-License-Identifier: GPL-3.0-or-later
#include "preview_canvas.h"

#include <core/error.h>

#include <cairo.h>

#include <cmath>
#include <cstring>
#include <memory>

namespace skymill::radio {
namespace {

constexpr double kRaisedSize = 0.68;
constexpr double kRaisedBy = 0.38;  ///< of the text size

struct FreeSurface {
  void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
};
struct FreeContext {
  void operator()(cairo_t* context) const { cairo_destroy(context); }
};
using Surface = std::unique_ptr<cairo_surface_t, FreeSurface>;
using Context = std::unique_ptr<cairo_t, FreeContext>;

void require(cairo_status_t status) {
  if (status == CAIRO_STATUS_SUCCESS) return;
  throw Error(
      status == CAIRO_STATUS_NO_MEMORY ? ErrorKind::resources : ErrorKind::failed,
      std::string("the preview cannot be drawn: cairo says ") + cairo_status_to_string(status));
}

cairo_status_t append(void* bytes, const unsigned char* data, unsigned int length) {
  auto& all = *static_cast<std::vector<unsigned char>*>(bytes);
  all.insert(all.end(), data, data + length);
  return CAIRO_STATUS_SUCCESS;
}

}  // namespace

struct Canvas::Impl {
  Impl(int width, int height)
      : surface(cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height)),
        context(cairo_create(surface.get())) {
    require(cairo_surface_status(surface.get()));
  }

  void colour(Rgb c) { cairo_set_source_rgb(context.get(), c.red, c.green, c.blue); }

  void font(const TextStyle& style, double scale = 1) {
    cairo_select_font_face(context.get(), "sans", CAIRO_FONT_SLANT_NORMAL,
                           style.bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(context.get(), style.size * scale);
  }

  double advance(const std::string& words) {
    cairo_text_extents_t extents;
    cairo_text_extents(context.get(), words.c_str(), &extents);
    return extents.x_advance;
  }

  Surface surface;
  Context context;
};

Canvas::Canvas(int width, int height) : impl_(std::make_unique<Impl>(width, height)) {
  cairo_t* const cr = impl_->context.get();
  // Grey smoothing without hinting looks the same on every machine and in print.
  const std::unique_ptr<cairo_font_options_t, void (*)(cairo_font_options_t*)> options(
      cairo_font_options_create(), cairo_font_options_destroy);
  cairo_font_options_set_antialias(options.get(), CAIRO_ANTIALIAS_GRAY);
  cairo_font_options_set_hint_style(options.get(), CAIRO_HINT_STYLE_NONE);
  cairo_font_options_set_hint_metrics(options.get(), CAIRO_HINT_METRICS_OFF);
  cairo_set_font_options(cr, options.get());
  cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
  impl_->colour(kWhite);
  cairo_paint(cr);
}

Canvas::~Canvas() = default;

void Canvas::text(double x, double y, const std::string& words, const TextStyle& style) {
  label(x, y, {{words, false}}, style);
}

void Canvas::label(double x, double y, const Label& label, const TextStyle& style) {
  cairo_t* const cr = impl_->context.get();
  const double width = label_width(label, style);
  cairo_save(cr);
  cairo_translate(cr, x, y);
  if (style.upwards) cairo_rotate(cr, -M_PI / 2);
  impl_->colour(style.colour);
  // Digits of common sans fonts are about 0.72 of the size high.
  const double base = 0.36 * style.size;
  double at = -style.align * width;
  for (const LabelPart& part : label) {
    impl_->font(style, part.raised ? kRaisedSize : 1);
    cairo_move_to(cr, at, part.raised ? base - kRaisedBy * style.size : base);
    cairo_show_text(cr, part.text.c_str());
    at += impl_->advance(part.text);
  }
  cairo_restore(cr);
}

double Canvas::text_width(const std::string& words, const TextStyle& style) {
  return label_width({{words, false}}, style);
}

double Canvas::label_width(const Label& label, const TextStyle& style) {
  double width = 0;
  for (const LabelPart& part : label) {
    impl_->font(style, part.raised ? kRaisedSize : 1);
    width += impl_->advance(part.text);
  }
  return width;
}

void Canvas::line(double x0, double y0, double x1, double y1, double width, Rgb colour) {
  path({{x0, y0}, {x1, y1}}, width, colour);
}

void Canvas::dashed_line(double x0, double y0, double x1, double y1, Rgb colour) {
  const double dashes[] = {5, 4};
  cairo_set_dash(impl_->context.get(), dashes, 2, 0);
  line(x0, y0, x1, y1, 1, colour);
  cairo_set_dash(impl_->context.get(), nullptr, 0, 0);
}

void Canvas::path(const std::vector<std::pair<double, double>>& points, double width, Rgb colour) {
  cairo_t* const cr = impl_->context.get();
  impl_->colour(colour);
  cairo_set_line_width(cr, width);
  cairo_new_path(cr);
  for (const auto& [x, y] : points) cairo_line_to(cr, x, y);
  cairo_stroke(cr);
}

void Canvas::frame(const Box& box, double width, Rgb colour) {
  cairo_t* const cr = impl_->context.get();
  impl_->colour(colour);
  cairo_set_line_width(cr, width);
  cairo_rectangle(cr, box.x, box.y, box.width, box.height);
  cairo_stroke(cr);
}

void Canvas::fill(const Box& box, Rgb colour) {
  cairo_t* const cr = impl_->context.get();
  impl_->colour(colour);
  cairo_rectangle(cr, box.x, box.y, box.width, box.height);
  cairo_fill(cr);
}

void Canvas::circle(double x, double y, double radius, double width, Rgb colour) {
  cairo_t* const cr = impl_->context.get();
  impl_->colour(colour);
  cairo_set_line_width(cr, width);
  cairo_new_path(cr);
  cairo_arc(cr, x, y, radius, 0, 2 * M_PI);
  cairo_stroke(cr);
}

void Canvas::ellipse(double x, double y, double half_major, double half_minor, double dx, double dy,
                     Rgb inside, Rgb outline) {
  cairo_t* const cr = impl_->context.get();
  cairo_save(cr);
  cairo_translate(cr, x, y);
  cairo_rotate(cr, std::atan2(dy, dx));
  cairo_scale(cr, half_major, half_minor);
  cairo_new_path(cr);
  cairo_arc(cr, 0, 0, 1, 0, 2 * M_PI);
  cairo_restore(cr);
  impl_->colour(inside);
  cairo_fill_preserve(cr);
  impl_->colour(outline);
  cairo_set_line_width(cr, 1.2);
  cairo_stroke(cr);
}

void Canvas::image(const Box& box, const std::vector<std::uint32_t>& pixels) {
  const Surface source(cairo_image_surface_create(CAIRO_FORMAT_RGB24, box.width, box.height));
  require(cairo_surface_status(source.get()));
  cairo_surface_flush(source.get());
  unsigned char* const data = cairo_image_surface_get_data(source.get());
  const auto stride = static_cast<std::size_t>(cairo_image_surface_get_stride(source.get()));
  const auto width = static_cast<std::size_t>(box.width);
  for (std::size_t y = 0; y < static_cast<std::size_t>(box.height); ++y) {
    std::memcpy(data + y * stride, pixels.data() + y * width, width * sizeof(std::uint32_t));
  }
  cairo_surface_mark_dirty(source.get());
  cairo_t* const cr = impl_->context.get();
  cairo_set_source_surface(cr, source.get(), box.x, box.y);
  cairo_paint(cr);
}

void Canvas::clip(const Box& box) {
  cairo_t* const cr = impl_->context.get();
  cairo_save(cr);
  cairo_rectangle(cr, box.x, box.y, box.width, box.height);
  cairo_clip(cr);
}

void Canvas::unclip() { cairo_restore(impl_->context.get()); }

std::vector<unsigned char> Canvas::png() {
  require(cairo_status(impl_->context.get()));
  std::vector<unsigned char> bytes;
  require(cairo_surface_write_to_png_stream(impl_->surface.get(), append, &bytes));
  return bytes;
}

}  // namespace skymill::radio
