// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/diagnostics.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace skymill {

namespace {

constexpr int kEdit = 4;              // cost of one inserted, lost, changed or swapped letter
constexpr int kCaseEdit = 1;          // cost of a letter in the wrong case
constexpr std::size_t kLongest = 64;  // longer words are not typing mistakes; bounds the work
constexpr std::size_t kMostCandidates = 200;  // the same, for descriptions made by machines

char lower(char letter) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
}

/// Damerau-Levenshtein distance with neighbours swapped once (optimal string alignment), the
/// costs as above. Neither text is longer than kLongest.
int distance(std::string_view a, std::string_view b) {
  std::array<std::array<int, kLongest + 1>, kLongest + 1> cost;
  for (std::size_t i = 0; i <= a.size(); ++i) cost[i][0] = static_cast<int>(i) * kEdit;
  for (std::size_t j = 0; j <= b.size(); ++j) cost[0][j] = static_cast<int>(j) * kEdit;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const char x = a[i - 1], y = b[j - 1];
      const int change = x == y ? 0 : lower(x) == lower(y) ? kCaseEdit : kEdit;
      cost[i][j] =
          std::min({cost[i - 1][j] + kEdit, cost[i][j - 1] + kEdit, cost[i - 1][j - 1] + change});
      const bool swapped =
          i > 1 && j > 1 && lower(x) == lower(b[j - 2]) && lower(a[i - 2]) == lower(y);
      if (swapped) cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + kEdit);
    }
  }
  return cost[a.size()][b.size()];
}

}  // namespace

std::string closest_word(std::string_view word, const std::vector<std::string>& candidates) {
  if (word.empty() || word.size() > kLongest) return {};
  std::string best;
  int best_cost = 0;
  const std::size_t count = std::min(candidates.size(), kMostCandidates);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string& candidate = candidates[i];
    if (candidate.empty() || candidate.size() > kLongest || candidate == word) continue;
    // One mistake in a short word, about one in three letters in longer ones; a word of one
    // letter matches only in the other case.
    const std::size_t length = std::max(word.size(), candidate.size());
    const int edits = length < 2 ? 0 : std::max(1, static_cast<int>(length) / 3);
    const std::size_t shortest = std::min(word.size(), candidate.size());
    const int limit =
        std::min(edits * kEdit + 2 * kCaseEdit, static_cast<int>(shortest) * kEdit - 1);
    if (static_cast<int>(length - shortest) * kEdit > limit) continue;
    const int cost = distance(word, candidate);
    if (cost <= limit && (best.empty() || cost < best_cost)) {
      best = candidate;
      best_cost = cost;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
  const std::string closest = closest_word(word, candidates);
  return closest.empty() ? "" : "did you mean '" + closest + "'?";
}

}  // namespace skymill
