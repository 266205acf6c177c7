// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>

#include <cstdlib>

#include "machine.h"
#include "tier_fixture.h"

using namespace skymill;
using Catch::Matchers::Contains;

namespace {

std::string mistakes(const std::string& text) {
  Diagnostics diagnostics;
  read_machine_text("m.yaml", text, diagnostics);
  return diagnostics.text();
}

/// Sets a variable of the environment for one test.
class EnvironmentFor {
 public:
  EnvironmentFor(const char* name, const std::string& value) : name_(name) {
    const char* before = std::getenv(name);
    had_ = before != nullptr;
    if (had_) before_ = before;
    ::setenv(name, value.c_str(), 1);
  }
  ~EnvironmentFor() {
    if (had_) {
      ::setenv(name_, before_.c_str(), 1);
    } else {
      ::unsetenv(name_);
    }
  }
  EnvironmentFor(const EnvironmentFor&) = delete;
  EnvironmentFor& operator=(const EnvironmentFor&) = delete;

 private:
  const char* name_;
  std::string before_;
  bool had_ = false;
};

}  // namespace

TEST_CASE("a machine file gives tiers in its order, with units") {
  Diagnostics diagnostics;
  const Machine machine =
      read_machine_text("m.yaml",
                        "skymill_machine: 1\n"
                        "tiers:\n"
                        "  shm:  { root: /dev/shm, kind: tmpfs, capacity: 8GiB, reserve: 512MiB }\n"
                        "  nvme: { root: /scratch, kind: nvme, capacity: 1.5TB }\n"
                        "  data: { root: /data, kind: hdd }\n",
                        diagnostics);
  CHECK(diagnostics.text().empty());
  CHECK(machine.source == "m.yaml");
  REQUIRE(machine.tiers.size() == 3);
  CHECK(machine.tiers[0].name == "shm");
  CHECK(machine.tiers[0].root == "/dev/shm");
  CHECK(machine.tiers[0].kind == TierKind::tmpfs);
  CHECK(machine.tiers[0].capacity == std::size_t{8} << 30);
  CHECK(machine.tiers[0].reserve == std::size_t{512} << 20);
  CHECK(machine.tiers[1].kind == TierKind::nvme);
  CHECK(machine.tiers[1].capacity == 1500000000000);
  CHECK(machine.tiers[1].reserve == 0);
  CHECK(machine.tiers[2].kind == TierKind::hdd);
  CHECK(machine.tiers[2].capacity == 0);
  CHECK(read_machine_text("m.yaml", "skymill_machine: 1\n", diagnostics).tiers.empty());
  CHECK(diagnostics.text().empty());
}

TEST_CASE("every mistake of a machine file is found at its place") {
  const std::string all = mistakes(
      "skymill_machine: 2\n"
      "tires: {}\n"
      "tiers:\n"
      "  auto: { root: /a, kind: nvme }\n"
      "  shm: { root: /dev/shm, kind: ramdisk, capacty: 3 }\n"
      "  nvme: { kind: nvme, capacity: 3 Hz }\n"
      "  here: { root: there, kind: hdd, reserve: -1 }\n"
      "  plain: /dev/shm\n");
  CHECK_THAT(all, Contains("m.yaml:1:18: error: 'skymill_machine' is not 1"));
  CHECK_THAT(all, Contains("m.yaml:2:1: error: no key 'tires'; did you mean 'tiers'?"));
  CHECK_THAT(all, Contains("m.yaml:4:3: error: 'auto' cannot be a tier's name"));
  CHECK_THAT(all, Contains("m.yaml:5:32: error:") && Contains("tmpfs, nvme, hdd"));
  CHECK_THAT(all, Contains("m.yaml:5:41: error:") && Contains("did you mean 'capacity'?"));
  CHECK_THAT(all, Contains("m.yaml:6:3: error:") && Contains("root"));
  CHECK_THAT(all, Contains("m.yaml:6:33: error:"));
  CHECK_THAT(all, Contains("m.yaml:7:44: error:"));
  CHECK_THAT(all, Contains("m.yaml:8:10: error: tier 'plain' must be a map"));
  CHECK_THAT(mistakes("skymill_machine: 1\ntiers: { here: { root: there, kind: hdd } }\n"),
             Contains("m.yaml:2:10: error: 'root' must begin with '/'"));
  CHECK_THAT(mistakes("tiers: {}\n"), Contains("'skymill_machine' is missing"));
  CHECK_THAT(mistakes("skymill_machine: 1\ntiers: [a]\n"), Contains("m.yaml:2:8: error"));
  CHECK_THAT(mistakes("skymill_machine: 1\ntiers: { a: {root: /a, kind: hdd}, a: {} }\n"),
             Contains("m.yaml:2:36: error"));
}

TEST_CASE("the machine file is the one that the environment names") {
  const Scratch folder("/tmp", "test");
  const std::string file = folder.path() + "/machine.yaml";
  const EnvironmentFor home("HOME", folder.path());
  const EnvironmentFor named("SKYMILL_MACHINE", file);
  CHECK_THROWS_WITH(this_machine(), Contains("'" + file + "' cannot be read"));
  std::ofstream(file) << "skymill_machine: 1\ntiers: { fast: { root: /a, kind: hdd } }\n";
  REQUIRE(this_machine().tiers.size() == 1);
  CHECK(this_machine().source == file);
  std::ofstream(file) << "skymill_machine: 1\ntiers: 3\n";
  try {
    this_machine();
    FAIL("a broken file was read");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::description);
    CHECK_THAT(error.what(), Contains(file + ":2:8: error: 'tiers' must be a map"));
  }
  const EnvironmentFor unnamed("SKYMILL_MACHINE", "");
  const std::string own = folder.path() + "/.config/skymill/machine.yaml";
  std::filesystem::create_directories(folder.path() + "/.config/skymill");
  std::ofstream(own) << "skymill_machine: 1\n";
  CHECK(this_machine().source == own);
}

TEST_CASE("without a file there are folders of this user's own") {
  const Scratch folder("/tmp", "test");
  const EnvironmentFor temporary("TMPDIR", folder.path());
  const Machine machine = default_machine();
  REQUIRE_FALSE(machine.tiers.empty());
  const TierDescription& last = machine.tiers.back();
  CHECK(last.root == folder.path() + "/skymill-" + std::to_string(::geteuid()));
  CHECK(Tier(last).state().leases.empty());
  CHECK_FALSE(std::filesystem::exists(last.root));  // looking makes nothing
  {
    const Space space = Tier(last).reserve(10, "run", "a test");
    CHECK(std::filesystem::status(last.root).permissions() == std::filesystem::perms::owner_all);
  }
  std::filesystem::remove_all(last.root);
  std::filesystem::create_directory_symlink(folder.path(), last.root);
  CHECK_THROWS_WITH(Tier(last).reserve(10, "run", "a test"), Contains("not ours"));
  std::filesystem::remove(last.root);
  std::filesystem::create_directory(last.root);
  if (::chown(last.root.c_str(), ::geteuid() + 1, static_cast<gid_t>(-1)) != 0) {
    WARN("SKIPPED: this user cannot give a folder to another");
    return;
  }
  CHECK_THROWS_WITH(Tier(last).reserve(10, "run", "a test"), Contains("not ours"));
}
