// SPDX-License-Identifier: GPL-3.0-or-later
// Drafts on a tier: published by rename on the same file system, else by a verified copy.
#include <core/error.h>

#include "draft_leftovers.h"
#include "tier_fixture.h"

namespace fs = std::filesystem;
using namespace skymill;
using Catch::Matchers::Contains;

namespace {

constexpr std::size_t kMany = std::size_t{64} << 20;

/// A tier in memory and a folder on disk, on two devices where the machine has them.
struct TwoDevices {
  TwoDevices() {
    if (!different()) WARN("SKIPPED: /dev/shm and /tmp are one file system here");
  }
  bool different() const { return !same_device(fast.path(), slow.path()); }
  Draft draft(const std::string& name, bool overwrite = false,
              std::function<void()> between = {}) const {
    return Draft(slow.path() + "/" + name, overwrite, tier.reserve(kMany, "run", "a test"),
                 std::move(between));
  }
  bool nothing_left() const {
    return fs::is_empty(slow.path()) && tier.state().leases.empty() &&
           !fs::exists(fast.path() + "/.skymill/run-1");
  }

  Scratch fast{"/dev/shm", "test"};
  Scratch slow{"/tmp", "test"};
  Tier tier = folder_tier("fast", fast.path(), kMany);
};

/// A folder with what a product may hold; more than two blocks of the copy in one file.
void make_product(const std::string& path) {
  fs::create_directories(path + "/deep/er");
  write_file(path + "/large", (std::size_t{9} << 20) + 17, 'a');
  write_file(path + "/empty", 0);
  write_file(path + "/deep/er/small", 5, 'b');
  fs::permissions(path + "/deep/er/small", fs::perms::owner_read | fs::perms::owner_exec);
  fs::create_symlink("deep/er/small", path + "/link");
}

}  // namespace

TEST_CASE("a draft on another file system is published as it was written, and its space ends") {
  const TwoDevices two;
  if (!two.different()) return;
  const std::string product = two.slow.path() + "/a.ms";
  {
    Draft draft = two.draft("a.ms");
    CHECK(draft.path() == two.fast.path() + "/.skymill/run-1/a.ms");
    make_product(draft.path());
    CHECK_FALSE(fs::exists(product));
    CHECK_FALSE(fs::exists(product + ".partial"));
    draft.publish();
    CHECK(two.tier.state().leases.empty());
    CHECK_FALSE(fs::exists(draft.path()));
  }
  CHECK(file_text(product + "/large") == std::string((std::size_t{9} << 20) + 17, 'a'));
  CHECK(file_text(product + "/link") == "bbbbb");
  CHECK(fs::is_symlink(product + "/link"));
  CHECK(fs::file_size(product + "/empty") == 0);
  CHECK(fs::status(product + "/deep/er/small").permissions() ==
        (fs::perms::owner_read | fs::perms::owner_exec));
  fs::remove_all(product);
  CHECK(two.nothing_left());
}

TEST_CASE("a draft on a tier of the same file system is renamed, not copied") {
  const Scratch folder("/tmp", "test");
  const Tier tier = folder_tier("fast", folder.path(), kMany);
  const auto no_copy = [] { FAIL("it was copied"); };
  const std::string product = folder.path() + "/a";
  for (const std::size_t bytes : {10, 20}) {  // the second replaces the first
    Draft draft(product, true, tier.reserve(1000, "run", "a test"), no_copy);
    write_file(draft.path(), bytes);
    draft.publish();
    CHECK(fs::file_size(product) == bytes);
    CHECK(tier.state().leases.empty());
  }
  CHECK_FALSE(fs::exists(folder.path() + "/.skymill/run-1"));
}

TEST_CASE("an old product stands until the copy of the new one is complete") {
  const TwoDevices two;
  if (!two.different()) return;
  const std::string product = two.slow.path() + "/a";
  write_file(product, 3, 'o');
  int calls = 0;
  {
    Draft draft = two.draft("a", true, [&] {
      ++calls;
      CHECK(file_text(product) == "ooo");
    });
    write_file(draft.path(), 4, 'n');
    draft.publish();
  }
  CHECK(calls > 0);
  CHECK(file_text(product) == "nnnn");
  fs::remove(product);
  CHECK(two.nothing_left());
}

TEST_CASE("what appears under the final name during the copy is not overwritten") {
  const TwoDevices two;
  if (!two.different()) return;
  const std::string product = two.slow.path() + "/a";
  {
    Draft draft = two.draft("a", false, [&] { write_file(product, 6, 't'); });
    write_file(draft.path(), 4);
    CHECK_THROWS_WITH(draft.publish(), Contains("has appeared"));
  }
  CHECK(file_text(product) == "tttttt");
  fs::remove(product);
  CHECK(two.nothing_left());
}

