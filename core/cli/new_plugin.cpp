// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/storage.h>
#include <dlfcn.h>

#include <filesystem>
#include <fstream>
#include <string_view>

#include "cli.h"
#include "new_plugin_files.h"
#include "parse_fault.h"
#include "plugin_loader.h"

namespace fs = std::filesystem;

namespace skymill::cli {

namespace {

struct NewPluginOptions {
  std::string name;
  std::string shape;
  std::string folder;
};

constexpr std::size_t kLongestName = 50;

/// C++ keywords, and names that mean something else in a plugin's sources or its build: macros and
/// types of C, targets of CMake, what the skeletons themselves name.
constexpr std::string_view kReserved =
    " alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t"
    " char16_t char32_t class co_await co_return co_yield compl concept const const_cast"
    " consteval constexpr constinit continue decltype default delete do double dynamic_cast else"
    " enum explicit export extern false float for friend goto if inline int long mutable"
    " namespace new noexcept not not_eq nullptr operator or or_eq private protected public"
    " register reinterpret_cast requires return short signed sizeof static static_assert"
    " static_cast struct switch template this thread_local throw true try typedef typeid"
    " typename union unsigned using virtual void volatile wchar_t while xor xor_eq std skymill"
    " main unix linux all clean help install package test core stages errno assert tm timeval"
    " timespec option size_t time_t div_t va_list edit_cache rebuild_cache preinstall"
    " package_source visibilities observation_header baseline sums params transform"
    " ";

/// `MyNewStage` of `my_new_stage`.
std::string class_name(const std::string& name) {
  std::string text;
  bool first = true;
  for (const char letter : name) {
    if (letter == '_') {
      first = true;
    } else {
      text +=
          first && letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
      first = false;
    }
  }
  return text;
}

/// The name as it would be accepted, for a message.
std::string snake_case(const std::string& name) {
  std::string text;
  for (const char letter : name) {
    if (letter >= 'A' && letter <= 'Z') {
      if (!text.empty() && text.back() != '_') text += '_';
      text += static_cast<char>(letter - 'A' + 'a');
    } else if ((letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9')) {
      text += letter;
    } else if (!text.empty() && text.back() != '_') {
      text += '_';
    }
  }
  while (!text.empty() && text.back() == '_') text.pop_back();
  return text;
}

void check_name(const std::string& name, const Registry& registry) {
  const auto refuse = [&](const std::string& why, const std::string& hint) {
    throw Error(ErrorKind::description, "a plugin cannot be named '" + name + "': " + why, hint);
  };
  const std::string better = snake_case(name);
  const bool begins_well = !name.empty() && name.front() >= 'a' && name.front() <= 'z';
  if (name != better || !begins_well) {
    const bool is_one = !better.empty() && better.front() >= 'a' && better.front() <= 'z';
    refuse("names are lower_snake: letters a to z, digits, single underscores, a letter first",
           is_one ? "write '" + better + "'" : "write a name such as 'my_flagger'");
  }
  if (name.size() > kLongestName) {
    refuse("it has more than " + std::to_string(kLongestName) + " letters", "shorten it");
  }
  if (kReserved.find(" " + name + " ") != std::string_view::npos) {
    refuse("it means something else in C++, in CMake or in the skeleton",
           "write '" + name + "_stage'");
  }
  // The name becomes a namespace, which a function or variable of C does not stand beside.
  if (::dlsym(RTLD_DEFAULT, name.c_str()) != nullptr) {
    refuse("a library of the system has a function or variable of that name",
           "write '" + name + "_stage'");
  }
  if (const StageType* taken = registry.find(name)) {
    refuse("there is a stage of that name already, in '" + taken->library + "'",
           "choose another name; 'skymill describe' lists those that are taken");
  }
}

std::string replaced(std::string_view text, std::string_view what, const std::string& by) {
  std::string result;
  for (;;) {
    const auto found = text.find(what);
    result += text.substr(0, found);
    if (found == std::string_view::npos) return result;
    result += by;
    text.remove_prefix(found + what.size());
  }
}

/// The name that a file of the skeleton gets; empty when it belongs to another shape.
std::string file_name(std::string_view file, const NewPluginOptions& options) {
  file.remove_suffix(std::string_view(".in").size());
  if (file == "CMakeLists.txt" || file == "README.md") return std::string(file);
  if (file == "gitignore") return ".gitignore";
  if (file.substr(0, options.shape.size()) != options.shape) return {};
  return options.name + std::string(file.substr(options.shape.size()));
}

void write_skeleton(const std::string& folder, const NewPluginOptions& options) {
  fs::create_directories(folder);
  for (const EmbeddedFile* file = kNewPluginFiles; !file->name.empty(); ++file) {
    const std::string name = file_name(file->name, options);
    if (name.empty()) continue;
    std::string text = replaced(file->text, "my_stage", options.name);
    text = replaced(text, "MyStage", class_name(options.name));
    text = replaced(text, "MY_SHAPE", options.shape);
    const std::string path = (fs::path(folder) / name).string();
    std::ofstream out(path);
    out << text;
    out.close();
    if (!out) {
      throw Error(ErrorKind::resources, "cannot write '" + path + "'",
                  "look for room on the disk and for the rights of the folder");
    }
  }
}

/// Where this program is installed, for CMake; empty in a build tree.
std::string prefix() {
  for (const char* up : {"../../..", "../../../.."}) {
    const fs::path folder = fs::weakly_canonical(fs::path(installed_plugin_folder()) / up);
    if (fs::is_regular_file(folder / "include/skymill/core/plugin.h")) return folder.string();
  }
  return {};
}

void print_next(const NewPluginOptions& options) {
  const std::string where = prefix();
  // CMake looks there without being told.
  const bool is_usual = where == "/usr" || where == "/usr/local";
  print("'" + options.folder + "' is a " + options.shape +
        " that builds, passes its tests and runs as it stands:\n\n  cd " + options.folder +
        "\n  cmake -S . -B build -DCMAKE_BUILD_TYPE=Release" +
        (is_usual
             ? ""
             : " -DCMAKE_PREFIX_PATH=" + (where.empty() ? "<where skymill is installed>" : where)) +
        "\n  cmake --build build\n  ctest --test-dir build --output-on-failure\n  skymill run " +
        options.name + ".yaml --plugin build/" + options.name +
        ".so\n\nThen change what it does in " + options.name + ".cpp.\n");
}

}  // namespace

Command add_new_plugin(CLI::App& app, const Common& common) {
  auto options = std::make_shared<NewPluginOptions>();
  app.add_option("name", options->name, "Name of the plugin and its stage, such as my_flagger")
      ->required()
      ->type_name("NAME");
  app.add_option("--shape", options->shape,
                 "source gives chunks, transform turns each into another, reduce gathers all and "
                 "then gives results, sink writes a product, task works on whole products")
      ->required()
      ->check(one_of({"source", "transform", "reduce", "sink", "task"}));
  app.add_option("--folder", options->folder, "Folder to make; default: NAME")->type_name("DIR");
  app.footer("Example: skymill new-plugin my_flagger --shape transform");
  return [options, &common] {
    check_name(options->name, load_registry(common, make_log(common, make_console())));
    if (options->folder.empty()) options->folder = options->name;
    if (fs::exists(fs::symlink_status(options->folder))) {
      throw Error(ErrorKind::description, "'" + options->folder + "' exists already",
                  "name another folder with --folder, or remove it");
    }
    Draft draft(options->folder);
    write_skeleton(draft.path(), *options);
    draft.publish();
    print_next(*options);
    return 0;
  };
}

}  // namespace skymill::cli
