// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/error.h>
#include <stages/formats/fits_cube.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <string>
#include <vector>

namespace skymill::radio {

/// A folder of its own for each test, removed afterwards.
class TestFolder {
 public:
  TestFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "skymill-formats-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    path_ = name;
  }
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline constexpr double kPi = 3.14159265358979323846;
inline constexpr double kRadPerDeg = kPi / 180;
inline constexpr double kRadPerArcsec = kPi / 180 / 3600;

/// What read_with_astropy.py expects in `written`.
inline ImageHeader sample_header() {
  ImageHeader header;
  header.nx = 20;
  header.ny = 13;
  header.nchan = 6;
  header.cell_x_rad = -1.5 * kRadPerArcsec;
  header.cell_y_rad = 1.5 * kRadPerArcsec;
  header.phase_centre = {187.70593 * kRadPerDeg, -42.391123 * kRadPerDeg, "J2000"};
  header.chan_width_hz = -61035.15625;
  for (int k = 0; k < 6; ++k) header.chan_freq_hz.push_back(1420405751.786 - k * 61035.15625);
  header.spectral_frame = "LSRK";
  header.rest_freq_hz = 1420405751.786;
  header.telescope = "VLA";
  header.observer = "O'Hara";
  header.object = "Field 1";
  header.date_obs_mjd_s = 59000.25 * 86400 + 0.125;
  header.telescope_position_m = {-1601185.365, -5041977.547, 3554875.87};
  header.history = {"first line", std::string(150, 'x'), "gr\u00f6\u00dfer"};
  return header;
}

inline ProductKind image_kind() { return {"image", "Jy/beam", true}; }

/// Different in every pixel; the Python script knows the formula.
inline float sample_value(std::size_t x, std::size_t y, std::size_t chan) {
  return static_cast<float>(static_cast<double>(x) + 100.0 * static_cast<double>(y) +
                            10000.0 * static_cast<double>(chan)) *
         0.001F;
}

inline std::vector<float> sample_plane(const ImageHeader& header, std::size_t chan) {
  std::vector<float> pixels;
  for (std::size_t y = 0; y < header.ny; ++y) {
    for (std::size_t x = 0; x < header.nx; ++x) pixels.push_back(sample_value(x, y, chan));
  }
  return pixels;
}

inline Beam sample_beam(std::size_t chan) {
  return {(6.0 + 0.25 * static_cast<double>(chan)) * kRadPerArcsec, 4.5 * kRadPerArcsec,
          (-30.0 + static_cast<double>(chan)) * kRadPerDeg};
}

/// The kind and the words of the Error that `action` throws; fails the test when there is none.
struct Thrown {
  bool any = false;
  ErrorKind kind = ErrorKind::failed;
  std::string message;
};
inline Thrown error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return {true, error.kind(), error.message()};
  }
  return {};
}

inline std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

}  // namespace skymill::radio
