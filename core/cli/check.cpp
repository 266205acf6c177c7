// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli.h"
#include "each.h"

namespace skymill::cli {

Command add_check(CLI::App& app, const Common& common) {
  auto options = std::make_shared<DescriptionOptions>();
  add_description_options(app, *options);
  app.footer("Example: skymill check cube --param input=my.ms --param output=out/my");
  return [options, &common] {
    const Log log = make_log(common, make_console());
    const Registry registry = load_registry(common, log);
    asked_memory(*options);
    Diagnostics diagnostics;
    const std::string file = find_description(options->file);
    const Descriptor descriptor = read_descriptor(file, options->overrides, diagnostics);
    const std::size_t stages = descriptor.stages.size();
    if (descriptor.each) {
      EachSource source(registry, diagnostics);
      source.build(descriptor, false);
      source.check_stages(descriptor);
    } else {
      Planner planner(registry, diagnostics);
      const Plan plan = planner.build(descriptor);
      if (!diagnostics.has_errors()) planner.warn_of_unread(plan);
    }
    diagnostics.throw_if_errors();
    print(diagnostics.text());
    print(file + ": " + std::to_string(stages) + (stages == 1 ? " stage" : " stages") +
          ", no mistakes\n");
    return 0;
  };
}

}  // namespace skymill::cli
