// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/params.h>
#include <core/stage.h>
#include <core/storage.h>
#include <stages/data/channel_image.h>
#include <stages/formats/fits_cube.h>
#include <stages/ms/casa_image.h>

#include <memory>
#include <string>
#include <vector>

namespace skymill::radio {

struct ConcatParams {
  std::string output;
  std::vector<std::string> casa{"image", "residual", "psf", "model"};
  std::vector<std::string> fits{"image", "residual"};
  bool overwrite = false;
};

/// Joins channels to cubes: every product's cube is made once at full size, and each plane is
/// written in its place when its channel is done.
class Concat final : public Sink<ChannelImage> {
 public:
  using Params = ConcatParams;
  static Schema<ConcatParams> schema();
  static Ports ports();

  explicit Concat(ConcatParams params) : params_(std::move(params)) {}

  void plan(Planning& planning) override;
  void write(const Chunk<ChannelImage>& chunk, const PipelineContext& ctx) override;
  void finish(const PipelineContext& ctx) override;

 private:
  /// One cube on its way; a CASA image or a FITS file.
  struct Cube {
    std::size_t product = 0;  ///< index in the header's products
    std::unique_ptr<Draft> draft;
    std::unique_ptr<CasaImageWriter> casa;
    std::unique_ptr<FitsCubeWriter> fits;
  };
  void begin(const PipelineContext& ctx);
  std::size_t product_index(const std::string& extension) const;

  ConcatParams params_;
  std::shared_ptr<const CubeHeader> header_;
  std::vector<Cube> cubes_;
  std::vector<bool> done_;
};

}  // namespace skymill::radio
