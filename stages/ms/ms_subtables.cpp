// SPDX-License-Identifier: GPL-3.0-or-later
#include <casacore/measures/Measures/MDirection.h>
#include <casacore/measures/TableMeasures/TableMeasDesc.h>
#include <casacore/measures/TableMeasures/TableMeasRefDesc.h>
#include <casacore/measures/TableMeasures/TableMeasValueDesc.h>
#include <casacore/ms/MeasurementSets/MSColumns.h>
#include <casacore/tables/Tables/ScaColDesc.h>
#include <casacore/tables/Tables/SetupNewTab.h>
#include <stages/ms/history_rows.h>
#include <stages/ms/ms_header.h>
#include <stages/ms/ms_subtables.h>
#include <stages/ms/wall.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace skymill::radio::wall {

namespace {

namespace cc = casacore;

/// Makes subtable `name` of type Sub and hangs it into the main table.
template <class Sub>
Sub make_subtable(cc::Table& ms, cc::MS::PredefinedKeywords which,
                  const cc::TableDesc& description = Sub::requiredTableDesc()) {
  const cc::String name = cc::MS::keywordName(which);
  cc::SetupNewTable setup(ms.tableName() + "/" + name, description, cc::Table::NewNoReplace);
  cc::Table table(setup, own_lock());
  ms.rwKeywordSet().defineTable(name, table);
  return Sub(table);
}

cc::Vector<double> vector_of(const std::vector<double>& values) {
  return cc::Vector<double>(values);
}

void write_antennas(cc::Table& ms, const ObservationHeader& header) {
  cc::MSAntenna table = make_subtable<cc::MSAntenna>(ms, cc::MS::ANTENNA);
  table.addRow(header.antennas.size());
  cc::MSAntennaColumns columns(table);
  for (std::size_t i = 0; i < header.antennas.size(); ++i) {
    const Antenna& antenna = header.antennas[i];
    columns.name().put(i, antenna.name);
    columns.station().put(i, antenna.station);
    columns.type().put(i, "GROUND-BASED");
    columns.mount().put(i, antenna.mount);
    columns.position().put(
        i, vector_of({antenna.position_m[0], antenna.position_m[1], antenna.position_m[2]}));
    columns.offset().put(i, cc::Vector<double>(3, 0.0));
    columns.dishDiameter().put(i, antenna.diameter_m);
    columns.flagRow().put(i, false);
  }
}

void write_windows(cc::Table& ms, const ObservationHeader& header) {
  cc::MSSpectralWindow table = make_subtable<cc::MSSpectralWindow>(ms, cc::MS::SPECTRAL_WINDOW);
  table.addRow(header.spectral_windows.size());
  cc::MSSpWindowColumns columns(table);
  for (std::size_t i = 0; i < header.spectral_windows.size(); ++i) {
    const SpectralWindow& window = header.spectral_windows[i];
    std::vector<double> size_hz = window.chan_width_hz;
    double total_hz = 0;
    for (double& width : size_hz) total_hz += width = std::abs(width);
    columns.name().put(i, window.name);
    columns.numChan().put(i, static_cast<cc::Int>(window.chan_freq_hz.size()));
    columns.chanFreq().put(i, vector_of(window.chan_freq_hz));
    columns.chanWidth().put(i, vector_of(window.chan_width_hz));
    columns.effectiveBW().put(i, vector_of(size_hz));
    columns.resolution().put(i, vector_of(size_hz));
    columns.refFrequency().put(i, window.ref_frequency_hz);
    columns.measFreqRef().put(i, window.meas_freq_ref);
    columns.totalBandwidth().put(i, total_hz);
    columns.netSideband().put(i, window.chan_width_hz.front() < 0 ? -1 : 1);
    columns.freqGroup().put(i, 0);
    columns.freqGroupName().put(i, "");
    columns.ifConvChain().put(i, 0);
    columns.flagRow().put(i, false);
  }
}

/// The two receptors of a Stokes code, 0 or 1 each: RR and XX give (0, 0), RL and XY (0, 1), …
std::pair<int, int> receptors(int corr_type) {
  if (corr_type < 5 || corr_type > 12) return {0, 0};
  const int product = (corr_type - 5) % 4;
  return {product / 2, product % 2};
}

void write_descriptions(cc::MeasurementSet& ms, const ObservationHeader& header) {
  cc::MSDataDescription table = make_subtable<cc::MSDataDescription>(ms, cc::MS::DATA_DESCRIPTION);
  cc::MSPolarization setups = make_subtable<cc::MSPolarization>(ms, cc::MS::POLARIZATION);
  table.addRow(header.data_descriptions.size());
  cc::MSDataDescColumns columns(table);
  cc::MSPolarizationColumns polarization(setups);
  std::map<std::vector<int>, cc::Int> known;
  for (std::size_t i = 0; i < header.data_descriptions.size(); ++i) {
    const DataDescription& description = header.data_descriptions[i];
    const auto next = static_cast<cc::Int>(known.size());
    const auto [entry, is_new] = known.emplace(description.corr_types, next);
    if (is_new) {
      const auto row = static_cast<cc::rownr_t>(next);
      cc::Matrix<cc::Int> products(2, description.corr_types.size());
      for (std::size_t k = 0; k < description.corr_types.size(); ++k) {
        const auto [first, second] = receptors(description.corr_types[k]);
        products(0, k) = first;
        products(1, k) = second;
      }
      setups.addRow(1);
      polarization.numCorr().put(row, static_cast<cc::Int>(description.corr_types.size()));
      polarization.corrType().put(row, cc::Vector<cc::Int>(description.corr_types));
      polarization.corrProduct().put(row, products);
      polarization.flagRow().put(row, false);
    }
    columns.spectralWindowId().put(i, description.spectral_window);
    columns.polarizationId().put(i, entry->second);
    columns.flagRow().put(i, false);
  }
}

void write_feeds(cc::MeasurementSet& ms, const ObservationHeader& header) {
  bool circular = false;
  for (const DataDescription& description : header.data_descriptions) {
    for (const int type : description.corr_types) circular |= type >= 5 && type <= 8;
  }
  cc::Vector<cc::String> kinds(2);
  kinds[0] = circular ? "R" : "X";
  kinds[1] = circular ? "L" : "Y";
  cc::Matrix<cc::Complex> response(2, 2, cc::Complex(0));
  response(0, 0) = response(1, 1) = cc::Complex(1);
  cc::MSFeed table = make_subtable<cc::MSFeed>(ms, cc::MS::FEED);
  table.addRow(header.antennas.size());
  cc::MSFeedColumns columns(table);
  for (std::size_t i = 0; i < header.antennas.size(); ++i) {
    columns.antennaId().put(i, static_cast<cc::Int>(i));
    columns.feedId().put(i, 0);
    columns.spectralWindowId().put(i, -1);
    columns.beamId().put(i, -1);
    columns.numReceptors().put(i, 2);
    columns.time().put(i, 0.0);  // with interval 0: valid at all times
    columns.interval().put(i, 0.0);
    columns.beamOffset().put(i, cc::Matrix<double>(2, 2, 0.0));
    columns.polarizationType().put(i, kinds);
    columns.polResponse().put(i, response);
    columns.position().put(i, cc::Vector<double>(3, 0.0));
    columns.receptorAngle().put(i, cc::Vector<double>(2, 0.0));
  }
}

cc::MDirection::Types direction_type(const std::string& frame) {
  cc::MDirection::Types type = cc::MDirection::J2000;
  if (!cc::MDirection::getType(type, frame)) {
    throw Error(ErrorKind::input, "the direction frame '" + frame + "' of a field is not known",
                "use a casacore name such as J2000 or ICRS");
  }
  return type;
}

bool one_frame(const std::vector<Field>& fields) {
  return std::all_of(fields.begin(), fields.end(), [&](const Field& field) {
    return field.phase_dir.frame == fields.front().phase_dir.frame;
  });
}

/// FIELD's columns with one frame a row, named in a column of its own.
cc::TableDesc mixed_frames_description() {
  cc::TableDesc description = cc::MSField::requiredTableDesc();
  for (const char* column : {"PHASE_DIR", "DELAY_DIR", "REFERENCE_DIR"}) {
    const std::string reference = std::string(column) + "_REF";
    description.addColumn(cc::ScalarColumnDesc<cc::String>(reference));
    const cc::TableMeasRefDesc reference_description(description, reference);
    const cc::TableMeasValueDesc value(description, column);
    cc::TableMeasDesc<cc::MDirection>(value, reference_description).write(description);
  }
  return description;
}

void write_fields(cc::Table& ms, const ObservationHeader& header) {
  const bool uniform = one_frame(header.fields);
  cc::MSField table = make_subtable<cc::MSField>(
      ms, cc::MS::FIELD, uniform ? cc::MSField::requiredTableDesc() : mixed_frames_description());
  cc::MSFieldColumns columns(table);
  if (uniform && !header.fields.empty()) {
    columns.setDirectionRef(direction_type(header.fields.front().phase_dir.frame));
  }
  table.addRow(header.fields.size());
  for (std::size_t i = 0; i < header.fields.size(); ++i) {
    const Field& field = header.fields[i];
    const cc::MDirection direction(cc::Quantity(field.phase_dir.ra_rad, "rad"),
                                   cc::Quantity(field.phase_dir.dec_rad, "rad"),
                                   direction_type(field.phase_dir.frame));
    const cc::Vector<cc::MDirection> directions(1, direction);
    columns.name().put(i, field.name);
    columns.code().put(i, "");
    columns.time().put(i, field.time_s);
    columns.numPoly().put(i, 0);
    columns.phaseDirMeasCol().put(i, directions);
    columns.delayDirMeasCol().put(i, directions);
    columns.referenceDirMeasCol().put(i, directions);
    columns.sourceId().put(i, uniform ? static_cast<cc::Int>(i) : -1);
    columns.flagRow().put(i, false);
  }
}

/// One source a field. SOURCE.DIRECTION has one frame for all rows, so fields in different frames
/// go without (their SOURCE_ID is -1); the subtable is optional.
void write_sources(cc::MeasurementSet& ms, const ObservationHeader& header) {
  if (header.fields.empty() || !one_frame(header.fields)) return;
  cc::MSSource table = make_subtable<cc::MSSource>(ms, cc::MS::SOURCE);
  cc::MSSourceColumns columns(table);
  columns.setDirectionRef(direction_type(header.fields.front().phase_dir.frame));
  table.addRow(header.fields.size());
  for (std::size_t i = 0; i < header.fields.size(); ++i) {
    const Field& field = header.fields[i];
    columns.sourceId().put(i, static_cast<cc::Int>(i));
    columns.name().put(i, field.name);
    columns.code().put(i, "");
    columns.time().put(i, field.time_s);
    columns.interval().put(i, std::max(0.0, header.time_last_s - header.time_first_s));
    columns.spectralWindowId().put(i, -1);
    columns.numLines().put(i, 0);
    columns.calibrationGroup().put(i, 0);
    columns.direction().put(i, vector_of({field.phase_dir.ra_rad, field.phase_dir.dec_rad}));
    columns.properMotion().put(i, cc::Vector<double>(2, 0.0));
  }
}

/// @param rows  at least, those that the header does not describe are like its first
void write_observations(cc::Table& ms, const ObservationHeader& header, std::size_t rows = 1) {
  std::vector<ObservingRun> runs = header.observations;
  if (runs.empty()) {
    runs.push_back({header.telescope, header.observer, header.project, header.time_first_s,
                    header.time_last_s});
  }
  if (runs.size() < rows) runs.resize(rows, ObservingRun(runs.front()));
  cc::MSObservation table = make_subtable<cc::MSObservation>(ms, cc::MS::OBSERVATION);
  table.addRow(runs.size());
  cc::MSObservationColumns columns(table);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    columns.telescopeName().put(i, runs[i].telescope);
    columns.observer().put(i, runs[i].observer);
    columns.project().put(i, runs[i].project);
    columns.timeRange().put(i, vector_of({runs[i].first_s, runs[i].last_s}));
    columns.log().put(i, cc::Vector<cc::String>(1, ""));
    columns.schedule().put(i, cc::Vector<cc::String>(1, ""));
    columns.scheduleType().put(i, "");
    columns.releaseDate().put(i, 0.0);
    columns.flagRow().put(i, false);
  }
}

