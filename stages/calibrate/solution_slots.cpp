// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/units.h>
#include <stages/calibrate/solution_slots.h>

#include <algorithm>
#include <cmath>

namespace skymill::radio {

namespace {

constexpr double kSpeedOfLight = 299792458;  // m/s

std::size_t cells_of(const SolveLayout& layout, const DescriptionLayout& description) {
  return description.frequencies * layout.pols.size();
}

bool good(std::complex<float> data, float weight, std::uint8_t flag) {
  return flag == 0 && weight > 0 && std::isfinite(weight) && std::isfinite(data.real()) &&
         std::isfinite(data.imag());
}

}  // namespace

SolutionSlots::SolutionSlots(const SolveParams& params, SolveLayout layout,
                             std::shared_ptr<const ObservationHeader> header, std::size_t threads)
    : params_(params),
      layout_(std::move(layout)),
      header_(std::move(header)),
      threads_(threads),
      length_s_(solint_s(params)),
      open_(layout_.descriptions.size()),
      done_(layout_.descriptions.size()) {
  counts_.samples.assign(layout_.antennas, 0);
  counts_.used.assign(layout_.antennas, 0);
}

std::size_t SolutionSlots::bytes(const SolveParams& params, const SolveLayout& layout) {
  const std::size_t open = std::isinf(solint_s(params)) ? 1 : kOpen;
  std::size_t bytes = 0;
  for (const DescriptionLayout& description : layout.descriptions) {
    bytes += open * BaselineSums::bytes(layout.antennas, cells_of(layout, description));
  }
  return bytes;
}

std::int64_t SolutionSlots::number_of(double time_s) const {
  if (std::isinf(length_s_)) return 0;
  return static_cast<std::int64_t>(std::floor((time_s - *origin_s_) / length_s_));
}

SolutionSlots::Slot& SolutionSlots::slot_of(const Visibilities& rows, std::size_t row) {
  if (!origin_s_) {
    const double integration_s = rows.interval_s[row];
    if (length_s_ == 0) length_s_ = integration_s;
    if (!(length_s_ > 0)) {
      throw Error(ErrorKind::input,
                  "'" + header_->source + "' does not say how long an " +
                      "integration is, as solint: int needs",
                  "give solint in seconds");
    }
    const double first_s = header_->time_first_s > 0 ? header_->time_first_s : rows.time_s[row];
    origin_s_ = first_s - std::max(0.0, integration_s) / 2;
  }
  const auto description = static_cast<std::size_t>(rows.data_desc_id);
  auto& open = open_.at(description);
  const std::int64_t number = number_of(rows.time_s[row]);
  const auto found = open.find(number);
  if (found != open.end()) return found->second;
  if (done_[description] && number <= *done_[description]) {
    throw Error(ErrorKind::input,
                "rows of data description " + std::to_string(description) +
                    " go back to a time whose solution is closed already",
                "sort the data by time, or use a longer solint");
  }
  if (open.size() == kOpen) close(description, open.begin()->first);
  Slot slot{{},
            BaselineSums(layout_.antennas, cells_of(layout_, layout_.descriptions[description]))};
  slot.timing.begin_s = rows.time_s[row] - rows.interval_s[row] / 2;
  slot.timing.end_s = rows.time_s[row] + rows.interval_s[row] / 2;
  slot.timing.field_id = rows.field_id[row];
  slot.timing.scan_number = rows.scan_number[row];
  return open.emplace(number, std::move(slot)).first->second;
}

void SolutionSlots::add_row(const Visibilities& rows, std::size_t row,
                            const std::vector<std::complex<double>>& model, Slot& slot) {
  const auto dd = static_cast<std::size_t>(rows.data_desc_id);
  const DescriptionLayout& description = layout_.descriptions[dd];
  const auto& freq_hz = header_
                            ->spectral_windows[static_cast<std::size_t>(
                                header_->data_descriptions[dd].spectral_window)]
                            .chan_freq_hz;
  const auto antenna1 = static_cast<std::size_t>(rows.antenna1[row]);
  const auto antenna2 = static_cast<std::size_t>(rows.antenna2[row]);
  const bool swapped = antenna1 > antenna2;
  BaselineSums::Sum* const sums =
      slot.sums.baseline(std::min(antenna1, antenna2), std::max(antenna1, antenna2));
  const double uv_s = std::hypot(rows.uvw_m[3 * row], rows.uvw_m[3 * row + 1]) / kSpeedOfLight;
  const std::size_t pols = layout_.pols.size();
  std::size_t samples = 0, used = 0;
  double weights = 0;
  for (std::size_t c = 0; c < rows.nchan; ++c) {
    if (uv_s * freq_hz[c] < params_.uvmin) continue;
    const std::size_t first = (row * rows.nchan + c) * rows.ncorr;
    for (const DescriptionLayout::Hand& hand : description.hands) {
      ++samples;
      const std::size_t place = first + hand.correlation;
      const float weight = rows.weight_spectrum.empty()
                               ? rows.weight[row * rows.ncorr + hand.correlation]
                               : rows.weight_spectrum[place];
      if (!good(rows.data[place], weight, rows.flag[place])) continue;
      ++used;
      weights += weight;
      const std::complex<double> data = rows.data[place];
      sums[description.cell_of_channel[c] * pols + hand.pol].add(
          swapped ? std::conj(data) : data, swapped ? std::conj(model[c]) : model[c], weight);
    }
  }
  for (const std::size_t antenna : {antenna1, antenna2}) {
    counts_.samples[antenna] += samples;
    counts_.used[antenna] += used;
  }
  Timing& timing = slot.timing;
  timing.weight += weights;
  timing.weighted_s += weights * (rows.time_s[row] - timing.begin_s);
  timing.end_s = std::max(timing.end_s, rows.time_s[row] + rows.interval_s[row] / 2);
  const double begin_s = rows.time_s[row] - rows.interval_s[row] / 2;
  if (begin_s < timing.begin_s) {
    timing.weighted_s += timing.weight * (timing.begin_s - begin_s);
    timing.begin_s = begin_s;
  }
}

void SolutionSlots::add(const Visibilities& rows, ModelVisibilities& model) {
  const auto description = static_cast<std::size_t>(rows.data_desc_id);
  if (rows.rows() > 0 && layout_.descriptions.at(description).frequencies == 0) {
    throw Error(ErrorKind::input, "data description " + std::to_string(description) +
                                      " brings rows, but none were announced");
  }
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    if (rows.antenna1[row] == rows.antenna2[row]) continue;
    Slot& slot = slot_of(rows, row);
    add_row(rows, row, model.row(rows, row), slot);
  }
}

