// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/image/source_prediction.h>
#include <stages/image/stokes_terms.h>
#include <stages/kernels/parallel_items.h>

#include <complex>

namespace skymill::radio {

SourcePrediction::SourcePrediction(const ModelSky& sky, const ModelParams& params,
                                   const std::shared_ptr<const ObservationHeader>& header,
                                   std::size_t threads) {
  for (std::size_t k = 0; k < threads; ++k) models_.emplace_back(sky, params, header);
}

std::size_t SourcePrediction::bytes(const ModelSky& sky, const ObservationHeader& header,
                                    std::size_t threads) {
  return threads * ModelVisibilities::bytes(sky, header);
}

void SourcePrediction::add(Visibilities& rows, const std::function<void()>& check) {
  const ObservationHeader& header = *rows.header;
  const auto& description =
      header.data_descriptions.at(static_cast<std::size_t>(rows.data_desc_id));
  const StokesTerms hands = StokesTerms::of("I", description.corr_types);
  kernels::parallel_items(models_.size(), models_.size(), [&](std::size_t part) {
    for (std::size_t row = part; row < rows.rows(); row += models_.size()) {
      if (row % 256 == part) check();
      const auto& values = models_[part].row(rows, row);
      for (std::size_t c = 0; c < rows.nchan; ++c) {
        const std::complex<float> value(values[c]);
        for (const StokesTerms::Term& hand : hands.terms) {
          rows.data[(row * rows.nchan + c) * rows.ncorr + hand.correlation] += value;
        }
      }
    }
  });
}

}  // namespace skymill::radio
