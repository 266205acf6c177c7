// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/visibilities.h>

#include <array>
#include <string>
#include <vector>

namespace skymill::radio {

/// A direction as `ICRS 12h30m49.4s 12d23m28s` or in degrees, `J2000 187.7deg 12.4deg`; ICRS when
/// no frame is said. @throws Error (description) naming the text that cannot be read
Direction parse_direction(const std::string& text);

/// Turns visibilities from one phase centre to another: uvw by rotation, data by the phase of the
/// new w (imaging.md 2.5).
class PhaseShift {
 public:
  /// @throws Error (input) when the directions are of frames other than ICRS and J2000 and differ
  PhaseShift(const Direction& from, const Direction& to);

  /// @param freq_hz of the rows' channels
  void apply(Visibilities& rows, const std::vector<double>& freq_hz) const;

 private:
  std::array<std::array<double, 3>, 3> turn_{};  ///< new u, v, w from old
};

}  // namespace skymill::radio
