// SPDX-License-Identifier: GPL-3.0-or-later
#include "parse_fault.h"

#include <core/diagnostics.h>

#include <algorithm>

#include "words.h"

namespace skymill::cli {

namespace {

/// The command that was being read; the program where there is none yet.
const CLI::App& command_at_fault(const CLI::App& app) {
  const auto given = app.get_subcommands();
  return given.empty() ? app : *given.front();
}

/// The options that a command takes, with those of every command.
std::vector<CommandOption> options_of(const CLI::App& app) {
  std::vector<CommandOption> options = command_line_of(command_at_fault(app)).program.options;
  if (&command_at_fault(app) == &app) return options;
  for (CommandOption& option : command_line_of(app).program.options)
    options.push_back(std::move(option));
  return options;
}

/// The declared option that a message of CLI11 begins with, such as `--shape: ...`.
std::optional<CommandOption> option_named(const CLI::App& app, const std::string& message) {
  const std::string name = message.substr(0, message.find_first_of(": "));
  for (const CommandOption& option : options_of(app)) {
    const auto& names = option.names;
    if (std::find(names.begin(), names.end(), name) != names.end()) return option;
  }
  return std::nullopt;
}

std::string how_to_give(const CommandOption& option) {
  if (!option.choices.empty()) return "; write one of: " + joined(option.choices);
  if (option.is_argument) return ": " + option.doc;
  return "; write " + option.names.back() + " " + option.value + ": " + option.doc;
}

std::string shown_name(const CommandOption& option) {
  return option.is_argument && option.value != "TEXT" ? option.value : option.names.back();
}

std::string unknown_option(const CLI::App& app, const std::string& given) {
  const std::string name = given.substr(0, given.find('='));
  std::vector<std::string> known;
  for (const CommandOption& option : options_of(app))
    if (!option.is_argument) known.insert(known.end(), option.names.begin(), option.names.end());
  const std::string hint = did_you_mean(name, known);
  return "there is no option '" + name + "'" + (hint.empty() ? "" : "; " + hint);
}

std::string extra_fault(const CLI::App& app, const std::vector<std::string>& extras) {
  const auto option = std::find_if(extras.begin(), extras.end(), [](const std::string& word) {
    return word.size() > 1 && word.front() == '-';
  });
  if (option != extras.end()) return unknown_option(app, *option);
  if (&command_at_fault(app) != &app)
    return "'" + extras.front() + "' is one argument too many; put what has spaces into quotes";
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
  const std::string hint = did_you_mean(extras.front(), names);
  return "there is no command '" + extras.front() + "'" + (hint.empty() ? "" : "; " + hint);
}

}  // namespace

CLI::Validator one_of(std::vector<std::string> choices) {
  std::string described = "{";
  for (const std::string& choice : choices)
    described += (&choice == &choices.front() ? "" : ",") + choice;
  const auto check = [choices](const std::string& given) -> std::string {
    if (std::find(choices.begin(), choices.end(), given) != choices.end()) return {};
    const std::string hint = did_you_mean(given, choices);
    return "'" + given + "' is none of " + joined(choices) + (hint.empty() ? "" : "; " + hint);
  };
  return CLI::Validator(check, described + "}");
}

std::string parse_fault(const CLI::App& app, const CLI::ParseError& problem) {
  const std::string message = problem.what();
  std::string fault = message;
  // Where a word is not known, what is missing follows from that.
  const std::vector<std::string> extras = app.remaining(true);
  const std::optional<CommandOption> option = option_named(app, message);
  if (!extras.empty())
    fault = extra_fault(app, extras);
  else if (dynamic_cast<const CLI::RequiredError*>(&problem) && option)
    fault = shown_name(*option) + " is missing" + how_to_give(*option);
  else if (dynamic_cast<const CLI::ArgumentMismatch*>(&problem) && option)
    fault = shown_name(*option) + " has no value" + how_to_give(*option);
  else if (dynamic_cast<const CLI::RequiredError*>(&problem))
    fault = "no command is given";
  const CLI::App& command = command_at_fault(app);
  const std::string help = &command == &app ? "" : " " + command.get_name();
  return "skymill: error: " + fault + "\nskymill: 'skymill" + help +
         " --help' shows what there is\n";
}

}  // namespace skymill::cli
