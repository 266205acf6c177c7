// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/ms/casa_image.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace skymill::radio {

/// One of the images that become a cube: what its header says and where its planes lie, so that it
/// needs not stay open, however many there are.
struct ImagePart {
  std::string path;
  ImageHeader header;  ///< without history
  std::array<double, 2> reference_pixel{};
  std::string projection;
  std::string unit;
  std::vector<std::string> stokes;
  std::vector<Beam> beams;  ///< [chan], or empty
  bool has_mask = false;
  int spectral_axis = -1;
  std::vector<std::string> history;
  /// [chan]; empty unless each is in one piece.
  std::vector<CasaImageReader::PlanePlace> places;
};

/// Opens an image, takes down what it says of itself and closes it.
/// @param wanted whether its history is of interest
/// @throws Error (input) when it is no image, is cut short or has no frequency
ImagePart read_image_part(const Lane::Token& token, const std::string& path, ImageHistory wanted);

/// The images that a path or pattern (`*`, `?`, `[a-z]`) names, numbers in names counted as
/// numbers: `sub.2` comes before `sub.10`. What ends in `.partial` is still being made and is left
/// out.
/// @param extension appended to each with a dot, unless it is empty
/// @return absolute paths; a path without pattern is given back whether it exists or not
std::vector<std::string> find_image_parts(const std::vector<std::string>& inputs,
                                          const std::string& extension);

/// Whether `a` comes before `b` when runs of digits are compared as numbers.
bool before_by_number(const std::string& a, const std::string& b);

}  // namespace skymill::radio
