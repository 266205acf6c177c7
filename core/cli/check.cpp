// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli.h"
#include "plan.h"

namespace skymill::cli {

Command add_check(CLI::App& app, const Common& common) {
  auto options = std::make_shared<DescriptionOptions>();
  add_description_options(app, *options);
  return [options, &common] {
    const Log log = make_log(common, make_console());
    const Registry registry = load_registry(common, log);
    Diagnostics diagnostics;
    const std::string file = find_description(options->file);
    const Descriptor descriptor = read_descriptor(file, options->overrides, diagnostics);
    Planner planner(registry, diagnostics);
    const Plan plan = planner.build(descriptor);
    diagnostics.throw_if_errors();
    print(diagnostics.text());
    print(file + ": " + std::to_string(plan.stages.size()) + " stages, no mistakes\n");
    return 0;
  };
}

}  // namespace skymill::cli
