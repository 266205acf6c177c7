// SPDX-License-Identifier: GPL-3.0-or-later
// Private to stages/ms, and free of casacore.
#pragma once

#include <stages/data/solutions.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace skymill::radio::wall {

/// Cells of a window, which stand one after the other in the solutions.
struct CalTableWindow {
  std::size_t id = 0;
  std::size_t first_frequency = 0;
  std::size_t channels = 0;
};

/// Rows of one window and interval, one for each antenna.
struct CalTableGroup {
  CalTableWindow window;
  std::size_t interval = 0;
  double time_s = 0;
};

/// What of solutions stands where in a calibration table (calibration.md 4.1).
class CalTableContent {
 public:
  /// @param path       of the table, for messages
  /// @param solutions  outlive the content
  /// @throws Error (input) for solutions that have no such form
  CalTableContent(std::string path, const Solutions& solutions);

  /// In the order of the rows: by window, then time.
  const std::vector<CalTableGroup>& groups() const { return groups_; }
  /// Of a cell.
  std::size_t feeds() const { return s_.term == JonesTerm::T ? 1 : 2; }
  /// The header whose windows are those of the solutions.
  ObservationHeader header() const;
  /// By window.
  std::vector<bool> windows_used() const;
  /// Rows of OBSERVATION that are named.
  std::size_t observations() const;
  /// ANTENNA2: the reference antenna; K and T have none in CASA's tables.
  std::int32_t refant(const CalTableGroup& group) const;

 private:
  [[noreturn]] void refuse(const std::string& what, const std::string& hint) const;
  void check() const;
  void check_shared() const;
  void find_windows();
  void find_groups();

  std::string path_;
  const Solutions& s_;
  std::vector<CalTableWindow> windows_;
  std::vector<CalTableGroup> groups_;
};

}  // namespace skymill::radio::wall
