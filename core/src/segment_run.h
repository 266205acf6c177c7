// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "console.h"
#include "context_state.h"
#include "plan.h"

namespace skymill {

/// Makes one pass: brings every chunk of a segment from its head through its chain.
/// @param result  the head's result, when that is what is streamed; else null
/// @throws Error with the stage's name; what is done of resumable stages is in their journals
void run_pass(const Plan& plan, const Segment& segment, const PipelineContext& ctx,
              AnyStream* result, Progress& progress);

}  // namespace skymill
