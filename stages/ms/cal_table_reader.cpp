// SPDX-License-Identifier: GPL-3.0-or-later
#include <casacore/casa/Arrays/Vector.h>
#include <casacore/measures/Measures/Stokes.h>
#include <casacore/tables/Tables/ArrayColumn.h>
#include <casacore/tables/Tables/ScalarColumn.h>
#include <casacore/tables/Tables/TableRecord.h>
#include <stages/ms/cal_table_intervals.h>
#include <stages/ms/cal_table_keywords.h>
#include <stages/ms/cal_table_reader.h>
#include <stages/ms/ms_header.h>
#include <stages/ms/table_kind.h>
#include <stages/ms/wall.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <sstream>

namespace skymill::radio {

namespace cc = casacore;

namespace {

constexpr const char* kSubtables[] = {"OBSERVATION", "ANTENNA", "FIELD", "SPECTRAL_WINDOW",
                                      "HISTORY"};

std::string text_keyword(const cc::Table& table, const std::string& name) {
  const cc::TableRecord& keywords = table.keywordSet();
  if (!keywords.isDefined(name) || keywords.dataType(name) != cc::TpString) return {};
  return keywords.asString(name);
}

[[noreturn]] void refuse(const std::string& path, const std::string& what,
                         const std::string& hint = wall::kDamagedHint) {
  throw Error(ErrorKind::input, "the calibration table '" + path + "' " + what, hint);
}

/// The term that VisCal names, "G Jones" or "G".
JonesTerm term_of(const std::string& path, const cc::Table& table) {
  std::string text = text_keyword(table, "VisCal");
  if (text.empty()) text = table.tableInfo().subType();
  for (const JonesTerm term : {JonesTerm::K, JonesTerm::B, JonesTerm::G, JonesTerm::T}) {
    if (text == letter(term) || text == std::string(letter(term)) + " Jones") return term;
  }
  refuse(path, "has VisCal '" + text + "'",
         "K Jones, B Jones, G Jones and T Jones can be read; leave other types out");
}

void require_calibration(const std::string& path, const cc::Table& table) {
  const std::string type = casa_table_type(path);
  if (!type.empty() && type != "Calibration") {
    throw Error(ErrorKind::input,
                "'" + path + "' is no calibration table: its type is '" + type + "'",
                "give a table that gaincal, bandpass or caltable_writer made");
  }
  if (type.empty() && !table.keywordSet().isDefined("VisCal")) {
    throw Error(ErrorKind::input,
                "'" + path + "' is no calibration table: it has neither type nor keyword VisCal",
                "give a table that gaincal, bandpass or caltable_writer made");
  }
}

/// True when delays of a table turn about the centre of its window: CASA 5.3 and later, and only
/// when the version is told (calibration.md 4.1).
bool turns_about_centre(const std::string& version) {
  int major = 0;
  int minor = 0;
  if (std::sscanf(version.c_str(), "%d.%d", &major, &minor) < 1) return false;
  return major > 5 || (major == 5 && minor >= 3);
}

}  // namespace

struct CalTableReader::Impl {
  std::string path;
  cc::Table table;
  JonesTerm term = JonesTerm::G;
  std::shared_ptr<const ObservationHeader> header;
  std::vector<std::string> notes;
  std::vector<wall::CalTableRow> rows;
  wall::CalTableIntervals intervals;
  std::vector<std::size_t> first_frequency;  ///< by window; kNone for one without rows
  std::vector<SolutionChannels> frequencies;
  std::size_t feeds = 0;  ///< of a cell in the table
  bool open = false;

  static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

  ~Impl() {
    if (open) close();
  }

  void close() {
    const wall::TablesLock lock;
    table = cc::Table();
    open = false;
  }

  std::string at(const char* column, std::size_t row) const {
    return "column " + std::string(column) + ", row " + std::to_string(row);
  }

  const char* values_column() const { return term == JonesTerm::K ? "FPARAM" : "CPARAM"; }

