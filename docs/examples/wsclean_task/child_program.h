// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/context.h>

#include <string>
#include <vector>

namespace wsclean_task {

/// The file that a command of this name starts: itself when it has a slash, else what stands first
/// in PATH; empty when there is none.
std::string find_program(const std::string& name);

/// Runs a program to its end. What it says goes into the file `log`.
/// A run that is asked to stop ends it: SIGTERM, and SIGKILL after 5 s.
/// @param arguments  the program and its arguments
/// @throws Error (failed) when it does not end with 0, with the last lines that it said;
///         (requeue) when the run was asked to stop
void run_program(const std::vector<std::string>& arguments, const std::string& log,
                 const skymill::PipelineContext& ctx);

}  // namespace wsclean_task
