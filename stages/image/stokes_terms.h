// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace skymill::radio {

/// A Stokes parameter as a mean of signed correlations (imaging.md 2.4).
struct StokesTerms {
  struct Term {
    std::size_t correlation = 0;  ///< index in the data
    float sign = 1;
  };
  std::vector<Term> terms;      ///< one, or two; empty when the data have not what it takes
  bool by_minus_i = false;      ///< the mean is multiplied by -i
  bool each_by_itself = false;  ///< pseudoI: one correlation that is good is enough

  /// @param stokes "I", "Q", "U", "V", "pseudoI", or one hand: "XX", "YY", "RR", "LL"
  /// @param corr_types casacore's codes of the data's correlations
  static StokesTerms of(const std::string& stokes, const std::vector<int>& corr_types);
};

}  // namespace skymill::radio
