// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/image/stokes_terms.h>

#include <algorithm>

namespace skymill::radio {

namespace {

// casacore's codes.
constexpr int kRR = 5, kRL = 6, kLR = 7, kLL = 8;
constexpr int kXX = 9, kXY = 10, kYX = 11, kYY = 12;

struct Pair {
  const char* stokes;
  int first, second;
  float sign;  ///< of the second
  bool by_minus_i;
};

constexpr Pair kPairs[] = {
    {"Q", kXX, kYY, -1, false}, {"U", kXY, kYX, 1, false}, {"V", kXY, kYX, -1, true},
    {"Q", kRL, kLR, 1, false},  {"U", kRL, kLR, -1, true}, {"V", kRR, kLL, -1, false},
};

}  // namespace

StokesTerms StokesTerms::of(const std::string& stokes, const std::vector<int>& corr_types) {
  StokesTerms found;
  const auto index_of = [&](int code) {
    return static_cast<std::size_t>(std::find(corr_types.begin(), corr_types.end(), code) -
                                    corr_types.begin());
  };
  const auto has = [&](int code) { return index_of(code) < corr_types.size(); };
  for (const Pair& pair : kPairs) {
    if (stokes != pair.stokes || !has(pair.first) || !has(pair.second)) continue;
    found.terms = {{index_of(pair.first), 1}, {index_of(pair.second), pair.sign}};
    found.by_minus_i = pair.by_minus_i;
    return found;
  }
  found.each_by_itself = stokes == "pseudoI";
  const bool both = stokes == "I" || stokes == "pseudoI";
  for (std::size_t k = 0; k < corr_types.size(); ++k) {
    const int code = corr_types[k];
    const bool wanted =
        (code == kRR && (both || stokes == "RR")) || (code == kLL && (both || stokes == "LL")) ||
        (code == kXX && (both || stokes == "XX")) || (code == kYY && (both || stokes == "YY"));
    if (wanted) found.terms.push_back({k, 1});
  }
  return found;
}

}  // namespace skymill::radio
