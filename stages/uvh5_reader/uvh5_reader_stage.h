// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/params.h>
#include <core/stage.h>
#include <stages/data/visibilities.h>
#include <stages/uvh5_reader/uvh5_convention.h>
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
  std::string nsamples = "weight";
  std::string telescope;
  bool autocorrelations = true;
  std::string eop;
  bool stale_eop = false;
  std::size_t integrations = 4;
  std::size_t chunk_bytes = 64 << 20;
};

/// Streams the UVH5 files of one observation, a spectral window each, in our sign convention:
/// uvw = r(antenna1) - r(antenna2), antenna1 <= antenna2, channels ascending (calibration.md 1.4).
/// Data are not rotated: `ObservationHeader::phasing` says to what they were phased.
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
  };
  void make_header();
  std::vector<Field> make_fields();
  void cut(std::size_t chunk_bytes);
  std::int32_t field_of(double time_jd, std::int32_t centre_id) const;
  void conclude_reading(const PipelineContext& ctx);

  Uvh5ReaderParams params_;
  Uvh5Group group_;
  std::vector<Uvh5Order> orders_;  ///< of each file
  std::shared_ptr<const ObservationHeader> header_;
  std::vector<Piece> pieces_;
  std::size_t largest_rows_ = 0;
  std::size_t next_piece_ = 0;
  std::size_t next_row_ = 0;
  std::size_t refused_ = 0;  ///< samples flagged because of nsamples
  std::size_t samples_ = 0;
  std::vector<std::string> degradations_;
  Uvh5Cells cells_;
};

}  // namespace skymill::radio
