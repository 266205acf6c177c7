// SPDX-License-Identifier: GPL-3.0-or-later
#include <casacore/casa/Arrays/Vector.h>
#include <casacore/measures/Measures/MDirection.h>
#include <casacore/measures/Measures/MFrequency.h>
#include <casacore/measures/TableMeasures/ArrayMeasColumn.h>
#include <casacore/tables/Tables/ArrayColumn.h>
#include <casacore/tables/Tables/ScalarColumn.h>
#include <casacore/tables/Tables/TableRecord.h>
#include <stages/ms/ms_header.h>
#include <stages/ms/wall.h>

#include <cmath>
#include <optional>
#include <tuple>

namespace skymill::radio::wall {

namespace {

namespace cc = casacore;

/// "cannot read column NAME of subtable 'x.ms/FIELD'"
std::string reading(const cc::Table& table, const std::string& column) {
  return "cannot read column " + column + " of '" + std::string(table.tableName()) + "'";
}

template <class T>
std::vector<T> scalars(const cc::Table& table, const std::string& column) {
  return guarded(reading(table, column), [&] {
    const cc::Vector<T> values = cc::ScalarColumn<T>(table, column).getColumn();
    return std::vector<T>(values.begin(), values.end());
  });
}

std::vector<std::string> texts(const cc::Table& table, const std::string& column) {
  const std::vector<cc::String> values = scalars<cc::String>(table, column);
  return std::vector<std::string>(values.begin(), values.end());
}

template <class T>
std::vector<T> cell(const cc::Table& table, const std::string& column, std::size_t row) {
  return guarded(reading(table, column) + ", row " + std::to_string(row), [&] {
    const cc::Array<T> values = cc::ArrayColumn<T>(table, column).get(row);
    return std::vector<T>(values.begin(), values.end());
  });
}

std::vector<Antenna> read_antennas(const cc::Table& ms) {
  const cc::Table table = open_subtable(ms, "ANTENNA");
  const std::vector<std::string> names = texts(table, "NAME");
  const std::vector<std::string> stations = texts(table, "STATION");
  const std::vector<std::string> mounts = texts(table, "MOUNT");
  const std::vector<double> diameters = scalars<double>(table, "DISH_DIAMETER");
  std::vector<Antenna> antennas(names.size());
  for (std::size_t i = 0; i < antennas.size(); ++i) {
    const std::vector<double> position = cell<double>(table, "POSITION", i);
    if (position.size() != 3) {
      throw Error(ErrorKind::input,
                  reading(table, "POSITION") + ", row " + std::to_string(i) + ": it has " +
                      std::to_string(position.size()) + " values instead of 3",
                  kDamagedHint);
    }
    antennas[i] = {
        names[i], stations[i], {position[0], position[1], position[2]}, diameters[i], mounts[i]};
  }
  return antennas;
}

std::string frame_name(int code) { return cc::MFrequency::showType(static_cast<cc::uInt>(code)); }

/// The column MEAS_FREQ_REF decides (MS v2). Some writers give CHAN_FREQ a fixed reference, and
/// some leave the column unset: then the fixed reference counts, and without one TOPO.
int frequency_frame(const cc::Table& table, int stored, const std::string& window,
                    std::vector<std::string>& notes) {
  std::string fixed;
  const cc::TableRecord& keywords = cc::TableColumn(table, "CHAN_FREQ").keywordSet();
  if (keywords.isDefined("MEASINFO")) {
    const cc::RecordInterface& info = keywords.asRecord("MEASINFO");
    if (info.isDefined("Ref") && !info.isDefined("VarRefCol")) fixed = info.asString("Ref");
  }
  cc::MFrequency::Types fixed_type = cc::MFrequency::TOPO;
  const bool has_fixed = !fixed.empty() && cc::MFrequency::getType(fixed_type, fixed);
  const bool usable = stored >= 0 && stored < cc::MFrequency::N_Types;
  if (usable && has_fixed && stored != static_cast<int>(fixed_type)) {
    notes.push_back(window + ": MEAS_FREQ_REF says " + frame_name(stored) +
                    ", the column CHAN_FREQ says " + fixed + "; the former is taken");
  }
  if (usable) return stored;
  const int assumed = has_fixed ? static_cast<int>(fixed_type) : cc::MFrequency::TOPO;
  notes.push_back(window + ": MEAS_FREQ_REF is " + std::to_string(stored) +
                  ", which is no frame; " + frame_name(assumed) + " is assumed");
  return assumed;
}

std::vector<SpectralWindow> read_windows(const cc::Table& ms, std::vector<std::string>& notes) {
  const cc::Table table = open_subtable(ms, "SPECTRAL_WINDOW");
  const std::vector<std::string> names = texts(table, "NAME");
  const std::vector<cc::Int> frames = scalars<cc::Int>(table, "MEAS_FREQ_REF");
  const std::vector<double> references = scalars<double>(table, "REF_FREQUENCY");
  std::vector<SpectralWindow> windows(names.size());
  for (std::size_t i = 0; i < windows.size(); ++i) {
    SpectralWindow& window = windows[i];
    window.name = names[i];
    window.chan_freq_hz = cell<double>(table, "CHAN_FREQ", i);
    window.chan_width_hz = cell<double>(table, "CHAN_WIDTH", i);
    if (window.chan_freq_hz.empty() || window.chan_freq_hz.size() != window.chan_width_hz.size()) {
      throw Error(ErrorKind::input,
                  "row " + std::to_string(i) + " of '" + std::string(table.tableName()) + "' has " +
                      std::to_string(window.chan_freq_hz.size()) + " channel frequencies and " +
                      std::to_string(window.chan_width_hz.size()) + " widths",
                  kDamagedHint);
    }
    window.ref_frequency_hz = references[i];
    window.meas_freq_ref =
        frequency_frame(table, frames[i], "spectral window " + std::to_string(i), notes);
  }
  return windows;
}

std::vector<DataDescription> read_descriptions(const cc::Table& ms, std::size_t windows) {
  const cc::Table table = open_subtable(ms, "DATA_DESCRIPTION");
  const cc::Table polarization = open_subtable(ms, "POLARIZATION");
  const std::vector<cc::Int> window_ids = scalars<cc::Int>(table, "SPECTRAL_WINDOW_ID");
  const std::vector<cc::Int> polarization_ids = scalars<cc::Int>(table, "POLARIZATION_ID");
  std::vector<DataDescription> descriptions(window_ids.size());
  for (std::size_t i = 0; i < descriptions.size(); ++i) {
    const auto refuse = [&](const std::string& name, int id, std::size_t count) {
      if (id >= 0 && static_cast<std::size_t>(id) < count) return;
      throw Error(ErrorKind::input,
                  "row " + std::to_string(i) + " of '" + std::string(table.tableName()) + "' has " +
                      name + " " + std::to_string(id) + ", but there are " + std::to_string(count) +
                      " of them",
                  kDamagedHint);
    };
    refuse("SPECTRAL_WINDOW_ID", window_ids[i], windows);
    refuse("POLARIZATION_ID", polarization_ids[i], polarization.nrow());
    descriptions[i].spectral_window = window_ids[i];
    descriptions[i].corr_types =
        cell<cc::Int>(polarization, "CORR_TYPE", static_cast<std::size_t>(polarization_ids[i]));
  }
  return descriptions;
}

Direction read_direction(const cc::Table& table, std::size_t row, std::vector<std::string>& notes) {
  const std::string column = "PHASE_DIR";
  return guarded(reading(table, column) + ", row " + std::to_string(row), [&] {
    Direction direction;
    if (cc::TableColumn(table, column).keywordSet().isDefined("MEASINFO")) {
      const cc::ArrayMeasColumn<cc::MDirection> measures(table, column);
      const cc::Array<cc::MDirection> directions = measures(row);
      const cc::MDirection first = *directions.begin();
      const cc::Vector<double> angles = first.getAngle("rad").getValue();
      direction = {angles[0], angles[1], first.getRefString()};
      if (directions.nelements() > 1) {
        notes.push_back("field " + std::to_string(row) +
                        " moves (its PHASE_DIR is a polynomial); its place at the field's time is "
                        "taken");
      }
    } else {
      const std::vector<double> angles = cell<double>(table, column, row);
      direction = {angles.at(0), angles.at(1), "J2000"};
      notes.push_back("field " + std::to_string(row) +
                      ": PHASE_DIR has no frame; J2000 is assumed");
    }
    return direction;
  });
}

std::vector<Field> read_fields(const cc::Table& ms, std::vector<std::string>& notes) {
  const cc::Table table = open_subtable(ms, "FIELD");
  const std::vector<std::string> names = texts(table, "NAME");
  const std::vector<double> times = scalars<double>(table, "TIME");
  std::vector<Field> fields(names.size());
  for (std::size_t i = 0; i < fields.size(); ++i) {
    fields[i] = {names[i], read_direction(table, i, notes), times[i]};
  }
  return fields;
}

void read_observations(const cc::Table& ms, ObservationHeader& header,
                       std::vector<std::string>& notes) {
  const cc::Table table = open_subtable(ms, "OBSERVATION");
  if (table.nrow() == 0) {
    notes.push_back("OBSERVATION has no rows: telescope, observer and project are not known");
    return;
  }
  const std::vector<std::string> telescopes = texts(table, "TELESCOPE_NAME");
  const std::vector<std::string> observers = texts(table, "OBSERVER");
  const std::vector<std::string> projects = texts(table, "PROJECT");
  header.telescope = telescopes.front();
  header.observer = observers.front();
  header.project = projects.front();
  for (std::size_t i = 0; i < telescopes.size(); ++i) {
    ObservingRun run{telescopes[i], observers[i], projects[i], 0, 0};
    if (cc::TableColumn(table, "TIME_RANGE").isDefined(i)) {
      const std::vector<double> range = cell<double>(table, "TIME_RANGE", i);
      if (range.size() == 2) std::tie(run.first_s, run.last_s) = std::pair(range[0], range[1]);
    }
    header.observations.push_back(std::move(run));
  }
}

/// Only intents need them, so a set whose states cannot be read goes without.
std::vector<ObservingState> read_states(const cc::Table& ms, std::vector<std::string>& notes) {
  if (!has_subtable(ms, "STATE")) return {};
  try {
    const cc::Table table = open_subtable(ms, "STATE");
    const auto signal = scalars<bool>(table, "SIG");
    const auto reference = scalars<bool>(table, "REF");
    const auto cal = scalars<double>(table, "CAL");
    const auto load = scalars<double>(table, "LOAD");
    const auto sub_scan = scalars<cc::Int>(table, "SUB_SCAN");
    const auto intents = texts(table, "OBS_MODE");
    std::vector<ObservingState> states;
    for (std::size_t i = 0; i < intents.size(); ++i) {
      states.push_back({signal[i], reference[i], cal[i], load[i], sub_scan[i], intents[i]});
    }
    return states;
  } catch (const Error& failure) {
    notes.push_back(failure.message() + "; states are not known");
    return {};
  }
}

/// The declination at which all dishes stand on the meridian, if POINTING says so in hour angle and
/// declination; else 0. What other writers put there (azimuths, or where a dish really was from
/// second to second) does not say it.
double read_pointing_dec(const cc::Table& ms, std::vector<std::string>& notes) {
  constexpr double kSame = 1e-6;  // rad
  if (!has_subtable(ms, "POINTING")) return 0;
  try {
    const cc::Table table = open_subtable(ms, "POINTING");
    if (table.nrow() == 0) return 0;
    const cc::TableRecord& keywords = cc::TableColumn(table, "DIRECTION").keywordSet();
    if (!keywords.isDefined("MEASINFO")) return 0;
    const cc::RecordInterface& info = keywords.asRecord("MEASINFO");
    if (!info.isDefined("Ref") || info.asString("Ref") != "HADEC") return 0;
    std::optional<double> dec_rad;
    for (std::size_t row = 0; row < table.nrow(); ++row) {
      const std::vector<double> place = cell<double>(table, "DIRECTION", row);
      const bool stands = place.size() == 2 && std::abs(place[0]) < kSame &&
                          (!dec_rad || std::abs(place[1] - *dec_rad) < kSame);
      if (!stands) return 0;
      dec_rad = place[1];
    }
    return *dec_rad;
  } catch (const Error& failure) {
    notes.push_back(failure.message() + "; where dishes point to is not known");
    return 0;
  }
}

/// CASA's tables of calibrations often leave it zero.
void read_time_range(const cc::Table& table, ObservationHeader& header) {
  const cc::Table observation = open_subtable(table, "OBSERVATION");
  if (observation.nrow() == 0) return;
  const std::vector<double> range_s = cell<double>(observation, "TIME_RANGE", 0);
  if (range_s.size() != 2 || !(range_s[1] >= range_s[0]) || range_s[0] == 0) return;
  header.time_first_s = range_s[0];
  header.time_last_s = range_s[1];
}

UvwSense read_uvw_sense(const cc::Table& ms) {
  const cc::TableRecord& keywords = ms.keywordSet();
  if (!keywords.isDefined(kUvwKeyword) || keywords.dataType(kUvwKeyword) != cc::TpString) {
    return UvwSense::unknown;
  }
  const std::string text = keywords.asString(kUvwKeyword);
  for (const UvwSense sense : {UvwSense::one_minus_two, UvwSense::two_minus_one}) {
    if (text == uvw_sense_text(sense)) return sense;
  }
  return UvwSense::unknown;
}

}  // namespace

const char* const kUvwKeyword = "UVW_CONVENTION";

std::string uvw_sense_text(UvwSense sense) {
  switch (sense) {
    case UvwSense::one_minus_two:
      return "r(ANTENNA1) - r(ANTENNA2)";
    case UvwSense::two_minus_one:
      return "r(ANTENNA2) - r(ANTENNA1)";
    case UvwSense::unknown:
      break;
  }
  return {};
}

ObservationHeader read_calibration_header(const cc::Table& table, std::vector<std::string>& notes) {
  ObservationHeader header;
  header.source = table.tableName();
  header.antennas = read_antennas(table);
  header.spectral_windows = read_windows(table, notes);
  header.fields = read_fields(table, notes);
  read_observations(table, header, notes);
  read_time_range(table, header);
  header.uvw_sense = read_uvw_sense(table);
  open_subtable(table, "HISTORY");
  return header;
}

ObservationHeader read_ms_header(const cc::Table& ms, std::vector<std::string>& notes) {
  ObservationHeader header;
  header.source = ms.tableName();
  header.antennas = read_antennas(ms);
  header.spectral_windows = read_windows(ms, notes);
  header.data_descriptions = read_descriptions(ms, header.spectral_windows.size());
  header.fields = read_fields(ms, notes);
  read_observations(ms, header, notes);
  header.states = read_states(ms, notes);
  header.pointing_dec_rad = read_pointing_dec(ms, notes);
  header.uvw_sense = read_uvw_sense(ms);
  return header;
}

}  // namespace skymill::radio::wall
