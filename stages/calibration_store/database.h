// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace skymill::radio {

/// An SQLite file. Other processes may use it at the same time: a writer waits for up to 30 s.
class Database {
 public:
  enum class Open { existing, create };

  /// @throws Error (input) when there is none, or it is no database; (failed) when it cannot be
  /// made
  Database(const std::string& path, Open how);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  const std::string& path() const { return path_; }

  /// Statements without values.
  void run(const std::string& sql);

 private:
  friend class Statement;
  friend class Transaction;
  std::string path_;
  std::unique_ptr<sqlite3, int (*)(sqlite3*)> handle_;
};

/// One statement with `?` for values, which are bound in order.
class Statement {
 public:
  Statement(Database& database, const std::string& sql);
  Statement& bind(const std::string& text);
  Statement& bind(double number);
  Statement& bind(std::int64_t number);
  /// The next row; false at the end.
  bool next();
  std::string text(int column) const;
  double number(int column) const;
  std::int64_t integer(int column) const;

 private:
  Database& database_;
  std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> handle_;
  int bound_ = 0;
};

/// All or nothing: what is not committed is undone.
class Transaction {
 public:
  explicit Transaction(Database& database);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Database& database_;
  bool open_ = true;
};

}  // namespace skymill::radio
