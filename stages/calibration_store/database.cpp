// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <sqlite3.h>
#include <stages/calibration_store/database.h>

#include <filesystem>

namespace skymill::radio {

namespace {

constexpr int kWait_ms = 30000;

[[noreturn]] void refuse(const std::string& path, sqlite3* handle) {
  const int code = handle == nullptr ? SQLITE_NOMEM : sqlite3_errcode(handle);
  const std::string text = handle == nullptr ? "no memory" : sqlite3_errmsg(handle);
  const std::string what = "the database '" + path + "' refuses: " + text;
  if (code == SQLITE_FULL) throw Error(ErrorKind::resources, what, "free some space");
  if (code == SQLITE_NOTADB || code == SQLITE_CORRUPT) {
    throw Error(ErrorKind::input, what, "bring a copy back, or begin a new store elsewhere");
  }
  throw Error(ErrorKind::failed, what, "check permissions, and who else uses it");
}

}  // namespace

Database::Database(const std::string& path, Open how)
    : path_(path), handle_(nullptr, sqlite3_close) {
  if (how == Open::existing && !std::filesystem::exists(path)) {
    throw Error(ErrorKind::input, "there is no calibration store: '" + path + "' does not exist",
                "check store; store_calibration makes one");
  }
  sqlite3* handle = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | (how == Open::create ? SQLITE_OPEN_CREATE : 0);
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  handle_.reset(handle);
  if (code != SQLITE_OK) refuse(path, handle);
  sqlite3_busy_timeout(handle, kWait_ms);
  run("PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL");
}

Database::~Database() = default;

void Database::run(const std::string& sql) {
  if (sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    refuse(path_, handle_.get());
  }
}

Statement::Statement(Database& database, const std::string& sql)
    : database_(database), handle_(nullptr, sqlite3_finalize) {
  sqlite3_stmt* handle = nullptr;
  const int code = sqlite3_prepare_v2(database.handle_.get(), sql.c_str(), -1, &handle, nullptr);
  handle_.reset(handle);
  if (code != SQLITE_OK) refuse(database.path_, database.handle_.get());
}

Statement& Statement::bind(const std::string& text) {
  sqlite3_bind_text(handle_.get(), ++bound_, text.c_str(), -1, SQLITE_TRANSIENT);
  return *this;
}

Statement& Statement::bind(double number) {
  sqlite3_bind_double(handle_.get(), ++bound_, number);
  return *this;
}

Statement& Statement::bind(std::int64_t number) {
  sqlite3_bind_int64(handle_.get(), ++bound_, number);
  return *this;
}

bool Statement::next() {
  const int code = sqlite3_step(handle_.get());
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) refuse(database_.path_, database_.handle_.get());
  return false;
}

std::string Statement::text(int column) const {
  const unsigned char* const text = sqlite3_column_text(handle_.get(), column);
  return text == nullptr ? std::string() : reinterpret_cast<const char*>(text);
}

double Statement::number(int column) const { return sqlite3_column_double(handle_.get(), column); }

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(handle_.get(), column);
}

Transaction::Transaction(Database& database) : database_(database) {
  database_.run("BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
  if (open_) sqlite3_exec(database_.handle_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void Transaction::commit() {
  database_.run("COMMIT");
  open_ = false;
}

}  // namespace skymill::radio
