// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/units.h>

#include "session.h"

namespace skymill::cli {

Command add_watch(CLI::App& app, const Common& common, const std::vector<std::string>& arguments) {
  auto options = std::make_shared<RunOptions>();
  auto until_idle = std::make_shared<std::string>();
  add_run_options(app, *options);
  app.add_option("--until-idle", *until_idle,
                 "End when nothing new came for this time, such as 10min; default: go on until "
                 "SIGTERM or SIGINT")
      ->type_name("TIME");
  app.footer(
      "The description has an 'each' block, which says how often to look ('poll') and when "
      "not to wait\nany longer. The first signal lets the item at work end in order, the "
      "second ends all at once.");
  return [options, until_idle, &common, &arguments] {
    watch_signals();
    BatchMode mode;
    mode.follow = true;
    try {
      if (!until_idle->empty()) mode.until_idle_s = parse_quantity(*until_idle, "s");
    } catch (const QuantityError& problem) {
      throw Error(ErrorKind::description, std::string("--until-idle: ") + problem.what());
    }
    Session session(common, *options, arguments);
    const std::string text = read_description_file(session.identity.description_file);
    Diagnostics diagnostics;
    const Descriptor descriptor = read_descriptor_text(session.identity.description_file, text,
                                                       options->overrides, diagnostics);
    diagnostics.throw_if_errors();
    if (!descriptor.each) {
      throw Error(ErrorKind::description,
                  "'" + descriptor.file + "' has no 'each' block, so there is nothing to watch",
                  "run it with 'skymill run', or see 'convert_batch' for a description with one");
    }
    return run_batch(session, descriptor, text, diagnostics, mode);
  };
}

}  // namespace skymill::cli
