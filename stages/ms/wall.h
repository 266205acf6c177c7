// SPDX-License-Identifier: GPL-3.0-or-later
// Private to stages/ms.
#pragma once

#include <casacore/casa/Exceptions/Error.h>
#include <casacore/tables/Tables/Table.h>
#include <casacore/tables/Tables/TableLock.h>
#include <core/error.h>

#include <exception>
#include <mutex>
#include <new>
#include <string>

namespace skymill::radio::wall {

/// Held while any table is opened, created, deleted or closed and while measures are used: these
/// share tables of names, settings and constants in casacore that no lock protects
/// (architecture.md 3.9). The first holder also turns casacore's own messages off.
class TablesLock {
 public:
  TablesLock();

 private:
  std::unique_lock<std::mutex> lock_;
};

/// The error for a failure inside casacore: `doing` is a clause such as "cannot read column DATA
/// of 'x.ms'"; of casacore's text the first line is kept.
Error translated(const std::string& doing, const char* text, const std::string& hint);

extern const char* const kDamagedHint;

/// Runs `work`; what casacore throws becomes the Error that `error_of` makes of its text.
template <class F, class E>
auto guarded_by(F&& work, E&& error_of) -> decltype(work()) {
  try {
    return work();
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& failure) {
    throw error_of(failure.what());
  }
}

/// Runs `work`; what casacore throws becomes an Error(input) that begins with `doing`.
template <class F>
auto guarded(const std::string& doing, F&& work, const std::string& hint = kDamagedHint)
    -> decltype(work()) {
  return guarded_by(work, [&](const char* text) { return translated(doing, text, hint); });
}

/// The error for a failure of casacore to write `path`: resources when its file system is full,
/// which casacore's text does not tell, else failed.
Error write_failure(const std::string& doing, const std::string& path, const char* text);

/// Runs `work`, which writes `path`; what casacore throws becomes an Error that begins with
/// `doing`.
template <class F>
auto guarded_write(const std::string& doing, const std::string& path, F&& work)
    -> decltype(work()) {
  return guarded_by(work, [&](const char* text) { return write_failure(doing, path, text); });
}

/// Throws an Error(input) unless `path` looks like a table; `what` names its role.
void require_table(const std::string& path, const std::string& what);

/// Opens a table for reading only; the caller holds TablesLock.
casacore::Table open_input(const std::string& path, const std::string& what);

/// Opens the subtable that keyword `name` of `parent` points to; the caller holds TablesLock.
casacore::Table open_subtable(const casacore::Table& parent, const std::string& name);

bool has_subtable(const casacore::Table& parent, const std::string& name);

/// Throws an Error(input) when something exists at the path of a new table.
void require_absent(const std::string& path);

/// Locking of tables that we make: nobody else may look before they are finished, so the lock is
/// taken once and kept; no lock traffic, and never casacore's automatic locking.
inline casacore::TableLock own_lock() {
  return casacore::TableLock(casacore::TableLock::PermanentLocking);
}

}  // namespace skymill::radio::wall
