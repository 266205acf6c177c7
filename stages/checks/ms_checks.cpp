// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/checks/ms_checks.h>
#include <stages/checks/row_survey.h>
#include <stages/checks/sample_survey.h>
#include <stages/ms/ms_inspection.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <optional>

namespace skymill::radio {

namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kArcsec = kPi / 180 / 3600;
constexpr std::size_t kSamples = 96;
constexpr std::size_t kRowsOfSample = 64;
// Shares of rows that may be odd: flagged antennas of real sets have uvw of zero, for one.
constexpr double kOddRows = 0.01;

const char* const kColumns[] = {
    "UVW",      "FLAG",           "WEIGHT",       "SIGMA",        "ANTENNA1",    "ANTENNA2",
    "ARRAY_ID", "FEED1",          "DATA_DESC_ID", "FEED2",        "FIELD_ID",    "EXPOSURE",
    "INTERVAL", "OBSERVATION_ID", "FLAG_ROW",     "PROCESSOR_ID", "SCAN_NUMBER", "STATE_ID",
    "TIME",     "TIME_CENTROID",  "DATA",         "FLAG_CATEGORY"};
const char* const kSubtables[] = {
    "ANTENNA",     "DATA_DESCRIPTION", "FEED",         "FIELD",     "FLAG_CMD",        "HISTORY",
    "OBSERVATION", "POINTING",         "POLARIZATION", "PROCESSOR", "SPECTRAL_WINDOW", "STATE"};

/// All that the checks look at, gathered once.
struct Facts {
  const Lane::Token& token;
  const MsInspection& ms;
  const MsCheckSettings& settings;
  std::optional<ObservationHeader> header;  ///< nothing when the subtables cannot be read
  std::string header_trouble;
  RowSurvey rows{nullptr};
  SampleSurvey samples;
};

std::string row_text(std::uint64_t row) { return "row " + std::to_string(row); }

double separation_rad(const std::array<double, 2>& a, const std::array<double, 2>& b) {
  // Haversine: exact for the small angles that matter.
  const double dec = std::sin((a[1] - b[1]) / 2);
  const double ra = std::sin((a[0] - b[0]) / 2);
  return 2 *
         std::asin(std::min(1.0, std::sqrt(dec * dec + std::cos(a[1]) * std::cos(b[1]) * ra * ra)));
}

Check at_most(const char* unit, double measured, double limit, const std::string& where) {
  Check check;
  check.passed = measured <= limit;  // false for NaN
  check.measured = measured;
  check.limit = limit;
  check.unit = unit;
  check.where = where;
  return check;
}

Check at_least(const char* unit, double measured, double limit, const std::string& where) {
  Check check = at_most(unit, measured, limit, where);
  check.passed = measured >= limit;
  return check;
}

Check not_there(const std::string& what) { return at_most("", 0, 0, what); }

Check columns(const Facts& facts) {
  std::string missing;
  double count = 0;
  const auto need = [&](const std::string& column) {
    if (facts.ms.has_column(column)) return;
    missing += (count > 0 ? ", " : "") + column;
    ++count;
  };
  for (const char* column : kColumns) {
    const bool data_elsewhere =
        std::string(column) == "DATA" &&
        (facts.ms.has_column("CORRECTED_DATA") || facts.ms.has_column("FLOAT_DATA"));
    if (!data_elsewhere) need(column);
  }
  if (facts.settings.expect_model) need("MODEL_DATA");
  if (facts.settings.expect_corrected) need("CORRECTED_DATA");
  return at_most("columns", count, 0, count > 0 ? "missing: " + missing : "required columns");
}

Check rows(const Facts& facts) {
  return at_least("rows", static_cast<double>(facts.ms.rows()), 1, "main table");
}

Check subtables(const Facts& facts) {
  std::string missing;
  double count = 0;
  for (const char* name : kSubtables) {
    if (facts.ms.has_subtable(name)) continue;
    missing += (count > 0 ? ", " : "") + std::string(name);
    ++count;
  }
  if (count == 0 && !facts.header) return at_most("subtables", 1, 0, facts.header_trouble);
  return at_most("subtables", count, 0, count > 0 ? "missing: " + missing : "required subtables");
}

Check numbers(const Facts& facts) {
  const std::uint64_t outside = facts.rows.outside;
  return at_most("rows", static_cast<double>(outside), 0,
                 outside == 0 ? "ANTENNA1, ANTENNA2, FIELD_ID, DATA_DESC_ID"
                              : "a number that its subtable lacks, from " +
                                    row_text(facts.rows.first_outside));
}

Check observation(const Facts& facts) {
  const double count = static_cast<double>(facts.ms.observation_rows(facts.token));
  return at_least("rows", count, static_cast<double>(facts.rows.last_observation) + 1,
                  "OBSERVATION, for the OBSERVATION_ID of all rows");
}

Check telescope(const Facts& facts) {
  if (!facts.header) return not_there("OBSERVATION.TELESCOPE_NAME");
  return at_least("characters", static_cast<double>(facts.header->telescope.size()), 1,
                  "OBSERVATION.TELESCOPE_NAME '" + facts.header->telescope + "'");
}

Check time_range(const Facts& facts) {
  const auto ranges = facts.ms.time_ranges(facts.token);
  if (ranges.empty() || facts.ms.rows() == 0) return not_there("no OBSERVATION or no rows");
  if (!(facts.rows.last_s >= facts.rows.first_s)) {
    return at_most("s", std::nan(""), 0, "TIME cannot be looked at");
  }
  double first_s = ranges.front()[0];
  double last_s = ranges.front()[1];
  for (const auto& range : ranges) {
    first_s = std::min(first_s, range[0]);
    last_s = std::max(last_s, range[1]);
  }
  const double short_s = std::max({0.0, first_s - facts.rows.first_s, facts.rows.last_s - last_s});
  // Writers disagree whether a range ends at the centre or the end of an integration.
  return at_most("s", short_s, 0.5001 * facts.rows.longest_interval_s,
                 "part of TIME beyond OBSERVATION.TIME_RANGE");
}

Check frequency_order(const Facts& facts) {
  if (!facts.header) return not_there("SPECTRAL_WINDOW");
  double count = 0;
  std::string where;
  double last_hz = -1;
  for (std::size_t k = 0; k < facts.header->data_descriptions.size(); ++k) {
    const auto window =
        static_cast<std::size_t>(facts.header->data_descriptions[k].spectral_window);
    const std::vector<double>& freq_hz = facts.header->spectral_windows[window].chan_freq_hz;
    for (std::size_t chan = 0; chan < freq_hz.size(); ++chan) {
      // Windows may overlap (different setups), but must begin in ascending order.
      const double before_hz = chan == 0 ? last_hz : freq_hz[chan - 1];
      if (freq_hz[chan] > before_hz) continue;
      // One window may serve several polarisation setups.
      if (chan == 0 && freq_hz[0] == last_hz) continue;
      if (count++ == 0) {
        where = "channel " + std::to_string(chan) + " of spectral window " + std::to_string(window);
      }
    }
    last_hz = freq_hz.front();
  }
  return at_most("channels", count, 0, count > 0 ? where : "CHAN_FREQ ascends");
}

/// A field of its own for every integration says that the phase centre moves with the meridian, or
/// should not move at all; fields that several integrations share were pointed at.
struct MovingCentre {
  std::vector<double> time_s, ra_rad, dec_rad;
  bool moving = false;
};

MovingCentre moving_centre(const Facts& facts) {
  MovingCentre centre;
  if (!facts.header || facts.rows.fields.size() < 2) return centre;
  const auto& fields = facts.header->fields;
  for (const auto& [number, times] : facts.rows.fields) {
    if (number < 0 || static_cast<std::size_t>(number) >= fields.size()) continue;
    if (times.last_s - times.first_s > facts.rows.longest_interval_s / 2) return centre;
    centre.time_s.push_back(times.first_s);
    const Direction& direction = fields[static_cast<std::size_t>(number)].phase_dir;
    const double turns = centre.ra_rad.empty()
                             ? 0
                             : std::round((centre.ra_rad.back() - direction.ra_rad) / (2 * kPi));
    centre.ra_rad.push_back(direction.ra_rad + 2 * kPi * turns);
    centre.dec_rad.push_back(direction.dec_rad);
  }
  centre.moving = centre.time_s.size() > 1;
  return centre;
}

double line_residual(const std::vector<double>& x, const std::vector<double>& y) {
  const auto count = static_cast<double>(x.size());
  double mean_x = 0, mean_y = 0, xx = 0, xy = 0, worst = 0;
  for (std::size_t k = 0; k < x.size(); ++k) mean_x += x[k] / count, mean_y += y[k] / count;
  for (std::size_t k = 0; k < x.size(); ++k) {
    xx += (x[k] - mean_x) * (x[k] - mean_x);
    xy += (x[k] - mean_x) * (y[k] - mean_y);
  }
  const double slope = xx > 0 ? xy / xx : 0;
  for (std::size_t k = 0; k < x.size(); ++k) {
    worst = std::max(worst, std::abs(y[k] - mean_y - slope * (x[k] - mean_x)));
  }
  return worst;
}

Check phase_centres(const Facts& facts) {
  const MovingCentre centre = moving_centre(facts);
  if (!centre.moving) return not_there("fields that several integrations share, or one field");
  double spread_rad = 0;
  for (std::size_t k = 0; k < centre.ra_rad.size(); ++k) {
    spread_rad = std::max(spread_rad, separation_rad({centre.ra_rad[0], centre.dec_rad[0]},
                                                     {centre.ra_rad[k], centre.dec_rad[k]}));
  }
  if (spread_rad <= kArcsec) {
    return at_most("arcsec", spread_rad / kArcsec, 1, "between phase centres of fields");
  }
  // A drift scan: right ascension moves by 15.04 degrees an hour, evenly.
  const auto [first, last] = std::minmax_element(centre.time_s.begin(), centre.time_s.end());
  const auto [low, high] = std::minmax_element(centre.ra_rad.begin(), centre.ra_rad.end());
  const double expected_rad = 15.04107 * kArcsec * (*last - *first);
  const double ratio = (*high - *low) / expected_rad;
  if (!(std::abs(ratio - 1) <= 0.2)) {
    return at_most("", std::abs(ratio - 1), 0.2,
                   "spread of phase centres over that of a drift scan, less one");
  }
  const double uneven_rad =
      std::max(line_residual(centre.time_s, centre.ra_rad) * std::cos(centre.dec_rad.front()),
               line_residual(centre.time_s, centre.dec_rad));
  // The meridian bends slowly against ICRS: some 1e-4 of the spread.
  return at_most("arcsec", uneven_rad / kArcsec, 1 + 1e-3 * expected_rad / kArcsec,
                 "phase centres off the even motion of a drift scan");
}

Check field_directions(const Facts& facts) {
  double worst = 0;
  std::string where = "PHASE_DIR, REFERENCE_DIR, DELAY_DIR";
  const auto directions = facts.ms.directions(facts.token);
  for (std::size_t k = 0; k < directions.size(); ++k) {
    const double apart =
        std::max(separation_rad(directions[k].phase_rad, directions[k].reference_rad),
                 separation_rad(directions[k].phase_rad, directions[k].delay_rad));
    if (!(apart <= worst))
      worst = apart, where = "between the directions of field " + std::to_string(k);
  }
  return at_most("arcsec", worst / kArcsec, 1e-3, where);
}

Check time_order(const Facts& facts) {
  return at_most("s", facts.rows.backwards_s.value, 0,
                 "TIME steps back in its window, " + row_text(facts.rows.backwards_s.row));
}

Check time_overlap(const Facts& facts) {
  return at_most(
      "intervals", facts.rows.overlap.value, 0.01,
      "an integration begins before the last has ended, " + row_text(facts.rows.overlap.row));
}

Check time_gaps(const Facts& facts) {
  return at_most("intervals", facts.rows.gap.value, 0.01,
                 "between integrations, " + row_text(facts.rows.gap.row));
}

Check exposure_within(const Facts& facts) {
  return at_most("", facts.rows.exposure_excess.value, 1e-6,
                 "EXPOSURE / INTERVAL - 1, " + row_text(facts.rows.exposure_excess.row));
}

Check exposure_equal(const Facts& facts) {
  return at_most("", facts.rows.exposure_lack.value, 1e-6,
                 "|EXPOSURE / INTERVAL - 1|, " + row_text(facts.rows.exposure_lack.row));
}

Check uvw_zero(const Facts& facts) {
  if (facts.rows.crosses == 0) return not_there("no cross-correlations");
  return at_most("",
                 static_cast<double>(facts.rows.zero_uvw) / static_cast<double>(facts.rows.crosses),
                 kOddRows, "share of cross-correlations whose UVW is zero");
}

Check uvw_length(const Facts& facts) {
  return at_most("", facts.rows.length_ratio.value, 1.001,
                 "longest UVW over the longest distance of antennas, " +
                     row_text(facts.rows.length_ratio.row));
}

/// The tool that phased the data twice over gives 2.
Check uvw_ratio(const Facts& facts) {
  if (facts.rows.ratios == 0) return not_there("no cross-correlations");
  const double mean = facts.rows.ratio_sum / static_cast<double>(facts.rows.ratios);
  return at_most("", std::abs(mean - 1), 0.05,
                 "mean of |UVW| over the distance of its antennas is " + std::to_string(mean));
}

Check uvw_scatter(const Facts& facts) {
  if (facts.rows.ratios == 0) return not_there("no cross-correlations");
  const auto count = static_cast<double>(facts.rows.ratios);
  const double mean = facts.rows.ratio_sum / count;
  const double variance = std::max(0.0, facts.rows.ratio_sum2 / count - mean * mean);
  return at_most("", std::sqrt(variance) / mean, 0.05,
                 "scatter of |UVW| over the distance of its antennas, over its mean");
}

Check antenna_positions(const Facts& facts) {
  double worst = 0;
  std::string where = "rows of an antenna whose UVW and POSITION disagree by 5 cm + 2e-4";
  for (std::size_t k = 0; k < facts.rows.of_antenna.size(); ++k) {
    const RowSurvey::UvwOfAntenna& of = facts.rows.of_antenna[k];
    if (of.rows == 0) continue;
    const double share = static_cast<double>(of.beyond) / static_cast<double>(of.rows);
    if (share <= worst) continue;
    worst = share;
    where = "rows of antenna " + facts.header->antennas[k].name +
            " whose UVW and POSITION disagree by 5 cm + 2e-4";
  }
  return at_most("", worst, 0.5, where);
}

Check uvw_direction(const Facts& facts) {
  if (facts.rows.cosines == 0) {
    return not_there("no cross-correlations, or a frame other than ICRS and J2000");
  }
  const UvwSense sense = facts.header->uvw_sense;
  const double cosine = facts.rows.cosine_sum / static_cast<double>(facts.rows.cosines);
  const double along = sense == UvwSense::one_minus_two   ? cosine
                       : sense == UvwSense::two_minus_one ? -cosine
                                                          : std::abs(cosine);
  return at_least("", along, 0.99,
                  "mean cosine between UVW and its antennas as seen from the phase centre at TIME");
}

Check antenna_table(const Facts& facts) {
  const auto& wanted = facts.settings.antennas_m;
  if (wanted.empty() || !facts.header) return not_there("no antenna table was given");
  double worst = 0;
  std::string where = "POSITION against the antenna table";
  std::size_t found = 0;
  for (const Antenna& antenna : facts.header->antennas) {
    const auto entry = wanted.find(antenna.name);
    if (entry == wanted.end()) continue;
    ++found;
    const double apart_m = std::hypot(antenna.position_m[0] - entry->second[0],
                                      antenna.position_m[1] - entry->second[1],
                                      antenna.position_m[2] - entry->second[2]);
    if (!(apart_m <= worst)) worst = apart_m, where = "antenna " + antenna.name;
  }
  if (found == 0) return at_least("antennas", 0, 1, "of the antenna table, by name");
  return at_most("m", worst, 0.05, where);
}

Check data_finite(const Facts& facts) {
  double count = 0;
  std::string where = "unflagged samples of DATA";
  for (const auto& [number, data] : facts.samples.data) {
    if (data.non_finite > 0 && count == 0) {
      where = "DATA of data description " + std::to_string(number) + ", " +
              row_text(data.first_bad_row);
    }
    count += static_cast<double>(data.non_finite);
  }
  return at_most("samples", count, 0, where);
}

Check data_zero(const Facts& facts) {
  double worst = 0;
  std::string where = "unflagged samples of DATA that are zero";
  for (const auto& [number, data] : facts.samples.data) {
    if (data.unflagged == 0) continue;
    const double share = static_cast<double>(data.zero) / static_cast<double>(data.unflagged);
    if (share <= worst) continue;
    worst = share;
    where = "unflagged samples of DATA that are zero, data description " + std::to_string(number);
  }
  return at_most("", worst, 0.5, where);
}

Check unflagged(const Facts& facts) {
  double samples = 0;
  for (const auto& [number, data] : facts.samples.data) {
    samples += static_cast<double>(data.unflagged);
  }
  return at_least("samples", samples, 1, "unflagged, of those looked at");
}

Check flagged_windows(const Facts& facts) {
  double count = 0;
  std::string where = "data descriptions without an unflagged sample";
  for (const auto& [number, data] : facts.samples.data) {
    if (data.cells == 0 || data.unflagged > 0) continue;
    where += (count > 0 ? ", " : ": ") + std::to_string(number);
    ++count;
  }
  return at_most("windows", count, 0, where);
}

Check weights(const Facts& facts) {
  return at_most("", static_cast<double>(facts.samples.bad_weights), 0,
                 "WEIGHT of unflagged data that is negative or no number");
}

Check weights_zero(const Facts& facts) {
  if (facts.samples.weights == 0) return not_there("no unflagged data");
  return at_most(
      "",
      static_cast<double>(facts.samples.zero_weights) / static_cast<double>(facts.samples.weights),
      0.5, "share of unflagged data whose WEIGHT is zero");
}

Check sigma(const Facts& facts) {
  return at_most("", facts.samples.sigma_misfit.value, 1e-3,
                 "|SIGMA sqrt(WEIGHT) - 1|, " + row_text(facts.samples.sigma_misfit.row));
}

/// A model is finite, has a size between 0.1 and 1000 Jy and is not zero throughout.
Check model(const Facts& facts) {
  if (!facts.settings.expect_model) return not_there("no model is expected");
  const DataSurvey& data = facts.samples.model;
  if (data.non_finite > 0 || data.unflagged == 0) {
    return at_least("samples", -static_cast<double>(data.non_finite), 1,
                    "finite MODEL_DATA, " + row_text(data.first_bad_row));
  }
  const double mean_jy = data.abs_sum / static_cast<double>(data.unflagged);
  if (mean_jy > 1000) return at_most("Jy", mean_jy, 1000, "mean of |MODEL_DATA|");
  return at_least("Jy", mean_jy, 0.1, "mean of |MODEL_DATA|");
}

Check corrected(const Facts& facts) {
  if (!facts.settings.expect_corrected) return not_there("no corrected data are expected");
  const DataSurvey& data = facts.samples.corrected;
  const std::uint64_t good = data.unflagged - data.non_finite - std::min(data.zero, data.unflagged);
  return at_least(
      "", data.unflagged == 0 ? 0 : static_cast<double>(good) / static_cast<double>(data.unflagged),
      0.5, "share of CORRECTED_DATA that is finite and not zero");
}

Check written(const Facts& facts) {
  const auto samples = facts.ms.written_samples(facts.token);
  double differ = 0;
  std::string where = std::to_string(samples.size()) + " samples of DATA against their checksums";
  for (const MsWrittenSample& sample : samples) {
    const bool there = sample.first + sample.count <= facts.ms.rows();
    if (there && checksum_of(facts.ms.data(facts.token, sample)) == sample.sum) continue;
    if (differ++ == 0) where = "DATA is not what was written, from " + row_text(sample.first);
  }
  return at_most("samples", differ, 0, where);
}

struct Entry {
  const char* name;
  CheckLevel level;
  Check (*check)(const Facts&);
};

const std::vector<Entry>& entries() {
  static const std::vector<Entry> table{
      {"columns", CheckLevel::fail, columns},
      {"rows", CheckLevel::fail, rows},
      {"subtables", CheckLevel::fail, subtables},
      {"numbers", CheckLevel::fail, numbers},
      {"observation", CheckLevel::fail, observation},
      {"telescope", CheckLevel::fail, telescope},
      {"time_range", CheckLevel::fail, time_range},
      {"frequency_order", CheckLevel::fail, frequency_order},
      {"phase_centres", CheckLevel::fail, phase_centres},
      {"field_directions", CheckLevel::fail, field_directions},
      {"time_order", CheckLevel::fail, time_order},
      {"time_overlap", CheckLevel::fail, time_overlap},
      {"time_gaps", CheckLevel::warn, time_gaps},
      {"exposure_within", CheckLevel::fail, exposure_within},
      {"exposure_equal", CheckLevel::warn, exposure_equal},
      {"uvw_zero", CheckLevel::fail, uvw_zero},
      {"uvw_length", CheckLevel::fail, uvw_length},
      {"uvw_ratio", CheckLevel::fail, uvw_ratio},
      {"uvw_scatter", CheckLevel::warn, uvw_scatter},
      {"uvw_direction", CheckLevel::fail, uvw_direction},
      {"antenna_positions", CheckLevel::fail, antenna_positions},
      {"antenna_table", CheckLevel::fail, antenna_table},
      {"data_finite", CheckLevel::fail, data_finite},
      {"data_zero", CheckLevel::fail, data_zero},
      {"unflagged", CheckLevel::fail, unflagged},
      {"flagged_windows", CheckLevel::warn, flagged_windows},
      {"weights", CheckLevel::fail, weights},
      {"weights_zero", CheckLevel::fail, weights_zero},
      {"sigma", CheckLevel::warn, sigma},
      {"model", CheckLevel::fail, model},
      {"corrected", CheckLevel::fail, corrected},
      {"written", CheckLevel::fail, written},
  };
  return table;
}

/// What is unexpected is a failure, never passed over.
Check judged(const Entry& entry, const Facts& facts) {
  Check check;
  try {
    check = entry.check(facts);
    check.level = entry.level;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& trouble) {
    check.passed = false;
    check.where = trouble.what();
    check.level = CheckLevel::fail;
  }
  check.name = entry.name;
  const auto other = facts.settings.levels.find(check.name);
  if (other != facts.settings.levels.end()) check.level = other->second;
  return check;
}

/// Runs a part of the gathering; its trouble becomes a failed check of that name.
void gather(const char* name, std::vector<Check>& checks, const std::function<void()>& work) {
  try {
    work();
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& trouble) {
    Check check;
    check.name = name;
    check.passed = false;
    check.where = trouble.what();
    checks.push_back(check);
  }
}

}  // namespace

