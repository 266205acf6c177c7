// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/caltables/caltable_reader_stage.h>
#include <stages/caltables/solution_figures.h>

#include <algorithm>
#include <filesystem>
#include <memory>

namespace skymill::radio {

namespace {

/// What tables that correct the same data must share. @throws Error (input)
void require_one_array(const ObservationHeader& first, const ObservationHeader& other) {
  const auto refuse = [&](const std::string& what, const std::string& hint) {
    throw Error(ErrorKind::input, "'" + first.source + "' and '" + other.source + "' " + what,
                hint);
  };
  if (first.telescope != other.telescope) {
    refuse("are of different telescopes, '" + first.telescope + "' and '" + other.telescope + "'",
           "apply together only tables of one array");
  }
  const bool known = first.uvw_sense != UvwSense::unknown && other.uvw_sense != UvwSense::unknown;
  if (known && first.uvw_sense != other.uvw_sense) {
    refuse(
        "were solved from data with opposite senses of UVW, so their phases are of opposite "
        "signs",
        "solve them again from data of one origin");
  }
}

void require_science(const std::string& path) {
  if (path.find("NON_SCIENCE") == std::string::npos) return;
  throw Error(ErrorKind::input, "the calibration table '" + path + "' is named NON_SCIENCE",
              "solutions that were given up are not applied; name others");
}

}  // namespace

Schema<CaltableReaderParams> CaltableReaderStage::schema() {
  Schema<CaltableReaderParams> s{
      "Read calibration tables in CASA's format, of delays (K), bandpasses (B) and gains (G, T)."};
  s.field("tables", &CaltableReaderParams::tables,
          "The tables, in any order; K is applied before B, G and T, in the order of this list "
          "where there are several of a type")
      .required();
  s.example("caltable_reader:\n  tables: [3c286.kcal, 3c286.bcal, 3c286.gcal]",
            "what gaincal and bandpass of CASA, or caltable_writer, have made");
  return s;
}

Ports CaltableReaderStage::ports() {
  return Ports().out("out", Calibration::kDataKind, "all terms, in one piece");
}

void CaltableReaderStage::open(Planning& planning, const std::string& path) {
  require_science(path);
  planning.add_input(path);
  std::error_code code;
  const auto canonical = std::filesystem::canonical(params_.tables.front(), code);
  const std::string lane = "table:" + (code ? params_.tables.front() : canonical.string());
  planning.set_lane(lane);
  planning.context().lanes().get(lane)->run([&](const Lane::Token& token) {
    tables_.push_back({path, CalTableReader(token, path)});
  });
  for (const std::string& note : tables_.back().reader.notes()) {
    planning.context().log().info("'" + path + "': " + note);
  }
}

void CaltableReaderStage::plan(Planning& planning) {
  for (const std::string& path : params_.tables) open(planning, path);
  if (tables_.empty()) {
    throw Error(ErrorKind::description, "tables is empty, so there is no calibration to read",
                "name at least one table");
  }
  std::stable_sort(tables_.begin(), tables_.end(), [](const Table& a, const Table& b) {
    return a.reader.term() < b.reader.term();
  });
  PortSpec& out = planning.output();
  std::string terms;
  for (const Table& table : tables_) {
    require_one_array(*tables_.front().reader.header(), *table.reader.header());
    terms += letter(table.reader.term());
    out.chunk_bytes += table.reader.bytes();
  }
  out.axes = {"time", "frequency", "polarisation", "antenna"};
  out.columns = {"gain", "flag", "snr", "error"};
  out.properties["terms"] = terms;
  out.properties["telescope"] = tables_.front().reader.header()->telescope;
  out.chunks = 1;
  out.set_header<ObservationHeader>(tables_.front().reader.header());
  planning.add_note("terms " + terms + " of " + tables_.front().reader.header()->telescope);
}

std::optional<Chunk<Calibration>> CaltableReaderStage::next(const PipelineContext& ctx) {
  if (done_) return std::nullopt;
  done_ = true;
  Calibration calibration;
  for (Table& table : tables_) {
    const std::size_t notes = table.reader.notes().size();
    auto term = std::make_shared<const Solutions>(table.reader.read(ctx.lane_token()));
    for (std::size_t k = notes; k < table.reader.notes().size(); ++k) {
      ctx.log().warning("'" + table.path + "': " + table.reader.notes()[k]);
    }
    const SolutionCounts counts = count_solutions(*term);
    if (counts.flagged == counts.solutions) {
      ctx.degrade("'" + table.path + "' has no good solution: all " +
                  std::to_string(counts.solutions) + " are flagged");
    }
    ctx.record("tables", table_row(calibration.terms.size(), table.path, *term));
    ctx.log().info(table_sentence(table.path, *term));
    ctx.count("solutions", static_cast<std::int64_t>(counts.solutions));
    ctx.count("solutions_flagged", static_cast<std::int64_t>(counts.flagged));
    calibration.terms.push_back(std::move(term));
  }
  return Chunk<Calibration>(std::move(calibration));
}

}  // namespace skymill::radio
