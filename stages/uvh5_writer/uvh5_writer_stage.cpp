// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/version.h>
#include <stages/geometry/earth_time.h>
#include <stages/uvh5_writer/subband_file.h>
#include <stages/uvh5_writer/uvh5_writer_stage.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <numeric>
#include <set>

namespace skymill::radio {

namespace {

/// `2025-10-02T06:30:06`, as in the names of the correlator's files.
std::string time_name(double mjd_utc_s) {
  const auto seconds = static_cast<std::int64_t>(std::floor(mjd_utc_s)) - 40587LL * 86400;
  const std::time_t unix_time = seconds;
  std::tm parts{};
  gmtime_r(&unix_time, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  return text.data();
}

/// Numbers of the subbands: the DSA-110's own where all windows are among its sixteen, else
/// counted from the highest frequency.
std::vector<int> subband_numbers(const ObservationHeader& header) {
  std::vector<int> numbers;
  for (const DataDescription& description : header.data_descriptions) {
    const auto& window =
        header.spectral_windows.at(static_cast<std::size_t>(description.spectral_window));
    Uvh5Header one;
    one.freq_hz = window.chan_freq_hz;
    for (const double width : window.chan_width_hz) one.width_hz.push_back(std::abs(width));
    numbers.push_back(dsa110_subband(one).value_or(-1));
  }
  const std::set<int> distinct(numbers.begin(), numbers.end());
  if (distinct.size() == numbers.size() && distinct.count(-1) == 0) return numbers;
  std::vector<std::size_t> order(numbers.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto top = [&](std::size_t dd) {
    const auto& freq =
        header.spectral_windows
            .at(static_cast<std::size_t>(header.data_descriptions[dd].spectral_window))
            .chan_freq_hz;
    return *std::max_element(freq.begin(), freq.end());
  };
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return top(a) > top(b); });
  for (std::size_t k = 0; k < order.size(); ++k) numbers[order[k]] = static_cast<int>(k);
  return numbers;
}

/// Place of every antenna in the correlator's order; those that are not listed follow.
std::vector<std::size_t> places(const std::vector<Antenna>& antennas,
                                const std::vector<std::string>& order) {
  std::vector<std::size_t> place(antennas.size(), antennas.size());
  std::size_t next = 0;
  for (const std::string& name : order) {
    const auto found = std::find_if(antennas.begin(), antennas.end(),
                                    [&](const Antenna& a) { return a.name == name; });
    if (found == antennas.end()) {
      throw Error(ErrorKind::description, "antenna_order has '" + name + "', which is no antenna");
    }
    std::size_t& its = place[static_cast<std::size_t>(found - antennas.begin())];
    if (its != antennas.size()) {
      throw Error(ErrorKind::description, "antenna_order has '" + name + "' twice");
    }
    its = next++;
  }
  for (std::size_t& its : place) {
    if (its == antennas.size()) its = next++;
  }
  return place;
}

}  // namespace

Schema<Uvh5WriterParams> Uvh5WriterStage::schema() {
  Schema<Uvh5WriterParams> s{
      "Write fringe-stopped visibilities as UVH5 subbands like those of the DSA-110's correlator."};
  s.field("output", &Uvh5WriterParams::output,
          "Folder for the files, which are called <time>_sbNN.hdf5")
      .required();
  s.field("antenna_order", &Uvh5WriterParams::antenna_order,
          "Names of antennas in the order of the correlator, which decides the order of rows and "
          "which antenna of a row comes first; those not listed follow as the data have them");
  s.field("overwrite", &Uvh5WriterParams::overwrite, "Replace files that exist").tuning();
  return s;
}

Ports Uvh5WriterStage::ports() {
  PortNeed need;
  need.kind = Visibilities::kDataKind;
  need.axes = {"row", "channel", "correlation"};
  need.columns = {"data", "flag", "weight", "uvw", "time", "antenna"};
  return Ports().in(need);
}

Uvh5WriterStage::Uvh5WriterStage(Uvh5WriterParams params) : params_(std::move(params)) {}

Uvh5WriterStage::~Uvh5WriterStage() = default;

void Uvh5WriterStage::plan(Planning& planning) {
  header_ = planning.input().header<ObservationHeader>();
  if (header_->phasing != Phasing::meridian) {
    throw Error(ErrorKind::input,
                "the data of '" + header_->source +
                    "' are not fringe-stopped to the meridian, as "
                    "these files are",
                "simulate them with telescope: dsa110, or write a MeasurementSet");
  }
  place_ = places(header_->antennas, params_.antenna_order);
  const std::vector<int> numbers = subband_numbers(*header_);
  std::size_t largest_cells = 0;
  for (std::size_t dd = 0; dd < numbers.size(); ++dd) {
    std::array<char, 24> end{};
    std::snprintf(end.data(), end.size(), "_sb%02d.hdf5", numbers[dd]);
    paths_.push_back(params_.output + "/" + time_name(header_->time_first_s) + end.data());
    const DataDescription& description = header_->data_descriptions[dd];
    const std::size_t cells =
        header_->spectral_windows.at(static_cast<std::size_t>(description.spectral_window))
            .chan_freq_hz.size() *
        description.corr_types.size();
    largest_cells = std::max(largest_cells, cells);
    const std::size_t rows = header_->rows_per_description.at(dd);
    planning.add_product(paths_.back(), rows * (cells * 13 + 44) + (std::size_t{1} << 18),
                         params_.overwrite);
  }
  subbands_.resize(numbers.size());
  // An integration of every subband waits for its last row; one more is put in order.
  const std::size_t n = header_->antennas.size();
  const std::size_t rows =
      std::min(n * (n + 1) / 2, *std::max_element(header_->rows_per_description.begin(),
                                                  header_->rows_per_description.end()));
  planning.set_state((numbers.size() + 2) * rows * (largest_cells * 17 + 100));
}

SubbandFile& Uvh5WriterStage::subband_of(int data_desc_id) {
  const auto dd = static_cast<std::size_t>(data_desc_id);
  if (dd >= subbands_.size()) {
    throw Error(ErrorKind::input, "the chunk's DATA_DESC_ID " + std::to_string(data_desc_id) +
                                      " is not among the " + std::to_string(subbands_.size()) +
                                      " of the header");
  }
  if (!subbands_[dd]) {
    subbands_[dd] = std::make_unique<SubbandFile>(paths_[dd], params_.overwrite, *header_, dd,
                                                  place_, "skymill " SKYMILL_VERSION);
  }
  return *subbands_[dd];
}

void Uvh5WriterStage::write(const Chunk<Visibilities>& chunk, const PipelineContext&) {
  subband_of(chunk->data_desc_id).add(*chunk);
}

void Uvh5WriterStage::finish(const PipelineContext& ctx) {
  std::size_t rows = 0;
  for (auto& subband : subbands_) {
    if (subband) rows += subband->complete();
  }
  if (rows == 0) throw Error(ErrorKind::input, "no visibilities came, so nothing was written");
  for (std::size_t dd = 0; dd < subbands_.size(); ++dd) {
    if (!subbands_[dd]) continue;
    subbands_[dd]->publish();
    ctx.record_output(paths_[dd]);
  }
  ctx.count("rows_written", static_cast<std::int64_t>(rows));
}

}  // namespace skymill::radio
