// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/calibrate/solution_slots.h>
#include <stages/kernels/delay_fit.h>
#include <stages/kernels/parallel_items.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace skymill::radio {

namespace {

constexpr double kSpeedOfLight = 299792458;  // m/s
constexpr double kNsPerS = 1e9;
// Threads cost some microseconds, and a row of 50 channels half of one.
constexpr std::size_t kRowsWorthThreads = 200;

bool one_interval(const SolveParams& params) {
  return std::isinf(solint_s(params)) && combines(params, "scan") && combines(params, "field");
}

}  // namespace

SolutionSlots::SolutionSlots(const SolveParams& params, SolveLayout layout,
                             std::shared_ptr<const ObservationHeader> header, std::size_t threads)
    : params_(params),
      layout_(std::move(layout)),
      header_(std::move(header)),
      threads_(threads),
      rule_(solint_s(params), combines(params, "scan"), combines(params, "field")),
      open_(layout_.units.size()),
      newest_(layout_.units.size(), 0),
      spare_(layout_.units.size()) {
  counts_.rows.assign(layout_.antennas, 0);
  counts_.samples.assign(layout_.antennas, 0);
  counts_.used.assign(layout_.antennas, 0);
}

std::size_t SolutionSlots::bytes(const SolveParams& params, const SolveLayout& layout) {
  const std::size_t open = one_interval(params) ? 1 : kOpen;
  std::size_t bytes = 0;
  for (const SolveUnit& unit : layout.units) {
    bytes += open * BaselineSums::bytes(layout.antennas, unit.cells());
  }
  return bytes;
}

std::size_t SolutionSlots::work_bytes(const SolveParams& params, const SolveLayout& layout,
                                      std::size_t threads) {
  if (jones_term(params) != JonesTerm::K) {
    return threads * kernels::stefcal_work_bytes(layout.antennas, stefcal_options(params));
  }
  std::size_t most = 0;
  for (const SolveUnit& unit : layout.units) {
    most = std::max(most, kernels::delay_fit_work_bytes(layout.antennas, unit.frequencies));
  }
  return most;
}

SolutionSlots::Slot& SolutionSlots::slot_of(const Visibilities& rows, std::size_t row) {
  const double integration_s = rows.interval_s[row];
  if (params_.solint == "int" && !(integration_s > 0)) {
    throw Error(
        ErrorKind::input,
        "'" + header_->source + "' does not say how long an integration is, as solint: int needs",
        "give solint in seconds");
  }
  const std::size_t unit = layout_.descriptions[static_cast<std::size_t>(rows.data_desc_id)].unit;
  const std::size_t number =
      rule_.number(rows.time_s[row], integration_s, rows.scan_number[row], rows.field_id[row]);
  auto& open = open_[unit];
  const std::size_t before = std::exchange(newest_[unit], number);
  const auto found = open.find(number);
  if (found != open.end()) return found->second;
  const auto closed = solved_.find(number);
  if (closed != solved_.end() && closed->second.count(unit) > 0) {
    throw Error(ErrorKind::input,
                "rows of data description " + std::to_string(rows.data_desc_id) +
                    " go back to a time whose solution is closed already",
                "sort the data by time, use a longer solint, or combine scans and fields");
  }
  if (open.size() == kOpen) {
    const auto oldest = std::find_if(open.begin(), open.end(),
                                     [&](const auto& slot) { return slot.first != before; });
    close(unit, oldest->first);
  }
  if (spare_[unit].empty()) {
    spare_[unit].emplace_back(layout_.antennas, layout_.units[unit].cells());
  }
  Slot slot{{}, std::move(spare_[unit].back())};
  spare_[unit].pop_back();
  slot.timing.begin_s = rows.time_s[row] - integration_s / 2;
  slot.timing.end_s = rows.time_s[row] + integration_s / 2;
  slot.timing.field_id = rows.field_id[row];
  slot.timing.scan_number = rows.scan_number[row];
  return open.emplace(number, std::move(slot)).first->second;
}