/// Only what is known of the sense of UVW is claimed.
void write_uvw_sense(cc::MeasurementSet& ms, UvwSense sense, std::vector<std::string>& history) {
  const std::string text = uvw_sense_text(sense);
  if (text.empty()) return;
  ms.rwKeywordSet().define(kUvwKeyword, text);
  history.push_back("UVW = " + text +
                    ", DATA = sum of S exp(+2 pi i (u l + v m + w (n - 1)) nu / c), l to the east");
}

void write_history(cc::Table& ms, const std::string& application,
                   const std::vector<std::string>& history) {
  cc::MSHistory table = make_subtable<cc::MSHistory>(ms, cc::MS::HISTORY);
  table.addRow(history.size());
  cc::MSHistoryColumns columns(table);
  for (std::size_t i = 0; i < history.size(); ++i) {
    columns.time().put(i, now_mjd_s());
    columns.observationId().put(i, 0);
    columns.message().put(i, history[i]);
    columns.priority().put(i, "INFO");
    columns.origin().put(i, application);
    columns.objectId().put(i, 0);
    columns.application().put(i, application);
    columns.cliCommand().put(i, cc::Vector<cc::String>(1, ""));
    columns.appParams().put(i, cc::Vector<cc::String>(1, ""));
  }
}

void write_processor(cc::MeasurementSet& ms) {
  cc::MSProcessor processors = make_subtable<cc::MSProcessor>(ms, cc::MS::PROCESSOR);
  processors.addRow(1);
  cc::MSProcessorColumns processor(processors);
  processor.type().put(0, "CORRELATOR");
  processor.subType().put(0, "");
  processor.typeId().put(0, -1);
  processor.modeId().put(0, -1);
  processor.flagRow().put(0, false);
}

