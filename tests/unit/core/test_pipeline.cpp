// SPDX-License-Identifier: GPL-3.0-or-later
// Pipelines of integers: the whole of core without any science.
#include <catch2/catch.hpp>
#include <core/error.h>
#include <core/testing.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "executor.h"

using namespace skymill;
using Catch::Matchers::Contains;

namespace {

const DataKind kInt = DataKindOf<int>::value;
const DataKind kInteger = DataKindOf<long long>::value;

PortNeed needs(DataKind kind) {
  PortNeed need;
  need.kind = kind;
  return need;
}

/// 0, 1, 2, … and how many of its chunks are alive.
class Count final : public Source<int> {
 public:
  explicit Count(int count, std::size_t chunk_bytes = sizeof(int))
      : count_(count), chunk_bytes_(chunk_bytes) {}
  static Ports ports() { return Ports().out("out", kInt); }
  void plan(Planning& planning) override {
    planning.output().chunk_bytes = chunk_bytes_;
    planning.output().chunks = static_cast<std::size_t>(count_);
  }
  std::optional<Chunk<int>> next(const PipelineContext&) override {
    if (next_ == count_) return std::nullopt;
    const auto place = static_cast<std::size_t>(next_);
    return Chunk<int>(next_++, Span("number", place, place + 1));
  }

 private:
  int count_;
  std::size_t chunk_bytes_;
  int next_ = 0;
};

class Square final : public Transform<int, int> {
 public:
  /// @param wanted  holds a chunk until so many have been here at once, for 10 s at most
  explicit Square(std::atomic<int>* most_at_once = nullptr, int wanted = 0)
      : most_(most_at_once), wanted_(wanted) {}
  static Ports ports() { return Ports().in(needs(kInt)).out("out", kInt); }
  Chunk<int> operator()(Chunk<int> chunk, const PipelineContext&) const override {
    if (most_) {
      const int now = ++at_once_;
      int seen = *most_;
      while (now > seen && !most_->compare_exchange_weak(seen, now)) {
      }
      const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
      do {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      } while (*most_ < wanted_ && std::chrono::steady_clock::now() < end);
      --at_once_;
    }
    return Chunk<int>((*chunk % 1000) * (*chunk % 1000), chunk.span());
  }

 private:
  std::atomic<int>* most_;
  int wanted_;
  mutable std::atomic<int> at_once_{0};
};

class FailAt final : public Transform<int, int> {
 public:
  explicit FailAt(int number) : number_(number) {}
  static Ports ports() { return Square::ports(); }
  Chunk<int> operator()(Chunk<int> chunk, const PipelineContext&) const override {
    if (*chunk == number_) throw Error(ErrorKind::input, "number 7 is not allowed");
    return chunk;
  }

 private:
  int number_;
};

/// The sum of all, as a stream of `parts` results.
class Sum final : public Reduce<int, long long> {
 public:
  explicit Sum(int parts = 1) : parts_(parts) {}
  static Ports ports() { return Ports().in(needs(kInt)).out("out", kInteger); }
  void plan(Planning& planning) override { planning.set_state(1024); }
  void add(const Chunk<int>& chunk, const PipelineContext&) override {
    if (chunk.span().at("number").begin != next_) in_order_ = false;
    ++next_;
    sum_ = sum_ * 31 + static_cast<unsigned long long>(*chunk);  // depends on the order
  }
  Stream<long long> finish(const PipelineContext&) override {
    REQUIRE(in_order_);
    auto part = std::make_shared<int>(0);
    return Stream<long long>([this, part]() -> std::optional<Stream<long long>::Work> {
      if (*part == parts_) return std::nullopt;
      const int number = (*part)++;
      return Stream<long long>::Work([this, number](const PipelineContext&) {
        return Chunk<long long>(static_cast<long long>(sum_) + number);
      });
    });
  }

 private:
  int parts_;
  unsigned long long next_ = 0;
  unsigned long long sum_ = 0;  // may wrap
  bool in_order_ = true;
};

class Collect final : public Sink<long long> {
 public:
  Collect(std::vector<long long>* into, bool* finished) : into_(into), finished_(finished) {}
  static Ports ports() { return Ports().in(needs(kInteger)); }
  void write(const Chunk<long long>& chunk, const PipelineContext&) override {
    into_->push_back(*chunk);
  }
  void finish(const PipelineContext&) override { *finished_ = true; }

 private:
  std::vector<long long>* into_;
  bool* finished_;
};

/// Every write waits, for a while, until another one runs beside it.
class MeetInWrite final : public Sink<int> {
 public:
  MeetInWrite(bool concurrent, int* most_at_once) : concurrent_(concurrent), most_(most_at_once) {}
  static Ports ports() { return Ports().in(needs(kInt)); }
  void plan(Planning& planning) override {
    if (concurrent_) planning.set_concurrent();
  }
  void write(const Chunk<int>&, const PipelineContext&) override {
    std::unique_lock lock(mutex_);
    ++at_once_;
    *most_ = std::max(*most_, at_once_);
    met_.notify_all();
    const auto wait = std::chrono::milliseconds(concurrent_ ? 20000 : 20);
    met_.wait_for(lock, wait, [&] { return *most_ > 1; });
    --at_once_;
  }
  void finish(const PipelineContext&) override {}