void SolutionSlots::in_uv_range(const Visibilities& rows, std::size_t row,
                                std::vector<ChannelRange>& ranges) const {
  ranges.clear();
  if (params_.uvmin <= 0 && !params_.uvmax) {
    ranges.push_back({0, rows.nchan});
    return;
  }
  const auto dd = static_cast<std::size_t>(rows.data_desc_id);
  const auto& freq_hz = header_
                            ->spectral_windows[static_cast<std::size_t>(
                                header_->data_descriptions[dd].spectral_window)]
                            .chan_freq_hz;
  const double uv_s = std::hypot(rows.uvw_m[3 * row], rows.uvw_m[3 * row + 1]) / kSpeedOfLight;
  for (std::size_t c = 0; c < rows.nchan; ++c) {
    const double uv = uv_s * freq_hz[c];
    if (uv < params_.uvmin || (params_.uvmax && uv > *params_.uvmax)) continue;
    if (ranges.empty() || ranges.back().end != c) ranges.push_back({c, c});
    ranges.back().end = c + 1;
  }
}

void SolutionSlots::add_row(const Visibilities& rows,
                            const std::vector<std::complex<double>>& model,
                            const std::vector<ChannelRange>& ranges, RowSum& sum,
                            BaselineSums& into) const {
  const std::size_t row = sum.row;
  const auto dd = static_cast<std::size_t>(rows.data_desc_id);
  const DescriptionLayout& description = layout_.descriptions[dd];
  const SolveUnit& unit = layout_.units[description.unit];
  const auto antenna1 = static_cast<std::size_t>(rows.antenna1[row]);
  const auto antenna2 = static_cast<std::size_t>(rows.antenna2[row]);
  const std::size_t low = std::min(antenna1, antenna2), high = std::max(antenna1, antenna2);
  const bool spectrum = !rows.weight_spectrum.empty();
  for (const ChannelRange& range : ranges) {
    for (const DescriptionLayout::Hand& hand : description.hands) {
      sum.samples += range.end - range.first;
      const std::size_t pol = unit.pols == 1 ? 0 : hand.pol;
      const std::size_t cells = pol * unit.frequencies + description.first_cell;
      for (std::size_t first = range.first; first < range.end;) {
        // Up to the end of a cell, unless each channel has its own.
        const bool each = description.width == 1;
        const std::size_t cell = first / description.width;
        const std::size_t end =
            each ? range.end : std::min(range.end, (cell + 1) * description.width);
        const std::size_t place = (row * rows.nchan + first) * rows.ncorr + hand.correlation;
        const kernels::RowSamples data{reinterpret_cast<const float*>(&rows.data[place]),
                                       &rows.flag[place],
                                       spectrum ? &rows.weight_spectrum[place]
                                                : &rows.weight[row * rows.ncorr + hand.correlation],
                                       reinterpret_cast<const double*>(&model[first]),
                                       rows.ncorr,
                                       spectrum ? rows.ncorr : 0,
                                       end - first,
                                       antenna1 > antenna2};
        const kernels::CellSums sums = into.cells(low, high, cells + cell);
        const kernels::RowUse more =
            each ? kernels::add_each_channel(data, sums) : kernels::add_all_channels(data, sums);
        sum.use.used += more.used;
        sum.use.weight += more.weight;
        first = end;
      }
    }
  }
}

void SolutionSlots::count(const Visibilities& rows, const RowSum& sum, Timing& timing) {
  const std::size_t row = sum.row;
  for (const std::int32_t antenna : {rows.antenna1[row], rows.antenna2[row]}) {
    ++counts_.rows[static_cast<std::size_t>(antenna)];
    counts_.samples[static_cast<std::size_t>(antenna)] += sum.samples;
    counts_.used[static_cast<std::size_t>(antenna)] += sum.use.used;
  }
  timing.weight += sum.use.weight;
  timing.weighted_s += sum.use.weight * (rows.time_s[row] - timing.begin_s);
  timing.end_s = std::max(timing.end_s, rows.time_s[row] + rows.interval_s[row] / 2);
  const double begin_s = rows.time_s[row] - rows.interval_s[row] / 2;
  if (begin_s < timing.begin_s) {
    timing.weighted_s += timing.weight * (timing.begin_s - begin_s);
    timing.begin_s = begin_s;
  }
}

