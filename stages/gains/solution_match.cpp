// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/units.h>
#include <stages/gains/correlation_hands.h>
#include <stages/gains/solution_match.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace skymill::radio {

SolutionMatch::SolutionMatch(const Solutions& solutions, const ObservationHeader& header,
                             int data_desc_id)
    : solutions_(solutions) {
  match_antennas(header);
  match_channels(header, data_desc_id);
  const auto pol_of = [&](int code) {
    const std::size_t place = solutions.pol_of(code);
    return place == solutions.pols.size() ? kNone : place;
  };
  for (const int code :
       header.data_descriptions.at(static_cast<std::size_t>(data_desc_id)).corr_types) {
    const auto feeds = feeds_of(code);
    if (!feeds) {
      throw Error(ErrorKind::input,
                  "'" + header.source + "' holds Stokes parameters in data description " +
                      std::to_string(data_desc_id) + ", which gains of feeds cannot correct");
    }
    correlations_.push_back({pol_of(feeds->first), pol_of(feeds->second)});
  }
}

void SolutionMatch::match_antennas(const ObservationHeader& header) {
  std::map<std::string, std::size_t> solved;
  for (std::size_t a = 0; a < solutions_.antennas.size(); ++a) solved[solutions_.antennas[a]] = a;
  bool any = false;
  for (const Antenna& antenna : header.antennas) {
    const auto found = solved.find(antenna.name);
    antenna_.push_back(found == solved.end() ? kNone : found->second);
    any = any || antenna_.back() != kNone;
  }
  if (any || solutions_.antennas.empty() || header.antennas.empty()) return;
  throw Error(ErrorKind::input, "solutions and '" + header.source +
                                    "' have no antenna in common: '" + solutions_.antennas.front() +
                                    "' there, '" + header.antennas.front().name + "' here");
}

void SolutionMatch::match_channels(const ObservationHeader& header, int data_desc_id) {
  const auto& description = header.data_descriptions.at(static_cast<std::size_t>(data_desc_id));
  const SpectralWindow& window =
      header.spectral_windows.at(static_cast<std::size_t>(description.spectral_window));
  frequency_.assign(window.chan_freq_hz.size(), kNone);
  for (std::size_t f = 0; f < solutions_.frequencies.size(); ++f) {
    const SolutionChannels& cell = solutions_.frequencies[f];
    if (cell.data_desc_id != data_desc_id) continue;
    const std::size_t end = std::min(cell.first_channel + cell.channels, frequency_.size());
    for (std::size_t c = cell.first_channel; c < end; ++c) {
      const double off_hz = std::abs(window.chan_freq_hz[c] - cell.freq_hz);
      if (off_hz > (cell.width_hz + std::abs(window.chan_width_hz[c])) / 2) {
        throw Error(ErrorKind::input,
                    "channel " + std::to_string(c) + " of data description " +
                        std::to_string(data_desc_id) + " is at " +
                        format_quantity(window.chan_freq_hz[c], "Hz") +
                        ", but its solution was made at " + format_quantity(cell.freq_hz, "Hz"),
                    "solve from data with the same spectral windows");
      }
      frequency_[c] = f;
    }
  }
}

std::size_t SolutionMatch::interval(double time_s) const {
  const auto nearer = [&](const SolutionInterval& a, const SolutionInterval& b) {
    return std::abs(a.time_s - time_s) < std::abs(b.time_s - time_s);
  };
  const auto& all = solutions_.intervals;
  return static_cast<std::size_t>(std::min_element(all.begin(), all.end(), nearer) - all.begin());
}

std::vector<std::complex<float>> SolutionMatch::inverse_gains(std::size_t interval) const {
  const std::size_t pols = solutions_.pols.size();
  std::vector<std::complex<float>> inverse(antennas() * channels() * pols);
  for (std::size_t a = 0; a < antennas(); ++a) {
    for (std::size_t c = 0; c < channels(); ++c) {
      if (antenna_[a] == kNone || frequency_[c] == kNone) continue;
      for (std::size_t p = 0; p < pols; ++p) {
        const std::size_t place = solutions_.index(interval, frequency_[c], p, antenna_[a]);
        const std::complex<double> gain = solutions_.gain[place];
        if (solutions_.flag[place] != 0 || !(std::norm(gain) > 0)) continue;
        inverse[(a * channels() + c) * pols + p] = std::complex<float>(1.0 / gain);
      }
    }
  }
  return inverse;
}

}  // namespace skymill::radio
