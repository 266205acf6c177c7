// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/simulate/counted_random.h>

#include <complex>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace skymill::radio {

enum class InterferenceKind {
  carrier,   ///< one channel at all times
  drifting,  ///< one channel at a time, moving steadily
  burst,     ///< all channels for one to three integrations
  zero,      ///< all of an antenna exactly zero in one integration of one subband
  nan,       ///< the same as no numbers
};
const char* name_of(InterferenceKind kind);

/// One thing that does not belong into the data, and where it is.
struct InterferenceEvent {
  InterferenceKind kind = InterferenceKind::carrier;
  double flux_jy = 0;       ///< carrier, drifting, burst
  std::size_t channel = 0;  ///< counted downwards through all subbands; at first_integration
  int channels_per_integration = 0;  ///< drifting
  std::size_t first_integration = 0;
  std::size_t last_integration = 0;
  std::size_t subband = 0;  ///< zero, nan
  std::size_t antenna = 0;  ///< zero, nan; among those that take part
};

struct InterferenceSetup {
  std::size_t carriers = 0;
  std::size_t drifting = 0;
  std::size_t bursts = 0;
  std::size_t zeros = 0;
  std::size_t nans = 0;
  double flux_jy = 100;
};

/// Size of what is simulated.
struct InterferenceRoom {
  std::size_t integrations = 0;
  std::size_t subbands = 0;
  std::size_t nchan = 0;
  std::size_t antennas = 0;
};

/// Two antennas of those that take part, j <= i: a row.
struct AntennaPair {
  std::size_t j = 0, i = 0;
};

/// Transmitters on the ground, which the fringe-stopped array sees at a constant phase per antenna,
/// and data that never arrived.
class Interference {
 public:
  Interference(const InterferenceSetup& setup, const InterferenceRoom& room, std::uint64_t seed);

  const std::vector<InterferenceEvent>& events() const { return events_; }

  /// Adds transmitters to one integration of one subband.
  /// @param sum  [pair][channel], channels ascending in frequency
  void add(std::size_t integration, std::size_t subband, const std::vector<AntennaPair>& pairs,
           std::vector<std::complex<float>>& sum) const;
  /// Puts zeros and NaN in their places. @param data  [pair][channel][hand], two hands
  void blank(std::size_t integration, std::size_t subband, const std::vector<AntennaPair>& pairs,
             std::vector<std::complex<float>>& data) const;

 private:
  void add_transmitters(const InterferenceSetup& setup);
  void add_blanks(InterferenceKind kind, std::size_t count);

  InterferenceRoom room_;
  CountedRandom random_;
  std::vector<InterferenceEvent> events_;
};

}  // namespace skymill::radio