void SolutionSlots::close(std::size_t description, std::int64_t number) {
  const auto slot = open_[description].find(number);
  const BaselineSums& sums = slot->second.sums;
  const auto solutions = kernels::stefcal_cells(
      cells_of(layout_, layout_.descriptions[description]), layout_.antennas,
      [&](std::size_t cell, kernels::GainSums& into) { sums.fill(cell, into); },
      stefcal_options(params_), threads_);
  Solved& solved = solved_[number][description];
  solved.timing = slot->second.timing;
  for (const kernels::GainSolution& solution : solutions) {
    for (std::size_t a = 0; a < layout_.antennas; ++a) {
      solved.gain.emplace_back(solution.gain[a]);
      solved.flag.push_back(solution.flag[a]);
      solved.snr.push_back(static_cast<float>(solution.snr[a]));
      solved.error.push_back(static_cast<float>(solution.error[a]));
    }
    solved.refant.push_back(
        solution.refant == kernels::kNoAntenna ? -1 : static_cast<std::int32_t>(solution.refant));
    ++counts_.cells;
    counts_.iterations += solution.iterations;
    if (solution.stop == kernels::GainStop::kTooFew) {
      ++counts_.too_few;
    } else if (solution.stop != kernels::GainStop::kConverged) {
      ++counts_.not_converged;
    }
  }
  done_[description] = std::max(done_[description].value_or(number), number);
  open_[description].erase(slot);
}

void SolutionSlots::put(std::size_t interval, std::size_t description, const Solved& from,
                        Solutions& into) const {
  const std::size_t first = layout_.descriptions[description].first_frequency;
  const auto at = static_cast<std::ptrdiff_t>(into.index(interval, first, 0, 0));
  std::copy(from.gain.begin(), from.gain.end(), into.gain.begin() + at);
  std::copy(from.flag.begin(), from.flag.end(), into.flag.begin() + at);
  std::copy(from.snr.begin(), from.snr.end(), into.snr.begin() + at);
  std::copy(from.error.begin(), from.error.end(), into.error.begin() + at);
  std::copy(from.refant.begin(), from.refant.end(),
            into.refant.begin() + static_cast<std::ptrdiff_t>(into.group(interval, first, 0)));
}

Solutions SolutionSlots::finish() {
  for (std::size_t dd = 0; dd < open_.size(); ++dd) {
    while (!open_[dd].empty()) close(dd, open_[dd].begin()->first);
  }
  Solutions solutions;
  solutions.header = header_;
  solutions.mode = params_.mode;
  for (const Antenna& antenna : header_->antennas) solutions.antennas.push_back(antenna.name);
  solutions.pols = layout_.pols;
  solutions.frequencies = layout_.frequencies;
  for (const auto& [number, by_description] : solved_) {
    const Timing& first = by_description.begin()->second.timing;
    SolutionInterval interval{first.begin_s, first.end_s, 0, first.field_id, first.scan_number};
    double weight = 0, weighted_s = 0;
    for (const auto& [description, solved] : by_description) {
      const Timing& timing = solved.timing;
      interval.begin_s = std::min(interval.begin_s, timing.begin_s);
      interval.end_s = std::max(interval.end_s, timing.end_s);
      weight += timing.weight;
      weighted_s += timing.weighted_s + timing.weight * (timing.begin_s - first.begin_s);
    }
    interval.time_s =
        weight > 0 ? first.begin_s + weighted_s / weight : (interval.begin_s + interval.end_s) / 2;
    solutions.intervals.push_back(interval);
  }
  solutions.resize();
  std::size_t interval = 0;
  for (const auto& [number, by_description] : solved_) {
    for (const auto& [description, solved] : by_description) {
      put(interval, description, solved, solutions);
    }
    ++interval;
  }
  solved_.clear();
  return solutions;
}

}  // namespace skymill::radio
