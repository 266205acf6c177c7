// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "context_state.h"
#include "plan.h"

namespace skymill {

/// Plans what can be planned, and finds out what of it earlier runs have made.
/// @param done  stages by index; those whose products stand are added
/// @param how   `only_look` changes nothing on the disk
/// @throws Error as the stages' `plan`, and when another run makes one of the products
void look_around(Planner& planner, Plan& plan, std::vector<bool>& done, const PipelineContext& ctx,
                 Resumption::Look how);

/// The same for a run that is only explained: as far as can be seen by now.
void look_ahead(Planner& planner, Plan& plan, const PipelineContext& ctx);

/// Checks that nothing stands in the way of the products of what is planned, and that there is room
/// for them on the disk and in memory for the work.
/// @throws Error (description) for a product that exists; (resources) with the numbers
void check_room(Planner& planner, const Plan& plan, const PipelineContext& ctx);

}  // namespace skymill
