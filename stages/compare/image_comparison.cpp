// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/compare/image_comparison.h>
#include <stages/formats/any_image.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace skymill::radio {

namespace {

std::string number(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.12g", value);
  return text;
}

/// Collects sentences about what differs.
class Differences {
 public:
  void text(const std::string& what, const std::string& a, const std::string& b) {
    if (a != b) found.push_back(what + ": '" + a + "' and '" + b + "'");
  }
  /// @param allowed  relative difference that the formats' own text or units may make
  void value(const std::string& what, double a, double b, double allowed) {
    if (a == b || (std::isnan(a) && std::isnan(b))) return;
    if (std::abs(a - b) <= allowed * std::max(std::abs(a), std::abs(b))) return;
    found.push_back(what + ": " + number(a) + " and " + number(b));
  }

  std::vector<std::string> found;
};

void compare_headers(const AnyImage& a, const AnyImage& b, Differences& differ) {
  // FITS writes degrees: going there and back costs a rounding.
  const double allowed = a.fits() || b.fits() ? 1e-12 : 0;
  const ImageHeader& x = a.header();
  const ImageHeader& y = b.header();
  differ.value("cell in x, rad", x.cell_x_rad, y.cell_x_rad, allowed);
  differ.value("cell in y, rad", x.cell_y_rad, y.cell_y_rad, allowed);
  differ.value("right ascension, rad", x.phase_centre.ra_rad, y.phase_centre.ra_rad, allowed);
  differ.value("declination, rad", x.phase_centre.dec_rad, y.phase_centre.dec_rad, allowed);
  differ.text("frame", x.phase_centre.frame, y.phase_centre.frame);
  differ.text("spectral frame", x.spectral_frame, y.spectral_frame);
  differ.text("unit", a.unit(), b.unit());
  differ.text("object", x.object, y.object);
  differ.text("telescope", x.telescope, y.telescope);
  for (std::size_t k = 0; k < x.chan_freq_hz.size() && k < y.chan_freq_hz.size(); ++k) {
    differ.value("frequency of channel " + std::to_string(k) + ", Hz", x.chan_freq_hz[k],
                 y.chan_freq_hz[k], allowed);
  }
  differ.value("number of beams", static_cast<double>(a.beams().size()),
               static_cast<double>(b.beams().size()), 0);
  for (std::size_t k = 0; k < a.beams().size() && k < b.beams().size(); ++k) {
    // A CASA image must give every plane a beam, so one without data has a stand-in there.
    if (a.fits() != b.fits() && (!a.beams()[k].valid() || !b.beams()[k].valid())) continue;
    const std::string which = " of the beam of channel " + std::to_string(k) + ", rad";
    // BEAMS tables hold single precision, as CASA's do.
    const double beam_allowed = a.fits() != b.fits() ? 1e-6 : allowed;
    differ.value("major axis" + which, a.beams()[k].major_rad, b.beams()[k].major_rad,
                 beam_allowed);
    differ.value("minor axis" + which, a.beams()[k].minor_rad, b.beams()[k].minor_rad,
                 beam_allowed);
    differ.value("position angle" + which, a.beams()[k].pa_rad, b.beams()[k].pa_rad, beam_allowed);
  }
  if (x.history != y.history && a.fits() == b.fits())
    differ.found.push_back("the histories differ");
}

void compare_planes(const AnyImage& a, const AnyImage& b, const PipelineContext& ctx,
                    Differences& differ) {
  std::vector<float> x(a.header().nx * a.header().ny);
  std::vector<float> y(x.size());
  for (std::size_t stokes = 0; stokes < a.stokes().size(); ++stokes) {
    for (std::size_t chan = 0; chan < a.header().nchan; ++chan) {
      ctx.throw_if_stopped();
      a.read(chan, stokes, x);
      b.read(chan, stokes, y);
      std::size_t unequal = 0, masks = 0;
      double largest = 0;
      for (std::size_t k = 0; k < x.size(); ++k) {
        if (std::isnan(x[k]) != std::isnan(y[k])) ++masks;
        if (x[k] == y[k] || std::isnan(x[k]) || std::isnan(y[k])) continue;
        ++unequal;
        largest = std::max(largest, std::abs(static_cast<double>(x[k]) - y[k]));
      }
      const std::string where = "channel " + std::to_string(chan) + " " + a.stokes()[stokes];
      if (masks > 0) {
        differ.found.push_back(where + ": " + std::to_string(masks) +
                               " pixels are masked in one only");
      }
      if (unequal > 0) {
        differ.found.push_back(where + ": " + std::to_string(unequal) + " of " +
                               std::to_string(x.size()) + " pixels differ, by up to " +
                               number(largest) + " " + a.unit());
      }
    }
  }
}

std::vector<std::string> differences(const std::string& path_a, const std::string& path_b,
                                     const PipelineContext& ctx) {
  const AnyImage a(path_a, ctx.lanes());
  const AnyImage b(path_b, ctx.lanes());
  Differences differ;
  const auto shape = [](const AnyImage& image) {
    return std::to_string(image.header().nx) + " x " + std::to_string(image.header().ny) + " x " +
           std::to_string(image.stokes().size()) + " x " + std::to_string(image.header().nchan);
  };
  differ.text("shape", shape(a), shape(b));
  if (!differ.found.empty()) return differ.found;
  compare_headers(a, b, differ);
  compare_planes(a, b, ctx, differ);
  return differ.found;
}

}  // namespace

Comparison image_comparison() {
  return {"pixels, masks, beams, coordinates, units, history", AnyImage::is_one, differences};
}

}  // namespace skymill::radio
