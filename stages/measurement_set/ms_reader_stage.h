// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/params.h>
#include <core/stage.h>
#include <stages/data/visibilities.h>
#include <stages/measurement_set/joined_observations.h>
#include <stages/ms/ms_reader.h>

#include <memory>
#include <string>
#include <vector>

namespace skymill::radio {

struct MsReaderParams {
  std::vector<std::string> input;
  std::string datacolumn = "corrected";
  std::string field;
  std::vector<std::string> spw;
  std::string scan;
  std::string antenna;
  std::string uvrange;
  std::string timerange;
  std::string intent;
  bool autocorrelations = false;
  std::size_t chunk_bytes = 16 << 20;
};

/// Streams a MeasurementSet, or several of one telescope as if their spectral windows and times
/// stood in one, some thousand rows at a time.
class MsReaderStage final : public Source<Visibilities> {
 public:
  using Params = MsReaderParams;
  static Schema<MsReaderParams> schema();
  static Ports ports();

  explicit MsReaderStage(MsReaderParams params) : params_(std::move(params)) {}

  void plan(Planning& planning) override;
  std::optional<Chunk<Visibilities>> next(const PipelineContext& ctx) override;

 private:
  /// Rows that follow each other in one of the MeasurementSets.
  struct Piece {
    std::size_t input = 0;
    std::size_t first = 0;
    std::size_t count = 0;
  };
  void join_headers();
  std::size_t cut(std::size_t chunk_bytes);

  MsReaderParams params_;
  std::vector<std::unique_ptr<MsReader>> inputs_;
  JoinedObservations joined_;
  std::vector<Piece> pieces_;
  std::size_t next_piece_ = 0;
};

}  // namespace skymill::radio
