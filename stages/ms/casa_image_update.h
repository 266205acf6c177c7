// SPDX-License-Identifier: GPL-3.0-or-later
// Kept in the common subset of C++17 and C++20, and free of casacore (architecture.md 3.9).
#pragma once

#include <core/export.h>
#include <core/lane.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace skymill::radio {

/// Gives a finished image of ours what another image has and `CasaImageWriter` does not write.
class SKYMILL_API CasaImageUpdate {
 public:
  CasaImageUpdate(const Lane::Token& token, const std::string& path);
  ~CasaImageUpdate();
  CasaImageUpdate(CasaImageUpdate&&) noexcept;
  CasaImageUpdate& operator=(CasaImageUpdate&&) noexcept;

  /// Takes the coordinates of the image `from` as they are, with projection, reference pixel,
  /// pointing and frames to show, but keeps our own frequencies.
  /// @throws Error(input) unless its axes are RA, Dec, Stokes, frequency as ours
  void take_coordinates(const Lane::Token& token, const std::string& from);

  /// Writes plane `chan` of the mask `mask0`, which the first call makes, all pixels good.
  /// @param mask [ny][nx], 1 = good
  void put_mask(const Lane::Token& token, std::size_t chan, const std::uint8_t* mask);

  void finish(const Lane::Token& token);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace skymill::radio
