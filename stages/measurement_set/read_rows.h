// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/params.h>

namespace skymill::radio {

/// Declares the parameters of a stage that writes into the rows that ms_reader reads, by which it
/// knows them again: those of `selection_of`.
template <class Params>
void declare_read_rows(Schema<Params>& s) {
  s.field("field", &Params::field, "Fields that are read, as ms_reader has it");
  s.field("spw", &Params::spw, "Spectral windows and channels, likewise");
  s.field("scan", &Params::scan, "Scans, likewise");
  s.field("antenna", &Params::antenna, "Antennas and baselines, likewise");
  s.field("uvrange", &Params::uvrange, "Projected baselines, likewise");
  s.field("timerange", &Params::timerange, "Times, likewise");
  s.field("intent", &Params::intent, "Intents, likewise");
  s.field("autocorrelations", &Params::autocorrelations,
          "Rows of an antenna with itself are read as well");
}

}  // namespace skymill::radio