void SolutionSlots::add_rows_of(Slot& slot, const Visibilities& rows,
                                std::vector<ModelVisibilities>& models) {
  // Each part has baselines of its own and adds their rows in order, so that the sums do not depend
  // on how many parts there are.
  const std::size_t parts = pending_.size() < kRowsWorthThreads
                                ? 1
                                : std::max<std::size_t>(1, std::min(threads_, models.size()));
  kernels::parallel_items(parts, parts, [&](std::size_t part) {
    std::vector<ChannelRange> ranges;
    for (RowSum& sum : pending_) {
      const auto antenna1 = static_cast<std::size_t>(rows.antenna1[sum.row]);
      const auto antenna2 = static_cast<std::size_t>(rows.antenna2[sum.row]);
      const std::size_t baseline = kernels::baseline_number(
          layout_.antennas, std::min(antenna1, antenna2), std::max(antenna1, antenna2));
      if (baseline * parts / layout_.baselines() != part) continue;
      in_uv_range(rows, sum.row, ranges);
      add_row(rows, models[part].row(rows, sum.row), ranges, sum, slot.sums);
    }
  });
  for (const RowSum& sum : pending_) count(rows, sum, slot.timing);
  pending_.clear();
}

void SolutionSlots::add(const Visibilities& rows, std::vector<ModelVisibilities>& models) {
  const auto description = static_cast<std::size_t>(rows.data_desc_id);
  if (rows.rows() > 0 && layout_.descriptions.at(description).frequencies == 0) {
    throw Error(ErrorKind::input, "data description " + std::to_string(description) +
                                      " brings rows, but none were announced");
  }
  for (ModelVisibilities& model : models) model.require_centres(rows);
  models.front().prepare(rows, threads_);
  Slot* slot = nullptr;
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    if (rows.antenna1[row] == rows.antenna2[row]) continue;
    // May close an interval, but not that of the last row.
    Slot& next = slot_of(rows, row);
    if (slot != nullptr && slot != &next) add_rows_of(*slot, rows, models);
    slot = &next;
    pending_.push_back({row});
  }
  if (slot != nullptr) add_rows_of(*slot, rows, models);
}

void SolutionSlots::count(kernels::GainStop stop) {
  ++counts_.cells;
  if (stop == kernels::GainStop::kTooFew) {
    ++counts_.too_few;
  } else if (stop != kernels::GainStop::kConverged) {
    ++counts_.not_converged;
  }
}

void SolutionSlots::solve_gains(const BaselineSums& sums, Solved& solved) {
  for (const kernels::GainSolution& solution :
       kernels::stefcal_cells(sums.all(), stefcal_options(params_), threads_)) {
    for (std::size_t a = 0; a < layout_.antennas; ++a) {
      solved.gain.emplace_back(solution.gain[a]);
      solved.flag.push_back(solution.flag[a]);
      solved.snr.push_back(static_cast<float>(solution.snr[a]));
      solved.error.push_back(static_cast<float>(solution.error[a]));
    }
    solved.refant.push_back(
        solution.refant == kernels::kNoAntenna ? -1 : static_cast<std::int32_t>(solution.refant));
    counts_.iterations += solution.iterations;
    count(solution.stop);
  }
}

void SolutionSlots::solve_delays(const SolveUnit& unit, const BaselineSums& sums, Solved& solved) {
  const kernels::GainCells cells = sums.all();
  kernels::DelayOptions options;
  options.min_snr = params_.minsnr;
  options.min_baselines = params_.minblperant;
  for (std::size_t pol = 0; pol < unit.pols; ++pol) {
    const std::size_t first = pol * unit.frequencies;
    const kernels::DelaySolution solution =
        kernels::fit_delays({cells.antennas, unit.frequencies, cells.cells, cells.re + first,
                             cells.im + first, cells.b + first},
                            unit.freq_hz, options);
    bool any = false;
    for (std::size_t a = 0; a < layout_.antennas; ++a) {
      solved.delay_ns.push_back(static_cast<float>(kNsPerS * solution.delay_s[a]));
      solved.flag.push_back(solution.flag[a]);
      solved.snr.push_back(static_cast<float>(solution.snr[a]));
      solved.error.push_back(static_cast<float>(kNsPerS * solution.error_s[a]));
      any = any || solution.flag[a] == 0;
    }
    solved.refant.push_back(any ? static_cast<std::int32_t>(solution.reference) : -1);
    count(solution.too_few     ? kernels::GainStop::kTooFew
          : solution.converged ? kernels::GainStop::kConverged
                               : kernels::GainStop::kIterations);
  }
}

