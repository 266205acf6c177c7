// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/checks/antenna_table.h>
#include <stages/geometry/earth_time.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <vector>

namespace skymill::radio {

namespace {

constexpr double kRadian = 3.14159265358979323846 / 180;
constexpr double kUsualElevation = 1182.6;  // m

std::vector<std::string> fields_of(std::string line) {
  line.erase(std::remove_if(line.begin(), line.end(), [](char c) { return c == '\r' || c == '"'; }),
             line.end());
  std::vector<std::string> fields;
  std::istringstream in(line);
  for (std::string field; std::getline(in, field, ',');) {
    const auto from = field.find_first_not_of(' ');
    fields.push_back(from == std::string::npos
                         ? std::string()
                         : field.substr(from, field.find_last_not_of(' ') - from + 1));
  }
  return fields;
}

}  // namespace

std::map<std::string, std::array<double, 3>> read_antenna_table(const std::string& path) {
  std::ifstream in(path);
  if (!in) throw Error(ErrorKind::input, "the antenna table '" + path + "' cannot be read");
  std::map<std::string, std::array<double, 3>> antennas;
  std::vector<std::string> names;
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    const std::vector<std::string> fields = fields_of(line);
    if (names.empty()) {
      if (std::find(fields.begin(), fields.end(), "Station Number") != fields.end()) names = fields;
      continue;
    }
    const auto field = [&](const char* name) {
      const auto place =
          static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
      return place < fields.size() ? fields[place] : std::string();
    };
    const std::string station = field("Station Number");
    const std::size_t dash = station.find('-');
    if (dash == std::string::npos) continue;
    const auto degrees = [&](const char* name) {
      try {
        return std::stod(field(name));
      } catch (const std::exception&) {
        throw Error(ErrorKind::input, Where{path, number, 0},
                    "station " + station + " has '" + field(name) + "' as its " + name);
      }
    };
    try {
      const std::string elevation = field("Elevation (meters)");
      antennas[std::to_string(std::stoi(station.substr(dash + 1)))] =
          geocentric_m({degrees("Longitude") * kRadian, degrees("Latitude") * kRadian,
                        elevation.empty() ? kUsualElevation : degrees("Elevation (meters)")});
    } catch (const std::logic_error&) {
      throw Error(ErrorKind::input, Where{path, number, 0},
                  "'" + station + "' is not the name of a station, such as DSA-001");
    }
  }
  if (antennas.empty()) {
    throw Error(ErrorKind::input, "the antenna table '" + path + "' lists no stations",
                "it needs a line with Station Number, Latitude, Longitude and Elevation (meters)");
  }
  return antennas;
}

}  // namespace skymill::radio
