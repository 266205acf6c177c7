// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/export.h>
#include <core/lane.h>
#include <stages/data/image.h>

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace skymill::radio {

/// An image that exists, in either format, or CASA's virtual concatenation of some along frequency.
/// Any thread may call this: a CASA image is worked on in the lane of its table.
class SKYMILL_API AnyImage {
 public:
  /// Whether the path looks like a FITS image or a CASA image, virtual ones included.
  static bool is_one(const std::string& path);
  static bool is_fits(const std::string& path);

  /// @throws Error (input) when it is neither, or cannot be read
  AnyImage(const std::string& path, Lanes& lanes);
  ~AnyImage();
  AnyImage(AnyImage&&) noexcept;
  AnyImage& operator=(AnyImage&&) noexcept;

  const std::string& path() const;
  bool fits() const;
  const ImageHeader& header() const;
  const std::string& unit() const;
  const std::vector<Beam>& beams() const;
  const std::vector<std::string>& stokes() const;
  std::array<double, 2> reference_pixel() const;

  /// The plane [ny][nx]; masked pixels come as NaN.
  void read(std::size_t chan, std::size_t stokes_plane, std::vector<float>& pixels) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace skymill::radio
