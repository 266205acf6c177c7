// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/params.h>
#include <core/stage.h>

#include <cstddef>
#include <optional>
#include <string>

namespace skymill::radio {

struct PreviewParams {
  std::string input;
  std::string output;
  std::optional<std::size_t> channel;
  std::string markers;
  bool overwrite = false;
};

/// Draws a cube as a picture: its brightest channel with axes, colour bar and beam, and the
/// spectrum of peak and noise.
class Preview final : public Task {
 public:
  using Params = PreviewParams;
  static Schema<PreviewParams> schema();
  static Ports ports() { return {}; }

  explicit Preview(PreviewParams params) : params_(std::move(params)) {}

  void plan(Planning& planning) override;
  void validate(const PipelineContext& ctx) const override;
  PipelineContext execute(const PipelineContext& ctx, const std::string& scratch) override;
  void validate_outputs(const PipelineContext& ctx) const override;

 private:
  PreviewParams params_;
};

}  // namespace skymill::radio
