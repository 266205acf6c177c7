// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/params.h>
#include <core/stage.h>
#include <stages/data/visibilities.h>
#include <stages/ms/ms_reader.h>

#include <memory>
#include <string>
#include <vector>

namespace skymill::radio {

struct MsReaderParams {
  std::string input;
  std::string datacolumn = "corrected";
  std::string field;
  std::vector<std::size_t> spw;
  bool autocorrelations = false;
  std::size_t chunk_bytes = 16 << 20;
};

/// Streams a MeasurementSet, some thousand rows at a time.
class MsReaderStage final : public Source<Visibilities> {
 public:
  using Params = MsReaderParams;
  static Schema<MsReaderParams> schema();
  static Ports ports();

  explicit MsReaderStage(MsReaderParams params) : params_(std::move(params)) {}

  void plan(Planning& planning) override;
  std::optional<Chunk<Visibilities>> next(const PipelineContext& ctx) override;

 private:
  struct Piece {
    std::size_t first = 0;
    std::size_t count = 0;
  };
  void select(const ObservationHeader& header);
  void cut(std::size_t chunk_bytes, std::size_t& largest_bytes);

  MsReaderParams params_;
  std::unique_ptr<MsReader> reader_;
  std::shared_ptr<const ObservationHeader> header_;
  std::vector<MsSegment> segments_;
  std::vector<Piece> pieces_;
  std::size_t next_piece_ = 0;
};

}  // namespace skymill::radio
