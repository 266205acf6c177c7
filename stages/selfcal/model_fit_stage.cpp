// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/selfcal/model_fit_stage.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace skymill::radio {

namespace {

constexpr std::size_t kHands = 2;

/// RR, XX: 0; LL, YY: 1; nothing of crossed hands.
std::size_t hand_of(int correlation) {
  if (correlation == 5 || correlation == 9) return 0;
  return correlation == 8 || correlation == 12 ? 1 : kHands;
}

}  // namespace

Schema<ModelFitParams> ModelFit::schema() {
  Schema<ModelFitParams> s{"Measure how far corrected visibilities are from a model image."};
  s.field("model", &ModelFitParams::model, "Model image in Jy/pixel, CASA image or FITS")
      .required();
  s.field("average", &ModelFitParams::average,
          "Residuals of a baseline are summed over this time, so that noise does not hide them")
      .unit("s")
      .positive();
  return s;
}

Ports ModelFit::ports() {
  PortNeed need;
  need.kind = Visibilities::kDataKind;
  need.axes = {"row", "channel", "correlation"};
  need.columns = {"data", "flag", "weight", "uvw", "time", "antenna"};
  return Ports().in(need, "corrected visibilities");
}

void ModelFit::plan(Planning& planning) {
  header_ = planning.input().header<ObservationHeader>();
  planning.add_input(params_.model);
  ModelParams model;
  model.model = params_.model;
  sky_ = model_sky(model, *header_, planning.context().lanes());
  const std::size_t antennas = header_->antennas.size();
  planning.set_state(antennas * antennas * kHands * sizeof(Cell) +
                     ModelVisibilities::bytes(sky_, *header_));
}

void ModelFit::write(const Chunk<Visibilities>& chunk, const PipelineContext&) {
  if (!model_) {
    ModelParams model;
    model.model = params_.model;
    model_ = std::make_unique<ModelVisibilities>(sky_, model, header_);
    cells_.assign(header_->antennas.size() * header_->antennas.size() * kHands, {});
  }
  for (std::size_t row = 0; row < chunk->rows(); ++row) {
    const auto stretch = static_cast<std::int64_t>(
        std::floor((chunk->time_s[row] - header_->time_first_s) / params_.average + 1e-6));
    if (stretch != stretch_) close_stretch();
    stretch_ = stretch;
    if (chunk->antenna1[row] != chunk->antenna2[row]) add_row(*chunk, row);
  }
}

void ModelFit::add_row(const Visibilities& rows, std::size_t row) {
  const auto& corr_types =
      header_->data_descriptions.at(static_cast<std::size_t>(rows.data_desc_id)).corr_types;
  const std::vector<std::complex<double>>& model = model_->row(rows, row);
  const std::size_t baseline =
      static_cast<std::size_t>(rows.antenna1[row]) * header_->antennas.size() +
      static_cast<std::size_t>(rows.antenna2[row]);
  for (std::size_t k = 0; k < rows.ncorr; ++k) {
    const std::size_t hand = hand_of(corr_types[k]);
    if (hand == kHands) continue;
    Cell& cell = cells_[baseline * kHands + hand];
    for (std::size_t c = 0; c < rows.nchan; ++c) {
      const std::size_t at = (row * rows.nchan + c) * rows.ncorr + k;
      const double weight = rows.weight_spectrum.empty() ? rows.weight[row * rows.ncorr + k]
                                                         : rows.weight_spectrum[at];
      const std::complex<double> data(rows.data[at]);
      ++samples_;
      if (rows.flag[at] != 0 || !(weight > 0) || !std::isfinite(std::norm(data))) continue;
      ++used_;
      const std::complex<double> rest = data - model[c];
      residual_ += weight * std::norm(rest);
      cell.z += weight * rest * std::conj(model[c]);
      cell.weight += weight * std::norm(model[c]);
    }
  }
}

void ModelFit::close_stretch() {
  for (Cell& cell : cells_) {
    if (cell.weight > 0) {
      averaged_ += std::norm(cell.z) / (2 * cell.weight);
      ++averages_;
    }
    cell = {};
  }
}

void ModelFit::finish(const PipelineContext& ctx) {
  close_stretch();
  if (used_ == 0) {
    throw Error(ErrorKind::input,
                "no visibilities are left to compare with the model '" + params_.model +
                    "': all are flagged or without weight",
                "look at flags, and at solutions that are flagged");
  }
  const auto used = static_cast<double>(used_);
  Row row{{"samples", samples_},
          {"flagged", 1 - used / static_cast<double>(samples_)},
          {"chi2", residual_ / (2 * used)}};
  if (averages_ > 0) row.emplace_back("chi2_averaged", averaged_ / static_cast<double>(averages_));
  ctx.record("fit", std::move(row));
}

}  // namespace skymill::radio
