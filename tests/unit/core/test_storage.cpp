// SPDX-License-Identifier: GPL-3.0-or-later
#include <catch2/catch.hpp>
#include <core/error.h>
#include <core/storage.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace fs = std::filesystem;
using namespace skymill;
using Catch::Matchers::Contains;

namespace {

std::string read(const std::string& path) {
  std::ifstream in(path);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

std::size_t entries(const std::string& folder) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

}  // namespace

TEST_CASE("a draft gets its name when it is published, and leaves nothing otherwise") {
  const Scratch scratch("/tmp", "test");
  const std::string product = scratch.path() + "/out/cube.fits";
  {
    const Draft draft(product);
    std::ofstream(draft.path()) << "half";
    CHECK(draft.path() == product + ".partial");
    CHECK_FALSE(fs::exists(product));
  }
  CHECK(entries(scratch.path() + "/out") == 0);
  {
    Draft draft(product);
    std::ofstream(draft.path()) << "whole";
    draft.publish();
  }
  CHECK(read(product) == "whole");
  CHECK(entries(scratch.path() + "/out") == 1);
}

TEST_CASE("a product that exists is kept unless it may be replaced; folders are replaced whole") {
  const Scratch scratch("/tmp", "test");
  const std::string product = scratch.path() + "/cube.image";
  {
    Draft draft(product);
    fs::create_directories(draft.path());
    std::ofstream(draft.path() + "/old") << "old";
    draft.publish();
  }
  CHECK_THROWS_WITH(Draft(product), Contains("exists already"));
  {
    Draft draft(product, true);
    fs::create_directories(draft.path());
    std::ofstream(draft.path() + "/new") << "new";
    CHECK(fs::exists(product + "/old"));
    draft.publish();
  }
  CHECK(fs::exists(product + "/new"));
  CHECK_FALSE(fs::exists(product + "/old"));
  CHECK(entries(scratch.path()) == 1);
}

TEST_CASE("something that appears meanwhile under the final name is not overwritten") {
  const Scratch scratch("/tmp", "test");
  const std::string product = scratch.path() + "/cube.fits";
  Draft draft(product);
  std::ofstream(draft.path()) << "ours";
  std::ofstream(product) << "theirs";
  CHECK_THROWS_WITH(draft.publish(), Contains("has appeared"));
  CHECK(read(product) == "theirs");
}

TEST_CASE("two runs cannot write the same product; what a crashed one left is cleared") {
  const Scratch scratch("/tmp", "test");
  const std::string product = scratch.path() + "/cube.fits";
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    Draft draft(product);
    std::ofstream(draft.path()) << "left over";
    ::_exit(0);  // as a crash would: no destructor
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(fs::exists(product + ".partial"));
  Draft draft(product);
  CHECK_FALSE(fs::exists(draft.path()));
  CHECK_THROWS_WITH(Draft(product), Contains("another run"));
}

TEST_CASE("work for which the disk has no room is refused with the numbers") {
  try {
    require_space("/tmp/not/there/yet", std::size_t{1} << 60, "the cube");
    FAIL("an exbibyte fitted");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::resources);
    CHECK_THAT(error.what(), Contains("the cube") && Contains("/tmp") && Contains("free"));
  }
  CHECK_NOTHROW(require_space("/tmp", 1, "a byte"));
}

TEST_CASE("a scratch folder goes with all it holds") {
  std::string path;
  {
    const Scratch scratch("/tmp", "test");
    path = scratch.path();
    fs::create_directories(path + "/deep/er");
    std::ofstream(path + "/deep/er/file") << "x";
    CHECK(bytes_on_disk(path) == 1);
  }
  CHECK_FALSE(fs::exists(path));
}
