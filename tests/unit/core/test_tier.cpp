// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>

#include <thread>

#include "proc.h"
#include "tier_fixture.h"
#include "tier_ledger.h"
#include "tier_room.h"

namespace fs = std::filesystem;
using namespace skymill;
using Catch::Matchers::Contains;

TEST_CASE("a lease has a folder of its own and gives everything back") {
  const Scratch root("/tmp", "test");
  const Tier tier = folder_tier("fast", root.path(), 1000);
  std::string path;
  {
    const Space space = tier.reserve(600, "run", "'write' (a.ms)");
    path = space.path();
    CHECK(path == root.path() + "/.skymill/run-1");
    CHECK(space.tier() == "fast");
    CHECK(fs::is_empty(path));
    write_file(path + "/a", 100);
    fs::create_directory(path + "/deep");
    write_file(path + "/deep/b", 50);
    CHECK(space.used() == 150);
    const TierState state = tier.state();
    CHECK(state.leased == 600);
    CHECK(state.free == 400);
    REQUIRE(state.leases.size() == 1);
    CHECK(state.leases[0].used == 150);
    CHECK(state.leases[0].pid == ::getpid());
    CHECK(state.leases[0].purpose == "'write' (a.ms)");
    const Space second = tier.reserve(400, "run", "second");
    CHECK(second.path() == root.path() + "/.skymill/run-2");
  }
  CHECK_FALSE(fs::exists(path));
  CHECK(tier.state().leased == 0);
  CHECK(tier.state().free == 1000);
}

TEST_CASE("a lease that does not fit is refused with all the numbers") {
  const Scratch root("/tmp", "test");
  const Tier tier = folder_tier("fast", root.path(), 10000);
  const Space held = tier.reserve(7000, "run", "first");
  try {
    const Space more = tier.reserve(4000, "run", "second");
    FAIL("more than there is was leased");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::resources);
    CHECK_THAT(error.what(), Contains("second asked for 3.9062 KiB on tier 'fast'") &&
                                 Contains("2.9297 KiB are free") &&
                                 Contains("6.8359 KiB leased by others") &&
                                 Contains("capacity 9.7656 KiB"));
  }
  CHECK(tier.state().leases.size() == 1);
}

TEST_CASE("processes together cannot lease more than a tier has") {
  const Scratch root("/tmp", "test");
  const Tier tier = folder_tier("fast", root.path(), 1000);
  const std::string go = root.path() + "/go";
  const auto take_all = [&](const std::function<void(int)>& tell_and_hold) {
    std::vector<Space> spaces;
    while (!fs::exists(go)) ::usleep(100);
    try {
      for (;;) spaces.push_back(tier.reserve(30, "run", "a part"));
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::resources) tell_and_hold(static_cast<int>(spaces.size()));
      throw;
    }
  };
  const HoldingProcess first(take_all);
  const HoldingProcess second(take_all);
  const HoldingProcess third(take_all);
  write_file(go, 0);
  CHECK(first.told() + second.told() + third.told() == 33);
  CHECK(tier.state().leased == 990);
  CHECK(tier.state().leases.size() == 33);
}

TEST_CASE("threads of one process cannot lease more than a tier has") {
  const Scratch root("/tmp", "test");
  const Tier tier = folder_tier("fast", root.path(), 1000);
  std::vector<std::vector<Space>> spaces(4);
  std::vector<std::thread> threads;
  for (auto& mine : spaces) {
    threads.emplace_back([&] {
      try {
        for (;;) mine.push_back(tier.reserve(30, "run", "a part"));
      } catch (const Error&) {
      }
    });
  }
  for (auto& thread : threads) thread.join();
  std::size_t taken = 0;
  for (const auto& mine : spaces) taken += mine.size();
  CHECK(taken == 33);
}

TEST_CASE("what a killed process had leased is free again, and its folder is gone") {
  const Scratch root("/tmp", "test");
  const Tier tier = folder_tier("fast", root.path(), 1000);
  HoldingProcess other([&](const std::function<void(int)>& tell_and_hold) {
    const Space space = tier.reserve(800, "other", "'write' (b.ms)");
    write_file(space.path() + "/half", 300);
    tell_and_hold(1);
  });
  REQUIRE(other.told() == 1);
  CHECK_THROWS_WITH(tier.reserve(500, "run", "mine"), Contains("800 B leased by others"));
  CHECK(fs::exists(root.path() + "/.skymill/other-1/half"));
  other.kill();
  CHECK(tier.state().leased == 0);
  CHECK(tier.clean(true).size() == 1);
  CHECK(fs::exists(root.path() + "/.skymill/other-1"));
  const Space mine = tier.reserve(500, "run", "mine");
  CHECK_FALSE(fs::exists(root.path() + "/.skymill/other-1"));
  CHECK(tier.state().leases.size() == 1);
}

