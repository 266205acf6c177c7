// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/calibrate/flag_stage.h>
#include <stages/flags/found_flags.h>
#include <stages/gains/antenna_names.h>
#include <stages/kernels/find_interference.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace skymill::radio {

namespace {

enum Reason : std::size_t {
  kListed,
  kAutocorrelation,
  kDead,
  kShadowed,
  kQuack,
  kEdge,
  kNotFinite,
  kZero,
  kTooLarge,
  kClipped,
  kInterference,
  kReasons,
};

constexpr std::array<const char*, kReasons> kCounters{
    "flagged_antennas",      "flagged_autocorrelations",
    "flagged_dead_antennas", "flagged_shadowing",
    "flagged_quack",         "flagged_edge_channels",
    "flagged_not_finite",    "flagged_zeros",
    "flagged_amplitude_max", "flagged_clip_sigma",
    "flagged_interference"};

constexpr double kMadToSigma = 1.4826;  // of a normal distribution

bool finite(std::complex<float> value) {
  return std::isfinite(value.real()) && std::isfinite(value.imag());
}

bool is_auto(const Visibilities& rows, std::size_t row) {
  return rows.antenna1[row] == rows.antenna2[row];
}

/// Antennas that stand in cross-correlations of these rows and have no nonzero sample in any.
std::vector<std::uint8_t> dead_antennas(const Visibilities& rows) {
  const std::size_t antennas = rows.header->antennas.size();
  std::vector<std::uint8_t> seen(antennas, 0), alive(antennas, 0);
  const std::size_t cells = rows.nchan * rows.ncorr;
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    if (is_auto(rows, row)) continue;
    const auto a1 = static_cast<std::size_t>(rows.antenna1[row]);
    const auto a2 = static_cast<std::size_t>(rows.antenna2[row]);
    seen.at(a1) = seen.at(a2) = 1;
    if (alive[a1] && alive[a2]) continue;
    const auto* const first = &rows.data[row * cells];
    const bool signal = std::any_of(first, first + cells, [](std::complex<float> value) {
      return finite(value) && value != std::complex<float>(0, 0);
    });
    if (signal) alive[a1] = alive[a2] = 1;
  }
  for (std::size_t a = 0; a < antennas; ++a) alive[a] = seen[a] && !alive[a];
  return alive;
}

/// The amplitude above which samples of one correlation are clipped: median + sigma × scatter of
/// the good cross-correlations; infinite where there is no scatter.
double clip_level(const Visibilities& rows, std::size_t correlation, double sigma) {
  std::vector<float> values;
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    if (is_auto(rows, row)) continue;
    for (std::size_t c = 0; c < rows.nchan; ++c) {
      const std::size_t place = (row * rows.nchan + c) * rows.ncorr + correlation;
      if (rows.flag[place] == 0) values.push_back(std::abs(rows.data[place]));
    }
  }
  if (values.empty()) return std::numeric_limits<double>::infinity();
  const auto median = [&values] {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
  };
  const float centre = median();
  for (float& value : values) value = std::abs(value - centre);
  const double scatter = kMadToSigma * median();
  return scatter > 0 ? centre + sigma * scatter : std::numeric_limits<double>::infinity();
}

/// Whether one dish of a row may stand before the other.
bool shadowed(const Visibilities& rows, std::size_t row, double tolerance_m) {
  if (is_auto(rows, row)) return false;
  const auto& antennas = rows.header->antennas;
  const double diameters_m = antennas.at(static_cast<std::size_t>(rows.antenna1[row])).diameter_m +
                             antennas.at(static_cast<std::size_t>(rows.antenna2[row])).diameter_m;
  return std::hypot(rows.uvw_m[3 * row], rows.uvw_m[3 * row + 1]) < diameters_m / 2 - tolerance_m;
}

