// SPDX-License-Identifier: GPL-3.0-or-later
// What the framework costs by itself: chunks through stages that do nothing.
//
//   perf_framework [--turns N] [--quick] [--json FILE]
//
// A chain of empty transforms against a bare tbb::parallel_pipeline of the same depth, chunks and
// tokens, in turn; 10^5 and 10^7 chunks through ten stages in memory that does not grow.
#include <core/error.h>
#include <core/memory.h>
#include <core/testing.h>
#include <tbb/global_control.h>
#include <tbb/parallel_pipeline.h>

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>

#include "figures.h"
#include "least_time.h"

namespace {

using namespace skymill;

constexpr int kThreads = 2;

class Give final : public Source<double> {
 public:
  explicit Give(std::size_t count) : count_(count) {}
  void plan(Planning& planning) override {
    planning.output().chunk_bytes = sizeof(double);
    planning.output().chunks = count_;
  }
  std::optional<Chunk<double>> next(const PipelineContext&) override {
    if (given_ == count_) return std::nullopt;
    return Chunk<double>(static_cast<double>(given_++));
  }

 private:
  const std::size_t count_;
  std::size_t given_ = 0;
};

class Pass final : public Transform<double, double> {
 public:
  Chunk<double> operator()(Chunk<double> chunk, const PipelineContext&) const override {
    return chunk;
  }
};

class Add final : public Sink<double> {
 public:
  explicit Add(double& sum) : sum_(sum) {}
  void write(const Chunk<double>& chunk, const PipelineContext&) override { sum_ += *chunk; }
  void finish(const PipelineContext&) override {}

