// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/params.h>
#include <core/stage.h>
#include <core/storage.h>
#include <stages/data/visibilities.h>
#include <stages/uvh5/uvh5_writer.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace skymill::radio {

struct Uvh5WriterParams {
  std::string output;
  std::vector<std::string> antenna_order;
  bool overwrite = false;
};

/// Writes fringe-stopped visibilities as the correlator of the DSA-110 does: a file for every
/// spectral window, `<start>_sbNN.hdf5`, highest frequencies first.
class Uvh5WriterStage final : public Sink<Visibilities> {
 public:
  using Params = Uvh5WriterParams;
  static Schema<Uvh5WriterParams> schema();
  static Ports ports();

  explicit Uvh5WriterStage(Uvh5WriterParams params) : params_(std::move(params)) {}

  void plan(Planning& planning) override;
  void write(const Chunk<Visibilities>& chunk, const PipelineContext& ctx) override;
  void finish(const PipelineContext& ctx) override;

 private:
  struct Subband;
  Subband& subband_of(int data_desc_id);

  Uvh5WriterParams params_;
  std::shared_ptr<const ObservationHeader> header_;
  std::vector<std::string> paths_;  ///< by data description
  std::vector<std::size_t> place_;  ///< of each antenna in the correlator's order
  std::vector<std::shared_ptr<Subband>> subbands_;
};

}  // namespace skymill::radio
