// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <optional>

namespace skymill::radio {

/// The file in which measured FFT plans are kept for this kind of processor:
/// `$SKYMILL_CACHE`, or `$XDG_CACHE_HOME/skymill`, or `$HOME/.cache/skymill`, then
/// `fftw-<processor>.wisdom`. Nothing when no such folder is named or SKYMILL_CACHE is empty.
std::optional<std::filesystem::path> wisdom_file();

/// Lets plans of transforms be measured while it lives, if there is a file to keep them in: a plan
/// found once serves all later runs, which then give the same bits. Without a file plans are
/// estimated.
class MeasuredPlans {
 public:
  MeasuredPlans();
  /// Keeps what was measured; a file that cannot be written costs the next run some seconds only.
  ~MeasuredPlans();
  MeasuredPlans(const MeasuredPlans&) = delete;
  MeasuredPlans& operator=(const MeasuredPlans&) = delete;

 private:
  std::optional<std::filesystem::path> file_;
};

}  // namespace skymill::radio
