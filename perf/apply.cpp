// SPDX-License-Identifier: GPL-3.0-or-later
// Corrections of visibilities in memory against a copy of the same bytes, in turn, one thread.
// `perf_apply [ANTENNAS [CHANNELS [TURNS]]] [--json FILE]`: B, G and K terms, two parallel hands.
// Then the stage `apply` in a stream, from a source in memory to a sink that drops what comes,
// against a stage that copies the bytes, and against nothing between the two.
#include <core/testing.h>
#include <stages/calibrate/apply_stage.h>
#include <stages/gains/correction.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "context_state.h"
#include "figures.h"
#include "least_time.h"
#include "rows_to_correct.h"

using namespace skymill;
using namespace skymill::radio;
using namespace skymill::perf;

namespace {

constexpr double kStep_s = 12.9;
constexpr std::size_t kStreamed = 24;  // integrations, a chunk each

/// Gives copies of an integration, each later than the one before.
class Integrations final : public Source<Visibilities> {
 public:
  explicit Integrations(const Visibilities& one) : one_(one) {}

  void plan(Planning& planning) override {
    PortSpec& out = planning.output();
    out.axes = {"row", "channel", "correlation"};
    out.columns = {"data", "flag", "weight", "uvw", "time", "antenna"};
    out.chunks = kStreamed;
    out.chunk_bytes = bytes_of(one_);
    out.set_header<ObservationHeader>(one_.header);
  }
  std::optional<Chunk<Visibilities>> next(const PipelineContext&) override {
    if (given_ == kStreamed) return std::nullopt;
    Visibilities rows = one_;
    for (double& time_s : rows.time_s) time_s += kStep_s * static_cast<double>(given_);
    ++given_;
    return Chunk<Visibilities>(std::move(rows));
  }

 private:
  const Visibilities& one_;
  std::size_t given_ = 0;
};

/// CPU seconds that a stage has taken of its threads; here there is one.
struct StageTime {
  double seconds = 0;

  template <class Work>
  void take(const Work& work) {
    const auto cpu = [] {
      timespec now{};
      clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
      return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
    };
    const double start = cpu();
    work();
    seconds += cpu() - start;
  }
};

/// Copies a chunk's data and flags aside.
class CopyBytes final : public Transform<Visibilities, Visibilities> {
 public:
  CopyBytes(Visibilities& aside, StageTime& time) : aside_(aside), time_(time) {}
  Chunk<Visibilities> operator()(Chunk<Visibilities> chunk, const PipelineContext&) const override {
    time_.take([&] { copy(*chunk); });
    return chunk;
  }

 private:
  void copy(const Visibilities& rows) const {
    std::memcpy(static_cast<void*>(aside_.data.data()), rows.data.data(),
                rows.data.size() * sizeof(std::complex<float>));
    std::memcpy(aside_.flag.data(), rows.flag.data(), rows.flag.size());
  }

  Visibilities& aside_;
  StageTime& time_;
};

/// The stage `apply`, with a calibration that needs no stage of its own.
class ApplyGiven final : public Transform<Visibilities, Visibilities> {
 public:
  ApplyGiven(const Calibration& calibration, StageTime& time)
      : apply_(ApplyParams{}),
        calibration_(std::make_shared<const Calibration>(calibration)),
        time_(time) {}
  void plan(Planning& planning) override { apply_.plan(planning); }
  Chunk<Visibilities> operator()(Chunk<Visibilities> chunk,
                                 const PipelineContext& ctx) const override {
    const PipelineContext linked = ctx.with_product(side_product_key(ctx.stage(), "solutions"),
                                                    Calibration::kDataKind, calibration_);
    std::optional<Chunk<Visibilities>> corrected;
    time_.take([&] { corrected.emplace(apply_(std::move(chunk), linked)); });
    return std::move(*corrected);
  }

