// SPDX-License-Identifier: GPL-3.0-or-later
#include <casacore/casa/Arrays/Matrix.h>
#include <casacore/measures/Measures/MEpoch.h>
#include <casacore/measures/Measures/Stokes.h>
#include <casacore/measures/TableMeasures/TableMeasDesc.h>
#include <casacore/measures/TableMeasures/TableMeasRefDesc.h>
#include <casacore/measures/TableMeasures/TableMeasValueDesc.h>
#include <casacore/measures/TableMeasures/TableQuantumDesc.h>
#include <casacore/tables/Tables/ArrColDesc.h>
#include <casacore/tables/Tables/ArrayColumn.h>
#include <casacore/tables/Tables/ScaColDesc.h>
#include <casacore/tables/Tables/ScalarColumn.h>
#include <casacore/tables/Tables/SetupNewTab.h>
#include <casacore/tables/Tables/TableRecord.h>
#include <stages/ms/cal_table_content.h>
#include <stages/ms/cal_table_keywords.h>
#include <stages/ms/cal_table_writer.h>
#include <stages/ms/ms_header.h>
#include <stages/ms/ms_subtables.h>
#include <stages/ms/wall.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

namespace skymill::radio {

namespace cc = casacore;

namespace {

/// A version of CASA whose format this is; without one CASA takes delays to turn about the edge of
/// the band (calibration.md 4.1).
constexpr char kFormatVersion[] = "6.5.4-9";
constexpr char kGroup[] = "MSMTAB";

template <class T>
void add_scalar(cc::TableDesc& description, const std::string& name) {
  constexpr int kOption = cc::ColumnDesc::Direct | cc::ColumnDesc::FixedShape;  // as CASA's
  description.addColumn(cc::ScalarColumnDesc<T>(name, "", "StandardStMan", kGroup, T(), kOption));
}

template <class T>
void add_array(cc::TableDesc& description, const std::string& name) {
  description.addColumn(cc::ArrayColumnDesc<T>(name, "", "StandardStMan", kGroup));
}

cc::TableDesc description_of(JonesTerm term) {
  cc::TableDesc description;
  add_scalar<double>(description, "TIME");
  for (const char* name : {"FIELD_ID", "SPECTRAL_WINDOW_ID", "ANTENNA1", "ANTENNA2"}) {
    add_scalar<cc::Int>(description, name);
  }
  add_scalar<double>(description, "INTERVAL");
  for (const char* name : {"SCAN_NUMBER", "OBSERVATION_ID"}) {
    add_scalar<cc::Int>(description, name);
  }
  if (term == JonesTerm::K) {
    add_array<float>(description, "FPARAM");
  } else {
    add_array<cc::Complex>(description, "CPARAM");
  }
  add_array<float>(description, "PARAMERR");
  add_array<bool>(description, "FLAG");
  add_array<float>(description, "SNR");
  add_array<float>(description, "WEIGHT");  // which nobody fills
  cc::TableMeasDesc<cc::MEpoch>(cc::TableMeasValueDesc(description, "TIME"),
                                cc::TableMeasRefDesc(cc::MEpoch::UTC))
      .write(description);
  for (const char* name : {"TIME", "INTERVAL"}) {
    cc::TableQuantumDesc(description, name, cc::Unit("s")).write(description);
  }
  return description;
}

std::string correlations_text(const Solutions& solutions) {
  std::string text;
  for (const int pol : solutions.pols) {
    if (pol < 0) return {};
    text += (text.empty() ? "" : ",") +
            std::string(cc::Stokes::name(static_cast<cc::Stokes::StokesTypes>(pol)));
  }
  return text;
}

std::string ms_name_of(const Solutions& solutions) {
  if (!solutions.ms_name.empty()) return solutions.ms_name;
  std::filesystem::path path(solutions.header->source);
  if (!path.has_filename()) path = path.parent_path();  // a name that ended in a slash
  return path.filename().string();
}

void write_keywords(cc::Table& table, const Solutions& solutions) {
  const std::string viscal = std::string(letter(solutions.term)) + " Jones";
  table.tableInfo().setType("Calibration");
  table.tableInfo().setSubType(viscal);
  cc::TableRecord& keywords = table.rwKeywordSet();
  keywords.define("ParType", solutions.term == JonesTerm::K ? "Float" : "Complex");
  keywords.define("MSName", ms_name_of(solutions));
  keywords.define("VisCal", viscal);
  keywords.define("PolBasis", "unknown");
  keywords.define(wall::kVersionKeyword, kFormatVersion);
  const std::string correlations = correlations_text(solutions);
  if (!correlations.empty()) keywords.define(wall::kCorrelationsKeyword, correlations);
  if (!solutions.mode.empty()) keywords.define(wall::kModeKeyword, solutions.mode);
  const std::string sense = wall::uvw_sense_text(solutions.header->uvw_sense);
  if (!sense.empty()) keywords.define(wall::kUvwKeyword, sense);
}

std::vector<std::string> history_of(const Solutions& solutions, const CalTableOptions& options) {
  std::vector<std::string> history = options.history;
  const std::string sense = wall::uvw_sense_text(solutions.header->uvw_sense);
  history.push_back(sense.empty() ? "what UVW of the data that were solved points to is not known"
                                  : "solved from data with UVW = " + sense);
  history.push_back("V_corrected = V / (g_i conj(g_j)); delays: g = exp(2 pi i tau (nu - nu_0))");
  return history;
}

/// Value of a flagged cell; that of a bandpass stays, if it is a number.
void settle(JonesTerm term, bool flagged, cc::Complex& value) {
  const bool finite = std::isfinite(value.real()) && std::isfinite(value.imag());
  if (flagged && (term != JonesTerm::B || !finite)) value = cc::Complex(1);
}
void settle(JonesTerm, bool flagged, float& value) {
  if (flagged) value = 0;
}

const std::vector<cc::Complex>& values_of(const Solutions& solutions, cc::Complex) {
  return solutions.gain;
}
const std::vector<float>& values_of(const Solutions& solutions, float) {
  return solutions.delay_ns;
}

template <class T>
class Rows {
 public:
  Rows(cc::Table& table, const Solutions& solutions, const wall::CalTableContent& content)
      : solutions_(solutions),
        content_(content),
        time_(table, "TIME"),
        field_(table, "FIELD_ID"),
        window_(table, "SPECTRAL_WINDOW_ID"),
        antenna1_(table, "ANTENNA1"),
        antenna2_(table, "ANTENNA2"),
        interval_(table, "INTERVAL"),
        scan_(table, "SCAN_NUMBER"),
        observation_(table, "OBSERVATION_ID"),
        value_(table, solutions.term == JonesTerm::K ? "FPARAM" : "CPARAM"),
        error_(table, "PARAMERR"),
        flag_(table, "FLAG"),
        snr_(table, "SNR") {}

