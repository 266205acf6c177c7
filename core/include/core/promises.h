// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace skymill {

/// What becomes of a value that is no number and is not flagged.
enum class NotANumber : std::uint8_t {
  stays_apart,  ///< it may come out again, be flagged or left out; the run ends well
  is_refused,   ///< the run ends with an error that says so
};

/// What a stage type promises of its results, beyond its ports; the conformance suite
/// (`core/conformance.h`) holds it to that. A stage whose results are otherwise says so:
///
///     static constexpr skymill::Promises promises() { return {.chunk_tolerance = 1e-6}; }
///
/// Of every stage the results are the same bits for any number of threads; nobody may promise less.
struct Promises {
  /// How far results differ when the same data come in other chunks, relative to the largest value
  /// of the column; 0: not a bit.
  double chunk_tolerance = 0;
  /// Whether results belong to their chunk, as of a stage that measures each chunk by itself.
  bool by_chunk = false;
  /// Whether a value that is flagged has no part in any result but its own.
  bool heeds_flags = true;
  NotANumber not_a_number = NotANumber::stays_apart;
  /// Whether it changes a product where it stands instead of making one. Ended early it leaves what
  /// the same run makes whole when it is started again; run twice it leaves what it left once.
  bool in_place = false;
};

}  // namespace skymill