TEST_CASE("a process that has died but whose parent has not looked counts as dead") {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) ::_exit(0);
  siginfo_t info{};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT) == 0);
  CHECK_FALSE(process_start(child).has_value());
  ::waitpid(child, nullptr, 0);
  CHECK_FALSE(process_start(child).has_value());
  CHECK(process_start(::getpid()).has_value());
}

TEST_CASE("another process with the number of a dead one does not keep its lease alive") {
  const Scratch root("/tmp", "test");
  const Tier tier = folder_tier("fast", root.path(), 1000);
  {
    TierLedger ledger(root.path() + "/.skymill", TierLedger::Access::change);
    const auto start = process_start(::getpid()).value();
    ledger.entries.push_back({::getpid(), start - 1, 900, "earlier-1", "long ago"});
    ledger.save();
  }
  fs::create_directory(root.path() + "/.skymill/earlier-1");
  const Space space = tier.reserve(1000, "run", "mine");
  CHECK_FALSE(fs::exists(root.path() + "/.skymill/earlier-1"));
}

TEST_CASE("filling more than was leased is an error with both numbers") {
  const Scratch root("/tmp", "test");
  const Tier tier = folder_tier("fast", root.path(), 100000);
  const Space space = tier.reserve(10000, "run", "'write' (a.ms)");
  write_file(space.path() + "/a", 10000);
  CHECK_NOTHROW(space.check());
  write_file(space.path() + "/b", 2000);
  try {
    space.check();
    FAIL("it may not grow");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::resources);
    CHECK_THAT(error.what(), Contains("'write' (a.ms) leased 9.7656 KiB on tier 'fast'") &&
                                 Contains("fills 11.719 KiB"));
  }
  CHECK(space.most_used()->load() == 12000);
  fs::remove(space.path() + "/b");
  CHECK(space.most_used()->load() == 12000);
}

TEST_CASE("bytes that are leased and not yet written are not promised twice") {
  const TierNumbers numbers{1000, 100, 300, 200, 5000, 600, false, 0, 0};
  const TierRoom room = tier_room(numbers);
  CHECK(room.free == 300);  // 600 free - 200 promised - 100 reserve, less than 1000 - 300
  CHECK_THAT(room.limit, Contains("600 B free") && Contains("200 B are leased and not yet") &&
                             Contains("100 B are kept free"));
}

TEST_CASE("a tmpfs is not filled beyond 80 %, and a quarter of the memory stays available") {
  TierNumbers numbers;
  numbers.capacity = numbers.disk_size = 1000;
  numbers.disk_free = 900;
  numbers.unwritten = 300;
  numbers.leased = 300;
  numbers.memory_total = 4000;
  numbers.memory_available = 4000;
  CHECK(tier_room(numbers).free == 600);
  numbers.in_memory = true;
  CHECK(tier_room(numbers).free == 400);  // 800 - 100 filled - 300 promised
  CHECK_THAT(tier_room(numbers).limit, Contains("80 %"));
  numbers.memory_available = 1500;
  CHECK(tier_room(numbers).free == 200);  // 1500 - 1000 - 300
  CHECK_THAT(tier_room(numbers).limit, Contains("quarter of the memory"));
  numbers.memory_available = 900;
  CHECK(tier_room(numbers).free == 0);
}

TEST_CASE("the watermark holds on a real tmpfs") {
  const Scratch root("/tmp", "test");
  const SmallFileSystem small(root.path() + "/small", "size=1m");
  if (!small.mounted()) return;
  const Tier tier = folder_tier("shm", root.path() + "/small", 0, TierKind::tmpfs);
  CHECK_THROWS_WITH(tier.reserve(900 << 10, "run", "much"), Contains("80 %"));
  Space most = tier.reserve(780 << 10, "run", "most");
  write_file(most.path() + "/half", 400 << 10);
  CHECK_THROWS_WITH(tier.reserve(40 << 10, "run", "more"), Contains("80 %"));
  CHECK_NOTHROW(tier.reserve(20 << 10, "run", "little"));
}

TEST_CASE("a tier with no room for the ledger itself is refused, and nothing is leased") {
  const Scratch root("/tmp", "test");
  // Room for: root, .skymill, lock, ledger, and either a folder or the next ledger.
  const int inodes = GENERATE(4, 5);
  const SmallFileSystem small(root.path() + "/small",
                              ("size=1m,nr_inodes=" + std::to_string(inodes)).c_str());
  if (!small.mounted()) return;
  const Tier tier = folder_tier("small", root.path() + "/small", 1000);
  std::optional<Space> first;
  if (inodes == 5) first.emplace(tier.reserve(100, "run", "first"));
  try {
    const Space more = tier.reserve(100, "run", "more");
    FAIL("there was room");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::resources);
    CHECK_THAT(error.what(), Contains("cannot"));
  }
  CHECK(tier.state().leases.size() == (first ? 1 : 0));
  first.reset();
  CHECK(tier.state().leases.empty());
}

