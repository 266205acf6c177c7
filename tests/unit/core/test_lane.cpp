// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/lane.h>
#include <catch2/catch.hpp>

#include <set>
#include <thread>
#include <vector>

#include "read_ahead.h"
#include "write_behind.h"

using namespace skymill;

TEST_CASE("a lane does all its work on one thread, in order, and hands results and errors back") {
  Lane lane("test");
  std::set<std::thread::id> threads;
  std::vector<int> order;
  for (int i = 0; i < 100; ++i) {
    lane.post([&, i](const Lane::Token&) {
      threads.insert(std::this_thread::get_id());
      order.push_back(i);
    });
  }
  CHECK(lane.run([](const Lane::Token&) { return 42; }) == 42);
  CHECK(threads.size() == 1);
  CHECK(threads.count(std::this_thread::get_id()) == 0);
  CHECK(std::is_sorted(order.begin(), order.end()));
  CHECK(order.size() == 100);
  CHECK_THROWS_AS(lane.run([](const Lane::Token&) { throw Error(ErrorKind::input, "bad"); }),
                  Error);
  CHECK(lane.run([&](const Lane::Token&) {
    return lane.run([](const Lane::Token&) { return 1; });
  }) == 1);
}

TEST_CASE("one key is one lane") {
  Lanes lanes;
  CHECK(lanes.get("a") == lanes.get("a"));
  CHECK(lanes.get("a") != lanes.get("b"));
}

TEST_CASE("reading ahead is bounded, ordered, and ends with the source's error") {
  auto lane = std::make_shared<Lane>("test");
  std::atomic<int> made{0};
  {
    ReadAhead ahead(
        lane,
        [&](const Lane::Token&) -> std::optional<AnyChunk> {
          const int number = made++;
          if (number == 10) throw Error(ErrorKind::input, "the tenth is broken");
          return AnyChunk(Chunk<int>(number));
        },
        2);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    CHECK(made <= 3);
    for (int i = 0; i < 10; ++i) CHECK(*ahead.next()->as<int>() == i);
    CHECK_THROWS_AS(ahead.next(), Error);
  }
  CHECK(made == 11);
}

TEST_CASE("writing behind is bounded, ordered, and gives the error of a write back") {
  auto lane = std::make_shared<Lane>("test");
  std::vector<int> written;
  {
    WriteBehind behind(
        lane,
        [&](const Load& load, const Lane::Token&) { written.push_back(*load.chunk.as<int>()); }, 2);
    for (int i = 0; i < 20; ++i)
      behind.push(std::make_shared<Load>(Load{Chunk<int>(i), nullptr, nullptr, {}}));
    behind.drain();
  }
  CHECK(written.size() == 20);
  CHECK(std::is_sorted(written.begin(), written.end()));

  WriteBehind broken(
      lane, [](const Load&, const Lane::Token&) { throw Error(ErrorKind::resources, "full"); }, 2);
  broken.push(std::make_shared<Load>(Load{Chunk<int>(1), nullptr, nullptr, {}}));
  CHECK_THROWS_AS(broken.drain(), Error);
}
