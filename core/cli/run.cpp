// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/storage.h>
#include <core/units.h>

#include "session.h"
#include "survey.h"

namespace skymill::cli {

namespace {

void report(const RunResult& result, const Session& session, const std::string& record,
            const std::string& page) {
  const double seconds =
      std::chrono::duration<double>(std::chrono::system_clock::now() - session.identity.started)
          .count();
  std::string text = !result.failures.empty()      ? "done in parts"
                     : result.degradations.empty() ? "done"
                                                   : "done, degraded";
  text += " in " + format_quantity(seconds, "s") + ", peak memory " +
          format_quantity(static_cast<double>(peak_resident_bytes()), "B") + "\n";
  for (const std::string& reason : result.failures) text += "  failed: " + reason + "\n";
  for (const std::string& reason : result.degradations) text += "  degraded: " + reason + "\n";
  for (const std::string& path : result.outputs) {
    text +=
        "  " + path + " (" + format_quantity(static_cast<double>(bytes_on_disk(path)), "B") + ")\n";
  }
  text += "  " + record + "\n";
  if (!page.empty()) text += "  " + page + "\n";
  session.report(text);
}

int run_once(Session& session, const Descriptor& descriptor, Diagnostics& diagnostics) {
  Planner planner(session.registry, diagnostics);
  Plan plan = planner.build(descriptor);
  diagnostics.throw_if_errors();
  planner.warn_of_unread(plan);
  for (const Diagnostic& remark : diagnostics.sorted()) session.log.warning(remark.text());
  const auto services = session.services();
  session.identity.id = services->run_id;
  if (session.options.dry_run) {
    const PipelineContext ctx = make_context(services);
    look_ahead(planner, plan, ctx);
    check_room(planner, plan, ctx);
    print(plan.text(services->memory, services->program_bytes, services->threads,
                    &services->resumption));
    return 0;
  }
  const std::string record = !session.options.record.empty() ? session.options.record
                             : !descriptor.record.empty()    ? descriptor.record
                                                             : "run.json";
  const std::string page = session.options.page.empty() ? descriptor.page : session.options.page;
  const RunResult result =
      run_and_record(session, session.identity, planner, plan, services, record, page);
  report(result, session, record, page);
  return result.failures.empty() ? 0 : static_cast<int>(ErrorKind::failed);
}

}  // namespace

Command add_run(CLI::App& app, const Common& common, const std::vector<std::string>& arguments) {
  auto options = std::make_shared<RunOptions>();
  add_run_options(app, *options);
  add_page_option(app, *options);
  app.footer(
      "A description with an 'each' block is run once for every item that it finds; one "
      "that fails does\nnot stop the others. --dry-run then lists the items.\n\n"
      "Example: skymill run cube --param input=my.ms --param output=out/my");
  return [options, &common, &arguments] {
    watch_signals();
    Session session(common, *options, arguments);
    const std::string text = read_description_file(session.identity.description_file);
    Diagnostics diagnostics;
    const Descriptor descriptor = read_descriptor_text(session.identity.description_file, text,
                                                       options->overrides, diagnostics);
    if (descriptor.each && !options->page.empty()) {
      throw Error(ErrorKind::description, "--page is for one run, and this is a batch",
                  "write 'page: $(each.name).html' into the description");
    }
    return descriptor.each ? run_batch(session, descriptor, text, diagnostics, {})
                           : run_once(session, descriptor, diagnostics);
  };
}

}  // namespace skymill::cli
