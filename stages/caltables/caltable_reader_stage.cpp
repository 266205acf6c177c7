// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/caltables/caltable_reader_stage.h>
#include <stages/ms/table_lane.h>


namespace skymill::radio {

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

void CaltableReaderStage::plan(Planning& planning) {
  if (params_.tables.empty()) {
    throw Error(ErrorKind::description, "tables is empty, so there is no calibration to read",
                "name at least one table");
  }
  const std::string lane = table_lane(params_.tables.front());
  planning.set_lane(lane);
  for (const std::string& path : params_.tables) planning.add_input(path);
  planning.context().lanes().get(lane)->run([&](const Lane::Token& token) {
    tables_ = TableSet(token, params_.tables, planning.context());
  });
  PortSpec& out = planning.output();
  out.axes = {"time", "frequency", "polarisation", "antenna"};
  out.columns = {"gain", "flag", "snr", "error"};
  out.properties["terms"] = tables_.terms();
  out.properties["telescope"] = tables_.header()->telescope;
  out.chunk_bytes = tables_.bytes();
  out.chunks = 1;
  out.set_header<ObservationHeader>(tables_.header());
  planning.add_note("terms " + tables_.terms() + " of " + tables_.header()->telescope);
}

std::optional<Chunk<Calibration>> CaltableReaderStage::next(const PipelineContext& ctx) {
  if (done_) return std::nullopt;
  done_ = true;
  return Chunk<Calibration>(tables_.read(ctx));
}

}  // namespace skymill::radio
