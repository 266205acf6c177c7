// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/uvh5/utc_text.h>
#include <stages/uvh5_reader/uvh5_group.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>
#include <optional>
#include <stdexcept>

namespace skymill::radio {

namespace {

constexpr std::size_t kBlockRows = 65536;
constexpr double kSameTimeDays = 0.5e-3 / 86400;
constexpr std::size_t kDsa110Subbands = 16;

double centre_hz(const Uvh5Header& header) {
  const auto ends = std::minmax_element(header.freq_hz.begin(), header.freq_hz.end());
  return (*ends.first + *ends.second) / 2;
}

std::string subband_name(int number) {
  std::array<char, 16> name{};
  std::snprintf(name.data(), name.size(), "sb%02d", number);
  return name.data();
}

std::string plural(std::size_t count, const std::string& thing) {
  return std::to_string(count) + " " + thing + (count == 1 ? "" : "s");
}

/// Throws unless two subbands see the same sky with the same antennas.
void require_same_array(const Uvh5Header& first, const Uvh5Header& other) {
  const auto refuse = [&](const std::string& what) {
    throw Error(ErrorKind::input,
                "'" + first.path + "' and '" + other.path + "' differ in their " + what,
                "subbands of one observation share antennas, times and pointing");
  };
  if (first.telescope_name != other.telescope_name) refuse("telescopes");
  if (first.antennas.size() != other.antennas.size() ||
      first.antenna_numbers != other.antenna_numbers) {
    refuse("antenna lists");
  }
  for (std::size_t k = 0; k < first.antennas.size(); ++k) {
    const Antenna& a = first.antennas[k];
    const Antenna& b = other.antennas[k];
    if (a.name != b.name) refuse("antenna lists: '" + a.name + "' and '" + b.name + "'");
    for (std::size_t axis = 0; axis < 3; ++axis) {
      if (std::abs(a.position_m[axis] - b.position_m[axis]) > 1e-3) {
        refuse("positions of antenna '" + a.name + "'");
      }
    }
  }
  if (first.rows != other.rows) {
    refuse("rows, " + std::to_string(first.rows) + " and " + std::to_string(other.rows));
  }
  if (first.polarizations.size() != other.polarizations.size()) refuse("polarizations");
  if (first.phasing != other.phasing || first.pointing_dec_rad != other.pointing_dec_rad ||
      first.phase_centres.size() != other.phase_centres.size()) {
    refuse("phasing");
  }
  for (std::size_t k = 0; k < first.phase_centres.size(); ++k) {
    const Uvh5PhaseCentre& a = first.phase_centres[k];
    const Uvh5PhaseCentre& b = other.phase_centres[k];
    if (a.id != b.id || a.direction.ra_rad != b.direction.ra_rad ||
        a.direction.dec_rad != b.direction.dec_rad || a.direction.frame != b.direction.frame) {
      refuse("phase centres");
    }
  }
}

/// Files that start at the same time.
std::vector<std::vector<Uvh5File>> by_start(const std::vector<std::string>& paths) {
  std::vector<std::vector<Uvh5File>> groups;
  for (const std::string& path : paths) {
    Uvh5File file(path);
    const double start = file.header().time_first_jd;
    const auto same = std::find_if(groups.begin(), groups.end(), [&](const auto& group) {
      return std::abs(group.front().header().time_first_jd - start) < kSameTimeDays;
    });
    if (same != groups.end()) {
      same->push_back(std::move(file));
    } else {
      groups.emplace_back();
      groups.back().push_back(std::move(file));
    }
  }
  return groups;
}

/// The group whose start begins with `wanted`, or the only one.
std::vector<Uvh5File> choose(std::vector<std::vector<Uvh5File>> groups, const std::string& wanted) {
  std::vector<Uvh5File>* chosen = nullptr;
  std::string list;
  std::size_t fitting = 0;
  for (auto& group : groups) {
    const std::string start = iso_time(group.front().header().time_first_jd);
    list += (list.empty() ? "" : ", ") + start + " (" + plural(group.size(), "file");
    list += group.size() == 1 ? ": '" + group.front().header().path + "')" : ")";
    if (start.compare(0, wanted.size(), wanted) != 0) continue;
    chosen = &group;
    ++fitting;
  }
  if (fitting == 1) return std::move(*chosen);
  const std::string what = fitting == 0 ? "no observation starts at '" + wanted + "'"
                                        : plural(fitting, "observation") + " are given";
  throw Error(ErrorKind::input, what + "; first integrations by the files' headers: " + list,
              "choose one with 'observation', the start of its time");
}

void refuse_duplicates(const std::vector<Uvh5File>& files) {
  for (std::size_t k = 1; k < files.size(); ++k) {
    const Uvh5Header& below = files[k - 1].header();
    const Uvh5Header& above = files[k].header();
    const double top = *std::max_element(below.freq_hz.begin(), below.freq_hz.end());
    const double bottom = *std::min_element(above.freq_hz.begin(), above.freq_hz.end());
    if (bottom > top) continue;
    const auto subband = dsa110_subband(above);
    throw Error(ErrorKind::input,
                "'" + below.path + "' and '" + above.path + "' both hold " +
                    (subband ? "subband " + subband_name(*subband)
                             : "the frequency " + std::to_string(bottom) + " Hz") +
                    " of one observation",
                "take one of them away");
  }
}

/// Finds the subbands that should be there.
void find_missing(std::size_t expected, Uvh5Group& group) {
  const bool ours = std::all_of(group.files.begin(), group.files.end(), [](const Uvh5File& file) {
    return is_dsa110(file.header()) && dsa110_subband(file.header());
  });
  if (expected == 0) expected = ours ? kDsa110Subbands : group.files.size();
  if (group.files.size() > expected) {
    throw Error(ErrorKind::input, plural(group.files.size(), "subband") + " are there where " +
                                      std::to_string(expected) + " are expected");
  }
  const std::size_t lacking = expected - group.files.size();
  if (ours && expected <= kDsa110Subbands) {
    std::vector<int> numbers;
    for (int number = 0; number < static_cast<int>(expected); ++number) {
      const bool there = std::any_of(
          group.files.begin(), group.files.end(),
          [&](const Uvh5File& file) { return dsa110_subband(file.header()) == number; });
      if (!there) numbers.push_back(number);
    }
    // Fewer than sixteen may be any.
    if (numbers.size() == lacking) {
      group.missing_subbands = numbers;
      for (const int number : numbers) group.missing.push_back(subband_name(number));
      return;
    }
  }
  group.missing.assign(lacking, "one of unknown frequency");
}

/// The index of a file whose blocks of Nbls rows are integrations, as far as their ends tell.
std::optional<Uvh5Index> index_blocks(const Uvh5File& file) {
  const std::size_t baselines = file.header().baselines;
  Uvh5Index index;
  index.rows = file.header().rows;
  if (index.rows != file.header().times * baselines) return std::nullopt;
  for (std::size_t first = 0; first < index.rows; first += baselines) {
    const double time_jd = file.read_rows(first, 1, false).time_jd.front();
    const double last_jd = file.read_rows(first + baselines - 1, 1, false).time_jd.front();
    if (last_jd != time_jd) return std::nullopt;
    if (!index.times_jd.empty() && time_jd <= index.times_jd.back()) return std::nullopt;
    index.times_jd.push_back(time_jd);
    index.ends.push_back(first + baselines);
  }
  const Uvh5Rows rows = file.read_rows(0, baselines);
  for (std::size_t k = 0; k < baselines; ++k) {
    if (rows.antenna1[k] != rows.antenna2[k]) index.crosses += index.times_jd.size();
    const double* uvw = &rows.uvw_m[3 * k];
    index.max_uvw_m = std::max(index.max_uvw_m, std::hypot(uvw[0], uvw[1], uvw[2]));
  }
  return index;
}

}  // namespace

bool is_dsa110(const Uvh5Header& header) {
  return header.phasing == Phasing::meridian && header.instrument == "DSA";
}

std::string iso_time(double jd) { return utc_seconds_text((jd - 2440587.5) * 86400); }

std::size_t Uvh5Index::integration(std::size_t row) const {
  const auto end = std::upper_bound(ends.begin(), ends.end(), row);
  if (end == ends.end()) throw std::out_of_range("row " + std::to_string(row));
  return static_cast<std::size_t>(end - ends.begin());
}

Uvh5Index index_rows(const Uvh5File& file) {
  if (auto blocks = index_blocks(file)) return *blocks;
  Uvh5Index index;
  index.rows = file.header().rows;
  std::map<double, std::size_t> counts;
  bool ordered = true;
  double previous = 0;
  for (std::size_t first = 0; first < index.rows; first += kBlockRows) {
    const Uvh5Rows rows = file.read_rows(first, std::min(kBlockRows, index.rows - first));
    for (std::size_t k = 0; k < rows.time_jd.size(); ++k) {
      ordered = ordered && rows.time_jd[k] >= previous;
      previous = rows.time_jd[k];
      ++counts[previous];
      if (rows.antenna1[k] != rows.antenna2[k]) ++index.crosses;
      const double* uvw = &rows.uvw_m[3 * k];
      index.max_uvw_m = std::max(index.max_uvw_m, std::hypot(uvw[0], uvw[1], uvw[2]));
    }
  }
  std::size_t end = 0;
  for (const auto& [time_jd, count] : counts) {
    index.times_jd.push_back(time_jd);
    end += count;
    if (ordered) index.ends.push_back(end);
  }
  return index;
}

void require_index(const Uvh5Index& index, const Uvh5File& file, const Uvh5Rows& rows,
                   std::size_t first) {
  if (index.ends.empty()) return;  // made from every row
  for (std::size_t k = 0; k < rows.time_jd.size(); ++k) {
    const std::size_t integration = index.integration(first + k);
    if (rows.time_jd[k] == index.times_jd[integration]) continue;
    throw Error(ErrorKind::input,
                "'" + file.header().path + "' has the time " + iso_time(rows.time_jd[k]) +
                    " in row " + std::to_string(first + k) + ", in the midst of integration " +
                    std::to_string(integration) + " of " + iso_time(index.times_jd[integration]),
                "rows are expected in the order of time, or Nblts to differ from Ntimes x Nbls");
  }
}

void require_same_rows(const Uvh5File& a, const Uvh5Rows& rows_of_a, const Uvh5File& b,
                       const Uvh5Rows& rows_of_b) {
  const bool antennas =
      rows_of_a.antenna1 == rows_of_b.antenna1 && rows_of_a.antenna2 == rows_of_b.antenna2;
  if (antennas && rows_of_a.time_jd == rows_of_b.time_jd) return;
  throw Error(ErrorKind::input,
              "'" + a.header().path + "' and '" + b.header().path + "' differ in the " +
                  (antennas ? "times" : "antennas") + " of their rows",
              "subbands of one observation have the same rows in the same order");
}

Uvh5Group open_observation(const std::vector<std::string>& paths, const std::string& observation,
                           std::size_t expected) {
  Uvh5Group group;
  group.files = choose(by_start(paths), observation);
  std::sort(group.files.begin(), group.files.end(), [](const Uvh5File& a, const Uvh5File& b) {
    return centre_hz(a.header()) < centre_hz(b.header());
  });
  refuse_duplicates(group.files);
  const Uvh5Header& first = group.files.front().header();
  for (const Uvh5File& file : group.files) require_same_array(first, file.header());
  find_missing(expected, group);
  group.index = index_rows(group.files.front());
  return group;
}

}  // namespace skymill::radio