void write_states(cc::MeasurementSet& ms, const ObservationHeader& header) {
  std::vector<ObservingState> states = header.states;
  if (states.empty()) states.emplace_back();
  cc::MSState table = make_subtable<cc::MSState>(ms, cc::MS::STATE);
  table.addRow(states.size());
  cc::MSStateColumns columns(table);
  for (std::size_t i = 0; i < states.size(); ++i) {
    columns.sig().put(i, states[i].signal);
    columns.ref().put(i, states[i].reference);
    columns.cal().put(i, states[i].cal_k);
    columns.load().put(i, states[i].load_k);
    columns.subScan().put(i, states[i].sub_scan);
    columns.obsMode().put(i, states[i].intent);
    columns.flagRow().put(i, false);
  }
}

/// Rows only for dishes that stand on the meridian: those that track point to the field.
void write_pointing(cc::MeasurementSet& ms, const ObservationHeader& header) {
  cc::MSPointing table = make_subtable<cc::MSPointing>(ms, cc::MS::POINTING);
  if (header.pointing_dec_rad == 0) return;
  cc::MSPointingColumns columns(table);
  columns.setDirectionRef(cc::MDirection::HADEC);
  table.addRow(header.antennas.size());
  const cc::Vector<cc::MDirection> direction(
      1, cc::MDirection(cc::Quantity(0, "rad"), cc::Quantity(header.pointing_dec_rad, "rad"),
                        cc::MDirection::HADEC));
  for (std::size_t i = 0; i < header.antennas.size(); ++i) {
    columns.antennaId().put(i, static_cast<cc::Int>(i));
    columns.time().put(i, (header.time_first_s + header.time_last_s) / 2);
    columns.interval().put(i, std::max(0.0, header.time_last_s - header.time_first_s));
    columns.timeOrigin().put(i, header.time_first_s);
    columns.name().put(i, "meridian");
    columns.numPoly().put(i, 0);
    columns.directionMeasCol().put(i, direction);
    columns.targetMeasCol().put(i, direction);
    columns.tracking().put(i, false);
  }
}

}  // namespace

