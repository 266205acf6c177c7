// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/visibilities.h>

#include <array>
#include <complex>
#include <cstddef>
#include <memory>
#include <vector>

namespace skymill::radio {

/// Sums up triple products V(r,i) V(i,j) V(j,r) over channels and integrations, for all triangles
/// with one antenna r and each parallel hand. Gains of antennas drop out of their phases.
class ClosurePhases {
 public:
  struct Figures {
    std::size_t triangles = 0;
    double rms_rad = 0;
  };
  static constexpr std::size_t kHands = 2;

  ClosurePhases(std::shared_ptr<const ObservationHeader> header, std::size_t refant);

  /// Bytes held for these data.
  static std::size_t bytes(const ObservationHeader& header);

  /// Rows of one integration and window follow each other, over chunks as well.
  void add(const Visibilities& rows);
  /// Of RR or XX, and of LL or YY. Takes the last integration in.
  std::array<Figures, kHands> finish();

 private:
  /// Where the samples of a baseline and hand stand in `samples_`.
  struct Place {
    std::size_t first = 0;
    bool is_there = false;
  };

  void take_row(const Visibilities& rows, std::size_t row);
  void close_integration();

  std::shared_ptr<const ObservationHeader> header_;
  std::size_t refant_ = 0;
  double time_s_ = 0;
  int data_desc_id_ = -1;
  std::size_t nchan_ = 0;
  std::vector<std::complex<float>> samples_;  ///< of the integration at hand, 0 if flagged
  std::vector<Place> places_;                 ///< [antenna][antenna][hand], first < second
  std::array<std::vector<std::complex<double>>, kHands> triangles_;  ///< [i][j], i < j
};

}  // namespace skymill::radio
