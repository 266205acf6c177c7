// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/flags/rfi_windows.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

namespace skymill::radio {

namespace {

constexpr std::size_t kKept = std::size_t{1} << 29;
constexpr std::size_t kFewest = 32, kMost = 256;
constexpr double kSameTime_s = 1e-3;
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

std::size_t channels_of(const ObservationHeader& header, std::size_t description) {
  const auto window = header.data_descriptions.at(description).spectral_window;
  return header.spectral_windows.at(static_cast<std::size_t>(window)).chan_freq_hz.size();
}

std::size_t row_bytes(const RfiWindowParams& params, const ObservationHeader& header,
                      std::size_t description) {
  return channels_of(header, description) *
         header.data_descriptions.at(description).corr_types.size() * params.search->floats() *
         sizeof(float);
}

std::size_t rows_of(const ObservationHeader& header, std::size_t description) {
  return description < header.rows_per_description.size() ? header.rows_per_description[description]
                                                          : header.rows;
}

std::size_t most_integrations(std::size_t window) { return window + window / 2; }

/// Chance finds of so many baselines of a small array do not spread.
constexpr double kByChance = 2;

/// @param bits   [baseline][each]
/// @param share  of the baselines: a bit that more of them have set is set in all
void spread_over_baselines(std::size_t each, double share, std::vector<std::uint8_t>& bits) {
  const std::size_t baselines = each > 0 ? bits.size() / each : 0;
  const double most = std::max(kByChance, share * static_cast<double>(baselines));
  for (std::size_t byte = 0; byte < each; ++byte) {
    std::array<std::size_t, 8> counts{};
    for (std::size_t b = 0; b < baselines; ++b) {
      for (unsigned set = bits[b * each + byte]; set != 0; set &= set - 1) {
        ++counts[static_cast<std::size_t>(std::countr_zero(set))];
      }
    }
    unsigned common = 0;
    for (std::size_t bit = 0; bit < 8; ++bit) {
      if (static_cast<double>(counts[bit]) > most) common |= 1U << bit;
    }
    if (common == 0) continue;
    for (std::size_t b = 0; b < baselines; ++b) {
      bits[b * each + byte] = static_cast<std::uint8_t>(bits[b * each + byte] | common);
    }
  }
}

}  // namespace

std::size_t integrations_of(const RfiWindowParams& params, const ObservationHeader& header,
                            std::size_t description) {
  if (params.window > 0) return params.window;
  const std::size_t antennas = header.antennas.size();
  const std::size_t bytes = antennas * (antennas + 1) / 2 * row_bytes(params, header, description);
  return std::clamp(kKept / std::max<std::size_t>(1, bytes), kFewest, kMost);
}

RfiWindows::RfiWindows(const RfiWindowParams& params,
                       std::shared_ptr<const ObservationHeader> header, std::size_t threads,
                       FoundFlags& found)
    : params_(params),
      header_(std::move(header)),
      threads_(threads),
      result_(found),
      open_(header_->data_descriptions.size()) {
  result_.windows.resize(open_.size());
}

std::size_t RfiWindows::bytes(const RfiWindowParams& params, const ObservationHeader& header,
                              std::size_t threads) {
  std::size_t held = 0, scratch = 0;
  for (std::size_t k = 0; k < header.data_descriptions.size(); ++k) {
    const std::size_t antennas = header.antennas.size();
    const std::size_t most = most_integrations(integrations_of(params, header, k));
    const std::size_t rows = std::min(rows_of(header, k), most * antennas * (antennas + 1) / 2);
    // Vectors grow by doubling.
    held += 2 * rows * row_bytes(params, header, k);
    const kernels::BaselineShape shape{most, header.data_descriptions[k].corr_types.size(),
                                       channels_of(header, k)};
    scratch = std::max(scratch, threads * params.search->scratch(shape) +
                                    rows * kernels::found_bytes(shape.nchan));
  }
  return held + scratch;
}

std::size_t RfiWindows::file_bytes(const ObservationHeader& header) {
  std::size_t bytes = 0;
  for (std::size_t k = 0; k < header.data_descriptions.size(); ++k) {
    bytes += rows_of(header, k) * kernels::found_bytes(channels_of(header, k));
  }
  return bytes;
}

std::size_t RfiWindows::step_of(const Visibilities& rows, std::size_t row, Open& open) {
  const double time_s = rows.time_s[row];
  const auto description = static_cast<std::size_t>(rows.data_desc_id);
  if (!open.time_s.empty() && time_s > open.time_s.back() + kSameTime_s) {
    const bool drifts = header_->phasing != Phasing::tracked;
    const bool other =
        rows.scan_number[row] != open.scan || (!drifts && rows.field_id[row] != open.field);
    const std::size_t window = integrations_of(params_, *header_, description);
    if (other) {
      look(description, open.time_s.size());
    } else if (open.time_s.size() >= most_integrations(window)) {
      look(description, window);
    }
  }
  if (open.time_s.empty()) {
    open.scan = rows.scan_number[row];
    open.field = rows.field_id[row];
    open.nchan = rows.nchan;
    open.ncorr = rows.ncorr;
  }
  if (open.time_s.empty() || time_s > open.time_s.back() + kSameTime_s) {
    open.time_s.push_back(time_s);
    return open.time_s.size() - 1;
  }
  const auto found = std::lower_bound(open.time_s.begin(), open.time_s.end(), time_s - kSameTime_s);
  if (*found > time_s + kSameTime_s) {
    throw Error(ErrorKind::input,
                "rows of data description " + std::to_string(description) + " of '" +
                    header_->source + "' do not come in the order of their times",
                "sort the data by time");
  }
  return static_cast<std::size_t>(found - open.time_s.begin());
}

void RfiWindows::note_scan(const Visibilities& rows, std::size_t row) {
  const double begin_s = rows.time_s[row] - rows.interval_s[row] / 2;
  const double end_s = rows.time_s[row] + rows.interval_s[row] / 2;
  const auto scan = result_.scans.emplace(rows.scan_number[row], FoundFlags::Scan{begin_s, end_s});
  FoundFlags::Scan& span = scan.first->second;
  span.begin_s = std::min(span.begin_s, begin_s);
  span.end_s = std::max(span.end_s, end_s);
}

void RfiWindows::add(const Visibilities& rows) {
  Open& open = open_.at(static_cast<std::size_t>(rows.data_desc_id));
  const std::size_t each = rows.nchan * rows.ncorr * params_.search->floats();
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    note_scan(rows, row);
    if (rows.antenna1[row] == rows.antenna2[row] && !params_.autocorrelations) continue;
    const std::size_t step = step_of(rows, row, open);
    auto& kept = open.kept[pair_key(rows.antenna1[row], rows.antenna2[row])];
    if (kept.size() < (step + 1) * each) kept.resize((step + 1) * each, kNan);
    params_.search->keep(rows, row, &kept[step * each]);
    samples_ += static_cast<std::int64_t>(rows.nchan * rows.ncorr);
  }
}