 private:
  Apply apply_;
  std::shared_ptr<const Calibration> calibration_;
  StageTime& time_;
};

/// What a stream takes, and of that the stage in its middle.
struct StreamTime {
  LeastTime all{};
  double stage = 1e300;
};

void stream(const Visibilities& one, std::unique_ptr<Stage> between, const StageTime& time,
            StreamTime& best) {
  PortNeed need;
  need.kind = Visibilities::kDataKind;
  const auto drop = [](const Chunk<Visibilities>&) {};
  std::vector<testing::GivenStage> stages;
  stages.push_back(
      {"given", Shape::source, Ports().out("out", need.kind), std::make_unique<Integrations>(one)});
  if (between) {
    stages.push_back(
        {"between", Shape::transform, Ports().in(need).out("out", need.kind), std::move(between)});
  }
  stages.push_back({"dropped", Shape::sink, Ports().in(need),
                    std::make_unique<testing::ShowTo<Visibilities, decltype(drop)>>(drop)});
  take(best.all, [&] { testing::run_stages(std::move(stages), {1, std::size_t{1} << 33}); });
  best.stage = std::min(best.stage, time.seconds);
}

void run_streams(const Calibration& calibration, const Calibration& gappy, const Visibilities& one,
                 int turns, const Figures& figures) {
  StreamTime copied, corrected, gaps;
  Visibilities aside = one;
  for (int turn = 0; turn < turns; ++turn) {
    StageTime copying, correcting, with_gaps;
    stream(one, std::make_unique<CopyBytes>(aside, copying), copying, copied);
    stream(one, std::make_unique<ApplyGiven>(calibration, correcting), correcting, corrected);
    stream(one, std::make_unique<ApplyGiven>(gappy, with_gaps), with_gaps, gaps);
  }
  std::printf("\nin a stream of %zu integrations, a chunk each\n", kStreamed);
  const double correlations = static_cast<double>(kStreamed * one.data.size());
  const auto show = [&](const char* metric, const char* what, const StreamTime& time) {
    figures.add(metric, time.stage, "s", {"peer", copied.stage});
    std::printf(
        "%-34s %8.1f ms  %6.0f Mcorr/s  %5.0f %% of the copy's speed; whole stream %8.1f ms, "
        "%3.0f %%\n",
        what, 1e3 * time.stage, 1e-6 * correlations / time.stage, 100 * copied.stage / time.stage,
        1e3 * time.all.cpu, 100 * copied.all.cpu / time.all.cpu);
  };
  show("stream_copy", "copy of data and flags", copied);
  show("stream", "corrected, weights too", corrected);
  show("stream_with_flags", "every 50th solution flagged", gaps);
}

int run(std::size_t antennas, std::size_t channels, int turns, const Figures& figures) {
  const auto header = header_of(antennas, channels);
  Calibration calibration;
  for (const JonesTerm term : {JonesTerm::K, JonesTerm::B, JonesTerm::G}) {
    calibration.terms.push_back(std::make_shared<const Solutions>(term_of(term, header)));
  }
  CorrectionOptions plain, unweighted;
  unweighted.terms.calwt = {false};
  Calibration gappy = calibration;
  Solutions holes = *calibration.terms[1];
  for (std::size_t k = 0; k < holes.flag.size(); k += 50) holes.flag[k] = 1;
  gappy.terms[1] = std::make_shared<const Solutions>(holes);
  Calibration flagged = calibration;
  holes.flag.assign(holes.flag.size(), 1);
  flagged.terms[1] = std::make_shared<const Solutions>(std::move(holes));
  const Visibilities given = rows_of(header, kTimes);
  const std::size_t data_bytes = given.data.size() * sizeof(std::complex<float>);
  Visibilities rows = given, copy = given;
  LeastTime copied, first, weighted, bare, gaps, nothing;
  const Correction with_weights(calibration, plain), without(calibration, unweighted),
      with_gaps(gappy, plain), with_nothing(flagged, plain);
  for (int turn = 0; turn < turns; ++turn) {
    take(copied, [&] {
      std::memcpy(static_cast<void*>(copy.data.data()), given.data.data(), data_bytes);
      std::memcpy(copy.flag.data(), given.flag.data(), given.flag.size());
    });
    take(first, [&] { Correction(calibration, plain)(rows); });
    // As in a stream: every integration is new, the tables are not.
    const auto next = [&](const Correction& correct, LeastTime& best) {
      rows = given;
      for (double& time_s : rows.time_s) time_s += 0.01 * turn;
      take(best, [&] { correct(rows); });
    };
    next(with_weights, weighted);
    next(without, bare);
    next(with_gaps, gaps);
    next(with_nothing, nothing);
    rows = given;
  }
  std::printf("%zu rows x %zu channels x 2 hands, K and B nearest, G linear in time\n",
              given.rows(), channels);
  std::printf("%-34s %8.1f ms  %6.2f GB/s\n", "copy of data and flags", 1e3 * copied.cpu,
              1e-9 * static_cast<double>(data_bytes + given.flag.size()) / copied.cpu);
  const auto show = [&](const char* metric, const char* what, const LeastTime& time) {
    figures.add(metric, time.cpu, "s", {"peer", copied.cpu});
    std::printf("%-34s %8.1f ms  %6.0f Mcorr/s  %5.0f %% of the copy's speed\n", what,
                1e3 * time.cpu, 1e-6 * static_cast<double>(given.data.size()) / time.cpu,
                100 * copied.cpu / time.cpu);
  };
  show("met_first", "corrected, tables met first", first);
  show("with_weights", "corrected, weights too", weighted);
  show("without_weights", "corrected, weights as they are", bare);
  show("with_flags", "every 50th solution flagged", gaps);
  show("all_flagged", "every solution flagged", nothing);
  run_streams(calibration, gappy, rows_of(header, 1), turns, figures);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const Figures figures("apply", argc, argv);
  const auto number = [&](int place, int otherwise) {
    return argc > place ? std::atoi(argv[place]) : otherwise;
  };
  try {
    return run(static_cast<std::size_t>(number(1, 96)), static_cast<std::size_t>(number(2, 768)),
               number(3, 15), figures);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
