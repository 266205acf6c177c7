// SPDX-License-Identifier: GPL-3.0-or-later
// What the framework costs by itself: chunks through stages that do nothing, and the start.
//
//   perf_framework [--skymill PROGRAM] [--json FILE] [--turns N] [--quick]
//
// A chain of empty transforms against a bare tbb::parallel_pipeline of the same depth, chunks and
// tokens, in turn; 10^5 and 10^7 chunks through ten stages in memory that does not grow; the
// start of PROGRAM with all its plugins beside that of one that needs none.
#include <core/error.h>
#include <core/memory.h>
#include <core/testing.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <tbb/global_control.h>
#include <tbb/parallel_pipeline.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>

#include "least_time.h"

namespace {

using namespace skymill;

constexpr int kThreads = 2;

class Figures {
 public:
  explicit Figures(const std::string& path) {
    if (!path.empty()) file_.open(path, std::ios::app);
  }
  void add(const std::string& bench, const char* metric, double value, const char* unit,
           const char* peer = nullptr) {
    if (!file_.is_open()) return;
    file_ << "{\"group\": \"framework\", \"bench\": \"" << bench << "\", \"metric\": \"" << metric
          << "\", \"value\": " << value << ", \"unit\": \"" << unit
          << "\", \"peer\": " << (peer ? '"' + std::string(peer) + '"' : "null") << "}"
          << std::endl;
  }

 private:
  std::ofstream file_;
};

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

void measure_chains(Figures& figures, int turns, std::size_t chunks) {
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
    const std::string bench = "chain_" + std::to_string(depth);
    figures.add(bench, "wall_ns_per_chunk", ours.wall * each_ns, "ns");
    figures.add(bench, "wall_ratio", ours.wall / bare.wall, "", "tbb::parallel_pipeline");
    figures.add(bench, "cpu_ratio", ours.cpu / bare.cpu, "", "tbb::parallel_pipeline");
    figures.add(bench, "cpu_ratio", ours.cpu / pointers.cpu, "",
                "tbb::parallel_pipeline of pointers");
  }
}

void measure_memory(Figures& figures, std::size_t many) {
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
  figures.add("ten_stages", "chunks_per_s", rate, "1/s");
  figures.add("ten_stages", "peak_growth_mb", (after - before) / 1e6, "MB");
}

void run_silently(const std::string& program, std::vector<std::string> arguments) {
  std::vector<char*> words;
  arguments.insert(arguments.begin(), program);
  for (std::string& argument : arguments) words.push_back(argument.data());
  words.push_back(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(::open("/dev/null", O_WRONLY), STDOUT_FILENO);
    ::execv(program.c_str(), words.data());
    ::_exit(127);
  }
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child || status != 0) {
    throw Error(ErrorKind::failed, "'" + program + " " + arguments[1] + "' did not run");
  }
}

void measure_start(Figures& figures, const std::string& program, int turns) {
  perf::LeastTime without;
  perf::LeastTime with;
  for (int turn = 0; turn < turns; ++turn) {
    perf::take(without, [&] { run_silently(program, {"--version"}); });
    perf::take(with, [&] { run_silently(program, {"describe", "image"}); });
  }
  std::printf("start with all plugins %.1f ms, without %.1f ms\n", with.wall * 1e3,
              without.wall * 1e3);
  figures.add("start", "wall_ms", with.wall * 1e3, "ms");
  figures.add("start", "without_plugins_ms", without.wall * 1e3, "ms");
}

}  // namespace

int main(int argc, char** argv) {
  std::string program;
  std::string json;
  int turns = 7;
  bool is_quick = false;
  for (int k = 1; k < argc; ++k) {
    const std::string option = argv[k];
    const bool has_value = k + 1 < argc;
    if (option == "--quick") {
      is_quick = true;
    } else if (option == "--skymill" && has_value) {
      program = argv[++k];
    } else if (option == "--json" && has_value) {
      json = argv[++k];
    } else if (option == "--turns" && has_value) {
      turns = std::atoi(argv[++k]);
    } else {
      std::fputs("usage: perf_framework [--skymill PROGRAM] [--json FILE] [--turns N] [--quick]\n",
                 stderr);
      return 2;
    }
  }
  std::setvbuf(stdout, nullptr, _IOLBF, 0);  // what was measured is seen at once
  try {
    Figures figures(json);
    measure_chains(figures, turns, is_quick ? 100'000 : 300'000);
    measure_memory(figures, is_quick ? 1'000'000 : 10'000'000);
    if (!program.empty()) measure_start(figures, program, 6 * turns);
  } catch (const Error& error) {
    std::fprintf(stderr, "perf_framework: %s\n", error.what());
    return 1;
  }
  return 0;
}
