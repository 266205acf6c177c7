// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/calibration.h>

#include <string>
#include <vector>

namespace skymill::radio {

enum class Between {
  nearest,
  linear,  ///< amplitude and tracked phase each (calibration.md 5.5)
};

/// How one term of a calibration meets the data.
struct TermChoice {
  Between time = Between::linear;
  Between frequency = Between::linear;
  /// Channels whose neighbours among the solutions are flagged have none; else these are bridged.
  bool frequency_flags = true;
  std::vector<int> spwmap;  ///< window of the table by window of the data; empty = by frequency
  std::string gainfield;    ///< names or numbers, `nearest`; empty = all
  bool calwt = true;        ///< its amplitudes change the weights
};

/// Choices as `apply` takes them. Each list has nothing (the defaults), one entry for all terms,
/// one entry a term, or entries that name terms by letter, such as `B=nearest,linearflag`.
struct TermChoiceTexts {
  std::vector<std::string> interp;  ///< CASA's: `nearest`, `linear`, `nearest,linearflag`
  std::vector<std::string> spwmap;  ///< `0,0,1,1`; one number stands for all windows
  std::vector<std::string> gainfield;
  std::vector<bool> calwt;  ///< one for all, or one a term
};

/// The choice of every term, in the order of the calibration. B and K are taken nearest in time
/// unless `interp` says otherwise, G and T linear, as the DSA-110 does (dsa110.md 3.1); K never
/// changes weights.
/// @throws Error (description) when a text cannot be read, or a list fits no number of terms
std::vector<TermChoice> term_choices(const TermChoiceTexts& texts, const Calibration& calibration);

}  // namespace skymill::radio
