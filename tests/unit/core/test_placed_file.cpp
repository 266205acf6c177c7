// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/placed_file.h>
#include <core/storage.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include <csignal>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

using namespace skymill;
using Catch::Matchers::Contains;

namespace {

std::string content(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

}  // namespace

TEST_CASE("parts that threads write at once stand in their places; the rest is a hole of zeros") {
  const Scratch scratch("/tmp", "test");
  const std::string path = scratch.path() + "/a";
  constexpr std::size_t kPart = 100000;
  constexpr std::size_t kParts = 20;
  constexpr std::uint64_t kFar = std::uint64_t{5} << 30;
  {
    const PlacedFile file = PlacedFile::create(path);
    file.resize(kFar + kPart);
    std::vector<std::thread> threads;
    for (std::size_t thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&file, thread] {
        for (std::size_t part = thread; part < kParts; part += 4) {
          file.write(part * kPart, std::string(kPart, static_cast<char>('a' + part)).data(), kPart);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    file.begin_writeback(0, kPart);
    file.sync();
  }
  PlacedFile::open(path).write(kFar, "far", 3);
  std::ifstream in(path, std::ios::binary);
  std::string found(kParts * kPart, '\0');
  in.read(found.data(), static_cast<std::streamsize>(found.size()));
  for (std::size_t part = 0; part < kParts; ++part) {
    CHECK(found.substr(part * kPart, kPart) == std::string(kPart, static_cast<char>('a' + part)));
  }
  in.seekg(std::streamoff{kFar} - 1);
  char ends[4] = {};
  in.read(ends, 4);
  CHECK(std::string(ends, 4) == std::string("\0far", 4));
  struct stat info {};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  CHECK(static_cast<std::uint64_t>(info.st_size) == kFar + kPart);
  CHECK(info.st_blocks * 512 < 100 * static_cast<long>(kPart));
}

TEST_CASE("a placed file is never made over another, and one that is missing is named") {
  const Scratch scratch("/tmp", "test");
  const std::string path = scratch.path() + "/a";
  std::ofstream(path) << "precious";
  CHECK_THROWS_WITH(PlacedFile::create(path), Contains(path) && Contains("File exists"));
  CHECK(content(path) == "precious");
  CHECK_THROWS_WITH(PlacedFile::open(path + "b"), Contains(path + "b"));
}

TEST_CASE("a limit of file sizes is an error of resources, after which nothing is durable") {
  const Scratch scratch("/tmp", "test");
  // In a process of its own, as the limit stays.
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1000, 1000};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) ::_exit(99);
    const PlacedFile file = PlacedFile::create(scratch.path() + "/a");
    const std::string part(600, 'x');
    file.write(0, part.data(), part.size());
    int met = 0;
    try {
      file.write(600, part.data(), part.size());
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::resources) met += 1;
    }
    try {
      file.write(0, part.data(), part.size());
    } catch (const Error&) {
      met += 2;
    }
    try {
      file.sync();
    } catch (const Error&) {
      met += 4;
    }
    ::_exit(met);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 7);
}
