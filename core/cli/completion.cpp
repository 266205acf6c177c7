// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "command_line.h"
#include "parse_fault.h"

namespace skymill::cli {

namespace {

std::string words_of(const std::vector<std::string>& words) {
  std::string all;
  for (const std::string& word : words) all += (all.empty() ? "" : " ") + word;
  return all;
}

std::vector<std::string> command_names(const CommandLine& line) {
  std::vector<std::string> names;
  for (const CommandPage& command : line.commands) names.push_back(command.name);
  return names;
}

std::vector<std::string> option_names(const CommandPage& page) {
  std::vector<std::string> names;
  for (const CommandOption& option : page.options)
    if (!option.is_argument) names.insert(names.end(), option.names.begin(), option.names.end());
  return names;
}

std::string joined_by(const std::vector<std::string>& words, const char* between) {
  std::string all;
  for (const std::string& word : words) all += (all.empty() ? "" : between) + word;
  return all;
}

/// Options of any command that are followed by a value: `--memory|--threads`.
std::string value_takers(const CommandLine& line) {
  std::vector<std::string> names;
  const auto add = [&](const CommandPage& page) {
    for (const CommandOption& option : page.options) {
      if (!option.takes_value()) continue;
      for (const std::string& name : option.names)
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  };
  add(line.program);
  for (const CommandPage& command : line.commands) add(command);
  return joined_by(names, "|");
}

/// What stands for the value of an option or argument.
enum class Value { choice, stage, description, parameter, command, folder, file, other };

Value value_of(const CommandOption& option) {
  struct Named {
    const char* type;
    Value value;
  };
  constexpr Named named[] = {
      {"STAGE", Value::stage},          {"FILE|NAME", Value::description},
      {"NAME=VALUE", Value::parameter}, {"COMMAND", Value::command},
      {"FOLDER", Value::folder},        {"FILE", Value::file},
      {"FILE|-", Value::file},          {"PATH", Value::file},
      {"RECORD", Value::file},
  };
  if (!option.choices.empty()) return Value::choice;
  for (const Named& entry : named)
    if (option.value == entry.type) return entry.value;
  return Value::other;
}

/// The bash function that completes the value.
std::string bash_action(const CommandOption& option) {
  switch (value_of(option)) {
    case Value::choice:
      return "_skymill_words " + words_of(option.choices);
    case Value::stage:
      return "_skymill_stages";
    case Value::description:
      return "_skymill_descriptions";
    case Value::parameter:
      return "_skymill_parameters";
    case Value::command:
      return "_skymill_commands";
    case Value::folder:
      return "_skymill_folders";
    case Value::file:
      return "_skymill_files";
    default:
      return ":";
  }
}

std::string bash_values(const CommandPage& page, const std::string& command) {
  std::string cases;
  for (const CommandOption& option : page.options) {
    if (!option.takes_value()) continue;
    for (const std::string& name : option.names)
      cases += "    " + command + "," + name + ") " + bash_action(option) + "; return ;;\n";
  }
  return cases;
}

std::string bash_script(const CommandLine& line) {
  std::string text =
      "# bash completion for skymill; made by 'skymill completion bash'.\n"
      "\n"
      "_skymill_words() { mapfile -t COMPREPLY < <(compgen -W \"$*\" -- \"$cur\"); }\n"
      "_skymill_stages() {\n"
      "  _skymill_words \"$(\"$program\" describe --format names 2>/dev/null)\"\n"
      "}\n"
      "_skymill_commands() { _skymill_words " +
      words_of(command_names(line)) +
      "; }\n"
      "_skymill_files() {\n"
      "  compopt -o filenames 2>/dev/null\n"
      "  mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
      "}\n"
      "_skymill_folders() {\n"
      "  compopt -o filenames 2>/dev/null\n"
      "  mapfile -t COMPREPLY < <(compgen -d -- \"$cur\")\n"
      "}\n"
      "_skymill_descriptions() {\n"
      "  local names\n"
      "  names=$(\"$program\" pipelines --format names 2>/dev/null)\n"
      "  compopt -o filenames 2>/dev/null\n"
      "  mapfile -t COMPREPLY < <(\n"
      "    compgen -W \"$names\" -- \"$cur\"\n"
      "    compgen -d -- \"$cur\"\n"
      "    compgen -f -X '!*.yaml' -- \"$cur\")\n"
      "}\n"
      "_skymill_parameters() {\n"
      "  local names\n"
      "  [[ -n $description ]] || return\n"
      "  names=$(\"$program\" pipelines \"$description\" --format names 2>/dev/null)\n"
      "  compopt -o nospace 2>/dev/null\n"
      "  mapfile -t COMPREPLY < <(compgen -S = -W \"$names\" -- \"$cur\")\n"
      "}\n"
      "\n"
      "_skymill() {\n"
      "  local program=$1 cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
      "  local command='' description='' i word before=''\n"
      "  COMPREPLY=()\n"
      "  for ((i = 1; i < COMP_CWORD; ++i)); do\n"
      "    word=${COMP_WORDS[i]}\n"
      "    case $before in\n"
      "      " +
      value_takers(line) +
      ") before=''; continue ;;\n"
      "    esac\n"
      "    before=$word\n"
      "    case $word in\n"
      "      -* | =) ;;\n"
      "      *)\n"
      "        if [[ -z $command ]]; then\n"
      "          command=$word\n"
      "        elif [[ -z $description && ${COMP_WORDS[i - 1]} != = ]]; then\n"
      "          description=$word\n"
      "        fi\n"
      "        ;;\n"
      "    esac\n"
      "  done\n"
      "  # '--option=value' comes as three words, 'name=value' too.\n"
      "  if [[ $cur == '=' ]]; then cur=''; prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
      "  elif [[ $prev == '=' ]]; then prev=${COMP_WORDS[COMP_CWORD - 2]}; fi\n"
      "  case $command,$prev in\n";
  for (const CommandPage& command : line.commands)
    text += bash_values(command, command.name) + bash_values(line.program, command.name);
  text += bash_values(line.program, "") +
          "  esac\n"
          "  # The value of a parameter is often a file.\n"
          "  if [[ ${COMP_WORDS[COMP_CWORD - 1]} == '=' || ${COMP_WORDS[COMP_CWORD]} == '=' ]]; "
          "then\n"
          "    _skymill_files\n"
          "    return\n"
          "  fi\n"
          "  case $command,$cur in\n"
          "    ,-*) _skymill_words " +
          words_of(option_names(line.program)) + " ;;\n";
  for (const CommandPage& command : line.commands)
    text += "    " + command.name + ",-*) _skymill_words " + words_of(option_names(command)) + " " +
            words_of(option_names(line.program)) + " ;;\n";
  text += "    ,*) _skymill_commands ;;\n";
  for (const CommandPage& command : line.commands) {
    for (const CommandOption& option : command.options) {
      if (!option.is_argument) continue;
      text += "    " + command.name + ",*) " + bash_action(option) + " ;;\n";
      break;
    }
  }
  return text + "  esac\n}\n\ncomplete -F _skymill skymill\n";
}

/// What `_arguments` shows: no brackets and colons, which mean something to it.
std::string zsh_words(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    if (c == '\'') {
      safe += "'\\''";
      continue;
    }
    if (c == '[' || c == ']' || c == ':' || c == '\\') safe += '\\';
    safe += c;
  }
  return safe;
}

std::string zsh_action(const CommandOption& option) {
  switch (value_of(option)) {
    case Value::choice:
      return "(" + words_of(option.choices) + ")";
    case Value::stage:
      return "_skymill_stages";
    case Value::description:
      return "_skymill_descriptions";
    case Value::parameter:
      return "_skymill_parameters";
    case Value::command:
      return "_skymill_commands";
    case Value::folder:
      return "_files -/";
    case Value::file:
      return "_files";
    default:
      return " ";
  }
}

std::string zsh_specs(const CommandPage& page) {
  std::string specs;
  for (const CommandOption& option : page.options) {
    const std::string value = zsh_words(option.value) + ":" + zsh_action(option);
    if (option.is_argument) {
      specs += std::string(" \\\n        '") + (option.repeats ? "*:" : ":") + value + "'";
      continue;
    }
    for (const std::string& name : option.names)
      specs += std::string(" \\\n        '") + (option.repeats ? "*" : "") + name + "[" +
               zsh_words(option.doc) + "]" + (option.takes_value() ? ":" + value : "") + "'";
  }
  return specs;
}

std::string zsh_script(const CommandLine& line) {
  std::string text =
      "#compdef skymill\n"
      "# zsh completion for skymill; made by 'skymill completion zsh'.\n"
      "\n"
      "_skymill_stages() { compadd -- ${(f)\"$($skymill describe --format names 2>/dev/null)\"} }\n"
      "_skymill_descriptions() {\n"
      "  compadd -- ${(f)\"$($skymill pipelines --format names 2>/dev/null)\"}\n"
      "  _files -g '*.yaml'\n"
      "}\n"
      "_skymill_parameters() {\n"
      "  if compset -P '*='; then _files; return; fi\n"
      "  compadd -S = -- ${(f)\"$($skymill pipelines ${words[2]} --format names 2>/dev/null)\"}\n"
      "}\n"
      "_skymill_commands() {\n"
      "  local -a commands=(";
  for (const CommandPage& command : line.commands)
    text += "\n    '" + command.name + ":" + zsh_words(command.doc) + "'";
  text +=
      "\n  )\n"
      "  _describe command commands\n"
      "}\n"
      "\n"
      "_skymill() {\n"
      "  local curcontext=$curcontext state line skymill=$words[1]\n"
      "  typeset -A opt_args\n"
      "  _arguments -C" +
      zsh_specs(line.program) +
      " \\\n        '1:command:_skymill_commands' '*::argument:->arguments'\n"
      "  [[ $state == arguments ]] || return\n"
      "  case $words[1] in\n";
  for (const CommandPage& command : line.commands)
    text += "    " + command.name + ")\n      _arguments" + zsh_specs(command) +
            zsh_specs(line.program) + "\n      ;;\n";
  return text + "  esac\n}\n\n_skymill \"$@\"\n";
}

}  // namespace

Command add_completion(CLI::App& app) {
  auto shell = std::make_shared<std::string>();
  app.add_option("shell", *shell, "The shell")
      ->required()
      ->type_name("SHELL")
      ->check(one_of({"bash", "zsh"}));
  app.footer(
      "An installed skymill is completed already. Elsewhere: source <(skymill completion bash).");
  return [shell, &app] {
    const CommandLine line = command_line_of(*app.get_parent());
    print(*shell == "bash" ? bash_script(line) : zsh_script(line));
    return 0;
  };
}

}  // namespace skymill::cli
