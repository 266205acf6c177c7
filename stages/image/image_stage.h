// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/stage.h>
#include <stages/data/channel_image.h>
#include <stages/data/visibilities.h>
#include <stages/image/channel_cleaner.h>
#include <stages/image/channel_store.h>
#include <stages/image/cube_givens.h>
#include <stages/image/drift_pointings.h>
#include <stages/image/fft_wisdom.h>
#include <stages/image/image_params.h>
#include <stages/image/imaging_weights.h>
#include <stages/image/phase_shift.h>
#include <stages/image/plane_gridder.h>
#include <stages/image/plane_pool.h>

#include <memory>
#include <optional>
#include <vector>

namespace skymill::radio {

/// Turns visibilities into a cube: one pass sorts them by plane, then every plane is imaged and
/// cleaned on its own, as many at once as memory and threads allow. Threads without a plane help
/// with others.
class Image final : public Reduce<Visibilities, ChannelImage> {
 public:
  using Params = ImageParams;
  static Schema<ImageParams> schema() { return image_schema(); }
  static Ports ports();

  explicit Image(ImageParams params) : params_(std::move(params)) {}

  void plan(Planning& planning) override;
  void add(const Chunk<Visibilities>& chunk, const PipelineContext& ctx) override;
  Stream<ChannelImage> finish(const PipelineContext& ctx) override;

 private:
  std::array<double, 2> cell_rad(const ObservationHeader& header,
                                 const std::vector<PlaneChannels>& planes) const;
  ImageHeader image_header(const ObservationHeader& header, const CubePlanes& cube) const;
  void plan_memory(Planning& planning, const ObservationHeader& header);
  void find_common_beam(const PipelineContext& ctx);
  void record(std::size_t plane, const CleanedChannel& done, const PipelineContext& ctx) const;
  /// A channel that converges on its own.
  Chunk<ChannelImage> image_plane(std::size_t plane, const PipelineContext& ctx);
  /// Channels under common control, in order.
  std::vector<CleanedChannel> clean_together(const ControlGroup& group,
                                             const PipelineContext& ctx) const;
  Stream<ChannelImage> in_groups(const PipelineContext& ctx);
  Chunk<ChannelImage> products_of(std::size_t plane, CleanedChannel done,
                                  const PipelineContext& ctx);

  ImageParams params_;
  CubePlanes cube_;
  bool in_memory_ = true;  ///< the samples; else they are in a file
  std::shared_ptr<const ScratchFolder> scratch_;
  std::unique_ptr<ChannelStore> store_;
  std::array<double, 2> cell_{};
  std::optional<ImagingWeights> weights_;
  std::optional<PhaseShift> shift_;
  std::size_t planned_history_ = 0;  ///< lines of the data's header that the cube's has
  std::shared_ptr<const std::vector<std::string>> history_;  ///< the lines after these
  std::optional<CubeGivens> givens_;
  std::optional<DriftPointings> drift_;
  std::optional<Beam> beam_;      ///< of all restored planes, where one is asked for
  std::size_t most_samples_ = 0;  ///< of a plane
  std::unique_ptr<PlanePool> pool_;
  std::unique_ptr<MeasuredPlans> plans_;
  std::unique_ptr<PlaneGridder> gridder_;  ///< made for the first plane
};

}  // namespace skymill::radio
