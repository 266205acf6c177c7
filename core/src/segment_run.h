// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "context_state.h"
#include <memory>

#include "pass_watch.h"
#include "plan.h"

namespace skymill {

/// Makes one pass: brings every chunk of a segment from its head through its chain.
/// @param result  the head's result, when that is what is streamed; else null
/// @param watch  is told of every unit
/// @return the one chunk of the head that later stages take whole, as their side input; else null
/// @throws Error with the stage's name; what is done of resumable stages is in their journals
std::shared_ptr<const AnyChunk> run_pass(const Plan& plan, const Segment& segment,
                                         const PipelineContext& ctx, AnyStream* result,
                                         PassWatch& watch);

}  // namespace skymill
