// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/storage.h>
#include <stages/measurement_set/corrected_writer_stage.h>
#include <stages/measurement_set/ms_reader_stage.h>
#include <stages/measurement_set/ms_writer_stage.h>
#include <sys/wait.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include <cmath>
#include <complex>

#include "small_observation.h"

using namespace skymill;
using namespace skymill::radio;
using Catch::Matchers::Contains;

namespace {

/// Data times 2i, weights times 3, one flag a row more: what gains would do.
class Doubled final : public Transform<Visibilities, Visibilities> {
 public:
  Chunk<Visibilities> operator()(Chunk<Visibilities> chunk, const PipelineContext&) const override {
    for (auto& value : chunk->data) value *= std::complex<float>(0, 2);
    for (float& weight : chunk->weight) weight *= 3;
    for (float& weight : chunk->weight_spectrum) weight *= 3;
    for (std::size_t row = 0; row < chunk->rows(); ++row) {
      chunk->flag[row * chunk->nchan * chunk->ncorr] = 1;
    }
    auto header = std::make_shared<ObservationHeader>(*chunk->header);
    header->history = {"calibrated by G 'my.gcal'"};
    chunk->header = header;
    return chunk;
  }
};

Visibilities read(const std::string& path, const std::string& column,
                  std::vector<std::string> spw = {}) {
  Visibilities rows;
  MsReaderParams params;
  params.input = {path};
  params.datacolumn = column;
  params.spw = std::move(spw);
  params.autocorrelations = true;
  testing::run_source<MsReaderStage>(params, [&](const Chunk<Visibilities>& chunk) {
    add_rows(rows, *chunk);
    rows.weight_spectrum.insert(rows.weight_spectrum.end(), chunk->weight_spectrum.begin(),
                                chunk->weight_spectrum.end());
  });
  return rows;
}

void correct(MsReaderParams reading, CorrectedWriterParams writing) {
  reading.chunk_bytes = 65536;
  std::vector<testing::GivenStage> stages;
  stages.push_back(
      {"read", Shape::source, MsReaderStage::ports(), std::make_unique<MsReaderStage>(reading)});
  PortNeed need;
  need.kind = Visibilities::kDataKind;
  stages.push_back({"doubled", Shape::transform,
                    Ports().in(need).out("out", Visibilities::kDataKind),
                    std::make_unique<Doubled>()});
  stages.push_back({"write", Shape::sink, CorrectedWriterStage::ports(),
                    std::make_unique<CorrectedWriterStage>(writing)});
  testing::run_stages(std::move(stages), {2, std::size_t{1} << 28});
}

void correct(const std::string& path, std::vector<std::string> spw = {}) {
  MsReaderParams reading;
  reading.input = {path};
  reading.datacolumn = "data";
  reading.spw = spw;
  reading.autocorrelations = true;
  CorrectedWriterParams writing;
  writing.output = path;
  writing.spw = spw;
  writing.autocorrelations = true;
  correct(reading, writing);
}

SmallObservation observation() {
  SimulateParams params;
  params.antennas = 9;
  params.times = 40;
  params.nchan = 4;
  params.noise = 0.1;
  params.sources = {"0arcsec 0arcsec 3Jy"};
  return small_observation(params);
}

void write_ms(const std::string& path, const SmallObservation& all, bool spectrum = false) {
  std::vector<Chunk<Visibilities>> chunks = in_chunks(all.rows, 1000);
  for (auto& chunk : chunks) {
    for (std::size_t k = 0; spectrum && k < chunk->data.size(); ++k) {
      chunk->weight_spectrum.push_back(1.0F + static_cast<float>(k % 5));
    }
  }
  MsWriterParams params;
  params.output = path;
  testing::run_sink<MsWriterStage>(params, std::move(chunks), visibility_spec(all.header));
}

std::vector<float> times_3(std::vector<float> weights) {
  for (float& weight : weights) weight *= 3;
  return weights;
}

}  // namespace

