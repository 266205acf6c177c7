// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/measurement_set/flag_summary.h>

#include <algorithm>

namespace skymill::radio {

void FlagSummary::Count::add(const Count& other) {
  samples += other.samples;
  before += other.before;
  after += other.after;
}

void FlagSummary::add(const Visibilities& rows, const std::vector<std::uint8_t>& before) {
  header_ = rows.header;
  const auto& description =
      header_->data_descriptions.at(static_cast<std::size_t>(rows.data_desc_id));
  std::vector<Count> channels(rows.nchan);
  for (std::size_t row = 0, place = 0; row < rows.rows(); ++row) {
    Count all;
    for (std::size_t c = 0; c < rows.nchan; ++c) {
      Count one;
      for (std::size_t k = 0; k < rows.ncorr; ++k, ++place) {
        one.add({1, before[place] != 0 ? 1 : 0, rows.flag[place] != 0 ? 1 : 0});
      }
      channels[c].add(one);
      all.add(one);
    }
    const std::int32_t a1 = rows.antenna1[row], a2 = rows.antenna2[row];
    by_antenna_[a1].add(all);
    if (a2 != a1) by_antenna_[a2].add(all);
    by_baseline_[{a1, a2}].add(all);
    by_time_[rows.time_s[row]].add(all);
  }
  for (std::size_t c = 0; c < rows.nchan; ++c) {
    by_channel_[{description.spectral_window, static_cast<std::int32_t>(c)}].add(channels[c]);
  }
}

void FlagSummary::record_fractions(const char* table, Row row, const Count& count,
                                   const PipelineContext& ctx) {
  const auto share = [&](std::int64_t part) {
    return count.samples > 0 ? static_cast<double>(part) / static_cast<double>(count.samples) : 0.0;
  };
  row.push_back({"samples", count.samples});
  row.push_back({"before", share(count.before)});
  row.push_back({"after", share(count.after)});
  ctx.record(table, std::move(row));
}

void FlagSummary::record(std::size_t worst, const PipelineContext& ctx) const {
  Count all;
  const auto name = [&](std::int32_t antenna) {
    return header_->antennas.at(static_cast<std::size_t>(antenna)).name;
  };
  for (const auto& [antenna, count] : by_antenna_) {
    record_fractions("flagged_by_antenna", {{"antenna", name(antenna)}}, count, ctx);
  }
  for (const auto& [channel, count] : by_channel_) {
    all.add(count);
    const auto& window =
        header_->spectral_windows.at(static_cast<std::size_t>(channel.first)).chan_freq_hz;
    record_fractions("flagged_by_channel",
                     {{"window", std::int64_t{channel.first}},
                      {"channel", std::int64_t{channel.second}},
                      {"freq_hz", window.at(static_cast<std::size_t>(channel.second))}},
                     count, ctx);
  }
  for (const auto& [time_s, count] : by_time_) {
    record_fractions("flagged_by_time", {{"time_mjd_s", time_s}}, count, ctx);
  }
  std::vector<std::pair<Pair, Count>> baselines(by_baseline_.begin(), by_baseline_.end());
  std::stable_sort(baselines.begin(), baselines.end(), [](const auto& one, const auto& other) {
    return one.second.after * other.second.samples > other.second.after * one.second.samples;
  });
  baselines.resize(std::min(worst, baselines.size()));
  for (const auto& [pair, count] : baselines) {
    record_fractions("flagged_by_baseline",
                     {{"antenna1", name(pair.first)}, {"antenna2", name(pair.second)}}, count, ctx);
  }
  ctx.count("samples", all.samples);
  ctx.count("flagged_before", all.before);
  ctx.count("flagged_after", all.after);
}

}  // namespace skymill::radio
