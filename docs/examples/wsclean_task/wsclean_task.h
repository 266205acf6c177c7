// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/params.h>
#include <core/stage.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace wsclean_task {

struct WscleanParams {
  std::string input;
  std::string output;
  std::size_t size = 1024;
  double scale = 4.84813681109536e-06;  // 1 arcsec
  std::string weight = "briggs";
  double robust = 0;
  std::size_t niter = 0;
  double threshold = 0;
  double mgain = 1;
  std::size_t channels_out = 1;
  std::string column = "DATA";
  std::string program = "wsclean";
  bool overwrite = false;
};

/// Images a MeasurementSet with WSClean, run as a program of its own.
class WscleanTask final : public skymill::Task {
 public:
  using Params = WscleanParams;
  static constexpr int kVersion = 1;
  static skymill::Schema<WscleanParams> schema();
  static skymill::Ports ports() { return {}; }

  explicit WscleanTask(WscleanParams params) : params_(std::move(params)) {}

  void plan(skymill::Planning& planning) override;
  void validate(const skymill::PipelineContext& ctx) const override;
  skymill::PipelineContext execute(const skymill::PipelineContext& ctx,
                                   const std::string& scratch) override;

 private:
  /// What comes after the prefix in the names of the products: `-image.fits`.
  std::vector<std::string> endings() const;
  std::vector<std::string> command(const std::string& prefix, const std::string& scratch,
                                   const skymill::PipelineContext& ctx) const;
  std::size_t memory_bytes() const;
  void publish(const std::string& prefix, const skymill::PipelineContext& ctx) const;

  WscleanParams params_;
};

}  // namespace wsclean_task
