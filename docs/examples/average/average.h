// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/params.h>
#include <core/stage.h>
#include <stages/data/visibilities.h>

#include <array>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

namespace average {

using skymill::radio::ObservationHeader;
using skymill::radio::Visibilities;

struct AverageParams {
  double time = 0;
  std::size_t channels = 1;
};

/// Averages visibilities in time and channel; see README.md for what becomes of each column.
class Average final : public skymill::Reduce<Visibilities, Visibilities> {
 public:
  using Params = AverageParams;
  static constexpr int kVersion = 1;
  static skymill::Schema<AverageParams> schema();
  static skymill::Ports ports();

  explicit Average(AverageParams params) : params_(std::move(params)) {}

  void plan(skymill::Planning& planning) override;
  void add(const skymill::Chunk<Visibilities>& chunk, const skymill::PipelineContext& ctx) override;
  skymill::Stream<Visibilities> finish(const skymill::PipelineContext& ctx) override;

 private:
  /// Which rows become one: description and time first, because each pair of them is a chunk.
  struct Key {
    int description = 0;
    std::int64_t bin = 0;
    std::int32_t field = 0;
    std::int32_t scan = 0;
    std::int32_t antenna1 = 0;
    std::int32_t antenna2 = 0;
    friend auto operator<=>(const Key&, const Key&) = default;
  };

  /// Sums over the rows that become one.
  struct Sums {
    std::vector<std::complex<double>> data;  ///< [chan][corr], with weights
    std::vector<double> weight;              ///< [chan][corr]
    double begin_s = 0;
    double end_s = 0;
    double exposure_s = 0;
    std::array<double, 4> place{};        ///< uvw and centroid, with the rows' weights
    std::array<double, 4> plain_place{};  ///< the same, where no row has a weight
    double place_weight = 0;
    double rows = 0;
  };

  std::size_t channels_out(std::size_t nchan) const;
  void add_row(const Visibilities& rows, std::size_t row, Sums& sums) const;
  void put_row(const Key& key, const Sums& sums, Visibilities& out) const;
  Visibilities moment(int description, std::int64_t bin) const;

  AverageParams params_;
  std::shared_ptr<const ObservationHeader> header_;
  std::map<Key, Sums> sums_;
};

}  // namespace average