TEST_CASE("a damaged ledger is noticed, and the error says what to do") {
  const Scratch root("/tmp", "test");
  const Tier tier = folder_tier("fast", root.path(), 1000);
  const std::string ledger = root.path() + "/.skymill/ledger";
  const Space space = tier.reserve(100, "run", "mine");
  const std::string good = file_text(ledger);
  std::string bad = good;
  const int how = GENERATE(0, 1, 2, 3);
  if (how == 0) bad[bad.find(" 100 ") + 1] = '9';
  if (how == 1) bad.resize(bad.size() / 2);
  if (how == 2) bad.clear();
  if (how == 3) bad += "more\n";
  std::ofstream(ledger, std::ios::trunc) << bad;
  try {
    const Space second = tier.reserve(100, "run", "second");
    FAIL("a damaged ledger was believed");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::failed);
    CHECK_THAT(error.what(), Contains("'" + ledger + "' is damaged") &&
                                 Contains("remove that file") && Contains("skymill clean"));
  }
  CHECK_THROWS_AS(tier.state(), Error);
  // What it says to do helps: the folder without a lease goes.
  fs::remove(ledger);
  const auto cleaned = tier.clean();
  REQUIRE(cleaned.size() == 1);
  CHECK(cleaned[0].path == space.path());
  CHECK_FALSE(fs::exists(space.path()));
  CHECK(tier.reserve(1000, "run", "all").bytes() == 1000);
}

TEST_CASE("a ledger cannot name a folder outside of the tier") {
  const Scratch root("/tmp", "test");
  const Tier tier = folder_tier("fast", root.path(), 1000);
  {
    TierLedger ledger(root.path() + "/.skymill", TierLedger::Access::change);
    ledger.entries.push_back({1, 1, 10, GENERATE("..", "../../precious", "/precious"), "x"});
    ledger.save();
  }
  CHECK_THROWS_WITH(tier.reserve(1, "run", "mine"), Contains("damaged"));
}

TEST_CASE("tiers are tried in order, and every refusal is kept in words") {
  const Scratch root("/tmp", "test");
  fs::create_directory(root.path() + "/a");
  fs::create_directory(root.path() + "/b");
  const std::vector<Tier> tiers{folder_tier("gone", root.path() + "/none", 1000),
                                folder_tier("small", root.path() + "/a", 100),
                                folder_tier("large", root.path() + "/b", 1000)};
  SpaceRequest request{500, "run", "'write' (a.ms)", root.path() + "/a.ms", nullptr};
  const Placement placed = place(tiers, request);
  REQUIRE(placed.space);
  CHECK(placed.space->tier() == "large");
  REQUIRE(placed.refusals.size() == 2);
  CHECK_THAT(placed.refusals[0], Contains("tier 'gone'") && Contains("none"));
  CHECK_THAT(placed.refusals[1], Contains("tier 'small'") && Contains("capacity 100 B"));

  const Placement beside = place(tiers, {5000, "run", "big", root.path() + "/b.ms", nullptr});
  CHECK_FALSE(beside.space);
  CHECK(beside.refusals.size() == 3);

  try {
    place(tiers, {std::size_t{1} << 60, "run", "huge", root.path() + "/c.ms", nullptr});
    FAIL("an exbibyte fitted");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::resources);
    CHECK_THAT(error.what(), Contains("tier 'small'") && Contains("tier 'large'") &&
                                 Contains("500 B leased by others") &&
                                 Contains("capacity 1000 B") && Contains("huge needs 1024 PiB"));
  }
}

TEST_CASE("bytes on a tier in memory count against the run's memory") {
  const Scratch root("/tmp", "test");
  const std::vector<Tier> tiers{folder_tier("shm", root.path(), 1000, TierKind::tmpfs)};
  MemoryBudget memory(500, "a test");
  {
    const Placement placed = place(tiers, {300, "run", "first", root.path() + "/a", &memory});
    REQUIRE(placed.space);
    CHECK(memory.free() == 200);
    const Placement second = place(tiers, {300, "run", "second", root.path() + "/b", &memory});
    CHECK_FALSE(second.space);
    REQUIRE(second.refusals.size() == 1);
    CHECK_THAT(second.refusals[0], Contains("200 B are left of the budget of 500 B"));
  }
  CHECK(memory.free() == 500);
}
