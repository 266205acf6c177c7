// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/params.h>
#include <core/stage.h>
#include <stages/data/visibilities.h>
#include <stages/uvh5_reader/meridian_uvw.h>
#include <stages/uvh5_reader/uvh5_convention.h>
#include <stages/uvh5_reader/uvh5_group.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace skymill::radio {

struct Uvh5ReaderParams {
  std::vector<std::string> input;
  std::string observation;
  std::optional<std::size_t> expect_subbands;
  std::optional<std::size_t> min_subbands;
  std::string missing = "error";
  std::string nsamples = "weight";
  bool assume_constant_flags = false;
  std::string uvw = "derivative";
  std::string telescope;
  bool autocorrelations = true;
  std::string eop;
  bool allow_stale_eop = false;
  std::size_t readers = 4;
  std::size_t read_ahead = 2;
  std::size_t integrations = 1000000;
  std::size_t chunk_bytes = 8 << 20;
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
  /// A spectral window of the stream.
  struct Subband {
    SpectralWindow window;
    Uvh5Order order;
    std::optional<std::size_t> file;  ///< in the group; nothing where the subband is missing
    float weight = 1;                 ///< of all samples, where nsamples is not read
  };
  /// Rows of one subband that become a chunk.
  struct Piece {
    std::size_t subband = 0;
    std::size_t first = 0;
    std::size_t count = 0;
  };
  /// A piece that has been read.
  struct Reading {
    Piece piece;
    Uvh5Rows rows;
    Visibilities chunk;
    RefusedSamples refused;
  };

  void find_files();
  void make_subbands();
  void add_missing_subbands();
  void make_header();
  void make_fields(ObservationHeader& header);
  void cut(std::size_t chunk_bytes);
  float constant_weight(const Uvh5File& file) const;
  std::size_t piece_bytes() const;
  std::size_t reading_bytes(std::size_t threads) const;

  void read_pieces();
  Reading read(const Piece& piece, Uvh5Cells& cells) const;
  Reading blank(const Piece& piece) const;
  void add_places(Reading& reading) const;
  void require_rows(const Reading& reading);
  std::int32_t field_of(double time_jd, std::int32_t centre_id) const;
  void conclude_reading(const PipelineContext& ctx);

  Uvh5ReaderParams params_;
  Uvh5Group group_;
  std::vector<Subband> subbands_;  ///< ascending in frequency
  std::shared_ptr<const ObservationHeader> header_;
  std::optional<MeridianUvw> meridian_;
  std::vector<Piece> pieces_;
  std::size_t largest_rows_ = 0;
  std::vector<std::string> degradations_;

  std::size_t next_piece_ = 0;
  std::size_t next_row_ = 0;
  std::vector<Uvh5Cells> cells_;  ///< of each reader
  std::deque<Reading> ready_;
  Piece reference_piece_;
  Uvh5Rows reference_;  ///< rows of the first subband, to which the others are held
  RefusedSamples refused_;
  std::size_t samples_ = 0;
  bool concluded_ = false;
};

}  // namespace skymill::radio