 private:
  bool concurrent_;
  int* most_;
  int at_once_ = 0;
  std::mutex mutex_;
  std::condition_variable met_;
};

using testing::GivenStage;
using testing::HarnessOptions;

template <class S, class... Arguments>
GivenStage stage(const std::string& name, Arguments&&... arguments) {
  return {name, S::kShape, S::ports(), std::make_unique<S>(std::forward<Arguments>(arguments)...)};
}


template <class... Stages>
std::vector<GivenStage> pipeline(Stages&&... stages) {
  std::vector<GivenStage> all;
  (all.push_back(std::forward<Stages>(stages)), ...);
  return all;
}

}  // namespace

TEST_CASE("a million chunks stream through in bounded memory and in order") {
  const std::size_t before = peak_resident_bytes();
  std::vector<long long> sums;
  bool finished = false;
  testing::run_stages(pipeline(stage<Count>("count", 1'000'000), stage<Square>("square"),
                               stage<Sum>("sum"), stage<Collect>("collect", &sums, &finished)),
                      {2, std::size_t{1} << 20});
  CHECK(finished);
  REQUIRE(sums.size() == 1);
  unsigned long long expected = 0;
  for (unsigned long long i = 0; i < 1'000'000; ++i) {
    expected = expected * 31 + (i % 1000) * (i % 1000);
  }
  CHECK(sums[0] == static_cast<long long>(expected));
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // which keep more memory
  CHECK(peak_resident_bytes() - before < (std::size_t{40} << 20));
#else
  (void)before;
#endif
}

TEST_CASE("the result is the same for 1, 2 and 8 threads") {
  std::vector<std::vector<long long>> all;
  for (const int threads : {1, 2, 8}) {
    std::vector<long long> sums;
    bool finished = false;
    testing::run_stages(pipeline(stage<Count>("count", 5000), stage<Square>("square"),
                                 stage<Sum>("sum", 7), stage<Collect>("collect", &sums, &finished)),
                        {threads, std::size_t{1} << 24});
    CHECK(sums.size() == 7);
    all.push_back(sums);
  }
  CHECK(all[0] == all[1]);
  CHECK(all[0] == all[2]);
}

TEST_CASE("the budget bounds the number of chunks in flight") {
  const auto most_at_once = [](std::size_t budget, int wanted) {
    std::atomic<int> most{0};
    std::vector<long long> sums;
    bool finished = false;
    testing::run_stages(
        pipeline(stage<Count>("count", 60, std::size_t{1} << 20), stage<Square>("square", &most, wanted),
                 stage<Sum>("sum"), stage<Collect>("collect", &sums, &finished)),
        {8, budget});
    return most.load();
  };
  // One chunk in flight is one in and one out: 2 MiB.
  CHECK(most_at_once((std::size_t{4} << 20) + 4096, 0) <= 2);
  CHECK(most_at_once(std::size_t{64} << 20, 3) > 2);
}

TEST_CASE("work that cannot fit is refused before it starts, with the numbers") {
  std::vector<long long> sums;
  bool finished = false;
  try {
    testing::run_stages(
        pipeline(stage<Count>("count", 10, std::size_t{8} << 20), stage<Square>("square"),
                 stage<Sum>("sum"), stage<Collect>("collect", &sums, &finished)),
        {2, std::size_t{1} << 20});
    FAIL("it ran");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::resources);
    CHECK_THAT(error.what(), Contains("16 MiB") && Contains("1 MiB") && Contains("--memory"));
  }
  CHECK(sums.empty());
}

TEST_CASE("a failing stage ends the run; its error keeps its kind and names the stage") {
  for (const int threads : {1, 4}) {
    std::vector<long long> sums;
    bool finished = false;
    try {
      testing::run_stages(pipeline(stage<Count>("count", 1000), stage<FailAt>("fussy", 7),
                                   stage<Sum>("sum"), stage<Collect>("collect", &sums, &finished)),
                          {threads, std::size_t{1} << 20});
      FAIL("it ran");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::input);
      CHECK_THAT(error.what(), Contains("stage 'fussy': number 7 is not allowed"));
    }
    CHECK_FALSE(finished);
    CHECK(sums.empty());
  }
}

TEST_CASE("a sink is called by one thread at a time, unless it says that several may") {
  for (const bool concurrent : {false, true}) {
    int most = 0;
    testing::run_stages(pipeline(stage<Count>("count", 8), stage<Square>("square"),
                                 stage<MeetInWrite>("meet", concurrent, &most)),
                        {2, std::size_t{1} << 20});
    CHECK(most == (concurrent ? 2 : 1));
  }
}

TEST_CASE("linking data of different kinds is refused with both sides shown") {
  std::vector<long long> sums;
  bool finished = false;
  CHECK_THROWS_WITH(
      testing::run_stages(pipeline(stage<Count>("count", 10),
                                   stage<Collect>("collect", &sums, &finished))),
      Contains("needs  integer@1") && Contains("has    int@1") && Contains("count"));
}

TEST_CASE("products travel under typed keys, and the earlier context stays as it was") {
  const PipelineContext before = testing::make_context();
  const Key<int> answer{"answer"};
  const PipelineContext after = before.with_output(answer, 42);
  CHECK(after.output(answer) == 42);
  CHECK(before.find_output(answer) == nullptr);
  CHECK_THROWS_WITH(before.output(answer), Contains("'answer'"));
  CHECK_THROWS_WITH(after.output(Key<double>{"answer"}), Contains("int@1") && Contains("number@1"));
  CHECK_THROWS_WITH(after.with_output(answer, 43), Contains("already"));
}
