// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/assess/closure_phases.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace skymill::radio {

namespace {

/// RR, XX: 0; LL, YY: 1; nothing of crossed hands.
std::size_t hand_of(int correlation) {
  if (correlation == 5 || correlation == 9) return 0;
  return correlation == 8 || correlation == 12 ? 1 : ClosurePhases::kHands;
}

}  // namespace

ClosurePhases::ClosurePhases(std::shared_ptr<const ObservationHeader> header, std::size_t refant)
    : header_(std::move(header)), refant_(refant) {
  const std::size_t pairs = header_->antennas.size() * header_->antennas.size();
  places_.resize(pairs * kHands);
  for (auto& hand : triangles_) hand.assign(pairs, 0);
}

std::size_t ClosurePhases::bytes(const ObservationHeader& header) {
  std::size_t most = 0;
  for (const SpectralWindow& window : header.spectral_windows) {
    most = std::max(most, window.chan_freq_hz.size());
  }
  const std::size_t pairs = header.antennas.size() * header.antennas.size();
  return pairs * kHands * (sizeof(Place) + sizeof(std::complex<double>)) +
         pairs / 2 * kHands * most * sizeof(std::complex<float>);
}

void ClosurePhases::add(const Visibilities& rows) {
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    if (rows.time_s[row] != time_s_ || rows.data_desc_id != data_desc_id_) {
      close_integration();
      time_s_ = rows.time_s[row];
      data_desc_id_ = rows.data_desc_id;
      nchan_ = rows.nchan;
    }
    if (rows.antenna1[row] != rows.antenna2[row]) take_row(rows, row);
  }
}

void ClosurePhases::take_row(const Visibilities& rows, std::size_t row) {
  const auto& corr_types =
      header_->data_descriptions.at(static_cast<std::size_t>(rows.data_desc_id)).corr_types;
  const auto a1 = static_cast<std::size_t>(rows.antenna1[row]);
  const auto a2 = static_cast<std::size_t>(rows.antenna2[row]);
  for (std::size_t k = 0; k < rows.ncorr; ++k) {
    const std::size_t hand = hand_of(corr_types[k]);
    if (hand == kHands) continue;
    places_[(std::min(a1, a2) * header_->antennas.size() + std::max(a1, a2)) * kHands + hand] = {
        samples_.size(), true};
    for (std::size_t c = 0; c < rows.nchan; ++c) {
      const std::size_t at = (row * rows.nchan + c) * rows.ncorr + k;
      const bool is_good = rows.flag[at] == 0 && std::isfinite(std::norm(rows.data[at]));
      const std::complex<float> value = is_good ? rows.data[at] : 0;
      samples_.push_back(a1 < a2 ? value : std::conj(value));
    }
  }
}

void ClosurePhases::close_integration() {
  const std::size_t n = header_->antennas.size();
  for (std::size_t hand = 0; hand < kHands && !samples_.empty(); ++hand) {
    const auto place = [&](std::size_t a, std::size_t b) {
      return places_[(std::min(a, b) * n + std::max(a, b)) * kHands + hand];
    };
    for (std::size_t i = 0; i < n; ++i) {
      const Place first = place(refant_, i);
      if (i == refant_ || !first.is_there) continue;
      for (std::size_t j = i + 1; j < n; ++j) {
        const Place second = place(i, j), third = place(refant_, j);
        if (j == refant_ || !second.is_there || !third.is_there) continue;
        std::complex<double> sum = 0;
        for (std::size_t c = 0; c < nchan_; ++c) {
          std::complex<double> a(samples_[first.first + c]), b(samples_[third.first + c]);
          if (refant_ > i) a = std::conj(a);
          if (refant_ < j) b = std::conj(b);
          sum += a * std::complex<double>(samples_[second.first + c]) * b;
        }
        triangles_[hand][i * n + j] += sum;
      }
    }
  }
  std::fill(places_.begin(), places_.end(), Place{});
  samples_.clear();
}

std::array<ClosurePhases::Figures, ClosurePhases::kHands> ClosurePhases::finish() {
  close_integration();
  std::array<Figures, kHands> figures;
  for (std::size_t hand = 0; hand < kHands; ++hand) {
    double squares = 0;
    for (const std::complex<double>& triangle : triangles_[hand]) {
      if (triangle == 0.0) continue;
      squares += std::arg(triangle) * std::arg(triangle);
      ++figures[hand].triangles;
    }
    if (figures[hand].triangles == 0) continue;
    figures[hand].rms_rad = std::sqrt(squares / static_cast<double>(figures[hand].triangles));
  }
  return figures;
}

}  // namespace skymill::radio
