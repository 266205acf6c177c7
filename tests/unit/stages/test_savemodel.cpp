// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/storage.h>
#include <stages/concat/concat_stage.h>
#include <stages/image/image_stage.h>
#include <stages/image/predict_stage.h>
#include <stages/measurement_set/ms_reader_stage.h>
#include <stages/measurement_set/ms_writer_stage.h>
#include <stages/ms/ms_model_column.h>
#include <catch2/catch.hpp>

#include <cmath>
#include <complex>
#include <functional>

#include "small_observation.h"

using namespace skymill;
using namespace skymill::radio;

namespace {

constexpr double kArcsec = 3.14159265358979323846 / 180 / 3600;

template <class S>
void run(typename S::Params params) {
  std::vector<testing::GivenStage> stages;
  stages.push_back({"tested", S::kShape, S::ports(), std::make_unique<S>(std::move(params))});
  testing::run_stages(std::move(stages), {2, std::size_t{1} << 28});
}

Visibilities read(const std::string& path, const std::string& column) {
  Visibilities rows;
  MsReaderParams params;
  params.input = {path};
  params.datacolumn = column;
  testing::run_source<MsReaderStage>(
      params, [&](const Chunk<Visibilities>& chunk) { add_rows(rows, *chunk); });
  return rows;
}

void write_ms(const std::string& path, const SmallObservation& all, bool model_column) {
  MsWriterParams params;
  params.output = path;
  params.model_column = model_column;
  testing::run_sink<MsWriterStage>(params, in_chunks(all.rows, 1000), visibility_spec(all.header));
}

SimulateParams observation() {
  SimulateParams params;
  params.antennas = 14;
  params.times = 10;
  params.interval = 600;
  params.nchan = 4;
  params.noise = 0.02;
  params.sources = {"90arcsec 0arcsec 1Jy", "-60arcsec 60arcsec 0.4Jy"};
  return params;
}

ImageParams imaging() {
  ImageParams params;
  params.imsize = {96, 80};
  params.cell = {6 * kArcsec, 6 * kArcsec};
  params.niter = 300;
  params.threshold = 0.02;
  params.accuracy = 1e-5;
  return params;
}

/// The residual of every channel, and the model as a cube.
std::vector<std::vector<float>> residuals(const ImageParams& params, const Visibilities& rows) {
  std::vector<std::vector<float>> planes(8);
  testing::run_stage<Image>(params, in_chunks(rows, 1000), visibility_spec(rows.header),
                            [&](const Chunk<ChannelImage>& chunk) {
                              planes[chunk.span().at("channel").begin] =
                                  chunk->products.at(1).pixels();
                            },
                            {2, std::size_t{1} << 28});
  return planes;
}

void write_model(const ImageParams& params, const Visibilities& rows, const std::string& output) {
  std::vector<testing::GivenStage> stages;
  stages.push_back({"given", Shape::source, Ports().out("out", Visibilities::kDataKind),
                    std::make_unique<testing::GivenSource<Visibilities>>(
                        in_chunks(rows, 1000), visibility_spec(rows.header))});
  stages.push_back({"image", Shape::reduce, Image::ports(), std::make_unique<Image>(params)});
  ConcatParams concat;
  concat.output = output;
  concat.casa = {"model"};
  concat.fits = {"model"};
  stages.push_back({"concat", Shape::sink, Concat::ports(), std::make_unique<Concat>(concat)});
  testing::run_stages(std::move(stages), {2, std::size_t{1} << 28});
}

}  // namespace

TEST_CASE("data less the saved model make the residual") {
  const Scratch folder(".", "savemodel");
  const std::string ms = folder.path() + "/a.ms";
  SimulateParams sky = observation();
  ImageParams params = imaging();
  SECTION("channels") { params.specmode = "cubedata"; }
  SECTION("planes of two channels") { params.width = "2"; }
  SECTION("one plane") { params.specmode = "mfs"; }
  SECTION("in the LSRK") {
    params.specmode = "cube";
    params.interpolation = "nearest";
    // So wide that no channel leaves its plane on the way.
    params.width = "2";
  }
  SECTION("shifted") { params.phasecenter = "ICRS 12h00m01s 54d59m30s"; }
  SmallObservation all = small_observation(sky);
  if (!params.phasecenter.empty()) {
    const Direction centre = all.header->fields.front().phase_dir;
    params.phasecenter = centre.frame + " " + std::to_string(centre.ra_rad + 20 * kArcsec) +
                         "rad " + std::to_string(centre.dec_rad - 30 * kArcsec) + "rad";
  }
  write_ms(ms, all, false);
  const Visibilities data = read(ms, "data");
  write_model(params, data, folder.path() + "/cube");
  PredictParams predict;
  predict.input = {ms};
  predict.model = folder.path() + "/cube.model";
  predict.accuracy = 1e-5;
  run<Predict>(predict);

  Visibilities left = read(ms, "data");
  const Visibilities model = read(ms, "model");
  REQUIRE(model.data.size() == left.data.size());
  for (std::size_t k = 0; k < left.data.size(); ++k) left.data[k] -= model.data[k];
  const auto wanted = residuals(params, data);
  ImageParams dirty = params;
  dirty.niter = 0;
  const auto found = residuals(dirty, left);
  const auto before = residuals(dirty, data);
  for (std::size_t plane = 0; plane < wanted.size(); ++plane) {
    float worst = 0, peak = 0;
    for (std::size_t k = 0; k < wanted[plane].size(); ++k) {
      worst = std::max(worst, std::abs(found[plane][k] - wanted[plane][k]));
      peak = std::max(peak, std::abs(before[plane][k]));
    }
    INFO("plane " << plane);
    if (!wanted[plane].empty()) CHECK(peak > 0.8);
    CHECK(worst <= 1e-3 * peak);
  }
  // Writing again changes nothing, and FITS gives the same to the rounding of its coordinates.
  run<Predict>(predict);
  CHECK((read(ms, "model").data == model.data));
  predict.model = folder.path() + "/cube.model.fits";
  run<Predict>(predict);
  const Visibilities again = read(ms, "model");
  float apart = 0;
  for (std::size_t k = 0; k < model.data.size(); ++k) {
    apart = std::max(apart, std::abs(again.data[k] - model.data[k]));
  }
  CHECK(apart < 1e-5);
}