void RfiWindows::look(std::size_t description, std::size_t integrations) {
  Open& open = open_[description];
  const auto times = open.time_s.begin() + static_cast<std::ptrdiff_t>(integrations);
  const kernels::BaselineShape shape{integrations, open.ncorr, open.nchan};
  FoundFlags::Window window;
  window.nchan = open.nchan;
  window.time_s.assign(open.time_s.begin(), times);
  const std::size_t each = integrations * kernels::found_bytes(open.nchan);
  const std::size_t floats = shape.cells() * params_.search->floats();
  std::vector<std::uint8_t> bits(open.kept.size() * each);
  std::vector<const float*> kept;
  std::vector<std::uint8_t*> found;
  for (auto& [key, values] : open.kept) {
    if (values.size() < floats) values.resize(floats, kNan);
    found.push_back(&bits[window.baseline.size() * each]);
    window.baseline.push_back(key);
    kept.push_back(values.data());
  }
  params_.search->look(kept, shape, threads_, found);
  if (params_.of_baselines < 1) spread_over_baselines(each, params_.of_baselines, bits);
  for (const std::uint8_t byte : bits) {
    found_count_ += static_cast<std::int64_t>(open.ncorr) * std::popcount(byte);
  }
  window.first = result_.bits->append(bits.data(), bits.size());
  result_.windows[description].push_back(std::move(window));
  ++windows_;

  open.time_s.erase(open.time_s.begin(), times);
  if (open.time_s.empty()) {
    open.kept.clear();
    return;
  }
  for (auto& [key, values] : open.kept) {
    values.erase(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(floats));
  }
}

void RfiWindows::finish() {
  for (std::size_t k = 0; k < open_.size(); ++k) {
    if (!open_[k].time_s.empty()) look(k, open_[k].time_s.size());
  }
}

}  // namespace skymill::radio
