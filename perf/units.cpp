// SPDX-License-Identifier: GPL-3.0-or-later
// What a channel costs besides its imaging: scheduling, writing six products, the journal.
//
//   perf_units FOLDER [TURNS] [--json FILE]
//                                 1000 and 2000 channels of 128 x 128 by an imager that returns at
//                                 once, in turn; the same of 16 x 16, where there is next to
//                                 nothing to write
#include <core/error.h>
#include <core/storage.h>
#include <core/testing.h>
#include <stages/concat/concat_stage.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "figures.h"
#include "least_time.h"

using namespace skymill;
using namespace skymill::radio;

namespace {

std::shared_ptr<CubeHeader> header_of(std::size_t channels, std::size_t size) {
  auto header = std::make_shared<CubeHeader>();
  ImageHeader& image = header->image;
  image.nx = image.ny = size;
  image.nchan = channels;
  image.cell_x_rad = -1e-5;
  image.cell_y_rad = 1e-5;
  image.phase_centre = {1, 0.5, "J2000"};
  for (std::size_t k = 0; k < channels; ++k) {
    image.chan_freq_hz.push_back(1.4e9 + 1e6 * static_cast<double>(k));
  }
  image.chan_width_hz = 1e6;
  header->products = {{"psf", "", true},
                      {"residual", "Jy/beam", true},
                      {"model", "Jy/pixel", false},
                      {"image", "Jy/beam", true}};
  return header;
}

/// Images every channel in no time.
class AtOnce final : public Reduce<int, ChannelImage> {
 public:
  AtOnce(std::size_t channels, std::size_t size)
      : header_(header_of(channels, size)), plane_(std::vector<float>(size * size, 1.0F), size) {}

  void plan(Planning& planning) override {
    PortSpec& out = planning.output();
    out.axes = {"channel", "y", "x"};
    out.chunks = header_->image.nchan;
    out.chunk_bytes = 4 * plane_.bytes();
    out.set_header<CubeHeader>(header_);
  }
  void add(const Chunk<int>&, const PipelineContext&) override {}
  Stream<ChannelImage> finish(const PipelineContext& ctx) override {
    auto next = std::make_shared<std::size_t>(0);
    using Work = Stream<ChannelImage>::Work;
    return Stream<ChannelImage>([this, next, ctx]() -> std::optional<Work> {
      while (*next < header_->image.nchan && ctx.is_done(Span("channel", *next, *next + 1))) {
        ++*next;
      }
      if (*next == header_->image.nchan) return std::nullopt;
      const std::size_t channel = (*next)++;
      return Work([this, channel](const PipelineContext& work_ctx) {
        work_ctx.record("channels", {{"channel", static_cast<std::int64_t>(channel)},
                                     {"peak_jy", 1.25e-3},
                                     {"stop", std::string("threshold")}});
        ChannelImage image;
        image.products.assign(4, plane_);
        image.beam = Beam{4e-5, 3e-5, 0.3};
        return Chunk<ChannelImage>(std::move(image), Span("channel", channel, channel + 1));
      });
    });
  }

 private:
  std::shared_ptr<CubeHeader> header_;
  Plane plane_;
};

/// From the start to the published cubes.
void make_cubes(perf::LeastTime& least, const std::string& folder, std::size_t channels,
                std::size_t size) {
  const Scratch scratch(folder, "units");
  PortNeed number;
  number.kind = DataKindOf<int>::value;
  std::vector<Chunk<int>> one;
  one.emplace_back(0);
  ConcatParams params;
  params.output = scratch.path() + "/cube";
  std::vector<testing::GivenStage> stages;
  stages.push_back({"given", Shape::source, Ports().out("out", number.kind),
                    std::make_unique<testing::GivenSource<int>>(std::move(one), PortSpec())});
  stages.push_back({"image", Shape::reduce,
                    Ports().in(number).out("out", DataKindOf<ChannelImage>::value),
                    std::make_unique<AtOnce>(channels, size)});
  stages.push_back({"concat", Shape::sink, Concat::ports(), std::make_unique<Concat>(params)});
  perf::take(least, [&] { testing::run_stages(std::move(stages), {2}); });
}

}  // namespace

int main(int argc, char** argv) {
  const perf::Figures figures("units", argc, argv);
  if (argc < 2) {
    std::fputs("usage: perf_units FOLDER [TURNS]\n", stderr);
    return 2;
  }
  const int turns = argc > 2 ? std::atoi(argv[2]) : 5;
  try {
    for (const std::size_t size : {16, 128}) {
      perf::LeastTime least[2];
      for (int turn = 0; turn < turns; ++turn) {
        make_cubes(least[0], argv[1], 1000, size);
        make_cubes(least[1], argv[1], 2000, size);
      }
      std::printf(
          "%zu x %zu, milliseconds a channel of 1000 and of 2000: wall %.3f %.3f, ratio "
          "%.3f; CPU %.3f %.3f, ratio %.3f\n",
          size, size, least[0].wall, least[1].wall / 2, least[1].wall / least[0].wall / 2,
          least[0].cpu, least[1].cpu / 2, least[1].cpu / least[0].cpu / 2);
      const std::string side = std::to_string(size);
      figures.add("wall_" + side, 0.5e-3 * least[1].wall, "s", {"peer", 1e-3 * least[0].wall});
      figures.add("cpu_" + side, 0.5e-3 * least[1].cpu, "s", {"peer", 1e-3 * least[0].cpu});
    }
  } catch (const Error& error) {
    std::fprintf(stderr, "perf_units: %s\n", error.what());
    return 1;
  }
  return 0;
}
