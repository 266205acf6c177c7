// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "facts.h"
#include "unit_notes.h"

namespace skymill {

/// What of a stage's products is done: lines of JSON, only ever added to, beside the first product.
///
///     {"journal": 1, "run": …, "facts": {…}}            what the products depend on
///     {"unit": "channel 3:4", "note": {…}, …}           its data are in the draft
///     {"complete": [{"path": …, "identity": …}]}        all is; only the names are missing
///     {"ended": …}                                      so did the run
///
/// A line is written after what it says is on the disk, so it holds after a loss of power too.
class Journal {
 public:
  struct Unit {
    std::string span;
    Row note;
    std::vector<UnitNotes::TableRow> rows;
    std::vector<std::string> degradations;
  };
  struct Product {
    std::string path;
    std::string identity;
  };

  /// The journal of the stage whose first product this is, when there is one.
  /// @throws Error (failed) when another run holds it or it cannot be read
  static std::unique_ptr<Journal> open(const std::string& product);
  /// What it says, when there is one; it is left as it is, and to other runs.
  static std::unique_ptr<Journal> look_at(const std::string& product);
  /// As `open`; makes an empty one where there is none.
  static std::unique_ptr<Journal> create(const std::string& product);
  static std::string path_of(const std::string& product);

  /// Closes it; one that says nothing is removed.
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  const std::string& path() const { return path_; }
  const Facts& facts() const { return facts_; }
  const std::vector<Unit>& units() const { return units_; }
  const std::vector<Product>& complete() const { return complete_; }
  bool ended() const { return ended_; }

  /// Says nothing any more, and goes when it is closed.
  void forget();
  /// Forgets all it says and begins anew.
  void begin(const Facts& facts, const std::string& run);
  /// Sets room aside for as many units, so that a disk that runs full can still be told what is
  /// done. @throws Error (resources) when there is none
  void reserve(std::size_t units);
  /// Writes units and waits for the disk. @throws Error
  void add(const std::vector<Unit>& units);
  void add_complete(std::vector<Product> products);
  void add_ended(const std::string& when);

 private:
  Journal(std::string path, int file);
  static std::unique_ptr<Journal> open_locked(const std::string& product, int flags);
  bool is_named() const;
  void read();
  bool read_line(const std::string& line);
  void write(const std::string& text);

  std::string path_;
  int file_;
  bool only_looks_ = false;
  std::size_t size_ = 0;  ///< of what could be read
  bool is_torn_ = false;  ///< a line that a crash has cut short stands behind it
  Facts facts_;
  std::vector<Unit> units_;
  std::vector<Product> complete_;
  bool ended_ = false;
};

}  // namespace skymill
