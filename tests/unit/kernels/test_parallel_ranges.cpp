// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/kernels/parallel_items.h>
#include <stages/kernels/parallel_ranges.h>
#include <tbb/global_control.h>
#include <tbb/task_arena.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

using namespace skymill::kernels;

namespace {

constexpr int kThreads = 4;

/// Those in work at a time, who may wait for one another.
class Meeting {
 public:
  void visit(int wanted, std::chrono::milliseconds longest) {
    std::unique_lock lock(mutex_);
    most_ = std::max(most_, ++now_);
    met_.notify_all();
    met_.wait_for(lock, longest, [&] { return most_ >= wanted; });
    --now_;
  }
  int most() const { return most_; }

 private:
  std::mutex mutex_;
  std::condition_variable met_;
  int now_ = 0;
  int most_ = 0;
};

/// Runs `work` where there are idle threads, as in a pass.
template <class Work>
void among_threads(const Work& work) {
  const tbb::global_control most(tbb::global_control::max_allowed_parallelism, kThreads);
  tbb::task_arena(kThreads).execute(work);
}

}  // namespace

TEST_CASE("every index is worked on once, whatever the number of threads") {
  for (const std::size_t n : {0, 1, 2, 7, 100}) {
    for (const std::size_t threads : {1, 2, 3, 16}) {
      std::vector<std::atomic<int>> in_ranges(n), alone(n), by_workers(n), as_items(n);
      std::atomic<std::size_t> workers{0};
      among_threads([&] {
        parallel_ranges(n, threads, [&](std::size_t begin, std::size_t end) {
          for (std::size_t k = begin; k < end; ++k) ++in_ranges[k];
        });
        parallel_each(n, threads, [&](std::size_t k) { ++alone[k]; });
        parallel_workers(n, threads, [&](const auto& take) {
          ++workers;
          for (std::size_t k = take(); k < n; k = take()) ++by_workers[k];
        });
        parallel_items(n, threads, [&](std::size_t k) { ++as_items[k]; });
      });
      for (const auto* counts : {&in_ranges, &alone, &by_workers, &as_items}) {
        CHECK(std::all_of(counts->begin(), counts->end(), [](int count) { return count == 1; }));
      }
      CHECK(workers <= std::min(n, threads));
    }
  }
}

TEST_CASE("idle threads of the caller's arena help, as many as they are asked for") {
  for (const int asked : {2, kThreads}) {
    Meeting meeting;
    among_threads([&] {
      parallel_each(20, static_cast<std::size_t>(asked), [&](std::size_t) {
        meeting.visit(asked, std::chrono::seconds(20));
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      });
    });
    CHECK(meeting.most() == asked);
  }
}

TEST_CASE("a thread that waits for the parts of an item does not begin another item") {
  thread_local bool in_item = false;
  std::atomic<int> nested{0};
  among_threads([&] {
    parallel_items(40, kThreads, [&](std::size_t) {
      nested += in_item ? 1 : 0;
      in_item = true;
      parallel_ranges(2 * kThreads, 2 * kThreads, [&](std::size_t, std::size_t) {
        std::this_thread::sleep_for(std::chrono::microseconds(200));
      });
      in_item = false;
    });
  });
  CHECK(nested == 0);
}
