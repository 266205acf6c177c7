// SPDX-License-Identifier: GPL-3.0-or-later
#include <casacore/casa/Logging/LogSink.h>
#include <casacore/casa/Logging/NullLogSink.h>
#include <casacore/tables/DataMan/TSMOption.h>
#include <casacore/tables/Tables/TableAttr.h>
#include <casacore/tables/Tables/TableRecord.h>
#include <stages/ms/table_kind.h>
#include <stages/ms/wall.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <system_error>

namespace skymill::radio::wall {

namespace {

// A write that failed for want of space has taken all that was left but some blocks.
constexpr fsblkcnt_t kBlocksLeft = 64;

bool is_full(const std::string& path) {
  const std::string folder = std::filesystem::absolute(path).parent_path().string();
  struct statvfs disk {};
  return ::statvfs(folder.c_str(), &disk) == 0 && disk.f_blocks > 0 && disk.f_bavail < kBlocksLeft;
}

std::mutex& tables_mutex() {
  static std::mutex mutex;
  return mutex;
}

// casacore writes its remarks to the terminal unless its sink is replaced; whoever calls us reports
// through the framework's log instead.
void silence_casacore() {
  auto silent = std::make_unique<casacore::NullLogSink>();
  casacore::LogSinkInterface* sink = silent.release();  // casacore takes ownership
  casacore::LogSink::globalSink(sink);
}

// casacore reads the machine's memory there, and ends the program where it cannot.
void require_proc() {
  if (::access("/proc/meminfo", R_OK) == 0) return;
  throw Error(ErrorKind::failed, "'/proc/meminfo' cannot be read, and casacore needs it",
              "mount /proc, such as in a chroot: mount -t proc proc /proc");
}

}  // namespace

const char* const kDamagedHint =
    "the table seems damaged or incomplete: copy it again from its source";

TablesLock::TablesLock() : lock_(tables_mutex()) {
  static const bool ready = (require_proc(), silence_casacore(), true);
  static_cast<void>(ready);
}

namespace {

/// What casacore says, without its trace.
std::string first_line(const char* text) {
  std::string line(text);
  line = line.substr(0, line.find('\n'));
  std::replace(line.begin(), line.end(), '\t', ' ');
  return line;
}

}  // namespace

Error translated(const std::string& doing, const char* text, const std::string& hint) {
  std::string line = first_line(text);
  // A file that should be longer is lengthened by casacore, even to read it.
  const std::string lengthening = "FiledesIO::write - ";
  const std::size_t end = line.find(" is not writable");
  if (line.rfind(lengthening, 0) == 0 && end != std::string::npos) {
    line = line.substr(lengthening.size(), end - lengthening.size()) + " ends too early";
  }
  return Error(ErrorKind::input, doing + ": " + line, hint);
}

Error write_failure(const std::string& doing, const std::string& path, const char* text) {
  if (is_full(path)) {
    return Error(ErrorKind::resources, doing + ": no space is left on the file system",
                 "free some space or choose another output");
  }
  return Error(ErrorKind::failed, doing + ": " + first_line(text),
               "check permissions and limits of file sizes where it is made");
}

void require_table(const std::string& path, const std::string& what) {
  std::error_code code;
  const std::filesystem::file_status status = std::filesystem::status(path, code);
  const std::string named = what + " '" + path + "'";
  if (status.type() == std::filesystem::file_type::not_found) {
    throw Error(ErrorKind::input, named + " does not exist", "check the path");
  }
  if (!std::filesystem::is_directory(status)) {
    throw Error(ErrorKind::input, named + " is not a directory, so it is not a table",
                "give the directory that holds table.dat");
  }
  if (!is_casa_table(path)) {
    throw Error(ErrorKind::input,
                named + " is not a table: it has no readable file table.dat with content",
                "give the directory that holds table.dat, or check permissions");
  }
}

casacore::Table open_input(const std::string& path, const std::string& what) {
  require_table(path, what);
  return guarded("cannot open " + what + " '" + path + "'", [&] {
    // NoLocking: inputs may lie where we may not write, and no lock file is made or touched; a
    // program that writes the same table meanwhile is the user's to avoid. Cache instead of the
    // default memory mapping: a tile file cut short then gives an exception, not a signal.
    return casacore::Table(path, casacore::TableLock(casacore::TableLock::NoLocking),
                           casacore::Table::Old,
                           casacore::TSMOption(casacore::TSMOption::Cache, 0, -1));
  });
}

bool has_subtable(const casacore::Table& parent, const std::string& name) {
  const casacore::TableRecord& keywords = parent.keywordSet();
  return keywords.isDefined(name) && keywords.dataType(name) == casacore::TpTable;
}

casacore::Table open_subtable(const casacore::Table& parent, const std::string& name) {
  const std::string of = " of '" + std::string(parent.tableName()) + "'";
  if (!has_subtable(parent, name)) {
    throw Error(ErrorKind::input,
                "the table '" + std::string(parent.tableName()) + "' has no subtable " + name,
                "a table of this kind must have it; make the table again");
  }
  const std::string path = parent.keywordSet().tableAttributes(name).name();
  return open_input(path, "subtable " + name + of + ",");
}

void require_absent(const std::string& path) {
  std::error_code code;
  if (std::filesystem::symlink_status(path, code).type() != std::filesystem::file_type::not_found) {
    throw Error(ErrorKind::input, "'" + path + "' exists already, so no table can be made there",
                "remove it or choose another name");
  }
}

}  // namespace skymill::radio::wall
