// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/params.h>
#include <core/stage.h>
#include <stages/data/visibilities.h>
#include <stages/uvh5/uvh5_file.h>
#include <stages/uvh5_reader/uvh5_group.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace skymill::radio {

struct Uvh5ReaderParams {
  std::vector<std::string> input;
  std::string observation;
  std::optional<std::size_t> expect_subbands;
  std::string missing = "error";
  std::string telescope;
  bool autocorrelations = false;
  std::size_t integrations = 4;
  std::size_t chunk_bytes = 32 << 20;
};

/// Streams the UVH5 files of one observation, a spectral window each, in our sign convention:
/// uvw = r(antenna1) - r(antenna2), antenna1 <= antenna2, channels ascending (calibration.md 1.4).
class Uvh5ReaderStage final : public Source<Visibilities> {
 public:
  using Params = Uvh5ReaderParams;
  static Schema<Uvh5ReaderParams> schema();
  static Ports ports();

  explicit Uvh5ReaderStage(Uvh5ReaderParams params) : params_(std::move(params)) {}

  void plan(Planning& planning) override;
  std::optional<Chunk<Visibilities>> next(const PipelineContext& ctx) override;

 private:
  /// Rows of one file that become a chunk.
  struct Piece {
    std::size_t subband = 0;
    std::size_t first = 0;
    std::size_t count = 0;
    std::size_t kept = 0;  ///< rows that are handed on
  };
  std::shared_ptr<const ObservationHeader> make_header() const;
  std::size_t cut(std::size_t chunk_bytes);
  Visibilities read(const Piece& piece, const PipelineContext& ctx);

  Uvh5ReaderParams params_;
  Uvh5Group group_;
  std::shared_ptr<const ObservationHeader> header_;
  std::vector<Piece> pieces_;
  std::size_t next_piece_ = 0;
  std::size_t next_row_ = 0;
  std::size_t unweighted_ = 0;  ///< cells flagged because nsamples is no positive number
  Uvh5Cells cells_;
};

}  // namespace skymill::radio