  void open_table() {
    const wall::TablesLock lock;
    table = wall::open_input(path, "calibration table");
    open = true;
    require_calibration(path, table);
    term = term_of(path, table);
    for (const char* column : {"TIME", "FIELD_ID", "SPECTRAL_WINDOW_ID", "ANTENNA1", "ANTENNA2",
                               "SCAN_NUMBER", values_column(), "PARAMERR", "FLAG", "SNR"}) {
      if (!table.tableDesc().isColumn(column)) {
        refuse(path, "has no column " + std::string(column),
               "only tables of CASA 4 and later, of the type that their VisCal says, can be read");
      }
    }
    for (const char* name : kSubtables) wall::open_subtable(table, name);
    header = std::make_shared<ObservationHeader>(wall::read_calibration_header(table, notes));
    if (table.nrow() == 0) refuse(path, "has no rows", "solve again; nothing was found");
  }

  template <class T>
  std::vector<T> scalars(const char* column) const {
    return wall::guarded(
        "cannot read column " + std::string(column) + " of calibration table '" + path + "'", [&] {
          const cc::Vector<T> values = cc::ScalarColumn<T>(table, column).getColumn();
          return std::vector<T>(values.begin(), values.end());
        });
  }

  /// A column that old tables lack.
  template <class T>
  std::vector<T> scalars_or(const char* column, T value) {
    if (table.tableDesc().isColumn(column)) return scalars<T>(column);
    notes.push_back("there is no column " + std::string(column) + "; " + std::to_string(value) +
                    " is assumed");
    return std::vector<T>(table.nrow(), value);
  }

  /// @param least  -1 where that says "any"
  void check_numbers(const char* column, const std::vector<cc::Int>& numbers, cc::Int least,
                     std::size_t count, const char* subtable) const {
    for (std::size_t row = 0; row < numbers.size(); ++row) {
      const cc::Int number = numbers[row];
      if (number >= least && (number < 0 || static_cast<std::size_t>(number) < count)) continue;
      refuse(path, "has " + at(column, row) + ": " + std::to_string(number) + ", but " + subtable +
                       " has " + std::to_string(count) + " rows");
    }
  }

  void read_rows() {
    const auto time_s = scalars<double>("TIME");
    const auto field = scalars<cc::Int>("FIELD_ID");
    const auto window = scalars<cc::Int>("SPECTRAL_WINDOW_ID");
    const auto antenna1 = scalars<cc::Int>("ANTENNA1");
    const auto antenna2 = scalars<cc::Int>("ANTENNA2");
    const auto scan = scalars<cc::Int>("SCAN_NUMBER");
    const auto observation = scalars_or<cc::Int>("OBSERVATION_ID", 0);
    const auto length_s = scalars_or<double>("INTERVAL", 0);
    check_numbers("FIELD_ID", field, -1, header->fields.size(), "FIELD");
    check_numbers("SPECTRAL_WINDOW_ID", window, 0, header->spectral_windows.size(),
                  "SPECTRAL_WINDOW");
    check_numbers("ANTENNA1", antenna1, 0, header->antennas.size(), "ANTENNA");
    check_numbers("ANTENNA2", antenna2, -1, header->antennas.size(), "ANTENNA");
    for (std::size_t row = 0; row < time_s.size(); ++row) {
      if (!std::isfinite(time_s[row])) {
        refuse(path, "has " + at("TIME", row) + ": it is not a number");
      }
      rows.push_back({time_s[row], length_s[row], field[row], scan[row], observation[row],
                      static_cast<std::size_t>(window[row]),
                      static_cast<std::size_t>(antenna1[row]), antenna2[row]});
    }
    intervals = wall::cal_table_intervals(rows, header->spectral_windows.size());
    require_once();
  }

  /// Two rows for one value could not both be kept.
  void require_once() const {
    std::vector<std::size_t> seen(
        intervals.intervals.size() * header->spectral_windows.size() * header->antennas.size(),
        kNone);
    for (std::size_t row = 0; row < rows.size(); ++row) {
      const std::size_t place =
          (intervals.of_row[row] * header->spectral_windows.size() + rows[row].window) *
              header->antennas.size() +
          rows[row].antenna;
      if (seen[place] != kNone) {
        refuse(path, "has rows " + std::to_string(seen[place]) + " and " + std::to_string(row) +
                         " for the same time, window and antenna (columns TIME, "
                         "SPECTRAL_WINDOW_ID, ANTENNA1)");
      }
      seen[place] = row;
    }
  }

