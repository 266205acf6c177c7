// SPDX-License-Identifier: GPL-3.0-or-later
#include "command_line.h"

#include <sstream>

namespace skymill::cli {

namespace {

/// CLI11 puts what checks a value behind the name of its type: `TEXT:{text,json}`.
void read_type(const std::string& type, CommandOption& option) {
  const std::size_t colon = type.find(':');
  option.value = type.substr(0, colon);
  if (colon == std::string::npos || type.compare(colon + 1, 1, "{") != 0) return;
  std::istringstream words(type.substr(colon + 2, type.find('}') - colon - 2));
  for (std::string word; std::getline(words, word, ',');) option.choices.push_back(word);
}

CommandOption read_option(const CLI::Option& declared) {
  CommandOption option;
  option.is_argument = declared.get_positional();
  if (option.is_argument) {
    option.names = {declared.get_name(true)};
  } else {
    for (const std::string& name : declared.get_snames()) option.names.push_back("-" + name);
    for (const std::string& name : declared.get_lnames()) option.names.push_back("--" + name);
  }
  const bool is_flag = declared.get_items_expected_max() == 0;
  if (!is_flag) read_type(declared.get_type_name(), option);
  option.doc = declared.get_description();
  option.default_text = declared.get_default_str();
  option.required = declared.get_required();
  option.repeats = declared.get_items_expected_max() > 1 ||
                   declared.get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll;
  return option;
}

CommandPage read_page(const CLI::App& app) {
  CommandPage page;
  page.name = app.get_name();
  page.doc = app.get_description();
  page.footer = app.get_footer();
  for (const CLI::Option* option : app.get_options()) page.options.push_back(read_option(*option));
  return page;
}

}  // namespace

CommandLine command_line_of(const CLI::App& app) {
  CommandLine line;
  line.program = read_page(app);
  for (const CLI::App* command : app.get_subcommands({})) {
    line.commands.push_back(read_page(*command));
  }
  return line;
}

std::string sentence(std::string text) {
  if (!text.empty() && text.back() != '.') text += ".";
  return text;
}

std::string facts_of(const CommandOption& option) {
  std::string facts = sentence(option.doc);
  if (!option.choices.empty()) {
    facts += " One of:";
    for (const std::string& choice : option.choices)
      facts += (&choice == &option.choices.front() ? " " : ", ") + choice;
    facts += ".";
  }
  if (!option.default_text.empty()) facts += " Default: " + option.default_text + ".";
  if (option.repeats && !option.is_argument) facts += " May be given several times.";
  return facts;
}

std::string synopsis_of(const CommandPage& page) {
  std::string text = "[OPTIONS]";
  for (const CommandOption& option : page.options)
    if (option.is_argument) text += " " + usage_of(option);
  return text;
}

std::string usage_of(const CommandOption& option) {
  std::string usage;
  for (const std::string& name : option.names) usage += (usage.empty() ? "" : ", ") + name;
  if (option.takes_value()) usage += " " + option.value;
  if (!option.is_argument) return usage;
  usage = option.value == "TEXT" ? usage : option.value;
  if (option.repeats) usage += "...";
  return option.required ? usage : "[" + usage + "]";
}

}  // namespace skymill::cli