TEST_CASE("corrected data stand beside the data, which stay with their weights") {
  const Scratch folder(".", "corrected");
  const std::string ms = folder.path() + "/a.ms";
  const bool spectrum = GENERATE(false, true);
  write_ms(ms, observation(), spectrum);
  const Visibilities before = read(ms, "data");
  REQUIRE(before.weight_spectrum.empty() == !spectrum);
  // Twice: the second time starts where the first did.
  for (int turn = 0; turn < 2; ++turn) {
    correct(ms);
    const Visibilities data = read(ms, "data");
    const Visibilities corrected = read(ms, "corrected");
    CHECK(data.data == before.data);
    CHECK(data.weight == before.weight);
    CHECK(data.weight_spectrum == before.weight_spectrum);
    CHECK(corrected.weight == times_3(before.weight));
    CHECK(corrected.weight_spectrum == times_3(before.weight_spectrum));
    std::size_t wrong = 0;
    for (std::size_t k = 0; k < before.data.size(); ++k) {
      const bool fresh = k % (before.nchan * before.ncorr) == 0;
      if (corrected.data[k] != before.data[k] * std::complex<float>(0, 2)) ++wrong;
      if (corrected.flag[k] != (fresh ? 1 : before.flag[k])) ++wrong;
    }
    CHECK(wrong == 0);
    // Whoever images the column can tell by what it was corrected.
    CHECK(corrected.header->history == std::vector<std::string>{"calibrated by G 'my.gcal'"});
    CHECK(data.header->history.empty());
  }
}

TEST_CASE("channels that are not selected keep the data as they are") {
  const Scratch folder(".", "corrected");
  const std::string ms = folder.path() + "/a.ms";
  write_ms(ms, observation());
  correct(ms, {"0:1~2"});
  const Visibilities data = read(ms, "data"), corrected = read(ms, "corrected");
  std::size_t wrong = 0;
  for (std::size_t k = 0; k < data.data.size(); ++k) {
    const std::size_t channel = k / data.ncorr % data.nchan;
    const std::complex<float> factor(channel % 3 == 0 ? 1.0F : 0, channel % 3 == 0 ? 0 : 2.0F);
    if (corrected.data[k] != data.data[k] * factor) ++wrong;
  }
  CHECK(wrong == 0);
}

TEST_CASE("a run that is killed leaves the data, and a column that nobody takes for corrected") {
  const Scratch folder(".", "corrected");
  const std::string ms = folder.path() + "/a.ms";
  write_ms(ms, observation());
  const Visibilities before = read(ms, "data");
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    Lane lane("child");
    lane.run([&](const Lane::Token& token) {
      MsSelection all;
      all.autocorrelations = true;
      MsReader reader(token, ms, all);
      MsCorrectedColumn writer(token, ms, all, {});
      Visibilities rows = reader.read(token, 0, 500);
      for (float& weight : rows.weight) weight *= 3;
      writer.put(token, 0, rows);
      _exit(9);  // as a signal would: nothing is put right
    });
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WEXITSTATUS(status) == 9);
  CHECK_THROWS_WITH(read(ms, "corrected"),
                    Contains("CORRECTED_DATA") && Contains("not written to its end"));
  const Visibilities data = read(ms, "data");
  CHECK(data.data == before.data);
  CHECK(data.weight == before.weight);
  // Another run makes it good.
  correct(ms);
  CHECK(read(ms, "corrected").weight == times_3(before.weight));
  CHECK(read(ms, "data").weight == before.weight);
}

TEST_CASE("a run that fails leaves no column of its making") {
  const Scratch folder(".", "corrected");
  const std::string ms = folder.path() + "/a.ms";
  write_ms(ms, observation());
  MsReaderParams reading;
  reading.input = {ms};
  reading.datacolumn = "data";
  CorrectedWriterParams writing;
  writing.output = ms;
  writing.antenna = "!A1";  // not what is read
  CHECK_THROWS_WITH(correct(reading, writing), Contains("same input and selection"));
  // Falls back to DATA: there is no corrected column.
  CHECK(read(ms, "corrected").data == read(ms, "data").data);
  reading.datacolumn = "model";
  CHECK_THROWS(correct(reading, writing));
}

TEST_CASE("what was read from CORRECTED_DATA is not corrected again") {
  const Scratch folder(".", "corrected");
  const std::string ms = folder.path() + "/a.ms";
  write_ms(ms, observation());
  correct(ms);
  MsReaderParams reading;
  reading.input = {ms};
  CorrectedWriterParams writing;
  writing.output = ms;
  CHECK_THROWS_WITH(correct(reading, writing), Contains("datacolumn: data"));
}

TEST_CASE("flags and weights stay when they are not to be written") {
  const Scratch folder(".", "corrected");
  const std::string ms = folder.path() + "/a.ms";
  write_ms(ms, observation());
  const Visibilities before = read(ms, "data");
  MsReaderParams reading;
  reading.input = {ms};
  reading.datacolumn = "data";
  CorrectedWriterParams writing;
  writing.output = ms;
  writing.flags = false;
  writing.weights = false;
  correct(reading, writing);
  const Visibilities corrected = read(ms, "corrected");
  CHECK(corrected.flag == before.flag);
  CHECK(corrected.weight == before.weight);
  CHECK(corrected.data != before.data);
}