  /// Shape of the values in a row, [channel][feed].
  cc::IPosition shape(std::size_t row) const {
    const char* const column = values_column();
    return wall::guarded_by(
        [&] {
          const cc::TableColumn values(table, column);
          return values.isDefined(row) ? values.shape(row) : cc::IPosition();
        },
        [&](const char* text) {
          return wall::translated(
              "cannot read " + at(column, row) + " of calibration table '" + path + "'", text,
              wall::kDamagedHint);
        });
  }

  void lay_out_window(std::size_t window, std::size_t row) {
    const cc::IPosition cell = shape(row);
    const SpectralWindow& spw = header->spectral_windows[window];
    if (cell.size() != 2 || cell[0] < 1 || cell[0] > 2) {
      refuse(path, "has " + at(values_column(), row) + ": no array of 1 or 2 feeds by channels");
    }
    const auto channels = static_cast<std::size_t>(cell[1]);
    if (channels != 1 && (term != JonesTerm::B || channels != spw.chan_freq_hz.size())) {
      refuse(path, "has " + at(values_column(), row) + ": " + std::to_string(channels) +
                       " channels, where SPECTRAL_WINDOW " + std::to_string(window) + " has " +
                       std::to_string(spw.chan_freq_hz.size()) + " and the type is " +
                       letter(term) + " Jones");
    }
    feeds = std::max(feeds, static_cast<std::size_t>(cell[0]));
    first_frequency[window] = frequencies.size();
    const int dd = static_cast<int>(window);
    if (channels == spw.chan_freq_hz.size() && term == JonesTerm::B) {
      for (std::size_t c = 0; c < channels; ++c) {
        frequencies.push_back({dd, c, 1, spw.chan_freq_hz[c], std::abs(spw.chan_width_hz[c])});
      }
      return;
    }
    frequencies.push_back(whole_window(dd, spw));
  }

  SolutionChannels whole_window(int dd, const SpectralWindow& spw) const {
    double low = std::numeric_limits<double>::max();
    double high = 0;
    for (std::size_t c = 0; c < spw.chan_freq_hz.size(); ++c) {
      const double half = std::abs(spw.chan_width_hz[c]) / 2;
      low = std::min(low, spw.chan_freq_hz[c] - half);
      high = std::max(high, spw.chan_freq_hz[c] + half);
    }
    double centre_hz = spw.chan_freq_hz.size() == 1 ? spw.chan_freq_hz.front() : (low + high) / 2;
    const double width_hz =
        spw.chan_freq_hz.size() == 1 ? std::abs(spw.chan_width_hz.front()) : high - low;
    if (term == JonesTerm::K) {
      centre_hz = turns_about_centre(text_keyword(table, wall::kVersionKeyword))
                      ? spw.chan_freq_hz[spw.chan_freq_hz.size() / 2]
                      : spw.ref_frequency_hz;
    }
    return {dd, 0, SolutionChannels::kAllChannels, centre_hz, width_hz};
  }

  void lay_out() {
    first_frequency.assign(header->spectral_windows.size(), kNone);
    std::vector<std::size_t> first_row(header->spectral_windows.size(), kNone);
    for (std::size_t row = rows.size(); row-- > 0;) first_row[rows[row].window] = row;
    for (std::size_t window = 0; window < first_row.size(); ++window) {
      if (first_row[window] != kNone) lay_out_window(window, first_row[window]);
    }
    if (term != JonesTerm::K) return;
    if (!turns_about_centre(text_keyword(table, wall::kVersionKeyword))) {
      notes.push_back(
          "it does not say that CASA 5.3 or later made it, so its delays turn about "
          "the reference frequency of their window");
    }
  }

  /// Codes of the two feeds: what we wrote, else that they are the first and second.
  std::vector<int> pols() const {
    std::vector<int> codes;
    std::istringstream words(text_keyword(table, wall::kCorrelationsKeyword));
    for (std::string word; std::getline(words, word, ',');) {
      const auto code = cc::Stokes::type(word);
      if (code != cc::Stokes::Undefined) codes.push_back(code);
    }
    if (codes.size() == 1 || codes.size() == 2) return codes;
    if (term != JonesTerm::T && feeds == 1) return {kFirstFeed};
    return {kFirstFeed, kSecondFeed};
  }

