// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/context.h>
#include <core/lane.h>
#include <stages/data/calibration.h>
#include <stages/ms/cal_table_reader.h>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace skymill::radio {

/// Calibration tables that are applied together: in the order K, B, G, T, and those of a type in
/// the order in which they were named.
class TableSet {
 public:
  TableSet() = default;

  /// Opens the tables without decoding them. What was assumed goes to the log.
  /// @throws Error (input) when one is no table that can be read, is named NON_SCIENCE, or they are
  ///         of different telescopes or of data with opposite senses of UVW
  TableSet(const Lane::Token& token, const std::vector<std::string>& paths,
           const PipelineContext& ctx);

  /// Such as "KBG".
  std::string terms() const;
  /// Of the first.
  std::shared_ptr<const ObservationHeader> header() const;
  /// What `read` will hold.
  std::size_t bytes() const;

  /// Decodes all, once, and says in the record what they are (table `tables`).
  Calibration read(const PipelineContext& ctx);

 private:
  struct Table {
    std::string path;
    CalTableReader reader;
  };
  std::vector<Table> tables_;
};

/// The ending of a table's name: ".gcal" for the first gain of a set, ".2gcal" for the next.
std::string table_ending(JonesTerm term, int number);

/// HISTORY of the table of a term: which one of which set it is, where from, and by which run with
/// which parameters.
std::vector<std::string> table_history(const Calibration& calibration, const Solutions& term,
                                       const std::vector<std::string>& parameters,
                                       const PipelineContext& ctx);

}  // namespace skymill::radio
