// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

#include "cli.h"

namespace skymill::cli {

/// An option or an argument of a command, as it was declared.
struct CommandOption {
  std::vector<std::string> names;    ///< `--memory`; of an argument its one name
  std::string value;                 ///< what its value is, such as `SIZE`; empty for a flag
  std::vector<std::string> choices;  ///< all that it may be; empty where it may be other things
  std::string doc;
  std::string default_text;
  bool is_argument = false;
  bool required = false;
  bool repeats = false;

  bool takes_value() const { return !is_argument && !value.empty(); }
};

/// A command, or the program itself.
struct CommandPage {
  std::string name;
  std::string doc;
  std::string footer;
  std::vector<CommandOption> options;
};

/// The whole command line: what manual pages, completion and the reference are made of.
struct CommandLine {
  CommandPage program;  ///< its options are those of every command
  std::vector<CommandPage> commands;
};

CommandLine command_line_of(const CLI::App& app);

/// `[FILE]...`, `--memory SIZE`: how an option is written.
std::string usage_of(const CommandOption& option);
/// What an option means, with its choices and default, in sentences.
std::string facts_of(const CommandOption& option);
/// What stands behind a command's name.
std::string synopsis_of(const CommandPage& page);
/// The text with a full stop.
std::string sentence(std::string text);

constexpr const char* kProgramSynopsis = "[OPTIONS] COMMAND [OPTIONS OF THE COMMAND]";

Command add_manual(CLI::App& app);
Command add_completion(CLI::App& app);

}  // namespace skymill::cli
