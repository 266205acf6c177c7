// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/params.h>
#include <core/stage.h>
#include <stages/data/visibilities.h>
#include <stages/uvh5_writer/file_defects.h>

#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace skymill::radio {

class SubbandFile;

struct Uvh5WriterParams {
  std::string output;
  std::vector<std::string> antenna_order;
  std::string layout = "writer";
  std::size_t deflate = 1;
  std::size_t append = 1;  // integrations
  std::string format = "earliest";
  std::size_t times_per_file = 0;
  std::vector<std::string> defects;
  double name_jitter = 0;  // s
  std::size_t seed = 1;
  bool overwrite = false;
};

/// Writes fringe-stopped visibilities as the correlator of the DSA-110 does (dsa110.md 1.6): a file
/// for every spectral window, `<time>_sbNN.hdf5`, numbered from the highest frequency, channels
/// descending; or the same laid out otherwise, or with defects to try readers on. All files get
/// their names when all are complete.
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
  /// One subband of one group of integrations.
  struct FilePlan {
    std::string path;
    std::string copy;  ///< of a duplicate; else empty
    std::set<DefectKind> defects;
    std::unique_ptr<SubbandFile> file;  ///< null until its first row has come
    bool has(DefectKind kind) const { return defects.count(kind) != 0; }
  };
  /// How far the rows of one data description have come.
  struct Progress {
    double time_s = 0;
    std::size_t integrations = 0;  ///< that have begun
  };

  std::string path_of(const FilePlan& plan, std::size_t group, int subband, double shift_s) const;
  double group_start_s(std::size_t group) const;
  std::size_t integrations_of(std::size_t group) const;
  SubbandFile& open_file(std::size_t group, std::size_t description);
  void complete(const FilePlan& plan);
  void publish(FilePlan& plan, const PipelineContext& ctx) const;
  void publish_copy(const FilePlan& plan, const PipelineContext& ctx) const;

  Uvh5WriterParams params_;
  std::shared_ptr<const ObservationHeader> header_;
  std::vector<std::vector<FilePlan>> files_;  ///< [group][data description]
  std::vector<Progress> progress_;            ///< by data description
  std::vector<std::size_t> place_;            ///< of each antenna in the correlator's order
  std::size_t rows_written_ = 0;
};

}  // namespace skymill::radio