TEST_CASE("only what is selected is written, the rest keeps what it had") {
  const Scratch folder(".", "savemodel");
  const SmallObservation all = small_observation(observation());
  const bool column = GENERATE(false, true);
  const std::string ms = folder.path() + "/a.ms";
  write_ms(ms, all, column);
  Lane lane("test");
  MsSelection some;
  some.spws = "0:1;3";
  const std::size_t ncorr = all.rows.ncorr;
  lane.run([&](const Lane::Token& token) {
    MsModelColumn writer(token, ms, some);
    std::vector<std::complex<float>> samples(5 * 2 * ncorr);
    for (std::size_t k = 0; k < samples.size(); ++k) samples[k] = {1.0F + static_cast<float>(k), 0};
    writer.put(token, 2, samples);
    // While it is written nobody takes it for a model.
    MsSelection column_itself;
    column_itself.datacolumn = "model";
    CHECK_THROWS_WITH(MsReader(token, ms, column_itself),
                      Catch::Contains("not written to its end"));
    writer.finish(token);
  });
  const Visibilities model = read(ms, "model");
  std::size_t wrong = 0;
  for (std::size_t k = 0; k < model.data.size(); ++k) {
    const std::size_t row = k / (4 * ncorr), chan = k / ncorr % 4, corr = k % ncorr;
    const bool put = row >= 2 && row < 7 && chan % 2 == 1;
    const float value = 1.0F + static_cast<float>(((row - 2) * 2 + chan / 2) * ncorr + corr);
    if (model.data[k] != std::complex<float>(put ? value : 0.0F, 0)) ++wrong;
  }
  CHECK(wrong == 0);
  CHECK(read(ms, "data").data == all.rows.data);
}

TEST_CASE("a writer that is given up leaves no column of its own, and marks another's") {
  const Scratch folder(".", "savemodel");
  const SmallObservation all = small_observation(observation());
  const std::string fresh = folder.path() + "/fresh.ms", old = folder.path() + "/old.ms";
  write_ms(fresh, all, false);
  write_ms(old, all, true);
  Lane lane("test");
  for (const std::string& path : {fresh, old}) {
    lane.run([&](const Lane::Token& token) { MsModelColumn(token, path, {}); });
  }
  CHECK_THROWS_WITH(read(fresh, "model"), Catch::Contains("no column MODEL_DATA"));
  CHECK_THROWS_WITH(read(old, "model"), Catch::Contains("not written to its end"));
  CHECK(read(fresh, "data").data == all.rows.data);
  // Another run makes it good.
  lane.run([&](const Lane::Token& token) { MsModelColumn(token, old, {}).finish(token); });
  CHECK(read(old, "model").data.size() == all.rows.data.size());
}

TEST_CASE("sources are predicted as they were simulated, for any number of threads") {
  const Scratch folder(".", "savemodel");
  SimulateParams sky = observation();
  sky.noise = 0;
  const SmallObservation all = small_observation(sky);
  PredictParams predict;
  predict.sources = sky.sources;
  std::vector<Visibilities> models;
  for (const int threads : {1, 3}) {
    const std::string ms = folder.path() + "/" + std::to_string(threads) + ".ms";
    write_ms(ms, all, false);
    predict.input = {ms};
    std::vector<testing::GivenStage> stages;
    stages.push_back(
        {"tested", Predict::kShape, Predict::ports(), std::make_unique<Predict>(predict)});
    testing::run_stages(std::move(stages), {threads, std::size_t{1} << 28});
    models.push_back(read(ms, "model"));
  }
  CHECK(models[0].data == models[1].data);
  REQUIRE(models[0].data.size() == all.rows.data.size());
  double off = 0;
  for (std::size_t k = 0; k < all.rows.data.size(); ++k) {
    off = std::max<double>(off, std::abs(models[0].data[k] - all.rows.data[k]));
  }
  CHECK(off < 1e-6);
}

TEST_CASE("savemodel none touches nothing, a model that does not fit is refused first") {
  const Scratch folder(".", "savemodel");
  const SmallObservation all = small_observation(observation());
  const std::string ms = folder.path() + "/a.ms";
  write_ms(ms, all, false);
  PredictParams predict;
  predict.input = {ms};
  predict.model = folder.path() + "/nothing.model";
  CHECK_THROWS_WITH(run<Predict>(predict), Catch::Contains("nothing.model"));
  predict.savemodel = "none";
  run<Predict>(predict);
  CHECK_THROWS_WITH(read(ms, "model"), Catch::Contains("no column MODEL_DATA"));
}
