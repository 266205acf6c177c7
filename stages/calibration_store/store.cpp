// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/calibration_store/store.h>

#include <cstdio>
#include <filesystem>
#include <sstream>

namespace skymill::radio {

namespace {

constexpr std::int64_t kVersion = 1;

constexpr char kSchema[] = R"sql(
CREATE TABLE IF NOT EXISTS sets (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, status TEXT NOT NULL, reason TEXT NOT NULL,
  quality TEXT NOT NULL, telescope TEXT NOT NULL, calibrator TEXT NOT NULL,
  uvw_sense TEXT NOT NULL, first_mjd REAL NOT NULL, last_mjd REAL NOT NULL,
  valid_from_mjd REAL NOT NULL, valid_to_mjd REAL NOT NULL, dec_low_rad REAL NOT NULL,
  dec_high_rad REAL NOT NULL, antennas TEXT NOT NULL, windows TEXT NOT NULL,
  software TEXT NOT NULL, source_ms TEXT NOT NULL, run TEXT NOT NULL, parameters TEXT NOT NULL,
  created_utc TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS tables (
  set_id INTEGER NOT NULL REFERENCES sets(id), place INTEGER NOT NULL, path TEXT NOT NULL UNIQUE,
  type TEXT NOT NULL, first_mjd REAL NOT NULL, last_mjd REAL NOT NULL, refant TEXT NOT NULL,
  solutions INTEGER NOT NULL, flagged INTEGER NOT NULL, PRIMARY KEY (set_id, place));
CREATE INDEX IF NOT EXISTS validity ON sets (valid_from_mjd, valid_to_mjd);
)sql";

constexpr double kDay_s = 86400;

const char* sense_text(UvwSense sense) {
  switch (sense) {
    case UvwSense::one_minus_two:
      return "one_minus_two";
    case UvwSense::two_minus_one:
      return "two_minus_one";
    case UvwSense::unknown:
      break;
  }
  return "unknown";
}

UvwSense sense_of(const std::string& text) {
  for (const UvwSense sense : {UvwSense::one_minus_two, UvwSense::two_minus_one}) {
    if (text == sense_text(sense)) return sense;
  }
  return UvwSense::unknown;
}

JonesTerm term_of(const std::string& text) {
  for (const JonesTerm term : {JonesTerm::K, JonesTerm::B, JonesTerm::T}) {
    if (text == letter(term)) return term;
  }
  return JonesTerm::G;
}

/// One a line.
std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::string spans_text(const std::vector<WindowSpan>& spans) {
  std::vector<std::string> lines;
  for (const WindowSpan& span : spans) {
    char text[80];
    std::snprintf(text, sizeof text, "%.17g %.17g", span.centre_hz, span.width_hz);
    lines.push_back(text);
  }
  return joined(lines);
}

std::vector<WindowSpan> spans_of(const std::string& text) {
  std::vector<WindowSpan> spans;
  for (const std::string& line : lines_of(text)) {
    WindowSpan span;
    std::istringstream(line) >> span.centre_hz >> span.width_hz;
    spans.push_back(span);
  }
  return spans;
}

std::string prepared(const std::string& folder, Database::Open how) {
  if (how == Database::Open::create) {
    std::error_code code;
    std::filesystem::create_directories(folder + "/sets", code);
    if (code) {
      throw Error(ErrorKind::failed,
                  "the calibration store '" + folder + "' cannot be made: " + code.message(),
                  "check permissions");
    }
  }
  return folder + "/store.sqlite";
}

}  // namespace

CalibrationStore::CalibrationStore(const std::string& folder, Database::Open how)
    : folder_(folder), database_(prepared(folder, how), how) {
  std::int64_t version = 0;
  {
    Statement statement(database_, "PRAGMA user_version");
    if (statement.next()) version = statement.integer(0);
  }
  if (version == 0 && how == Database::Open::create) {
    Transaction transaction(database_);
    database_.run(kSchema);
    database_.run("PRAGMA user_version = " + std::to_string(kVersion));
    transaction.commit();
    version = kVersion;
  }
  if (version != kVersion) {
    throw Error(ErrorKind::input,
                "'" + database_.path() + "' is no calibration store of version " +
                    std::to_string(kVersion) + ": it says " + std::to_string(version),
                "name another store");
  }
}

std::vector<StoredTable> CalibrationStore::tables_of(std::int64_t set) {
  Statement statement(database_,
                      "SELECT path, type, first_mjd, last_mjd, refant, solutions, flagged "
                      "FROM tables WHERE set_id = ? ORDER BY place");
  statement.bind(set);
  std::vector<StoredTable> tables;
  while (statement.next()) {
    tables.push_back({statement.text(0), term_of(statement.text(1)), statement.number(2) * kDay_s,
                      statement.number(3) * kDay_s, statement.text(4), statement.integer(5),
                      statement.integer(6)});
  }
  return tables;
}

std::vector<StoredSet> CalibrationStore::sets() {
  Statement row(database_,
                "SELECT id, name, status, reason, quality, telescope, calibrator, uvw_sense, "
                "first_mjd, last_mjd, valid_from_mjd, valid_to_mjd, dec_low_rad, dec_high_rad, "
                "antennas, windows, software, source_ms, run, parameters, created_utc "
                "FROM sets ORDER BY id DESC");
  std::vector<StoredSet> sets;
  while (row.next()) {
    StoredSet set;
    set.name = row.text(1);
    set.status = row.text(2);
    set.reason = row.text(3);
    set.quality = row.text(4);
    set.telescope = row.text(5);
    set.calibrator = row.text(6);
    set.uvw_sense = sense_of(row.text(7));
    set.first_s = row.number(8) * kDay_s;
    set.last_s = row.number(9) * kDay_s;
    set.valid_from_s = row.number(10) * kDay_s;
    set.valid_to_s = row.number(11) * kDay_s;
    set.dec_low_rad = row.number(12);
    set.dec_high_rad = row.number(13);
    set.antennas = lines_of(row.text(14));
    set.windows = spans_of(row.text(15));
    set.software = row.text(16);
    set.source_ms = row.text(17);
    set.run = row.text(18);
    set.parameters = row.text(19);
    set.created_utc = row.text(20);
    set.tables = tables_of(row.integer(0));
    sets.push_back(std::move(set));
  }
  return sets;
}

bool CalibrationStore::has(const std::string& name) {
  Statement statement(database_, "SELECT 1 FROM sets WHERE name = ?");
  return statement.bind(name).next();
}

void CalibrationStore::add(const StoredSet& set) {
  Transaction transaction(database_);
  if (has(set.name)) {
    throw Error(ErrorKind::input,
                "the calibration store '" + folder_ + "' has a set '" + set.name + "' already",
                "choose another name; a set is never changed");
  }
  Statement row(database_,
                "INSERT INTO sets (name, status, reason, quality, telescope, calibrator, "
                "uvw_sense, first_mjd, last_mjd, valid_from_mjd, valid_to_mjd, dec_low_rad, "
                "dec_high_rad, antennas, windows, software, source_ms, run, parameters, "
                "created_utc) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) RETURNING id");
  row.bind(set.name).bind(set.status).bind(set.reason).bind(set.quality).bind(set.telescope);
  row.bind(set.calibrator).bind(std::string(sense_text(set.uvw_sense)));
  row.bind(set.first_s / kDay_s).bind(set.last_s / kDay_s);
  row.bind(set.valid_from_s / kDay_s).bind(set.valid_to_s / kDay_s);
  row.bind(set.dec_low_rad).bind(set.dec_high_rad);
  row.bind(joined(set.antennas)).bind(spans_text(set.windows));
  row.bind(set.software).bind(set.source_ms).bind(set.run).bind(set.parameters);
  row.bind(set.created_utc);
  row.next();
  const std::int64_t id = row.integer(0);
  row.next();
  for (std::size_t k = 0; k < set.tables.size(); ++k) {
    const StoredTable& table = set.tables[k];
    Statement entry(database_,
                    "INSERT INTO tables (set_id, place, path, type, first_mjd, last_mjd, refant, "
                    "solutions, flagged) VALUES (?,?,?,?,?,?,?,?,?)");
    entry.bind(id).bind(static_cast<std::int64_t>(k)).bind(table.path);
    entry.bind(std::string(letter(table.term)));
    entry.bind(table.first_s / kDay_s).bind(table.last_s / kDay_s).bind(table.refant);
    entry.bind(table.solutions).bind(table.flagged);
    entry.next();
  }
  transaction.commit();
}

void CalibrationStore::retire(const std::string& name, const std::string& reason) {
  Transaction transaction(database_);
  Statement find(database_, "SELECT status, reason FROM sets WHERE name = ?");
  if (!find.bind(name).next()) {
    throw Error(ErrorKind::input,
                "the calibration store '" + folder_ + "' has no set '" + name + "'",
                "sqlite3 " + database_.path() + " 'SELECT name FROM sets' lists them");
  }
  if (find.text(0) != "active") {
    throw Error(ErrorKind::input, "the calibration set '" + name + "' is " + find.text(0) +
                                      " already: " + find.text(1));
  }
  Statement change(database_, "UPDATE sets SET status = 'retired', reason = ? WHERE name = ?");
  change.bind(reason).bind(name).next();
  transaction.commit();
}

std::string set_folder(const std::string& set) { return "sets/" + set; }

void require_set_name(const std::string& name) {
  const bool good = !name.empty() && name.front() != '.' && name.find('/') == std::string::npos &&
                    name.find('\n') == std::string::npos;
  if (good) return;
  throw Error(ErrorKind::description, "'" + name + "' is no name for a calibration set",
              "it becomes a folder's: leave out slashes and a dot at the start");
}

}  // namespace skymill::radio
