// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/uvh5_reader/meridian_uvw.h>
#include <stages/uvh5_reader/uvh5_group.h>

#include <algorithm>
#include <cmath>

namespace skymill::radio {

MeridianUvw::MeridianUvw(const Uvh5Header& header, const std::vector<double>& times_jd,
                         const EarthOrientation& earth, UvwKind kind, StalePolicy policy) {
  const SkyFrames frames(header.position, earth, policy);
  std::vector<double> times_s;
  for (const double time_jd : times_jd) {
    const double time_s = times_s.emplace_back(mjd_seconds(time_jd));
    const SkyFrame frame = frames.at(time_s);
    Field field;
    field.name = "meridian_icrs_t" + std::to_string(fields_.size());
    field.phase_dir = frame.icrs_of(0, header.pointing_dec_rad);
    field.time_s = time_s;
    antenna_uvw_m_.push_back(
        antenna_uvw_m(header.antennas, header.position, frame.axes(field.phase_dir, kind)));
    fields_.push_back(std::move(field));
  }
  degradation_ = earth.worst(times_s).degradation;
}

void MeridianUvw::append(Visibilities& rows) const {
  rows.uvw_m.reserve(3 * rows.rows());
  for (std::size_t row = rows.uvw_m.size() / 3; row < rows.rows(); ++row) {
    const auto& antennas = antenna_uvw_m_.at(static_cast<std::size_t>(rows.field_id[row]));
    const Vector3& a = antennas[static_cast<std::size_t>(rows.antenna1[row])];
    const Vector3& b = antennas[static_cast<std::size_t>(rows.antenna2[row])];
    for (std::size_t axis = 0; axis < 3; ++axis) rows.uvw_m.push_back(a[axis] - b[axis]);
  }
}

double MeridianUvw::departure(std::size_t integration, const Uvh5Rows& rows) const {
  const auto& antennas = antenna_uvw_m_.at(integration);
  double worst = 0;
  for (std::size_t row = 0; row < rows.antenna1.size(); ++row) {
    const Vector3& a = antennas[static_cast<std::size_t>(rows.antenna1[row])];
    const Vector3& b = antennas[static_cast<std::size_t>(rows.antenna2[row])];
    double length2 = 0, apart2 = 0;
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const double ours = b[axis] - a[axis];  // the file has second antenna minus first
      const double apart = rows.uvw_m[3 * row + axis] - ours;
      length2 += ours * ours;
      apart2 += apart * apart;
    }
    if (length2 > 1e-4) worst = std::max(worst, std::sqrt(apart2 / length2));
  }
  return worst;
}

std::size_t MeridianUvw::bytes() const {
  std::size_t bytes = 0;
  for (const auto& antennas : antenna_uvw_m_) bytes += antennas.size() * sizeof(Vector3);
  return bytes;
}

}  // namespace skymill::radio
