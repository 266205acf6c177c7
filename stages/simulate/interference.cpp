// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/simulate/interference.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace skymill::radio {

namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr std::size_t kLongestBurst = 3;  // integrations
constexpr std::size_t kFastestDrift = 3;  // channels an integration

/// One of [0, count).
std::size_t pick(const CountedRandom& random, std::uint64_t counter, std::size_t count) {
  const auto place = static_cast<std::size_t>(random.uniform(counter) * static_cast<double>(count));
  return std::min(place, count - 1);
}

}  // namespace

const char* name_of(InterferenceKind kind) {
  switch (kind) {
    case InterferenceKind::carrier:
      return "carrier";
    case InterferenceKind::drifting:
      return "drifting";
    case InterferenceKind::burst:
      return "burst";
    case InterferenceKind::zero:
      return "zero";
    case InterferenceKind::nan:
      break;
  }
  return "nan";
}

Interference::Interference(const InterferenceSetup& setup, const InterferenceRoom& room,
                           std::uint64_t seed)
    : room_(room), random_(seed ^ 0x726669ULL) {
  add_transmitters(setup);
  add_blanks(InterferenceKind::zero, setup.zeros);
  add_blanks(InterferenceKind::nan, setup.nans);
}

void Interference::add_transmitters(const InterferenceSetup& setup) {
  const std::size_t channels = room_.subbands * room_.nchan;
  for (std::size_t k = 0; k < setup.carriers + setup.drifting + setup.bursts; ++k) {
    const CountedRandom random = random_.child(events_.size());
    InterferenceEvent event;
    event.flux_jy = setup.flux_jy;
    event.channel = pick(random, 0, channels);
    event.last_integration = room_.integrations - 1;
    if (k < setup.carriers) {
      event.kind = InterferenceKind::carrier;
    } else if (k < setup.carriers + setup.drifting) {
      event.kind = InterferenceKind::drifting;
      const int rate = 1 + static_cast<int>(pick(random, 1, kFastestDrift));
      // Towards the middle of the band, where there is room to go.
      event.channels_per_integration = event.channel < channels / 2 ? rate : -rate;
    } else {
      event.kind = InterferenceKind::burst;
      event.first_integration = pick(random, 1, room_.integrations);
      event.last_integration = std::min(event.first_integration + pick(random, 2, kLongestBurst),
                                        room_.integrations - 1);
    }
    events_.push_back(event);
  }
}

void Interference::add_blanks(InterferenceKind kind, std::size_t count) {
  for (std::size_t k = 0; k < count; ++k) {
    const CountedRandom random = random_.child(events_.size());
    InterferenceEvent event;
    event.kind = kind;
    event.first_integration = event.last_integration = pick(random, 0, room_.integrations);
    event.subband = pick(random, 1, room_.subbands);
    event.antenna = pick(random, 2, room_.antennas);
    events_.push_back(event);
  }
}

void Interference::add(std::size_t integration, std::size_t subband,
                       const std::vector<AntennaPair>& pairs,
                       std::vector<std::complex<float>>& sum) const {
  for (std::size_t k = 0; k < events_.size(); ++k) {
    const InterferenceEvent& event = events_[k];
    if (event.kind == InterferenceKind::zero || event.kind == InterferenceKind::nan) continue;
    if (integration < event.first_integration || integration > event.last_integration) continue;
    std::size_t first = 0, last = room_.nchan;
    if (event.kind != InterferenceKind::burst) {
      const auto steps = static_cast<std::int64_t>(integration - event.first_integration);
      const std::int64_t place = static_cast<std::int64_t>(event.channel) +
                                 event.channels_per_integration * steps -
                                 static_cast<std::int64_t>(subband * room_.nchan);
      if (place < 0 || place >= static_cast<std::int64_t>(room_.nchan)) continue;
      first = room_.nchan - 1 - static_cast<std::size_t>(place);
      last = first + 1;
    }
    const CountedRandom phases = random_.child(k).child(1);
    std::vector<std::complex<double>> phasor;
    for (std::size_t a = 0; a < room_.antennas; ++a) {
      phasor.push_back(std::polar(1.0, 2 * kPi * phases.uniform(a)));
    }
    for (std::size_t row = 0; row < pairs.size(); ++row) {
      const std::complex<float> value(event.flux_jy * phasor[pairs[row].j] *
                                      std::conj(phasor[pairs[row].i]));
      for (std::size_t c = first; c < last; ++c) sum[row * room_.nchan + c] += value;
    }
  }
}

void Interference::blank(std::size_t integration, std::size_t subband,
                         const std::vector<AntennaPair>& pairs,
                         std::vector<std::complex<float>>& data) const {
  const std::size_t cells = 2 * room_.nchan;
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  for (const InterferenceEvent& event : events_) {
    if (event.kind != InterferenceKind::zero && event.kind != InterferenceKind::nan) continue;
    if (event.first_integration != integration || event.subband != subband) continue;
    const std::complex<float> value =
        event.kind == InterferenceKind::nan ? std::complex<float>(kNan, kNan) : 0;
    for (std::size_t row = 0; row < pairs.size(); ++row) {
      if (pairs[row].j != event.antenna && pairs[row].i != event.antenna) continue;
      std::fill_n(data.begin() + static_cast<std::ptrdiff_t>(row * cells), cells, value);
    }
  }
}

}  // namespace skymill::radio
