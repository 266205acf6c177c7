// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/version.h>

#include <algorithm>
#include <sstream>

#include "command_line.h"
#include "page_text.h"
#include "parse_fault.h"
#include "record_file.h"

namespace skymill::cli {

namespace {

struct Variable {
  const char* name;
  const char* doc;
};

constexpr Variable kVariables[] = {
    {"SKYMILL_PLUGIN_PATH", "Folders of plugins, besides the installed ones; colons between them."},
    {"SKYMILL_MACHINE", "The file that says what this machine has for storage."},
    {"SKYMILL_CACHE", "Where measured FFT plans are kept; default: the user's cache."},
    {"SKYMILL_EOP", "Table of Earth orientation, where a description names none."},
    {"TMPDIR", "Where scratch files go, where the machine file names no tier for them."},
    {"SOURCE_DATE_EPOCH", "Seconds since 1970 that products are dated with, to make them equal."},
};

/// Text for groff: nothing in it is a request or an escape, and every '-' can be copied.
std::string roff(const std::string& text) {
  std::string safe;
  bool line_begins = true;
  for (const char c : text) {
    if (line_begins && (c == '.' || c == '\'')) safe += "\\&";
    if (c == '-')
      safe += "\\-";
    else if (c == '\\')
      safe += "\\e";
    else if (c == '\'')
      safe += "\\(aq";
    else
      safe += c;
    line_begins = c == '\n';
  }
  return safe;
}

std::string roff_options(const CommandPage& page) {
  std::string text;
  for (const CommandOption& option : page.options)
    text += ".TP\n\\fB" + roff(usage_of(option)) + "\\fR\n" + roff(facts_of(option)) + "\n";
  return text;
}

std::string roff_head(const std::string& name, const std::string& what) {
  std::string upper = name;
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return ".TH " + roff(upper) + " 1 \"\" \"skymill " SKYMILL_VERSION "\" \"User Commands\"\n" +
         ".SH NAME\n" + roff(name) + " \\- " + roff(what) + "\n";
}

/// Lines that stay as they are, such as an example, and others that are filled.
std::string roff_paragraphs(const std::string& text) {
  std::istringstream lines(text);
  std::string page;
  for (std::string line; std::getline(lines, line);)
    page += line.empty() ? ".PP\n" : roff(line) + "\n";
  return page;
}

std::string lower_first(std::string text) {
  if (!text.empty()) text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  return text;
}

std::string man_of_command(const CommandPage& page) {
  std::string text = roff_head("skymill-" + page.name, lower_first(page.doc));
  text += ".SH SYNOPSIS\n.B skymill " + roff(page.name) + "\n" + roff(synopsis_of(page)) + "\n";
  text += ".SH DESCRIPTION\n" + roff(sentence(page.doc)) + "\n";
  if (!page.footer.empty()) text += ".PP\n" + roff_paragraphs(page.footer);
  text += ".SH OPTIONS\n" + roff_options(page);
  return text +
         ".PP\nOptions of every command, such as \\-\\-plugin, exit codes and variables are "
         "in\n.BR skymill (1).\n"
         ".SH SEE ALSO\n.BR skymill (1)\n";
}

std::string man_of_program(const CommandLine& line) {
  std::string text =
      roff_head("skymill", "turn radio-interferometer visibilities into image cubes");
  text += std::string(".SH SYNOPSIS\n.B skymill\n") + kProgramSynopsis + "\n";
  text += ".SH DESCRIPTION\n" + roff_paragraphs(line.program.doc);
  text += ".SH COMMANDS\n";
  for (const CommandPage& command : line.commands)
    text +=
        ".TP\n.BR skymill\\-" + roff(command.name) + " (1)\n" + roff(sentence(command.doc)) + "\n";
  text += ".SH OPTIONS\n" + roff_options(line.program);
  text += ".SH EXIT STATUS\n" + roff_paragraphs(line.program.footer);
  text += ".SH ENVIRONMENT\n";
  for (const Variable& variable : kVariables)
    text += ".TP\n.B " + roff(variable.name) + "\n" + roff(variable.doc) + "\n";
  text += ".SH SEE ALSO\n";
  for (const CommandPage& command : line.commands)
    text += ".BR skymill\\-" + roff(command.name) +
            (&command == &line.commands.back() ? " (1)\n" : " (1),\n");
  return text;
}

std::string markdown_options(const CommandPage& page) {
  if (page.options.empty()) return "";
  std::string text = "\n| Option | Meaning |\n|---|---|\n";
  for (const CommandOption& option : page.options)
    text += "| `" + table_cell(usage_of(option)) + "` | " + words_cell(facts_of(option)) + " |\n";
  return text;
}

std::string markdown_of_command(const CommandPage& page) {
  std::string text = "## skymill " + page.name + "\n\n" + sentence(page.doc) +
                     "\n\n```sh\nskymill " + page.name + " " + synopsis_of(page) + "\n```\n" +
                     markdown_options(page);
  if (!page.footer.empty()) text += "\n" + page.footer + "\n";
  return text;
}

std::string markdown_of_program(const CommandLine& line) {
  std::string text = line.program.doc + "\n```sh\nskymill " + kProgramSynopsis +
                     "\n```\n\n| Command | |\n|---|---|\n";
  for (const CommandPage& command : line.commands)
    text += "| [`" + command.name + "`](#skymill-" + command.name + ") | " +
            words_cell(command.doc) + " |\n";
  text += "\nOptions of every command:\n" + markdown_options(line.program);
  text += "\n" + line.program.footer + "\n| Variable | Meaning |\n|---|---|\n";
  for (const Variable& variable : kVariables)
    text += "| `" + std::string(variable.name) + "` | " + variable.doc + " |\n";
  for (const CommandPage& command : line.commands) text += "\n" + markdown_of_command(command);
  return text;
}

/// All pages as files, for installing.
void write_man_pages(const CommandLine& line, const std::string& folder) {
  write_text_whole(folder + "/skymill.1", man_of_program(line));
  for (const CommandPage& command : line.commands)
    write_text_whole(folder + "/skymill-" + command.name + ".1", man_of_command(command));
}

struct ManualOptions {
  std::string command;
  std::string format = "man";
  std::string folder;
};

}  // namespace

Command add_manual(CLI::App& app) {
  auto options = std::make_shared<ManualOptions>();
  app.add_option("command", options->command, "A command; without it the program itself")
      ->type_name("COMMAND");
  app.add_option("--format", options->format,
                 "How to write it; of the program itself, Markdown has all commands")
      ->check(one_of({"man", "markdown"}))
      ->capture_default_str();
  app.add_option("--output", options->folder, "Write man pages of all commands into this folder")
      ->type_name("FOLDER");
  app.footer("Example: skymill manual run | man -l -");
  return [options, &app] {
    const CommandLine line = command_line_of(*app.get_parent());
    if (!options->folder.empty()) {
      write_man_pages(line, options->folder);
      return 0;
    }
    const bool is_man = options->format == "man";
    if (options->command.empty()) {
      print(is_man ? man_of_program(line) : markdown_of_program(line));
      return 0;
    }
    std::vector<std::string> names;
    for (const CommandPage& page : line.commands) {
      names.push_back(page.name);
      if (page.name != options->command) continue;
      print(is_man ? man_of_command(page) : markdown_of_command(page));
      return 0;
    }
    throw Error(ErrorKind::description, "there is no command '" + options->command + "'",
                did_you_mean(options->command, names));
  };
}

}  // namespace skymill::cli