/// Whether a row's middle is in the first or last seconds of its scan.
bool at_scan_edge(const FlagParams& params, const FoundFlags& found, const Visibilities& rows,
                  std::size_t row) {
  const auto scan = found.scans.find(rows.scan_number[row]);
  if (scan == found.scans.end()) return false;
  return rows.time_s[row] < scan->second.begin_s + params.quack_begin ||
         rows.time_s[row] > scan->second.end_s - params.quack_end;
}

using Counts = std::array<std::int64_t, kReasons>;

/// Flags the good samples of a correlation that stick out of the others.
void clip(double sigma, std::size_t correlation, Visibilities& rows, Counts& counts) {
  const double level = clip_level(rows, correlation, sigma);
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    if (is_auto(rows, row)) continue;
    for (std::size_t c = 0; c < rows.nchan; ++c) {
      const std::size_t place = (row * rows.nchan + c) * rows.ncorr + correlation;
      if (rows.flag[place] != 0 || !(std::abs(rows.data[place]) > level)) continue;
      rows.flag[place] = 1;
      ++counts[kClipped];
    }
  }
}

/// Flags what flag_rfi has found in these rows.
void lay_on(const FoundFlags& found, Visibilities& rows, Counts& counts) {
  std::vector<std::uint8_t> bits(kernels::found_bytes(rows.nchan));
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    const auto place = found.place_of(rows, row);
    if (!place) continue;
    found.bits->read(*place, bits.size(), bits.data());
    for (std::size_t c = 0; c < rows.nchan; ++c) {
      if ((bits[c / 8] >> (c % 8) & 1) == 0) continue;
      for (std::size_t k = 0; k < rows.ncorr; ++k) {
        std::uint8_t& flag = rows.flag[(row * rows.nchan + c) * rows.ncorr + k];
        if (flag == 0) ++counts[kInterference];
        flag = 1;
      }
    }
  }
}

}  // namespace

Schema<FlagParams> FlagStage::schema() {
  Schema<FlagParams> s{
      "Flag zeros, infinities, autocorrelations, absurd amplitudes, shadowing, edges, antennas and "
      "found interference; removes nothing."};
  s.field("zeros", &FlagParams::zeros, "Flag samples that are exactly zero");
  s.field("autocorrelations", &FlagParams::autocorrelations, "Flag antennas with themselves");
  s.field("dead_antennas", &FlagParams::dead_antennas,
          "Flag antennas whose cross-correlations in a chunk are all zero");
  s.field("amplitude_max", &FlagParams::amplitude_max,
          "Flag amplitudes above this, in the unit of the data; 0 flags none")
      .range(0, 1e30);
  s.field("clip_sigma", &FlagParams::clip_sigma,
          "Flag cross-correlations whose amplitude is this far above the median of the chunk and "
          "correlation; 0 flags none")
      .unit("sigma")
      .range(0, 1e6);
  s.field("shadowing", &FlagParams::shadowing,
          "Flag baselines whose projection is shorter than the mean diameter of their dishes");
  s.field("shadow_tolerance", &FlagParams::shadow_tolerance,
          "Overlap of dishes that is no shadowing yet")
      .unit("m")
      .range(0, 1e3);
  s.field("edge_channels", &FlagParams::edge_channels,
          "Flag so many channels at either edge of a window, as it is read")
      .range(0, 1e6);
  s.field("quack_begin", &FlagParams::quack_begin,
          "Flag so much at the beginning of a scan; needs rfi")
      .unit("s")
      .range(0, 1e6);
  s.field("quack_end", &FlagParams::quack_end, "Flag so much at the end of a scan; needs rfi")
      .unit("s")
      .range(0, 1e6);
  s.field("antennas", &FlagParams::antennas, "Names of antennas to flag");
  s.example("flag:\n  amplitude_max: 0.5\n  antennas: [pad7, pad103]",
            "what is not finite is always flagged");
  return s;
}