 private:
  double& sum_;
};

double through_stages(std::size_t chunks, int depth) {
  const DataKind kind = DataKindOf<double>::value;
  PortNeed need;
  need.kind = kind;
  double sum = 0;
  std::vector<testing::GivenStage> stages;
  stages.push_back(
      {"give", Shape::source, Ports().out("out", kind), std::make_unique<Give>(chunks)});
  for (int k = 0; k < depth; ++k) {
    stages.push_back({"pass_" + std::to_string(k), Shape::transform,
                      Ports().in(need).out("out", kind), std::make_unique<Pass>()});
  }
  stages.push_back({"add", Shape::sink, Ports().in(need), std::make_unique<Add>(sum)});
  testing::run_stages(std::move(stages), {kThreads});
  return sum;
}

/// The same by TBB alone: filters that take a chunk and give one.
double through_tbb(std::size_t chunks, int depth) {
  using Item = Chunk<double>;
  const tbb::global_control threads(tbb::global_control::max_allowed_parallelism, kThreads);
  std::size_t given = 0;
  double sum = 0;
  auto chain = tbb::make_filter<void, Item>(tbb::filter_mode::serial_in_order,
                                            [&](tbb::flow_control& control) {
                                              if (given == chunks) control.stop();
                                              return Item(static_cast<double>(given++));
                                            });
  for (int k = 0; k < depth; ++k) {
    chain = chain & tbb::make_filter<Item, Item>(tbb::filter_mode::parallel,
                                                 [](Item chunk) { return chunk; });
  }
  tbb::parallel_pipeline(2 * kThreads,
                         chain & tbb::make_filter<Item, void>(tbb::filter_mode::serial_in_order,
                                                              [&](Item chunk) { sum += *chunk; }));
  return sum;
}

/// The least that TBB can cost: pointers, which it hands on without an allocation of its own.
double through_bare_pointers(std::size_t chunks, int depth) {
  const tbb::global_control threads(tbb::global_control::max_allowed_parallelism, kThreads);
  std::size_t given = 0;
  double sum = 0;
  auto chain = tbb::make_filter<void, double*>(tbb::filter_mode::serial_in_order,
                                               [&](tbb::flow_control& control) -> double* {
                                                 if (given == chunks) {
                                                   control.stop();
                                                   return nullptr;
                                                 }
                                                 return new double(static_cast<double>(given++));
                                               });
  for (int k = 0; k < depth; ++k) {
    chain = chain & tbb::make_filter<double*, double*>(tbb::filter_mode::parallel,
                                                       [](double* chunk) { return chunk; });
  }
  tbb::parallel_pipeline(2 * kThreads,
                         chain & tbb::make_filter<double*, void>(tbb::filter_mode::serial_in_order,
                                                                 [&](double* chunk) {
                                                                   sum += *chunk;
                                                                   delete chunk;
                                                                 }));
  return sum;
}

void require_sum(double sum, std::size_t chunks) {
  const auto n = static_cast<double>(chunks);
  if (sum != n * (n - 1) / 2) throw Error(ErrorKind::failed, "chunks are missing");
}

void measure_chains(const perf::Figures& figures, int turns, std::size_t chunks) {
  for (const int depth : {1, 4, 16}) {
    perf::LeastTime ours;
    perf::LeastTime bare;
    perf::LeastTime pointers;
    for (int turn = 0; turn < turns; ++turn) {
      perf::take(pointers, [&] { require_sum(through_bare_pointers(chunks, depth), chunks); });
      perf::take(bare, [&] { require_sum(through_tbb(chunks, depth), chunks); });
      perf::take(ours, [&] { require_sum(through_stages(chunks, depth), chunks); });
    }
    const double each_ns = 1e9 / static_cast<double>(chunks);
    std::printf(
        "%2d empty transforms, ns a chunk: wall %.0f, TBB %.0f, ratio %.2f; CPU %.0f, TBB "
        "%.0f, ratio %.2f; TBB with pointers: wall %.0f, CPU %.0f\n",
        depth, ours.wall * each_ns, bare.wall * each_ns, ours.wall / bare.wall, ours.cpu * each_ns,
        bare.cpu * each_ns, ours.cpu / bare.cpu, pointers.wall * each_ns, pointers.cpu * each_ns);
    const std::string name = "chain_" + std::to_string(depth);
    const double each_s = 1e-9 * each_ns;
    figures.add(name + "_wall", ours.wall * each_s, "s", {"peer", bare.wall * each_s});
    figures.add(name + "_cpu", ours.cpu * each_s, "s", {"peer", bare.cpu * each_s});
    figures.add(name + "_cpu_of_pointers", ours.cpu * each_s, "s", {"peer", pointers.cpu * each_s});
  }
}

void measure_memory(const perf::Figures& figures, std::size_t many) {
  constexpr int kDepth = 8;  // with the source and the sink ten stages
  const std::size_t few = many / 100;
  require_sum(through_stages(few, kDepth), few);
  const auto before = static_cast<double>(peak_resident_bytes());
  perf::LeastTime least;
  perf::take(least, [&] { require_sum(through_stages(many, kDepth), many); });
  const auto after = static_cast<double>(peak_resident_bytes());
  const double rate = static_cast<double>(many) / least.wall;
  std::printf("%zu chunks through 10 stages: %.0f a second, peak memory %.1f MB; of %zu %.1f MB\n",
              many, rate, after / 1e6, few, before / 1e6);
  figures.add("ten_stages", rate, "1/s");
  figures.add("ten_stages_peak", after, "B", {"limit", before});
}

}  // namespace

int main(int argc, char** argv) {
  const perf::Figures figures("framework", argc, argv);
  int turns = 25;  // a turn whose threads wait for each other in loops costs twice as much
  bool is_quick = false;
  for (int k = 1; k < argc; ++k) {
    const std::string option = argv[k];
    if (option == "--quick") {
      is_quick = true;
    } else if (option == "--turns" && k + 1 < argc) {
      turns = std::atoi(argv[++k]);
    } else {
      std::fputs("usage: perf_framework [--turns N] [--quick] [--json FILE]\n", stderr);
      return 2;
    }
  }
  std::setvbuf(stdout, nullptr, _IOLBF, 0);  // what was measured is seen at once
  try {
    measure_chains(figures, turns, is_quick ? 100'000 : 300'000);
    measure_memory(figures, is_quick ? 1'000'000 : 10'000'000);
  } catch (const Error& error) {
    std::fprintf(stderr, "perf_framework: %s\n", error.what());
    return 1;
  }
  return 0;
}
