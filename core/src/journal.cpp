// SPDX-License-Identifier: GPL-3.0-or-later
#include "journal.h"

#include <core/error.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <thread>

#include "durable.h"

namespace fs = std::filesystem;

namespace skymill {

namespace {

using Json = nlohmann::ordered_json;

Json json_of(const Row& row) {
  Json json = Json::object();
  for (const auto& [name, value] : row) {
    json[name] = std::visit([](const auto& held) { return Json(held); }, value);
  }
  return json;
}

Row row_of(const Json& json) {
  Row row;
  for (const auto& [name, value] : json.items()) {
    if (value.is_boolean()) {
      row.emplace_back(name, value.get<bool>());
    } else if (value.is_number_integer()) {
      row.emplace_back(name, value.get<std::int64_t>());
    } else if (value.is_number()) {
      row.emplace_back(name, value.get<double>());
    } else if (value.is_null()) {  // JSON has no other word for it
      row.emplace_back(name, std::numeric_limits<double>::quiet_NaN());
    } else {
      row.emplace_back(name, value.get<std::string>());
    }
  }
  return row;
}

std::string line_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json json_of(const Journal::Unit& unit) {
  Json json{{"unit", unit.span}};
  if (!unit.note.empty()) json["note"] = json_of(unit.note);
  for (const auto& [stage, table, row] : unit.rows) {
    json["rows"].push_back({{"stage", stage}, {"table", table}, {"row", json_of(row)}});
  }
  if (!unit.degradations.empty()) json["degraded_because"] = unit.degradations;
  return json;
}

Journal::Unit unit_of(const Json& json) {
  Journal::Unit unit;
  unit.span = json.at("unit").get<std::string>();
  if (json.contains("note")) unit.note = row_of(json.at("note"));
  if (json.contains("rows")) {
    for (const Json& row : json.at("rows")) {
      unit.rows.push_back({row.at("stage").get<std::string>(), row.at("table").get<std::string>(),
                           row_of(row.at("row"))});
    }
  }
  if (json.contains("degraded_because")) {
    unit.degradations = json.at("degraded_because").get<std::vector<std::string>>();
  }
  return unit;
}

}  // namespace

std::string Journal::path_of(const std::string& product) {
  fs::path target(product);
  if (!target.has_filename()) target = target.parent_path();
  const fs::path folder = target.has_parent_path() ? target.parent_path() : fs::path(".");
  return (folder / ("." + target.filename().string() + ".journal")).string();
}

Journal::Journal(std::string path, int file) : path_(std::move(path)), file_(file) {}

Journal::~Journal() {
  if (only_looks_) {
    // Nothing of it is ours.
  } else if (units_.empty() && complete_.empty()) {
    ::unlink(path_.c_str());
  } else if (!is_torn_) {
    // Gives back what is left of the room; if that fails, it is only room.
    static_cast<void>(::ftruncate(file_, static_cast<off_t>(size_)) == 0);
  }
  ::close(file_);
}

namespace {

/// Locks it, waiting a little: somebody may just be looking at it. @return false when a run has it
bool lock_soon(int file, int how) {
  for (int attempt = 0; ::flock(file, how | LOCK_NB) != 0; ++attempt) {
    if (attempt == 20) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

Error taken_by_another(const std::string& product) {
  return Error(ErrorKind::failed, "another run is making '" + product + "'",
               "wait for it, or choose another output");
}

}  // namespace

/// Whether its path still leads to it: a holder before us may have removed the file between our
/// open and our lock.
bool Journal::is_named() const {
  struct stat held {};
  struct stat named {};
  return ::fstat(file_, &held) == 0 && ::stat(path_.c_str(), &named) == 0 &&
         held.st_ino == named.st_ino;
}

std::unique_ptr<Journal> Journal::open_locked(const std::string& product, int flags) {
  const std::string path = path_of(product);
  for (;;) {
    const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC | flags, 0666);
    if (file < 0 && errno == ENOENT) return nullptr;
    if (file < 0) refuse("cannot open the journal '" + path + "'");
    std::unique_ptr<Journal> journal(new Journal(path, file));
    journal->only_looks_ = true;  // until it is ours
    if (!lock_soon(file, LOCK_EX)) throw taken_by_another(product);
    if (!journal->is_named()) continue;
    journal->only_looks_ = false;
    journal->read();
    return journal;
  }
}

std::unique_ptr<Journal> Journal::look_at(const std::string& product) {
  const std::string path = path_of(product);
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0 && errno == ENOENT) return nullptr;
  if (file < 0) refuse("cannot open the journal '" + path + "'");
  std::unique_ptr<Journal> journal(new Journal(path, file));
  journal->only_looks_ = true;
  if (!lock_soon(file, LOCK_SH)) throw taken_by_another(product);
  journal->read();
  ::flock(file, LOCK_UN);
  return journal;
}

std::unique_ptr<Journal> Journal::open(const std::string& product) {
  return open_locked(product, 0);
}

std::unique_ptr<Journal> Journal::create(const std::string& product) {
  std::error_code code;  // what cannot be made is refused by opening
  fs::create_directories(fs::path(path_of(product)).parent_path(), code);
  return open_locked(product, O_CREAT);
}

void Journal::read() {
  std::string text;
  std::vector<char> block(std::size_t{1} << 16);
  ssize_t got = 0;
  while ((got = ::pread(file_, block.data(), block.size(), static_cast<off_t>(text.size()))) > 0) {
    text.append(block.data(), static_cast<std::size_t>(got));
  }
  if (got < 0) refuse("cannot read the journal '" + path_ + "'");
  for (;;) {
    const std::size_t end = text.find('\n', size_);
    is_torn_ = size_ < text.size();
    if (end == std::string::npos || !read_line(text.substr(size_, end - size_))) return;
    size_ = end + 1;
  }
}

/// @return false for a line that is none of ours: it and what follows count nothing
bool Journal::read_line(const std::string& line) {
  try {
    const Json json = Json::parse(line);
    if (size_ == 0) {
      if (json.at("journal").get<int>() != 1) return false;
      facts_ = json.at("facts").get<Facts>();
    } else if (json.contains("unit")) {
      units_.push_back(unit_of(json));
    } else if (json.contains("complete")) {
      complete_.clear();
      for (const Json& product : json.at("complete")) {
        complete_.push_back(
            {product.at("path").get<std::string>(), product.at("identity").get<std::string>()});
      }
    } else {
      ended_ = json.contains("ended");
    }
  } catch (const Json::exception&) {
    return false;
  }
  return true;
}

void Journal::reserve(std::size_t units) {
  constexpr std::size_t kUnitBytes = 1024;
  const auto bytes = static_cast<off_t>(units * kUnitBytes);
  if (bytes == 0 || ::fallocate(file_, FALLOC_FL_KEEP_SIZE, 0, bytes) == 0) return;
  if (errno == ENOSPC || errno == EDQUOT)
    refuse("there is no room for the journal '" + path_ + "'");
}

void Journal::write(const std::string& text) {
  if (is_torn_ && ::ftruncate(file_, static_cast<off_t>(size_)) != 0) {
    refuse("cannot write the journal '" + path_ + "'");
  }
  is_torn_ = false;
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t count =
        ::pwrite(file_, text.data() + done, text.size() - done, static_cast<off_t>(size_ + done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) refuse("cannot write the journal '" + path_ + "'");
    done += static_cast<std::size_t>(count);
  }
  if (::fdatasync(file_) != 0) {
    refuse("cannot write the journal '" + path_ + "'");
  }
  size_ += done;
}

void Journal::forget() {
  units_.clear();
  complete_.clear();
}

void Journal::begin(const Facts& facts, const std::string& run) {
  size_ = 0;
  units_.clear();
  complete_.clear();
  ended_ = false;
  facts_ = facts;
  is_torn_ = true;
  write(line_of(Json{{"journal", 1}, {"run", run}, {"facts", facts}}));
  fsync_path(fs::path(path_).parent_path());
}

void Journal::add(const std::vector<Unit>& units) {
  std::string text;
  for (const Unit& unit : units) text += line_of(json_of(unit));
  write(text);
  units_.insert(units_.end(), units.begin(), units.end());
}

void Journal::add_complete(std::vector<Product> products) {
  Json json = Json::array();
  for (const Product& product : products) {
    json.push_back({{"path", product.path}, {"identity", product.identity}});
  }
  write(line_of(Json{{"complete", json}}));
  complete_ = std::move(products);
}

void Journal::add_ended(const std::string& when) {
  write(line_of(Json{{"ended", when}}));
  ended_ = true;
}

}  // namespace skymill
