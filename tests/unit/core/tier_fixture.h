// SPDX-License-Identifier: GPL-3.0-or-later
// Tiers that are folders with a declared capacity, small file systems, other processes.
#pragma once

#include <core/storage.h>
#include <core/tier.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

namespace skymill {

inline Tier folder_tier(const std::string& name, const std::string& root, std::size_t capacity,
                        TierKind kind = TierKind::nvme) {
  return Tier({name, root, kind, capacity, 0, false});
}

inline void write_file(const std::filesystem::path& path, std::size_t bytes, char letter = 'x') {
  std::ofstream(path, std::ios::binary) << std::string(bytes, letter);
}

inline std::string file_text(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

inline bool same_device(const std::string& a, const std::string& b) {
  struct stat first {};
  struct stat second {};
  return ::stat(a.c_str(), &first) != 0 || ::stat(b.c_str(), &second) != 0 ||
         first.st_dev == second.st_dev;
}

/// A tmpfs of its own, for whoever may mount one.
class SmallFileSystem {
 public:
  SmallFileSystem(const std::string& where, const char* options) : where_(where) {
    std::filesystem::create_directories(where_);
    mounted_ = ::mount("tmpfs", where_.c_str(), "tmpfs", 0, options) == 0;
    if (!mounted_) WARN("SKIPPED: no small file system can be mounted here");
  }
  ~SmallFileSystem() {
    if (mounted_) ::umount2(where_.c_str(), MNT_DETACH);
  }
  SmallFileSystem(const SmallFileSystem&) = delete;
  SmallFileSystem& operator=(const SmallFileSystem&) = delete;
  bool mounted() const { return mounted_; }

 private:
  std::string where_;
  bool mounted_ = false;
};

/// Runs `work` in another process, which then holds what it has until `kill`.
class HoldingProcess {
 public:
  /// @param work calls what it is given with a number for the parent; that call never returns
  explicit HoldingProcess(const std::function<void(std::function<void(int)>)>& work) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    pid_ = ::fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
      ::close(ends[0]);
      const auto tell_and_hold = [&](int number) {
        if (::write(ends[1], &number, sizeof number) != sizeof number) ::_exit(1);
        for (;;) ::pause();
      };
      try {
        work(tell_and_hold);
      } catch (const std::exception& problem) {
        std::fprintf(stderr, "%s\n", problem.what());
      }
      ::_exit(1);
    }
    ::close(ends[1]);
    from_ = ends[0];
  }
  ~HoldingProcess() {
    kill();
    ::close(from_);
  }
  HoldingProcess(const HoldingProcess&) = delete;
  HoldingProcess& operator=(const HoldingProcess&) = delete;

  /// Waits for the number. Call it once.
  int told() const {
    int number = 0;
    REQUIRE(::read(from_, &number, sizeof number) == sizeof number);
    return number;
  }
  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

 private:
  pid_t pid_ = 0;
  int from_ = -1;
};

}  // namespace skymill
