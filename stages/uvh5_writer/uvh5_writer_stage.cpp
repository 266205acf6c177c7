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
#include <filesystem>
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

Uvh5Layout layout_of(const std::string& name) {
  if (name == "seed") return Uvh5Layout::seed;
  if (name == "generic") return Uvh5Layout::generic;
  if (name == "contiguous") return Uvh5Layout::contiguous;
  return Uvh5Layout::writer;
}

constexpr double kLateSeconds = 45;
constexpr double kDuplicateSeconds = 7;  // another name, the same minute or the next

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
  s.field("layout", &Uvh5WriterParams::layout,
          "How data lie on disk: writer: as the correlator has it; seed: one compressed chunk an "
          "integration; generic: version 1.0 with uvw of double precision and chunks of a data set "
          "of fixed size; contiguous: no chunks")
      .choices({"writer", "seed", "generic", "contiguous"});
  s.field("deflate", &Uvh5WriterParams::deflate,
          "Level of compression of the layout seed; 0 leaves it out")
      .range(0, 9);
  s.field("append", &Uvh5WriterParams::append,
          "Integrations that are written at a time, which decides how the chunks of the data sets "
          "alternate on disk")
      .range(1, 1e5);
  s.field("format", &Uvh5WriterParams::format,
          "Structures of HDF5: the earliest, as the correlator has them, or the latest")
      .choices({"earliest", "latest"});
  s.field("times_per_file", &Uvh5WriterParams::times_per_file,
          "Integrations of one file, after which the next group of files begins; 0 puts all into "
          "one");
  s.field(
       "defects", &Uvh5WriterParams::defects,
       "What is to be wrong with files, to try readers on: '<kind> sbNN' or '<kind> any', of all "
       "groups or with 'group N' of one, counted from 0; kinds: missing, duplicate, incomplete, "
       "truncated, late, short, antennas, corrupted, unreadable")
      .advanced();
  s.field("name_jitter", &Uvh5WriterParams::name_jitter,
          "Standard deviation of the hosts' clocks, which name the files; at most 60 s come of it")
      .unit("s")
      .range(0, 60)
      .advanced();
  s.field("seed", &Uvh5WriterParams::seed, "Of the defects and the clocks").advanced();
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
  const std::vector<FileDefect> defects = parse_defects(params_.defects);
  const std::size_t per_file = params_.times_per_file;
  const std::size_t groups = per_file == 0 ? 1 : (header_->fields.size() + per_file - 1) / per_file;
  std::size_t largest_cells = 0;
  for (std::size_t group = 0; group < groups; ++group) {
    files_.emplace_back();
    for (std::size_t dd = 0; dd < numbers.size(); ++dd) {
      FilePlan plan;
      plan.defects = defects_of(defects, group, numbers[dd], numbers, params_.seed);
      plan.path = path_of(plan, group, numbers[dd], 0);
      if (plan.has(DefectKind::duplicate)) {
        plan.copy = path_of(plan, group, numbers[dd], kDuplicateSeconds);
      }
      const DataDescription& description = header_->data_descriptions[dd];
      const std::size_t cells =
          header_->spectral_windows.at(static_cast<std::size_t>(description.spectral_window))
              .chan_freq_hz.size() *
          description.corr_types.size();
      largest_cells = std::max(largest_cells, cells);
      const std::size_t rows = header_->rows_per_description.at(dd) / groups;
      if (!plan.has(DefectKind::missing)) {
        const std::size_t bytes = rows * (cells * 13 + 44) + (std::size_t{1} << 18);
        planning.add_product(plan.path, bytes, params_.overwrite);
        if (!plan.copy.empty()) planning.add_product(plan.copy, bytes, params_.overwrite);
      }
      files_.back().push_back(std::move(plan));
    }
  }
  progress_.resize(numbers.size());
  // An integration of every subband waits for its last row; one more is put in order.
  const std::size_t n = header_->antennas.size();
  const std::size_t rows =
      std::min(n * (n + 1) / 2, *std::max_element(header_->rows_per_description.begin(),
                                                  header_->rows_per_description.end()));
  const std::size_t waiting = numbers.size() * (params_.append - 1);
  planning.set_state(rows * ((numbers.size() + 2) * (largest_cells * 17 + 100) +
                             waiting * (largest_cells * 13 + 56)));
}

/// Time of the group's first integration.
double Uvh5WriterStage::group_start_s(std::size_t group) const {
  if (group == 0) return header_->time_first_s;
  return header_->fields.at(group * params_.times_per_file).time_s;
}

std::string Uvh5WriterStage::path_of(const FilePlan& plan, std::size_t group, int subband,
                                     double shift_s) const {
  double named_s = group_start_s(group) + shift_s;
  if (params_.name_jitter > 0) {
    named_s += name_jitter_s(params_.name_jitter, group, subband, params_.seed);
  }
  if (plan.has(DefectKind::late)) named_s += kLateSeconds;
  const char* const state = plan.has(DefectKind::incomplete) ? "_incomplete" : "";
  std::array<char, 40> end{};
  std::snprintf(end.data(), end.size(), "_sb%02d%s.hdf5", subband, state);
  return params_.output + "/" + time_name(named_s) + end.data();
}