void SolutionSlots::close(std::size_t unit, std::size_t number) {
  const auto slot = open_[unit].find(number);
  Solved& solved = solved_[number][unit];
  solved.timing = slot->second.timing;
  if (jones_term(params_) == JonesTerm::K) {
    solve_delays(layout_.units[unit], slot->second.sums, solved);
  } else {
    solve_gains(slot->second.sums, solved);
  }
  BaselineSums sums = std::move(slot->second.sums);
  open_[unit].erase(slot);
  sums.clear();
  spare_[unit].push_back(std::move(sums));
}

void SolutionSlots::put(std::size_t interval, std::size_t unit, const Solved& from,
                        Solutions& into) const {
  const SolveUnit& of = layout_.units[unit];
  const bool delays = into.term == JonesTerm::K;
  for (const std::size_t dd : of.descriptions) {
    const DescriptionLayout& description = layout_.descriptions[dd];
    for (std::size_t f = 0; f < description.frequencies; ++f) {
      for (std::size_t p = 0; p < into.pols.size(); ++p) {
        const std::size_t pol = of.pols == 1 ? 0 : p;
        const std::size_t cell = delays ? pol : pol * of.frequencies + f;
        const std::size_t frequency = description.first_frequency + f;
        const auto at = static_cast<std::ptrdiff_t>(into.index(interval, frequency, p, 0));
        const auto first = static_cast<std::ptrdiff_t>(cell * layout_.antennas);
        const auto n = static_cast<std::ptrdiff_t>(layout_.antennas);
        const auto copy = [&](const auto& source, auto& target) {
          std::copy_n(source.begin() + first, n, target.begin() + at);
        };
        if (delays) {
          copy(from.delay_ns, into.delay_ns);
        } else {
          copy(from.gain, into.gain);
        }
        copy(from.flag, into.flag);
        copy(from.snr, into.snr);
        copy(from.error, into.error);
        into.refant[into.group(interval, frequency, p)] = from.refant[cell];
      }
    }
  }
}

Solutions SolutionSlots::finish() {
  for (std::size_t unit = 0; unit < open_.size(); ++unit) {
    while (!open_[unit].empty()) close(unit, open_[unit].begin()->first);
    spare_[unit].clear();
  }
  Solutions solutions;
  solutions.term = jones_term(params_);
  solutions.header = header_;
  solutions.mode = solutions.term == JonesTerm::K ? "p" : params_.mode;
  for (const Antenna& antenna : header_->antennas) solutions.antennas.push_back(antenna.name);
  solutions.pols = layout_.pols;
  solutions.frequencies = layout_.frequencies;
  std::vector<std::pair<SolutionInterval, std::size_t>> by_time;
  for (const auto& [number, by_unit] : solved_) {
    const Timing& first = by_unit.begin()->second.timing;
    SolutionInterval interval{first.begin_s, first.end_s, 0, first.field_id, first.scan_number};
    double weight = 0, weighted_s = 0;
    for (const auto& [unit, solved] : by_unit) {
      const Timing& timing = solved.timing;
      interval.begin_s = std::min(interval.begin_s, timing.begin_s);
      interval.end_s = std::max(interval.end_s, timing.end_s);
      weight += timing.weight;
      weighted_s += timing.weighted_s + timing.weight * (timing.begin_s - first.begin_s);
    }
    interval.time_s =
        weight > 0 ? first.begin_s + weighted_s / weight : (interval.begin_s + interval.end_s) / 2;
    by_time.emplace_back(interval, number);
  }
  std::stable_sort(by_time.begin(), by_time.end(),
                   [](const auto& a, const auto& b) { return a.first.time_s < b.first.time_s; });
  for (const auto& [interval, number] : by_time) solutions.intervals.push_back(interval);
  solutions.resize();
  for (std::size_t interval = 0; interval < by_time.size(); ++interval) {
    for (const auto& [unit, solved] : solved_[by_time[interval].second]) {
      put(interval, unit, solved, solutions);
    }
  }
  for (const std::size_t rows : counts_.rows) solutions.absent.push_back(rows == 0);
  solved_.clear();
  return solutions;
}

}  // namespace skymill::radio
