// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/calibrate/parallactic_angle.h>
#include <stages/geometry/earth_time.h>
#include <stages/geometry/sky_frame.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <complex>

namespace skymill::radio {

namespace {

constexpr std::size_t kKept = 256;

enum class Mount { alt_az, equatorial };

Mount mount_of(const Antenna& antenna, const std::string& source) {
  std::string text = antenna.mount;
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  if (text == "ALT-AZ" || text == "ALTAZ") return Mount::alt_az;
  if (text == "EQUATORIAL") return Mount::equatorial;
  throw Error(ErrorKind::input,
              "antenna '" + antenna.name + "' of '" + source + "' has the mount '" + antenna.mount +
                  "', whose feeds turn in a way that is not known",
              "parang works for alt-az and equatorial mounts; leave it out");
}

bool is_circular(const ObservationHeader& header, std::size_t data_desc_id) {
  const std::vector<int>& corr = header.data_descriptions[data_desc_id].corr_types;
  if (corr == std::vector<int>{5, 6, 7, 8}) return true;
  if (corr == std::vector<int>{9, 10, 11, 12}) return false;
  throw Error(ErrorKind::input,
              "'" + header.source + "' has " + std::to_string(corr.size()) +
                  " correlations in data description " + std::to_string(data_desc_id) +
                  ": feeds can be turned to the sky only with all four, in their order",
              "leave parang out");
}

/// The geodetic vertical of a place, ITRF axes.
Vector3 vertical(const GeodeticPosition& site) {
  return {std::cos(site.latitude_rad) * std::cos(site.longitude_rad),
          std::cos(site.latitude_rad) * std::sin(site.longitude_rad), std::sin(site.latitude_rad)};
}

/// From north through east, of the zenith `up` as seen in the direction `s`; ITRF axes.
double angle_of(const Vector3& up, const Vector3& s) {
  const double across = std::hypot(s[0], s[1]);
  const double east = (-s[1] * up[0] + s[0] * up[1]) / across;
  const double north = (-s[2] * (s[0] * up[0] + s[1] * up[1]) + across * across * up[2]) / across;
  return std::atan2(east, north);
}

using Sample = std::complex<float>;

void turn_circular(double x1, double x2, Sample* v) {
  v[0] *= Sample(std::polar(1.0, x1 - x2));
  v[1] *= Sample(std::polar(1.0, x1 + x2));
  v[2] *= Sample(std::polar(1.0, -x1 - x2));
  v[3] *= Sample(std::polar(1.0, x2 - x1));
}

/// V = P1^T D P2.
void turn_linear(double x1, double x2, Sample* v) {
  const auto c1 = static_cast<float>(std::cos(x1)), s1 = static_cast<float>(std::sin(x1));
  const auto c2 = static_cast<float>(std::cos(x2)), s2 = static_cast<float>(std::sin(x2));
  const Sample xx = c1 * v[0] - s1 * v[2], xy = c1 * v[1] - s1 * v[3];
  const Sample yx = s1 * v[0] + c1 * v[2], yy = s1 * v[1] + c1 * v[3];
  v[0] = c2 * xx - s2 * xy;
  v[1] = s2 * xx + c2 * xy;
  v[2] = c2 * yx - s2 * yy;
  v[3] = s2 * yx + c2 * yy;
}

}  // namespace

ParallacticAngle::ParallacticAngle(const ObservationHeader& header, const std::string& eop)
    : antennas_(header.antennas),
      fields_(header.fields),
      orientation_(EarthOrientation::find(eop)) {
  if (header.phasing != Phasing::tracked) {
    throw Error(ErrorKind::input,
                "'" + header.source +
                    "' is not phased to a place on the sky, so its feeds have no "
                    "parallactic angle",
                "leave parang out, or rephase the data");
  }
  for (const Antenna& antenna : antennas_) mount_of(antenna, header.source);
  for (std::size_t dd = 0; dd < header.data_descriptions.size(); ++dd) {
    circular_.push_back(is_circular(header, dd));
  }
}

std::vector<double> ParallacticAngle::angles(double time_s, const Direction& direction) const {
  std::vector<double> all;
  for (const Antenna& antenna : antennas_) {
    if (mount_of(antenna, {}) == Mount::equatorial) {
      all.push_back(0);
      continue;
    }
    const GeodeticPosition site = geodetic(antenna.position_m);
    const SkyFrame frame(time_s, site, orientation_.at(time_s));
    all.push_back(angle_of(vertical(site), frame.apparent(direction)));
  }
  return all;
}

std::vector<double> ParallacticAngle::kept_angles(double time_s, std::int32_t field) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto known = kept_.find({time_s, field});
  if (known != kept_.end()) return known->second;
  if (kept_.size() == kKept) kept_.clear();
  return kept_[{time_s, field}] =
             angles(time_s, fields_.at(static_cast<std::size_t>(field)).phase_dir);
}

void ParallacticAngle::turn(Visibilities& rows) const {
  const bool circular = circular_.at(static_cast<std::size_t>(rows.data_desc_id));
  std::vector<double> angle;
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    const bool same = row > 0 && rows.time_s[row] == rows.time_s[row - 1] &&
                      rows.field_id[row] == rows.field_id[row - 1];
    if (!same) angle = kept_angles(rows.time_s[row], rows.field_id[row]);
    const double x1 = angle.at(static_cast<std::size_t>(rows.antenna1[row]));
    const double x2 = angle.at(static_cast<std::size_t>(rows.antenna2[row]));
    for (std::size_t c = 0; c < rows.nchan; ++c) {
      const std::size_t place = (row * rows.nchan + c) * 4;
      if (circular) {
        turn_circular(x1, x2, &rows.data[place]);
        continue;
      }
      turn_linear(x1, x2, &rows.data[place]);
      const auto first = rows.flag.begin() + static_cast<std::ptrdiff_t>(place);
      if (std::find(first, first + 4, 1) != first + 4) std::fill_n(first, 4, 1);
    }
  }
}

}  // namespace skymill::radio
