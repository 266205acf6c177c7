// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/calibrators/observed_moments.h>
#include <stages/ms/ms_reader.h>
#include <stages/ms/table_lane.h>
#include <stages/uvh5/uvh5_file.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace skymill::radio {

namespace {

constexpr std::size_t kBlockRows = 65536;
constexpr double kJulianDateOfMjd = 2400000.5;

/// Times and fields, once each.
using Times = std::set<std::pair<double, std::size_t>>;

std::vector<ObservedMoment> moments_of(const Times& times) {
  std::vector<ObservedMoment> moments;
  std::size_t integration = 0;
  for (const auto& [time_s, field] : times) {
    if (!moments.empty() && moments.back().mjd_utc_s != time_s) ++integration;
    moments.push_back({time_s, field, integration});
  }
  return moments;
}

ObservedMoments of_ms(const std::string& path, Lanes& lanes) {
  const auto lane = lanes.get(table_lane(path));
  return lane->run([&](const Lane::Token& token) {
    MsReader reader(token, path);
    ObservedMoments observed{reader.header(), {}};
    Times times;
    for (const MsSegment& segment : reader.segments()) {
      for (std::size_t row = 0; row < segment.count; row += kBlockRows) {
        const Visibilities rows = reader.read_geometry(token, segment.first + row,
                                                       std::min(kBlockRows, segment.count - row));
        for (std::size_t k = 0; k < rows.rows(); ++k) {
          times.emplace(rows.time_s[k], static_cast<std::size_t>(rows.field_id[k]));
        }
      }
    }
    observed.moments = moments_of(times);
    return observed;
  });
}

ObservedMoments of_uvh5(const std::string& path) {
  const Uvh5File file(path);
  const Uvh5Header& from = file.header();
  auto header = std::make_shared<ObservationHeader>();
  header->source = path;
  header->telescope = from.telescope_name;
  header->antennas = from.antennas;
  header->position = from.position;
  header->phasing = from.phasing;
  header->pointing_dec_rad = from.pointing_dec_rad;
  SpectralWindow window;
  window.chan_freq_hz = from.freq_hz;
  header->spectral_windows = {window};
  header->data_descriptions = {DataDescription{}};
  std::map<int, std::size_t> field_of;
  for (const Uvh5PhaseCentre& centre : from.phase_centres) {
    field_of[centre.id] = header->fields.size();
    header->fields.push_back({centre.name, centre.direction, 0});
  }
  const Uvh5Rows rows = file.read_rows(0, from.rows, false);
  Times times;
  for (std::size_t row = 0; row < from.rows; ++row) {
    const auto field = field_of.find(rows.centre_id[row]);
    times.emplace((rows.time_jd[row] - kJulianDateOfMjd) * 86400,
                  field == field_of.end() ? 0 : field->second);
  }
  return {header, moments_of(times)};
}

}  // namespace

ObservedMoments observed_moments(const std::string& path, Lanes& lanes) {
  if (!std::filesystem::exists(path)) {
    throw Error(ErrorKind::input, "there is no '" + path + "'");
  }
  ObservedMoments observed =
      std::filesystem::is_directory(path) ? of_ms(path, lanes) : of_uvh5(path);
  if (observed.moments.empty()) throw Error(ErrorKind::input, "'" + path + "' has no rows");
  return observed;
}

}  // namespace skymill::radio
