// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/params.h>
#include <core/placed_file.h>
#include <core/stage.h>
#include <core/storage.h>
#include <stages/data/channel_image.h>
#include <stages/formats/fits_cube.h>
#include <stages/ms/casa_image.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace skymill::radio {

struct ConcatParams {
  std::string output;
  std::vector<std::string> casa{"image", "residual", "psf", "model"};
  std::vector<std::string> fits{"image", "residual"};
  bool overwrite = false;
};

/// Joins channels to cubes: every product's cube is made once at full size, as a hole, and each
/// plane is written in its place when its channel is done, by several threads at once.
///
/// Until the cubes are published, `<output>.planes.partial` tells which planes are there: one
/// letter a channel, '+' for written, '-' for no data, '.' for still to come.
class Concat final : public Sink<ChannelImage> {
 public:
  using Params = ConcatParams;
  static Schema<ConcatParams> schema();
  static Ports ports();

  explicit Concat(ConcatParams params) : params_(std::move(params)) {}

  void plan(Planning& planning) override;
  void write(const Chunk<ChannelImage>& chunk, const PipelineContext& ctx) override;
  void settle(const PipelineContext& ctx) override;
  Row note(const Chunk<ChannelImage>& chunk) const override;
  bool take_up(const std::vector<DoneUnit>& units, const PipelineContext& ctx) override;
  void finish(const PipelineContext& ctx) override;

 private:
  /// One cube on its way; a CASA image or a FITS file.
  struct Cube {
    std::size_t product = 0;  ///< index in the header's products
    std::unique_ptr<Draft> draft;
    std::unique_ptr<CasaImageWriter> casa;
    std::unique_ptr<FitsCubeWriter> fits;
  };
  void begin(const ChannelImage& first, const PipelineContext& ctx);
  void open_states();
  void open(const std::string& product, bool fits, bool found, const Lane::Token& token);
  void take_up_unit(const DoneUnit& unit);
  std::size_t write_planes(const ChannelImage& image, std::size_t channel);
  void set_state(std::size_t channel, char state);
  void give_up(const PipelineContext& ctx);
  std::shared_ptr<Lane> tables(const PipelineContext& ctx) const;

  std::size_t product_index(const std::string& extension) const;
  std::vector<std::string> expanded(const std::vector<std::string>& chosen) const;

  ConcatParams params_;
  std::shared_ptr<const CubeHeader> header_;
  std::once_flag begun_;
  std::vector<Cube> cubes_;
  std::unique_ptr<Draft> states_draft_;
  std::optional<PlacedFile> states_file_;
  std::vector<char> states_;  ///< by channel, as in the file
};

}  // namespace skymill::radio