Ports FlagStage::ports() {
  PortNeed need;
  need.kind = Visibilities::kDataKind;
  need.axes = {"row", "channel", "correlation"};
  need.columns = {"data", "flag", "antenna", "time", "uvw"};
  PortNeed found;
  found.kind = FoundFlags::kDataKind;
  return Ports()
      .in(need)
      .side("rfi", found, "interference that flag_rfi found in the same data", true)
      .out("out", Visibilities::kDataKind, "the same with more flags");
}

void FlagStage::plan(Planning& planning) {
  Stage::plan(planning);
  const auto header = planning.input().header<ObservationHeader>();
  listed_.assign(header->antennas.size(), 0);
  for (const std::string& name : params_.antennas) {
    listed_[antenna_number(*header, name, "antennas")] = 1;
  }
  if (params_.clip_sigma > 0) planning.set_scratch(planning.input().chunk_bytes / 2);
}

Chunk<Visibilities> FlagStage::operator()(Chunk<Visibilities> chunk,
                                          const PipelineContext& ctx) const {
  Visibilities& rows = *chunk;
  const std::size_t cells = rows.nchan * rows.ncorr;
  const std::vector<std::uint8_t> dead =
      params_.dead_antennas ? dead_antennas(rows)
                            : std::vector<std::uint8_t>(rows.header->antennas.size(), 0);
  const double power_max = params_.amplitude_max > 0 ? params_.amplitude_max * params_.amplitude_max
                                                     : std::numeric_limits<double>::infinity();
  const auto* const found = ctx.find_side<FoundFlags>("rfi");
  const bool quack = found != nullptr && (params_.quack_begin > 0 || params_.quack_end > 0);
  if (found == nullptr && (params_.quack_begin > 0 || params_.quack_end > 0)) {
    throw Error(ErrorKind::description, "quack_begin and quack_end need to know the scans",
                "give rfi: the name of a stage flag_rfi, which has seen them");
  }
  const auto edges = static_cast<std::size_t>(params_.edge_channels);
  Counts counts{};
  std::int64_t before = 0;
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    const auto a1 = static_cast<std::size_t>(rows.antenna1[row]);
    const auto a2 = static_cast<std::size_t>(rows.antenna2[row]);
    const Reason whole_row = listed_.at(a1) || listed_.at(a2)                 ? kListed
                             : params_.autocorrelations && is_auto(rows, row) ? kAutocorrelation
                             : dead[a1] || dead[a2]                           ? kDead
                             : params_.shadowing && shadowed(rows, row, params_.shadow_tolerance)
                                 ? kShadowed
                             : quack && at_scan_edge(params_, *found, rows, row) ? kQuack
                                                                                 : kReasons;
    for (std::size_t place = row * cells; place < (row + 1) * cells; ++place) {
      if (rows.flag[place] != 0) {
        ++before;
        continue;
      }
      const std::complex<float> value = rows.data[place];
      const std::size_t channel = (place - row * cells) / rows.ncorr;
      const bool edge = channel < edges || channel + edges >= rows.nchan;
      const Reason reason = whole_row != kReasons                                 ? whole_row
                            : edge                                                ? kEdge
                            : !finite(value)                                      ? kNotFinite
                            : params_.zeros && value == std::complex<float>(0, 0) ? kZero
                            : std::norm(std::complex<double>(value)) > power_max  ? kTooLarge
                                                                                  : kReasons;
      if (reason == kReasons) continue;
      rows.flag[place] = 1;
      ++counts[reason];
    }
  }
  for (std::size_t k = 0; params_.clip_sigma > 0 && k < rows.ncorr; ++k) {
    clip(params_.clip_sigma, k, rows, counts);
  }
  if (found != nullptr) lay_on(*found, rows, counts);
  ctx.count("samples", static_cast<std::int64_t>(rows.flag.size()));
  ctx.count("flagged_before", before);
  for (std::size_t reason = 0; reason < kReasons; ++reason) {
    ctx.count(kCounters[reason], counts[reason]);
  }
  return chunk;
}

}  // namespace skymill::radio