  void complete_header() {
    auto whole = std::make_shared<ObservationHeader>(*header);
    for (std::size_t i = 0; i < whole->spectral_windows.size(); ++i) {
      whole->data_descriptions.push_back({static_cast<int>(i), pols()});
    }
    whole->rows_per_description.assign(whole->data_descriptions.size(), 0);
    if (whole->time_first_s == 0) {
      whole->time_first_s = intervals.intervals.front().time_s;
      whole->time_last_s = intervals.intervals.back().time_s;
    }
    header = std::move(whole);
  }

  /// An empty frame for the values.
  Solutions frame() const {
    Solutions solutions;
    solutions.term = term;
    solutions.name = path;
    solutions.header = header;
    solutions.mode = text_keyword(table, wall::kModeKeyword);
    if (solutions.mode.empty()) solutions.mode = "ap";
    solutions.ms_name = text_keyword(table, "MSName");
    for (const Antenna& antenna : header->antennas) solutions.antennas.push_back(antenna.name);
    solutions.pols = header->data_descriptions.front().corr_types;
    solutions.frequencies = frequencies;
    solutions.intervals = intervals.intervals;
    return solutions;
  }

  /// Reads the cell of a row into `values`, which has the shape [channel][feed].
  template <class T>
  void cell(const cc::ArrayColumn<T>& column, const char* name, std::size_t row,
            const cc::IPosition& expected, cc::Array<T>& values) const {
    wall::guarded_by(
        [&] {
          if (!column.isDefined(row)) refuse(path, "has " + at(name, row) + ": no value");
          column.get(row, values, true);
        },
        [&](const char* text) {
          return wall::translated(
              "cannot read " + at(name, row) + " of calibration table '" + path + "'", text,
              wall::kDamagedHint);
        });
    if (values.shape().isEqual(expected)) return;
    refuse(path, "has " + at(name, row) + ": its shape " + values.shape().toString() +
                     " is not that of its values, " + expected.toString());
  }

  std::size_t channels_of(std::size_t window) const {
    const std::size_t first = first_frequency[window];
    std::size_t count = 0;
    while (first + count < frequencies.size() &&
           frequencies[first + count].data_desc_id == static_cast<int>(window)) {
      ++count;
    }
    return count;
  }

  template <class T>
  Solutions read_values() {
    Solutions solutions = frame();
    solutions.resize();
    solutions.cell_time_s.assign(solutions.intervals.size() * frequencies.size(),
                                 std::numeric_limits<double>::quiet_NaN());
    const cc::ArrayColumn<T> value_column(table, values_column());
    const cc::ArrayColumn<float> error_column(table, "PARAMERR");
    const cc::ArrayColumn<bool> flag_column(table, "FLAG");
    const cc::ArrayColumn<float> snr_column(table, "SNR");
    Cells<T> cells;
    Oddities odd;
    for (std::size_t row = 0; row < rows.size(); ++row) {
      const cc::IPosition expected(2, static_cast<long>(feeds),
                                   static_cast<long>(channels_of(rows[row].window)));
      cell(value_column, values_column(), row, expected, cells.values);
      cell(error_column, "PARAMERR", row, expected, cells.errors);
      cell(flag_column, "FLAG", row, expected, cells.flags);
      cell(snr_column, "SNR", row, expected, cells.snr);
      put_row(row, cells, solutions, odd);
    }
    if (odd.not_finite > 0) {
      notes.push_back(std::to_string(odd.not_finite) + " values that are not finite are flagged");
    }
    if (odd.other_refant > 0) {
      notes.push_back("ANTENNA2 differs between antennas of one solution; the last is taken");
    }
    drop_equal_times(solutions);
    return solutions;
  }

  /// The cells of a row, [channel][feed].
  template <class T>
  struct Cells {
    cc::Array<T> values;
    cc::Array<float> errors, snr;
    cc::Array<bool> flags;
  };

  struct Oddities {
    std::size_t not_finite = 0;
    std::size_t other_refant = 0;
  };