  void write(const wall::CalTableGroup& group, std::size_t antenna, std::size_t row) {
    const SolutionInterval& interval = solutions_.intervals[group.interval];
    time_.put(row, group.time_s);
    field_.put(row, interval.field_id);
    window_.put(row, static_cast<cc::Int>(group.window.id));
    antenna1_.put(row, static_cast<cc::Int>(antenna));
    antenna2_.put(row, content_.refant(group));
    interval_.put(row, interval.length_s);
    scan_.put(row, interval.scan_number);
    observation_.put(row, interval.observation_id);
    write_cells(group, antenna, row);
  }

 private:
  void write_cells(const wall::CalTableGroup& group, std::size_t antenna, std::size_t row) {
    const std::size_t feeds = content_.feeds();
    const std::size_t channels = group.window.channels;
    cc::Matrix<T> values(feeds, channels, solutions_.term == JonesTerm::K ? T(0) : T(1));
    cc::Matrix<float> errors(feeds, channels, 0.0F), snr(feeds, channels, 0.0F);
    cc::Matrix<bool> flags(feeds, channels, true);
    for (std::size_t c = 0; c < channels; ++c) {
      for (std::size_t p = 0; p < solutions_.pols.size(); ++p) {
        const std::size_t feed = feeds == 1 ? 0 : wall::feed_of(solutions_.pols[p]);
        const std::size_t from =
            solutions_.index(group.interval, group.window.first_frequency + c, p, antenna);
        flags(feed, c) = solutions_.flag[from] != 0;
        values(feed, c) = values_of(solutions_, T())[from];
        settle(solutions_.term, flags(feed, c), values(feed, c));
        errors(feed, c) = solutions_.error[from];
        snr(feed, c) = solutions_.snr[from];
      }
    }
    value_.put(row, values);
    error_.put(row, errors);
    flag_.put(row, flags);
    snr_.put(row, snr);
  }

  const Solutions& solutions_;
  const wall::CalTableContent& content_;
  cc::ScalarColumn<double> time_;
  cc::ScalarColumn<cc::Int> field_, window_, antenna1_, antenna2_;
  cc::ScalarColumn<double> interval_;
  cc::ScalarColumn<cc::Int> scan_, observation_;
  cc::ArrayColumn<T> value_;
  cc::ArrayColumn<float> error_;
  cc::ArrayColumn<bool> flag_;
  cc::ArrayColumn<float> snr_;
};

template <class T>
void write_rows(cc::Table& table, const Solutions& solutions,
                const wall::CalTableContent& content) {
  Rows<T> rows(table, solutions, content);
  std::size_t row = 0;
  for (const wall::CalTableGroup& group : content.groups()) {
    for (std::size_t antenna = 0; antenna < solutions.antennas.size(); ++antenna) {
      rows.write(group, antenna, row++);
    }
  }
}

/// Removes what was written when writing fails.
class Unfinished {
 public:
  explicit Unfinished(const std::string& path) : path_(path) {}
  ~Unfinished() {
    std::error_code code;
    if (!kept_) std::filesystem::remove_all(path_, code);
  }
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;
  void keep() { kept_ = true; }

 private:
  const std::string& path_;
  bool kept_ = false;
};

void make_table(const std::string& path, const Solutions& solutions,
                const wall::CalTableContent& content, const CalTableOptions& options) {
  cc::SetupNewTable setup(path, description_of(solutions.term), cc::Table::NewNoReplace);
  cc::Table table(setup, wall::own_lock(), content.groups().size() * solutions.antennas.size());
  write_keywords(table, solutions);
  wall::write_calibration_subtables(table, content.header(), content.windows_used(),
                                    content.observations(), options.application,
                                    history_of(solutions, options));
  if (solutions.term == JonesTerm::K) {
    write_rows<float>(table, solutions, content);
  } else {
    write_rows<cc::Complex>(table, solutions, content);
  }
  table.flush(true);
}

}  // namespace

void write_cal_table(const Lane::Token&, const std::string& path, const Solutions& solutions,
                     const CalTableOptions& options) {
  const wall::CalTableContent content(path, solutions);
  wall::require_absent(path);
  const wall::TablesLock lock;
  Unfinished unfinished(path);
  wall::guarded_write("cannot write the calibration table '" + path + "'", path,
                      [&] { make_table(path, solutions, content, options); });
  unfinished.keep();
}

}  // namespace skymill::radio