void write_subtables(cc::MeasurementSet& ms, const ObservationHeader& header,
                     const MsLayout& layout) {
  write_antennas(ms, header);
  write_windows(ms, header);
  write_descriptions(ms, header);
  write_feeds(ms, header);
  write_fields(ms, header);
  write_sources(ms, header);
  write_observations(ms, header);
  std::vector<std::string> history = layout.history;
  history.insert(history.end(), header.history.begin(), header.history.end());
  write_uvw_sense(ms, header.uvw_sense, history);
  write_history(ms, layout.application, history);
  write_processor(ms);
  write_states(ms, header);
  write_pointing(ms, header);
  make_subtable<cc::MSFlagCmd>(ms, cc::MS::FLAG_CMD);
  ms.initRefs();
}

void write_calibration_subtables(cc::Table& table, const ObservationHeader& header,
                                 const std::vector<bool>& window_used, std::size_t observations,
                                 const std::string& application,
                                 const std::vector<std::string>& history) {
  write_observations(table, header, observations);
  write_antennas(table, header);
  write_fields(table, header);
  write_windows(table, header);
  write_history(table, application, history);
  cc::Table windows = table.keywordSet().asTable("SPECTRAL_WINDOW");
  cc::ScalarColumn<bool> flag(windows, "FLAG_ROW");
  for (std::size_t i = 0; i < window_used.size(); ++i) flag.put(i, !window_used[i]);
}

void write_time_ranges(cc::MeasurementSet& ms, const std::vector<TimeRange>& ranges) {
  cc::MSObservationColumns columns(ms.observation());
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    if (ranges[i].empty) continue;
    columns.timeRange().put(i, vector_of({ranges[i].first_s, ranges[i].last_s}));
  }
}

}  // namespace skymill::radio::wall