TEST_CASE("a copy that differs from what was written is not published") {
  const TwoDevices two;
  if (!two.different()) return;
  const std::string partial = two.slow.path() + "/a.partial";
  {
    // Once all is copied, and before it is read back, the disk loses a bit.
    Draft draft = two.draft("a", false, [&] {
      std::error_code code;
      if (fs::file_size(partial, code) != 1000 || code) return;
      std::fstream file(partial, std::ios::in | std::ios::out | std::ios::binary);
      file.seekp(500);
      file.put('y');
    });
    write_file(draft.path(), 1000);
    CHECK_THROWS_WITH(draft.publish(), Contains("publishing '" + two.slow.path() + "/a'") &&
                                           Contains("differs") && Contains("checksum different"));
  }
  CHECK(two.nothing_left());
}

TEST_CASE("a draft that has outgrown its space is not published") {
  const TwoDevices two;
  {
    Draft draft(two.slow.path() + "/a", false, two.tier.reserve(100, "run", "'w' (a)"));
    CHECK_NOTHROW(draft.check_space());
    write_file(draft.path(), 101);
    CHECK_THROWS_WITH(draft.check_space(), Contains("leased 100 B") && Contains("fills 101 B"));
    CHECK_THROWS_AS(draft.publish(), Error);
  }
  CHECK(two.nothing_left());
}

TEST_CASE("a destination that is full keeps its old product, and the staged bytes are released") {
  const Scratch slow("/tmp", "test");
  const Scratch fast("/tmp", "test");
  const Tier tier = folder_tier("fast", fast.path(), kMany);
  // Too few bytes is seen before the copy; too few inodes only in the middle of it.
  const bool by_bytes = GENERATE(true, false);
  const SmallFileSystem small(slow.path() + "/small",
                              by_bytes ? "size=256k" : "size=8m,nr_inodes=12");
  if (!small.mounted()) return;
  const std::string product = slow.path() + "/small/a";
  write_file(product, 3, 'o');
  {
    Draft draft(product, true, tier.reserve(kMany, "run", "a test"));
    fs::create_directory(draft.path());
    for (int i = 0; i < 20; ++i) {
      write_file(draft.path() + "/" + std::to_string(i), std::size_t{20} << 10);
    }
    try {
      draft.publish();
      FAIL("it fitted");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::resources);
      CHECK_THAT(error.what(), Contains("publishing '" + product + "'"));
    }
  }
  CHECK(file_text(product) == "ooo");
  CHECK_FALSE(fs::exists(product + ".partial"));
  CHECK(tier.state().leases.empty());
  CHECK_FALSE(fs::exists(fast.path() + "/.skymill/run-1"));
}

TEST_CASE("a request to stop during the copy leaves no product") {
  const TwoDevices two;
  if (!two.different()) return;
  {
    int calls = 0;
    Draft draft = two.draft("a.ms", false, [&] {
      if (++calls == 3) throw Error(ErrorKind::requeue, "stopped on request");
    });
    make_product(draft.path());
    try {
      draft.publish();
      FAIL("it was published");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::requeue);
    }
  }
  CHECK(two.nothing_left());
}

TEST_CASE("a process that is killed during the copy leaves nothing that cleaning does not find") {
  const TwoDevices two;
  if (!two.different()) return;
  const std::string product = two.slow.path() + "/a.ms";
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    int calls = 0;
    Draft draft = two.draft("a.ms", false, [&] {
      if (++calls == 3) ::raise(SIGKILL);
    });
    make_product(draft.path());
    draft.publish();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  REQUIRE(WIFSIGNALED(status));
  CHECK_FALSE(fs::exists(product));
  REQUIRE(fs::exists(product + ".partial"));

  write_file(two.slow.path() + "/theirs.partial", 3);  // some other program's
  CHECK(clean_drafts(two.slow.path(), true).size() == 1);
  CHECK(fs::exists(product + ".partial"));
  const auto drafts = clean_drafts(two.slow.path(), false);
  REQUIRE(drafts.size() == 1);
  CHECK(drafts[0].path == product + ".partial");
  CHECK(two.tier.clean().size() == 1);
  CHECK(fs::exists(two.slow.path() + "/theirs.partial"));
  fs::remove(two.slow.path() + "/theirs.partial");
  CHECK(two.nothing_left());
}

TEST_CASE("cleaning leaves a draft alone that a run is writing") {
  const Scratch folder("/tmp", "test");
  Draft draft(folder.path() + "/a");
  write_file(draft.path(), 10);
  CHECK(clean_drafts(folder.path(), false).empty());
  CHECK(fs::exists(draft.path()));
  CHECK_THROWS_WITH(clean_drafts(folder.path() + "/none", false), Contains("not a folder"));
}
