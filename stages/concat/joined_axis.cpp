// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/units.h>
#include <stages/concat/joined_axis.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <unordered_set>

namespace skymill::radio {

namespace {

std::string number(double value, const char* format = "%.10g") {
  char text[40];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string hertz(double value) { return number(value / 1e6, "%.9f") + " MHz"; }

std::string quoted(const ImagePart& part) { return "'" + part.path + "'"; }

/// From the centre of one channel to the next, signed.
double step_hz(const ImagePart& part) {
  const std::vector<double>& freq = part.header.chan_freq_hz;
  if (freq.size() == 1) return part.header.chan_width_hz;
  return (freq.back() - freq.front()) / static_cast<double>(freq.size() - 1);
}

double tolerance_hz(double freq_hz, double step) {
  return std::max(4 * std::numeric_limits<double>::epsilon() * std::abs(freq_hz),
                  1e-6 * std::abs(step));
}

std::string channels_text(double channels, double step) {
  const double whole = std::round(channels);
  const bool is_whole = std::abs(channels - whole) < 1e-6 && whole >= 1;
  const std::string count = is_whole ? number(whole, "%.0f") : number(channels, "%.6g");
  return count + (count == "1" ? " channel (" : " channels (") +
         format_quantity(channels * std::abs(step), "Hz") + ")";
}

class Joining {
 public:
  Joining(std::vector<ImagePart>& parts, const JoinRules& rules) : parts_(parts), rules_(rules) {}

  JoinedCube join() {
    for (const ImagePart& part : parts_) check_axis(part);
    if (rules_.reorder) sort();
    for (const ImagePart& part : parts_) check_alike(part);
    for (std::size_t k = 1; k < parts_.size(); ++k) check_neighbours(parts_[k - 1], parts_[k]);
    join_axes();
    join_beams();
    join_histories();
    return std::move(cube_);
  }

 private:
  /// An error, or with `relax` a warning, said once of each kind.
  void refuse(const std::string& kind, const std::string& what, const std::string& hint) {
    if (!rules_.relax) throw Error(ErrorKind::input, what, hint);
    if (warned_.insert(kind).second) cube_.warnings.push_back(what);
  }

  void check_axis(const ImagePart& part) const {
    if (step_hz(part) == 0 || !std::isfinite(step_hz(part))) {
      throw Error(ErrorKind::input, "the channels of " + quoted(part) + " have no width");
    }
  }

  void sort() {
    const bool rising = step_hz(parts_.front()) > 0;
    std::stable_sort(parts_.begin(), parts_.end(), [&](const ImagePart& a, const ImagePart& b) {
      const double x = a.header.chan_freq_hz.front();
      const double y = b.header.chan_freq_hz.front();
      return rising ? x < y : y < x;
    });
  }

  void must_equal(const ImagePart& part, const char* what, const std::string& theirs,
                  const std::string& first, const char* hint) const {
    if (theirs == first) return;
    throw Error(ErrorKind::input,
                quoted(parts_.front()) + " and " + quoted(part) + " differ in their " + what +
                    ": " + first + " and " + theirs,
                hint);
  }

  void should_equal(const ImagePart& part, const char* what, const std::string& theirs,
                    const std::string& first) {
    if (theirs == first) return;
    refuse(what,
           quoted(parts_.front()) + " and " + quoted(part) + " differ in their " + what + ": '" +
               first + "' and '" + theirs + "'",
           "join images that differ in nothing but frequency; relax: true takes the first's");
  }

  void should_be_near(const ImagePart& part, const char* what, double theirs, double first,
                      double allowed) {
    if (std::abs(theirs - first) <= allowed) return;
    should_equal(part, what, number(theirs), number(first));
  }

  void check_alike(const ImagePart& part) {
    const ImagePart& first = parts_.front();
    const ImageHeader& a = first.header;
    const ImageHeader& b = part.header;
    const auto shape = [](const ImageHeader& header) {
      return std::to_string(header.nx) + " x " + std::to_string(header.ny);
    };
    const auto stokes = [](const ImagePart& one) {
      std::string names;
      for (const std::string& name : one.stokes) names += name;
      return names;
    };
    must_equal(part, "shape", shape(b), shape(a), "regrid one of them first");
    must_equal(part, "Stokes parameters", stokes(part), stokes(first), "");
    must_equal(part, "spectral frames", b.spectral_frame, a.spectral_frame, "");
    must_equal(part, "direction frames", b.phase_centre.frame, a.phase_centre.frame, "");
    must_equal(part, "frequency axes", std::to_string(part.spectral_axis),
               std::to_string(first.spectral_axis), "reorder the axes of one of them first");

    // Positions are alike when no pixel moves by more than a millionth of a cell.
    const double moved_x = 1e-6 * std::abs(a.cell_x_rad);
    const double moved_y = 1e-6 * std::abs(a.cell_y_rad);
    const auto pixels = static_cast<double>(std::max(a.nx, a.ny));
    should_be_near(part, "cells in x, rad", b.cell_x_rad, a.cell_x_rad, moved_x / pixels);
    should_be_near(part, "cells in y, rad", b.cell_y_rad, a.cell_y_rad, moved_y / pixels);
    should_be_near(part, "right ascensions, rad", b.phase_centre.ra_rad, a.phase_centre.ra_rad,
                   moved_x);
    should_be_near(part, "declinations, rad", b.phase_centre.dec_rad, a.phase_centre.dec_rad,
                   moved_y);
    should_be_near(part, "reference pixels in x", part.reference_pixel[0], first.reference_pixel[0],
                   1e-6);
    should_be_near(part, "reference pixels in y", part.reference_pixel[1], first.reference_pixel[1],
                   1e-6);
    should_equal(part, "projections", part.projection, first.projection);
    should_equal(part, "units", part.unit, first.unit);
    should_equal(part, "telescopes", b.telescope, a.telescope);
    should_be_near(part, "rest frequencies, Hz", b.rest_freq_hz, a.rest_freq_hz,
                   tolerance_hz(a.rest_freq_hz, 0));
  }

  void check_neighbours(const ImagePart& a, const ImagePart& b) {
    const double step = step_hz(a);
    const double end = a.header.chan_freq_hz.back();
    const double begin = b.header.chan_freq_hz.front();
    if (std::abs(begin - (end + step)) <= tolerance_hz(begin, step)) return;
    const double missing = (begin - end) / step - 1;
    const std::string places = quoted(a) + ", whose last channel is at " + hertz(end) + ", and " +
                               quoted(b) + ", whose first is at " + hertz(begin);
    if (missing > 0) {
      refuse("gap", "there is a gap of " + channels_text(missing, step) + " between " + places,
             "find the images in between; relax: true makes an axis with gaps");
      return;
    }
    // Backwards: casacore could not make an axis of it either.
    const bool before = (b.header.chan_freq_hz.back() - a.header.chan_freq_hz.front()) / step < 0;
    if (before) {
      throw Error(
          ErrorKind::input,
          quoted(b) + " comes after " + quoted(a) + " in the list but before it in frequency",
          "set reorder: true");
    }
    throw Error(ErrorKind::input,
                "there is an overlap of " + channels_text(-missing, step) + " between " + places,
                "leave one of them out");
  }

  void join_axes() {
    cube_.header = parts_.front().header;
    cube_.unit = parts_.front().unit;
    ImageHeader& header = cube_.header;
    header.chan_freq_hz.clear();
    for (const ImagePart& part : parts_) {
      header.chan_freq_hz.insert(header.chan_freq_hz.end(), part.header.chan_freq_hz.begin(),
                                 part.header.chan_freq_hz.end());
      if (part.header.date_obs_mjd_s > 0) {
        header.date_obs_mjd_s = std::min(header.date_obs_mjd_s, part.header.date_obs_mjd_s);
      }
    }
    header.nchan = header.chan_freq_hz.size();
    check_line();
  }

  /// Neighbours that fit may still bend the axis, when the widths of the parts differ a little.
  void check_line() {
    const std::vector<double>& freq = cube_.header.chan_freq_hz;
    if (freq.size() < 2) return;
    const double step = (freq.back() - freq.front()) / static_cast<double>(freq.size() - 1);
    std::size_t chan = 0;
    for (const ImagePart& part : parts_) {
      for (const double value : part.header.chan_freq_hz) {
        const double line = freq.front() + static_cast<double>(chan++) * step;
        if (std::abs(value - line) <= tolerance_hz(freq.back(), step)) continue;
        refuse("line",
               "the channels are not equidistant: in " + quoted(part) + " one at " + hertz(value) +
                   " should be at " + hertz(line),
               "join images of one channel width; relax: true lists the frequencies one by one");
        return;
      }
    }
  }

  void join_beams() {
    const auto has_beams = [](const ImagePart& part) {
      return !part.beams.empty() && std::all_of(part.beams.begin(), part.beams.end(),
                                                [](const Beam& beam) { return beam.valid(); });
    };
    const auto with = std::find_if(parts_.begin(), parts_.end(), has_beams);
    if (with == parts_.end()) return;
    const auto without = std::find_if_not(parts_.begin(), parts_.end(), has_beams);
    if (without != parts_.end()) {
      refuse("beam", quoted(*with) + " has a beam and " + quoted(*without) + " has none",
             "relax: true leaves the beams out");
      return;
    }
    for (const ImagePart& part : parts_) {
      cube_.beams.insert(cube_.beams.end(), part.beams.begin(), part.beams.end());
    }
  }

  void join_histories() {
    std::unordered_set<std::string> known;
    for (const ImagePart& part : parts_) {
      for (const std::string& line : part.history) {
        if (known.insert(line).second) cube_.header.history.push_back(line);
      }
    }
  }

  std::vector<ImagePart>& parts_;
  const JoinRules& rules_;
  JoinedCube cube_;
  std::unordered_set<std::string> warned_;
};

}  // namespace

JoinedCube join_parts(std::vector<ImagePart>& parts, const JoinRules& rules) {
  return Joining(parts, rules).join();
}

}  // namespace skymill::radio
