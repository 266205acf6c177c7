// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/rephase/turn_rows.h>

#include <algorithm>
#include <cmath>

namespace skymill::radio {

namespace {

constexpr double kTwoPi = 2 * 3.14159265358979323846;
constexpr double kSpeedOfLight = 299792458;  // m/s

/// Written out: the product of std::complex looks for infinities that do not matter here.
template <std::size_t kCorr>
void multiply(const float* cosine, const float* sine, std::size_t nchan, std::size_t ncorr,
              float* row) {
  const std::size_t count = kCorr != 0 ? kCorr : ncorr;
  for (std::size_t c = 0; c < nchan; ++c) {
    for (std::size_t k = 0; k < count; ++k) {
      float* value = row + 2 * (c * count + k);
      const float re = value[0], im = value[1];
      value[0] = re * cosine[c] - im * sine[c];
      value[1] = re * sine[c] + im * cosine[c];
    }
  }
}

}  // namespace

TurnRows::TurnRows(std::vector<double> freq_hz, std::size_t antennas)
    : freq_hz_(std::move(freq_hz)),
      ready_(antennas, 0),
      phasors_(antennas * 2 * freq_hz_.size()),
      baseline_(2 * freq_hz_.size()) {}

void TurnRows::set_paths(std::vector<double> path_m) {
  path_m_ = std::move(path_m);
  std::fill(ready_.begin(), ready_.end(), 0);
}

const float* TurnRows::phasors(std::size_t antenna) {
  float* const cosine = phasors_.data() + antenna * 2 * freq_hz_.size();
  if (ready_[antenna]) return cosine;
  float* const sine = cosine + freq_hz_.size();
  for (std::size_t c = 0; c < freq_hz_.size(); ++c) {
    // Whole turns are dropped before the sine, which would lose digits for large arguments.
    const double turns = path_m_[antenna] * freq_hz_[c] / kSpeedOfLight;
    const double angle = -kTwoPi * (turns - std::nearbyint(turns));
    cosine[c] = static_cast<float>(std::cos(angle));
    sine[c] = static_cast<float>(std::sin(angle));
  }
  ready_[antenna] = 1;
  return cosine;
}

void TurnRows::turn(std::size_t antenna1, std::size_t antenna2, int sign, std::size_t ncorr,
                    std::complex<float>* row) {
  if (antenna1 == antenna2) return;
  const std::size_t nchan = freq_hz_.size();
  const float* const c1 = phasors(antenna1);
  const float* const c2 = phasors(antenna2);
  const float* const s1 = c1 + nchan;
  const float* const s2 = c2 + nchan;
  float* const cosine = baseline_.data();
  float* const sine = cosine + nchan;
  const auto factor = static_cast<float>(sign);
  for (std::size_t c = 0; c < nchan; ++c) {
    cosine[c] = c1[c] * c2[c] + s1[c] * s2[c];
    sine[c] = factor * (s1[c] * c2[c] - c1[c] * s2[c]);
  }
  auto* const values = reinterpret_cast<float*>(row);  // complex is laid out as two floats
  switch (ncorr) {
    case 1:
      return multiply<1>(cosine, sine, nchan, ncorr, values);
    case 2:
      return multiply<2>(cosine, sine, nchan, ncorr, values);
    case 4:
      return multiply<4>(cosine, sine, nchan, ncorr, values);
    default:
      return multiply<0>(cosine, sine, nchan, ncorr, values);
  }
}

}  // namespace skymill::radio
