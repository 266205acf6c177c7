// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/visibilities.h>
#include <stages/sky/flux_scale.h>

#include <istream>
#include <string>
#include <vector>

namespace skymill::radio {

/// A point source to calibrate with.
struct Calibrator {
  std::string name;
  std::vector<std::string> aliases;
  Direction direction;                 ///< ICRS
  const ScaleSource* scale = nullptr;  ///< its flux is of the scale, and what follows not used
  double flux_jy = 0;                  ///< at `frequency_hz`; 0 when not known
  double frequency_hz = 0;
  double spectral_index = 0;
  double curvature = 0;
  double low_hz = 0;  ///< the flux holds from here
  double high_hz = 0;

  /// Whether the flux is known at all, and there.
  bool has_flux_at(double freq_hz) const;
  /// Jy; flux (ν/ν0)^(index + curvature log10(ν/ν0)), or that of the scale (calibration.md 5.7).
  /// @throws Error (input) when it is not known there
  double flux_jy_at(double freq_hz) const;
};

/// Calibrators by name. Letter case, blanks and underscores of a name do not count.
class CalibratorList {
 public:
  /// The list that comes along: `stages/sky/calibrators.csv`.
  static CalibratorList shipped();
  /// The list in that file, or the one that comes along when the path is empty.
  /// @throws Error (input) naming file and line of what cannot be read
  static CalibratorList of(const std::string& path);

  /// Reads lines such as those of `calibrators.csv`: columns name, ra and dec, and as far as known
  /// aliases (between semicolons), flux, frequency, spectral_index, curvature, low and high. A
  /// source without a flux has that of the scale, if it is of Perley & Butler 2017; with a flux
  /// low and high must be given. @param path for messages
  CalibratorList(std::istream& in, const std::string& path);

  const std::vector<Calibrator>& all() const { return calibrators_; }
  const std::string& path() const { return path_; }

  /// By name or alias; nothing when there is none.
  const Calibrator* find(const std::string& name) const;
  /// The same. @throws Error (description) naming the nearest spelling when there is none
  const Calibrator& at(const std::string& name) const;

 private:
  std::string path_;
  std::vector<Calibrator> calibrators_;
};

}  // namespace skymill::radio
