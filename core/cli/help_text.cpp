// SPDX-License-Identifier: GPL-3.0-or-later
#include "help_text.h"

#include <algorithm>

#include "command_line.h"
#include "page_text.h"

namespace skymill::cli {

namespace {

constexpr std::size_t kNameWidth = 26;

/// A name, and what it means beside it; below it where the name is long.
std::string entry(const std::string& name, const std::string& meaning) {
  std::string lines = wrapped(meaning, std::string(kNameWidth, ' '));
  if (name.size() + 4 > kNameWidth) return "  " + name + "\n" + lines;
  return lines.replace(2, name.size(), name);
}

std::string options_text(const CommandPage& page, bool arguments) {
  std::string text;
  for (const CommandOption& option : page.options)
    if (option.is_argument == arguments) text += entry(usage_of(option), facts_of(option));
  if (text.empty()) return text;
  return (arguments ? "\nArguments:\n" : "\nOptions:\n") + text;
}

std::vector<std::string> paragraphs(const std::string& text) {
  std::vector<std::string> all;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find("\n\n", begin), text.size());
    all.push_back(text.substr(begin, end - begin));
    begin = end + 2;
  }
  return all;
}

std::string lines_of(const std::string& text) {
  return text.empty() || text.back() == '\n' ? text : text + "\n";
}

}  // namespace

std::string HelpText::make_help(const CLI::App* app, std::string name, CLI::AppFormatMode) const {
  const CommandLine line = command_line_of(*app);
  const CommandPage& page = line.program;
  const bool is_program = !app->get_parent();
  const std::string after = is_program ? kProgramSynopsis : synopsis_of(page);
  std::string text = is_program ? lines_of(page.doc) : wrapped(sentence(page.doc), "");
  text += "\nUsage: " + name + " " + after + "\n";
  text += options_text(page, true) + options_text(page, false);
  if (is_program) text += "\nCommands:\n";
  for (const CommandPage& command : line.commands) text += entry(command.name, command.doc);
  for (const std::string& paragraph : paragraphs(page.footer))
    text += "\n" + wrapped(paragraph, "");
  if (!is_program)
    text += "\nOptions of every command, such as --plugin, and exit codes: skymill --help\n";
  return text;
}

}  // namespace skymill::cli