const std::vector<std::string>& ms_check_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Entry& entry : entries()) all.emplace_back(entry.name);
    return all;
  }();
  return names;
}

std::vector<Check> check_ms(const Lane::Token& token, const std::string& path,
                            const MsCheckSettings& settings) {
  const MsInspection ms(token, path);
  Facts facts{token, ms, settings, {}, {}, RowSurvey(nullptr), {}};
  std::vector<Check> checks;
  try {
    facts.header = ms.header(token);
  } catch (const Error& trouble) {
    facts.header_trouble = trouble.what();
  }
  facts.rows = RowSurvey(facts.header ? &*facts.header : nullptr);
  gather("row_scan", checks, [&] {
    ms.scan(token, [&](const MsRowBlock& block) { facts.rows.add(block); });
    facts.rows.finish();
  });
  gather("samples", checks, [&] {
    for (const RowSurvey::Run& run : stratified(facts.rows.runs, kSamples, kRowsOfSample)) {
      facts.samples.add(run.data_desc_id, run.first,
                        ms.cells(token, run.first, static_cast<std::size_t>(run.count)));
    }
  });
  for (const Entry& entry : entries()) checks.push_back(judged(entry, facts));
  return checks;
}

std::vector<std::string> failures(const std::vector<Check>& checks, CheckLevel level) {
  std::vector<std::string> sentences;
  for (const Check& check : checks) {
    if (check.passed || check.level != level) continue;
    char figures[96];
    std::snprintf(figures, sizeof figures, " (%.6g%s%s, limit %.6g)", check.measured,
                  check.unit.empty() ? "" : " ", check.unit.c_str(), check.limit);
    sentences.push_back(check.name + ": " + check.where + figures);
  }
  return sentences;
}

}  // namespace skymill::radio
