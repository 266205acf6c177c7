// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/image/image_params.h>
#include <stages/kernels/clean_control.h>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

namespace skymill::radio {

/// Planes [first, end) that share control: one channel, some, or the cube (imaging.md 3.9).
struct ControlGroup {
  std::size_t first = 0;
  std::size_t end = 0;
};

/// The groups that `convergence`, `cube_chunksize` and `nparts` ask for: contiguous, the first ones
/// a plane larger where the planes cannot be shared out evenly (imaging.md 7.1).
/// @param workers whose number is that of the groups for chunks of size -1
std::vector<ControlGroup> control_groups(const ImageParams& params, std::size_t planes,
                                         std::size_t workers);

/// What a plane shows before a minor cycle.
struct PlaneLook {
  double peak = 0;                 ///< largest |residual| inside its mask, Jy/beam
  double peak_without_mask = 0;    ///< and anywhere
  double nsigma_threshold = 0;     ///< Jy/beam; 0: none
  std::optional<double> mask_sum;  ///< pixels that may be cleaned; nullopt: there is no mask
  bool ran_away = false;           ///< the plane's own peak says that it diverged
};

/// Cleans planes under common control, in tclean's order (imaging.md 3.6 to 3.8): masks, the stop
/// test with the largest peak of all and the sum of iterations, then a minor and a major cycle of
/// every plane down to one threshold. A plane that runs away is put back to its best cycle and
/// leaves the group (imaging.md 12); a group of one ends with it.
///
/// Member has
///   double sidelobe_level() const;
///   PlaneLook look(double cyclethreshold);                    // makes the mask, too
///   std::size_t cycle(double depth, std::size_t iterations);  // minor, then major; those done
///   void back_to_best();
///   void stop(kernels::StopCode code);
///
/// @param each calls work(k) for every k below a number, in any order, perhaps at once
template <class Member>
void clean_group(
    std::vector<Member*> members, const ImageParams& params,
    const std::function<void(std::size_t, const std::function<void(std::size_t)>&)>& each) {
  const kernels::CycleParameters cycle{params.cyclefactor, params.minpsffraction,
                                       params.maxpsffraction, params.threshold};
  kernels::StopTest test({params.niter, params.threshold, params.nsigma, params.nmajor});
  const std::ptrdiff_t cycleniter =
      params.cycleniter ? static_cast<std::ptrdiff_t>(*params.cycleniter) : -1;
  kernels::CleanState now;
  std::size_t last_iterations = 0;
  double depth = 0;
  while (!members.empty()) {
    std::vector<PlaneLook> looks(members.size());
    each(members.size(), [&](std::size_t k) { looks[k] = members[k]->look(depth); });
    for (std::size_t k = members.size(); k-- > 0;) {
      // First of all: a plane that ran away has often used up its iterations as well.
      if (!looks[k].ran_away) continue;
      members[k]->back_to_best();
      members[k]->stop(kernels::StopCode::kRiseOverMin);
      members.erase(members.begin() + static_cast<std::ptrdiff_t>(k));
      looks.erase(looks.begin() + static_cast<std::ptrdiff_t>(k));
    }
    if (members.empty()) return;
    now.peak = now.peak_without_mask = now.nsigma_threshold = 0;
    now.mask_sum.reset();
    double sidelobes = 0;
    for (std::size_t k = 0; k < members.size(); ++k) {
      now.peak = std::max(now.peak, looks[k].peak);
      now.peak_without_mask = std::max(now.peak_without_mask, looks[k].peak_without_mask);
      now.nsigma_threshold = std::max(now.nsigma_threshold, looks[k].nsigma_threshold);
      if (looks[k].mask_sum) now.mask_sum = now.mask_sum.value_or(0) + *looks[k].mask_sum;
      sidelobes = std::max(sidelobes, members[k]->sidelobe_level());
    }
    // Without a pixel in any mask the peak is that of all pixels (imaging.md 3.6).
    if (now.mask_sum && *now.mask_sum == 0) now.peak = now.peak_without_mask;
    kernels::StopCode stop = test.check(now);
    if (stop == kernels::StopCode::kNone && now.major_cycles > 0 && last_iterations == 0) {
      stop = kernels::StopCode::kNoChange;
    }
    if (stop != kernels::StopCode::kNone) {
      each(members.size(), [&](std::size_t k) {
        if (kernels::is_divergence(stop)) members[k]->back_to_best();
        members[k]->stop(stop);
      });
      return;
    }
    depth = std::max(kernels::cyclethreshold(cycle, sidelobes, now.peak), now.nsigma_threshold);
    const std::size_t allowed =
        kernels::iterations_of_cycle(cycleniter, params.niter, now.iterations);
    std::vector<std::size_t> done(members.size());
    each(members.size(), [&](std::size_t k) { done[k] = members[k]->cycle(depth, allowed); });
    last_iterations = 0;
    for (const std::size_t iterations : done) last_iterations += iterations;
    now.iterations += last_iterations;
    ++now.major_cycles;
  }
}

}  // namespace skymill::radio
