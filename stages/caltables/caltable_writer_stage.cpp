// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/version.h>
#include <stages/calsets/solution_figures.h>
#include <stages/calsets/table_set.h>
#include <stages/caltables/caltable_writer_stage.h>
#include <stages/ms/cal_table_writer.h>

#include <filesystem>
#include <map>
#include <memory>

namespace skymill::radio {

namespace {

constexpr JonesTerm kTerms[] = {JonesTerm::K, JonesTerm::B, JonesTerm::G, JonesTerm::T};

}  // namespace

Schema<CaltableWriterParams> CaltableWriterStage::schema() {
  Schema<CaltableWriterParams> s{
      "Write a calibration into tables in CASA's format, which CASA's applycal reads as well."};
  s.field("output", &CaltableWriterParams::output,
          "Prefix of the tables: <output>.kcal for delays, .bcal bandpasses, .gcal gains, .tcal "
          "gains that polarisations share; a second one of a type is .2gcal")
      .required();
  s.field("which", &CaltableWriterParams::which,
          "all terms of the calibration, or the last one, which was solved with the others applied")
      .choices({"all", "last"});
  s.field("overwrite", &CaltableWriterParams::overwrite, "Replace tables that exist").tuning();
  s.example("caltable_writer:\n  in: solve\n  output: 3c286",
            "solve is a stage that solves for gains");
  return s;
}

Ports CaltableWriterStage::ports() {
  PortNeed need;
  need.kind = Calibration::kDataKind;
  return Ports().in(need, "solutions, in one piece");
}

void CaltableWriterStage::plan(Planning& planning) {
  planning.set_lane("table:" + std::filesystem::absolute(params_.output).string());
  parameters_ = planning.parameters();
  // Which terms will come is not known, and a table of another run beside those of this one would
  // be taken for one of the set; so all names must be free.
  constexpr std::size_t kSubtables = std::size_t{1} << 20;
  for (const JonesTerm term : kTerms) {
    planning.add_product(params_.output + table_ending(term, 1),
                         planning.input().chunk_bytes + kSubtables, params_.overwrite);
  }
}

void CaltableWriterStage::write(const Chunk<Calibration>& chunk, const PipelineContext& ctx) {
  if (!drafts_.empty()) {
    throw Error(ErrorKind::input,
                "a second calibration came for '" + params_.output + "', which takes one");
  }
  if (chunk->terms.empty()) {
    throw Error(ErrorKind::input,
                "the calibration for '" + params_.output + "' has no terms to write");
  }
  CalTableOptions options;
  options.application = "skymill " SKYMILL_VERSION;
  std::map<JonesTerm, int> number;
  for (std::size_t k = 0; k < chunk->terms.size(); ++k) {
    const Solutions& term = *chunk->terms[k];
    const int count = ++number[term.term];
    if (params_.which == "last" && k + 1 < chunk->terms.size()) continue;
    options.history = table_history(*chunk, term, parameters_, ctx);
    const std::string path =
        params_.output + table_ending(term.term, params_.which == "last" ? 1 : count);
    drafts_.push_back(ctx.draft(path, params_.overwrite));
    write_cal_table(ctx.lane_token(), drafts_.back().path(), term, options);
    ctx.record("tables", table_row(drafts_.size() - 1, path, term));
    ctx.log().info(table_sentence(path, term));
    const SolutionCounts counts = count_solutions(term);
    ctx.count("solutions", static_cast<std::int64_t>(counts.solutions));
    ctx.count("solutions_flagged", static_cast<std::int64_t>(counts.flagged));
  }
}

void CaltableWriterStage::finish(const PipelineContext& ctx) {
  if (drafts_.empty()) {
    throw Error(ErrorKind::input,
                "no calibration came for '" + params_.output + "', so nothing was written");
  }
  ctx.all_complete();
  for (Draft& draft : drafts_) {
    draft.publish();
    ctx.record_output(draft.final_path());
  }
}

}  // namespace skymill::radio
