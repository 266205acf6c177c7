// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>

#include "cli.h"
#include "plan.h"
#include "survey.h"

namespace skymill::cli {

Command add_explain(CLI::App& app, const Common& common) {
  auto options = std::make_shared<DescriptionOptions>();
  add_description_options(app, *options);
  app.footer("Example: skymill explain cube --param input=my.ms --param output=out/my");
  auto values = std::make_shared<bool>(false);
  app.add_flag("--values", *values, "Show every parameter's value and where it comes from");
  return [options, values, &common] {
    const Log log = make_log(common, make_console());
    const Registry registry = load_registry(common, log);
    Diagnostics diagnostics;
    const Descriptor descriptor =
        read_descriptor(find_description(options->file), options->overrides, diagnostics);
    if (descriptor.each) {
      diagnostics.throw_if_errors();
      throw Error(ErrorKind::description,
                  "'" + descriptor.file + "' is a batch, and each of its items has its own plan",
                  "'skymill run --dry-run' lists the items");
    }
    Planner planner(registry, diagnostics);
    Plan plan = planner.build(descriptor);
    diagnostics.throw_if_errors();
    planner.warn_of_unread(plan);
    for (const Diagnostic& remark : diagnostics.sorted()) log.warning(remark.text());
    const auto services = make_services(*options, log);
    const PipelineContext ctx = make_context(services);
    look_ahead(planner, plan, ctx);
    print(plan.text(services->memory, services->program_bytes, services->threads,
                    &services->resumption));
    try {
      check_room(planner, plan, ctx);
    } catch (const Error& error) {
      print(std::string("would be refused: ") + error.what() + "\n");
    }
    if (!*values) return 0;
    for (const PlannedStage& stage : plan.stages) {
      print(stage.name + "\n");
      for (const ResolvedValue& value : stage.values) {
        print("  " + value.name + " = " + value.text + "  (" + value.origin + ")\n");
      }
    }
    return 0;
  };
}

}  // namespace skymill::cli
