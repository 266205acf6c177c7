// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

#include "command_line.h"

namespace skymill::cli {

/// A check that a value is one of these words; it says which one was probably meant.
CLI::Validator one_of(std::vector<std::string> choices);

/// What is wrong with the command line and what to do about it, in lines for standard error.
std::string parse_fault(const CLI::App& app, const CLI::ParseError& problem);

}  // namespace skymill::cli
