// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/units.h>

#include "cli.h"
#include "draft_leftovers.h"
#include "machine.h"

namespace skymill::cli {

namespace {

struct CleanOptions {
  std::vector<std::string> folders;
  bool dry_run = false;
};

}  // namespace

Command add_clean(CLI::App& app) {
  auto options = std::make_shared<CleanOptions>();
  app.add_option("folders", options->folders,
                 "Folders of products, in which unfinished ones (.partial) are removed too")
      ->type_name("FOLDER");
  app.add_flag("--dry-run", options->dry_run, "Only show what would be removed");
  app.footer("Example: skymill clean out --dry-run");
  return [options] {
    std::vector<Leftover> found;
    const auto add = [&](std::vector<Leftover> more) {
      found.insert(found.end(), more.begin(), more.end());
    };
    for (const TierDescription& description : this_machine().tiers) {
      add(Tier(description).clean(options->dry_run));
    }
    for (const std::string& folder : options->folders) {
      add(clean_drafts(folder, options->dry_run));
    }
    const std::string verb = options->dry_run ? "would remove " : "removed ";
    for (const Leftover& leftover : found) {
      print(verb + leftover.path + " (" +
            format_quantity(static_cast<double>(leftover.bytes), "B") + "): " + leftover.what +
            "\n");
    }
    if (found.empty()) print("nothing is left over\n");
    return 0;
  };
}

}  // namespace skymill::cli