  template <class T>
  void put_row(std::size_t row, const Cells<T>& cells, Solutions& solutions, Oddities& odd) const {
    const wall::CalTableRow& at_row = rows[row];
    const std::size_t interval = intervals.of_row[row];
    const std::size_t first = first_frequency[at_row.window];
    for (std::size_t c = 0; c < channels_of(at_row.window); ++c) {
      solutions.cell_time_s[interval * frequencies.size() + first + c] = at_row.time_s;
      for (std::size_t p = 0; p < solutions.pols.size(); ++p) {
        const std::size_t from = c * feeds + std::min(wall::feed_of(solutions.pols[p]), feeds - 1);
        const std::size_t to = solutions.index(interval, first + c, p, at_row.antenna);
        const T value = cells.values.data()[from];
        const bool usable = finite(value);
        const bool flagged = cells.flags.data()[from];
        odd.not_finite += usable || flagged ? 0 : 1;
        put(solutions, to, usable ? value : term == JonesTerm::K ? T(0) : T(1));
        solutions.flag[to] = usable && !flagged ? 0 : 1;
        solutions.error[to] = cells.errors.data()[from];
        solutions.snr[to] = cells.snr.data()[from];
        std::int32_t& refant = solutions.refant[solutions.group(interval, first + c, p)];
        odd.other_refant += refant >= 0 && refant != at_row.antenna2 ? 1 : 0;
        refant = at_row.antenna2;
      }
    }
  }

  /// Times of cells say nothing more where all windows have been solved at the same ones.
  static void drop_equal_times(Solutions& solutions) {
    for (std::size_t i = 0; i < solutions.intervals.size(); ++i) {
      for (std::size_t f = 0; f < solutions.frequencies.size(); ++f) {
        if (solutions.time_s(i, f) != solutions.intervals[i].time_s) return;
      }
    }
    solutions.cell_time_s.clear();
  }

  static bool finite(float value) { return std::isfinite(value); }
  static bool finite(const cc::Complex& value) {
    return std::isfinite(value.real()) && std::isfinite(value.imag());
  }
  static void put(Solutions& solutions, std::size_t place, float value) {
    solutions.delay_ns[place] = value;
  }
  static void put(Solutions& solutions, std::size_t place, const cc::Complex& value) {
    solutions.gain[place] = value;
  }
};

CalTableReader::CalTableReader(const Lane::Token&, const std::string& path)
    : impl_(std::make_unique<Impl>()) {
  impl_->path = path;
  impl_->open_table();
  impl_->read_rows();
  impl_->lay_out();
  impl_->complete_header();
}

CalTableReader::~CalTableReader() = default;
CalTableReader::CalTableReader(CalTableReader&&) noexcept = default;
CalTableReader& CalTableReader::operator=(CalTableReader&&) noexcept = default;

JonesTerm CalTableReader::term() const { return impl_->term; }

std::shared_ptr<const ObservationHeader> CalTableReader::header() const { return impl_->header; }

const std::vector<std::string>& CalTableReader::notes() const { return impl_->notes; }

std::size_t CalTableReader::bytes() const {
  const std::size_t pols = impl_->header->data_descriptions.front().corr_types.size();
  const std::size_t groups = impl_->intervals.intervals.size() * impl_->frequencies.size();
  constexpr std::size_t kEach = sizeof(std::complex<float>) + 2 * sizeof(float) + 1;
  return groups * (pols * (impl_->header->antennas.size() * kEach + sizeof(std::int32_t)) +
                   sizeof(double)) +
         impl_->rows.size() * sizeof(wall::CalTableRow);
}

Solutions CalTableReader::read(const Lane::Token&) {
  if (!impl_->open) {
    throw Error(ErrorKind::input, "the calibration table '" + impl_->path + "' was read already");
  }
  const std::string doing = "cannot read calibration table '" + impl_->path + "'";
  Solutions solutions = wall::guarded(doing, [&] {
    return impl_->term == JonesTerm::K ? impl_->read_values<float>()
                                       : impl_->read_values<cc::Complex>();
  });
  impl_->close();
  return solutions;
}

}  // namespace skymill::radio
