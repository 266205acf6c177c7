// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/visibilities.h>
#include <stages/sky/model_visibilities.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

namespace skymill::radio {

/// Adds the visibilities of a model of sources to rows, in several threads.
class SourcePrediction {
 public:
  /// @throws Error (input) as ModelVisibilities
  SourcePrediction(const ModelSky& sky, const ModelParams& params,
                   const std::shared_ptr<const ObservationHeader>& header, std::size_t threads);

  static std::size_t bytes(const ModelSky& sky, const ObservationHeader& header,
                           std::size_t threads);

  /// Adds to rows.data [row][chan][corr] of both parallel hands; the same bits for any threads.
  /// @param check called now and then; throws to stop
  /// @throws Error (input) as ModelVisibilities::row
  void add(Visibilities& rows, const std::function<void()>& check);

 private:
  std::vector<ModelVisibilities> models_;  ///< one a thread
};

}  // namespace skymill::radio
