// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>

namespace skymill::radio {

/// The feeds of a correlation by the codes of their parallel hands: XY is {XX, YY}.
struct FeedPair {
  int first = 0;
  int second = 0;
};

/// The feeds of a casacore Stokes code: 5..8 are RR RL LR LL, 9..12 XX XY YX YY. Nothing for
/// Stokes parameters, which no feed alone has seen.
inline std::optional<FeedPair> feeds_of(int code) {
  if (code < 5 || code > 12) return std::nullopt;
  const int base = code < 9 ? 5 : 9;
  return FeedPair{base + 3 * ((code - base) / 2), base + 3 * ((code - base) % 2)};
}

inline bool is_parallel_hand(int code) {
  const auto feeds = feeds_of(code);
  return feeds && feeds->first == feeds->second;
}

}  // namespace skymill::radio
