// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/params.h>
#include <core/stage.h>
#include <stages/data/visibilities.h>
#include <stages/flags/found_flags.h>
#include <stages/flags/rfi_windows.h>

#include <memory>
#include <string>
#include <utility>

namespace skymill::radio {

/// What stages that look for interference in windows of integrations have in common: the data are
/// reduced to the bits of what was found, for `flag` to lay on them when they are read again.
class InterferenceRun {
 public:
  static Ports ports();

  /// @param scratch  tier of the file of bits, "auto" or a name
  void plan(Planning& planning, RfiWindowParams params, const std::string& scratch);
  void add(const Chunk<Visibilities>& chunk, const PipelineContext& ctx);
  Stream<FoundFlags> finish(const PipelineContext& ctx);

 private:
  RfiWindowParams params_;
  std::shared_ptr<const ObservationHeader> header_;
  FoundFlags found_;
  std::unique_ptr<RfiWindows> windows_;
};

/// Adds the parameters `window`, `autocorrelations` and `scratch`.
template <class Params>
void window_fields(Schema<Params>& s) {
  s.field("window", &Params::window,
          "Integrations that are judged together, counted from the scan's first; 0 = as many as "
          "hold half a GiB, 32 to 256")
      .range(0, 1e6);
  s.field("autocorrelations", &Params::autocorrelations, "Look at antennas with themselves");
  s.field("scratch", &Params::scratch,
          "Tier of the file with what was found, a bit a channel: auto or a name")
      .advanced();
}

}  // namespace skymill::radio
