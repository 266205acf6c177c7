// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <chrono>
#include <cstddef>

namespace skymill::radio {

/// What imaging a channel spends its time on, in the order of the first time.
enum class Step { kWeights, kPsf, kBeam, kDirty, kStatistics, kMask, kMinor, kPredict, kRestore };

inline constexpr std::array<const char*, 9> kStepNames{
    "weights", "psf", "beam", "dirty", "statistics", "mask", "minor", "predict", "restore"};

/// Wall seconds of every step of a channel.
class StepClock {
 public:
  template <class Work>
  decltype(auto) time(Step step, const Work& work) {
    struct Stop {
      StepClock& clock;
      Step step;
      std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
      ~Stop() {
        clock.seconds_[static_cast<std::size_t>(step)] +=
            std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      }
    } stop{*this, step};
    return work();
  }

  const std::array<double, kStepNames.size()>& seconds() const { return seconds_; }

 private:
  std::array<double, kStepNames.size()> seconds_{};
};

}  // namespace skymill::radio