/// How many will come, as far as the header says.
std::size_t Uvh5WriterStage::integrations_of(std::size_t group) const {
  const std::size_t all = header_->fields.size(), per_file = params_.times_per_file;
  return per_file == 0 ? all : std::min(per_file, all - group * per_file);
}

SubbandFile& Uvh5WriterStage::open_file(std::size_t group, std::size_t description) {
  FilePlan& plan = files_[group][description];
  if (!plan.file) {
    SubbandFileOptions options;
    options.layout = layout_of(params_.layout);
    options.deflate = static_cast<int>(params_.deflate);
    options.latest_format = params_.format == "latest";
    options.append = params_.append;
    options.integrations = integrations_of(group);
    options.wrong_antenna = plan.has(DefectKind::antennas);
    if (plan.has(DefectKind::shortened)) options.kept = (options.integrations + 1) / 2;
    plan.file = std::make_unique<SubbandFile>(plan.path, params_.overwrite, *header_, description,
                                              place_, "skymill " SKYMILL_VERSION, options);
  }
  return *plan.file;
}

void Uvh5WriterStage::write(const Chunk<Visibilities>& chunk, const PipelineContext&) {
  const auto dd = static_cast<std::size_t>(chunk->data_desc_id);
  if (dd >= progress_.size()) {
    throw Error(ErrorKind::input, "the chunk's DATA_DESC_ID " +
                                      std::to_string(chunk->data_desc_id) + " is not among the " +
                                      std::to_string(progress_.size()) + " of the header");
  }
  Progress& progress = progress_[dd];
  const std::size_t rows = chunk->rows();
  for (std::size_t first = 0, last = 0; first < rows; first = last) {
    const double time_s = chunk->time_s[first];
    while (last < rows && chunk->time_s[last] == time_s) ++last;
    const bool begins = progress.integrations == 0 || time_s != progress.time_s;
    if (begins) ++progress.integrations;
    progress.time_s = time_s;
    const std::size_t per_file = params_.times_per_file;
    const std::size_t group = per_file == 0 ? 0 : (progress.integrations - 1) / per_file;
    if (group >= files_.size()) {
      throw Error(ErrorKind::input,
                  "more integrations came than the " + std::to_string(header_->fields.size()) +
                      " fields of the header",
                  "times_per_file needs data with a field for every integration");
    }
    if (begins && group > 0) complete(files_[group - 1][dd]);
    if (files_[group][dd].has(DefectKind::missing)) continue;
    open_file(group, dd).add(*chunk, first, last);
  }
}

/// Closes the file once all of its rows have come.
void Uvh5WriterStage::complete(const FilePlan& plan) {
  if (plan.file && !plan.file->is_complete()) rows_written_ += plan.file->complete();
}

void Uvh5WriterStage::publish_copy(const FilePlan& plan, const PipelineContext& ctx) const {
  Draft draft(plan.copy, params_.overwrite);
  std::filesystem::copy_file(plan.file->draft_path(), draft.path());
  draft.publish();
  ctx.record_output(plan.copy);
}

void Uvh5WriterStage::publish(FilePlan& plan, const PipelineContext& ctx) const {
  const std::string& draft = plan.file->draft_path();
  Damage damage;
  if (plan.has(DefectKind::corrupted)) damage = corrupt_chunk(draft, params_.seed);
  if (!plan.copy.empty()) publish_copy(plan, ctx);
  if (plan.has(DefectKind::truncated)) damage = truncate_file(draft);
  plan.file->publish();
  if (plan.has(DefectKind::unreadable)) {
    std::filesystem::permissions(plan.path, std::filesystem::perms::none);
  }
  ctx.record_output(plan.path);
  for (const DefectKind kind : plan.defects) {
    ctx.record("defects", {{"file", plan.path},
                           {"kind", std::string(name_of(kind))},
                           {"damaged_from_byte", static_cast<std::int64_t>(damage.offset)},
                           {"damaged_bytes", static_cast<std::int64_t>(damage.bytes)}});
  }
}

void Uvh5WriterStage::finish(const PipelineContext& ctx) {
  bool any = false;
  for (auto& group : files_) {
    for (FilePlan& plan : group) {
      if (!plan.file) continue;
      any = true;
      complete(plan);
    }
  }
  if (!any) throw Error(ErrorKind::input, "no visibilities came, so nothing was written");
  for (auto& group : files_) {
    for (FilePlan& plan : group) {
      if (plan.file) publish(plan, ctx);
      if (plan.has(DefectKind::missing)) {
        ctx.record("defects", {{"file", plan.path}, {"kind", std::string("missing")}});
      }
    }
  }
  ctx.count("rows_written", static_cast<std::int64_t>(rows_written_));
}

}  // namespace skymill::radio
