// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/params.h>
#include <core/stage.h>
#include <stages/data/visibilities.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace skymill::radio {

class SubbandFile;

struct Uvh5WriterParams {
  std::string output;
  std::vector<std::string> antenna_order;
  bool overwrite = false;
};

/// Writes fringe-stopped visibilities as the correlator of the DSA-110 does (dsa110.md 1.6): a file
/// for every spectral window, `<time>_sbNN.hdf5`, numbered from the highest frequency, channels
/// descending. All files get their names when all are complete.
class Uvh5WriterStage final : public Sink<Visibilities> {
 public:
  using Params = Uvh5WriterParams;
  static Schema<Uvh5WriterParams> schema();
  static Ports ports();

  explicit Uvh5WriterStage(Uvh5WriterParams params);
  ~Uvh5WriterStage() override;

  void plan(Planning& planning) override;
  void write(const Chunk<Visibilities>& chunk, const PipelineContext& ctx) override;
  void finish(const PipelineContext& ctx) override;

 private:
  SubbandFile& subband_of(int data_desc_id);

  Uvh5WriterParams params_;
  std::shared_ptr<const ObservationHeader> header_;
  std::vector<std::string> paths_;  ///< by data description
  std::vector<std::size_t> place_;  ///< of each antenna in the correlator's order
  std::vector<std::unique_ptr<SubbandFile>> subbands_;
};

}  // namespace skymill::radio
