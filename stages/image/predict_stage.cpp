// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/formats/any_image.h>
#include <stages/image/model_prediction.h>
#include <stages/image/predict_stage.h>
#include <stages/image/source_prediction.h>
#include <stages/ms/ms_model_column.h>
#include <stages/ms/table_lane.h>
#include <stages/sky/model_params.h>
#include <stages/sky/model_sky.h>

#include <algorithm>
#include <optional>

namespace skymill::radio {

namespace {

constexpr std::size_t kRowBytes = 256;  // times, uvw and numbers

/// What of the model is summed up source by source: all of it but an image, which is transformed
/// unless each pixel has a beam of its own. Nothing when there is no more than such an image.
std::optional<ModelParams> by_source(const PredictParams& params) {
  ModelParams model = model_of(params);
  if (model.primary_beam != "none" || model.model.empty()) return model;
  model.model.clear();
  if (model.calibrator.empty() && model.sources.empty() && model.components.empty()) {
    return std::nullopt;
  }
  return model;
}

}  // namespace

Schema<PredictParams> Predict::schema() {
  Schema<PredictParams> s{"Write the visibilities of a model into MODEL_DATA of its data."};
  s.field("input", &PredictParams::input, "The MeasurementSet, or a list of them").required();
  declare_model(s, true);
  s.field("savemodel", &PredictParams::savemodel, "none leaves the MeasurementSet as it is")
      .choices({"none", "modelcolumn"});
  s.field("field", &PredictParams::field, "Fields to write, as ms_reader reads them");
  s.field("spw", &PredictParams::spw, "Spectral windows and channels to write, likewise");
  s.field("scan", &PredictParams::scan, "Scans to write, likewise");
  s.field("antenna", &PredictParams::antenna, "Antennas and baselines to write, likewise");
  s.field("uvrange", &PredictParams::uvrange, "Projected baselines to write, likewise");
  s.field("timerange", &PredictParams::timerange, "Times to write, likewise");
  s.field("intent", &PredictParams::intent, "Intents to write, likewise");
  s.field("autocorrelations", &PredictParams::autocorrelations,
          "Write rows of an antenna with itself as well");
  s.field("gridder", &PredictParams::gridder, "As image's").choices({"wgridder", "standard"});
  s.field("accuracy", &PredictParams::accuracy, "Relative error of wgridder").range(1e-6, 0.1);
  return s;
}

void Predict::plan(Planning& planning) {
  if (params_.savemodel == "none") return;
  for (const std::string& path : params_.input) planning.add_input(path);
  for (const std::string& path : {params_.calibrators, params_.components}) {
    if (!path.empty()) planning.add_input(path);
  }
}

void Predict::validate(const PipelineContext&) const {
  if (params_.savemodel == "none" || params_.model.empty() || AnyImage::is_one(params_.model)) {
    return;
  }
  throw Error(ErrorKind::input, "there is no model image '" + params_.model + "'",
              "write the model as a CASA image or as FITS");
}

void Predict::write_model(const std::string& path, const PipelineContext& ctx) const {
  std::optional<AnyImage> model;
  if (!params_.model.empty() && params_.primary_beam == "none") {
    model.emplace(params_.model, ctx.lanes());
  }
  const auto lane = ctx.lanes().get(table_lane(path));
  // Both belong to the lane, and go there whichever way this ends.
  struct Tables {
    Lane& lane;
    std::optional<MsReader> reader;
    std::optional<MsModelColumn> column;
    ~Tables() {
      lane.run([this](const Lane::Token&) {
        reader.reset();
        column.reset();
      });
    }
  } tables{*lane, {}, {}};
  lane->run([&](const Lane::Token& token) {
    tables.reader.emplace(token, path, selection_of(params_, "data"));
  });
  ImageParams kernel;
  kernel.gridder = params_.gridder;
  kernel.accuracy = params_.accuracy;
  const auto header = tables.reader->header();
  std::optional<ModelPrediction> prediction;
  if (model) prediction.emplace(*header, *model, kernel);
  std::optional<SourcePrediction> sources;
  MemoryShare sources_share;
  if (const auto params = by_source(params_)) {
    const auto threads = static_cast<std::size_t>(ctx.threads());
    const ModelSky sky = model_sky(*params, *header, ctx.lanes());
    sources_share = ctx.memory().reserve(SourcePrediction::bytes(sky, *header, threads),
                                         "the sources of the model");
    sources.emplace(sky, *params, header, threads);
    ctx.log().info(sky.words);
  }
  // Whatever can be wrong with the model is known: now the table is touched.
  lane->run([&](const Lane::Token& token) {
    tables.column.emplace(token, path, selection_of(params_, "data"));
  });

  // As many rows at once as half of what is left holds, because every block of rows costs a
  // transform of every plane; the other half is for the planes that are worked on.
  const std::size_t half = ctx.memory().free() / 2;
  for (const MsSegment& segment : tables.reader->segments()) {
    const auto& description =
        header->data_descriptions.at(static_cast<std::size_t>(segment.data_desc_id));
    const std::size_t nchan =
        header->spectral_windows.at(static_cast<std::size_t>(description.spectral_window))
            .chan_freq_hz.size();
    const std::size_t row_bytes =
        kRowBytes + nchan * description.corr_types.size() * sizeof(std::complex<float>) +
        ModelPrediction::list_bytes(nchan);
    const std::size_t rows = std::clamp<std::size_t>(half / row_bytes, 1, segment.count);
    std::size_t at_once = 0, plane_bytes = 0;
    if (prediction) {
      plane_bytes = prediction->plane_bytes(
          rows * (nchan / std::max<std::size_t>(1, model->header().nchan) + 1));
      at_once =
          std::clamp<std::size_t>(half / plane_bytes, 1, static_cast<std::size_t>(ctx.threads()));
    }
    const MemoryShare share = ctx.memory().reserve(rows * row_bytes + at_once * plane_bytes,
                                                   "the visibilities of the model");
    for (const Extent& block : split(segment.count, rows)) {
      ctx.throw_if_stopped();
      const std::size_t first = segment.first + block.begin;
      Visibilities chunk = lane->run([&](const Lane::Token& token) {
        return tables.reader->read_geometry(token, first, block.size());
      });
      const auto check = [&ctx] { ctx.throw_if_stopped(); };
      chunk.data.assign(chunk.rows() * chunk.nchan * chunk.ncorr, {0, 0});
      if (prediction) prediction->predict(chunk, at_once, check);
      if (sources) sources->add(chunk, check);
      lane->run([&](const Lane::Token& token) { tables.column->put(token, first, chunk.data); });
      ctx.count("rows", static_cast<std::int64_t>(block.size()));
      ctx.count("bytes_written",
                static_cast<std::int64_t>(chunk.data.size() * sizeof(std::complex<float>)));
    }
  }
  lane->run([&](const Lane::Token& token) {
    tables.reader->close(token);
    tables.column->finish(token);
  });
  ctx.record_output(path);
}

PipelineContext Predict::execute(const PipelineContext& ctx, const std::string&) {
  if (params_.savemodel == "none") return ctx;
  for (const std::string& path : params_.input) write_model(path, ctx);
  return ctx;
}

}  // namespace skymill::radio
