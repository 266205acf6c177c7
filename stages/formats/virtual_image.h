// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/ms/casa_image.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace skymill::radio {

/// CASA's virtual concatenation of images along frequency (imaging.md 6.2), read as one image. At
/// most one of its members is open at a time, however many there are.
class VirtualImage {
 public:
  static bool is_one(const std::string& path);

  /// Takes down what its members say of themselves; history: every line that one has, once.
  /// @throws Error (input) when a member is missing, of another shape or not a plain CASA image, or
  ///         when they stand along another axis
  VirtualImage(const Lane::Token& token, const std::string& path);

  const ImageHeader& header() const { return header_; }
  const std::string& unit() const { return unit_; }
  const std::vector<Beam>& beams() const { return beams_; }
  const std::vector<std::string>& stokes() const { return stokes_; }
  std::array<double, 2> reference_pixel() const { return reference_pixel_; }
  bool has_mask() const { return has_mask_; }

  /// @param pixels [ny][nx]
  /// @param mask   [ny][nx] or null; 1 = good
  void read_plane(const Lane::Token& token, std::size_t chan, float* pixels, std::uint8_t* mask,
                  std::size_t stokes_plane);

 private:
  void add(const CasaImageReader& member, const std::string& path, int axis);

  std::vector<std::string> members_;
  std::vector<std::size_t> ends_;  ///< by member: the channel after its last
  ImageHeader header_;
  std::string unit_;
  std::vector<Beam> beams_;
  std::vector<std::string> stokes_;
  std::array<double, 2> reference_pixel_{};
  bool has_mask_ = false;
  bool all_have_beams_ = true;
  std::optional<CasaImageReader> open_;
  std::size_t open_member_ = 0;
};

}  // namespace skymill::radio
