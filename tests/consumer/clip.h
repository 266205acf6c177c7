// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/params.h>
#include <core/promises.h>
#include <core/stage.h>
#include <stages/data/visibilities.h>

#include <utility>

namespace clip {

using skymill::radio::Visibilities;

struct ClipParams {
  double nsigma = 5;
};

/// Flags visibilities whose amplitude stands out of their chunk, and those that are no numbers.
///
/// The measure is the chunk's own scatter: 1.4826 times the median distance of its unflagged
/// amplitudes from their median. A chunk without scatter loses only what is no number.
class Clip final : public skymill::Transform<Visibilities, Visibilities> {
 public:
  using Params = ClipParams;
  static constexpr int kVersion = 1;
  static skymill::Schema<ClipParams> schema();
  static skymill::Ports ports();
  static constexpr skymill::Promises promises() { return {.by_chunk = true}; }

  explicit Clip(ClipParams params) : params_(std::move(params)) {}

  void plan(skymill::Planning& planning) override;
  skymill::Chunk<Visibilities> operator()(skymill::Chunk<Visibilities> chunk,
                                          const skymill::PipelineContext& ctx) const override;

 private:
  ClipParams params_;
};

}  // namespace clip
