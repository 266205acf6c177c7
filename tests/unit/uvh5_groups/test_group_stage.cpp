// SPDX-License-Identifier: GPL-3.0-or-later
// The stage on folders of files that are no UVH5: what it makes of them, and of its parameters.
#include <core/error.h>
#include <core/testing.h>
#include <stages/uvh5_groups/group_stage.h>
#include <catch2/catch.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>

using namespace skymill;
using namespace skymill::radio;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

class Folder {
 public:
  Folder() {
    std::string pattern = (fs::temp_directory_path() / "skymill-groups-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~Folder() { fs::remove_all(path_); }
  std::string add(const std::string& name, std::chrono::seconds age = {}) const {
    const fs::path file = path_ / name;
    std::ofstream(file) << "no HDF5";
    fs::last_write_time(file, fs::file_time_type::clock::now() - age);
    return file.string();
  }
  std::string path() const { return path_.string(); }

 private:
  fs::path path_;
};

std::vector<WorkItem> items_of(Uvh5Groups& stage) {
  const PipelineContext ctx = testing::make_context();
  std::vector<WorkItem> items;
  // A stage that would never end is a failure, not a hang.
  while (auto item = stage.next(ctx)) {
    items.push_back(std::move(**item));
    REQUIRE(items.size() < 100);
  }
  return items;
}

Uvh5GroupsParams params_for(std::vector<std::string> input) {
  Uvh5GroupsParams params;
  params.input = std::move(input);
  return params;
}

std::vector<WorkItem> items_of(const Uvh5GroupsParams& params) {
  Uvh5Groups stage(params);
  return items_of(stage);
}

}  // namespace

TEST_CASE("what is no UVH5 file becomes a rejected item with the reason") {
  const Folder folder;
  folder.add("2025-10-02T06:30:06_sb00.hdf5");
  folder.add("notes.txt");
  const auto items = items_of(params_for({folder.path()}));
  REQUIRE(items.size() == 1);
  CHECK(items[0].name == "2025-10-02T06:30:06_sb00.hdf5");
  CHECK(items[0].state == WorkItem::State::rejected);
  CHECK_FALSE(items[0].reason.empty());
}

TEST_CASE("names outside of the time window are not looked at") {
  const Folder folder;
  for (const char* time : {"2025-10-01T23:58:30", "2025-10-01T23:59:30", "2025-10-02T12:00:00",
                           "2025-10-03T00:00:30", "2025-10-03T00:01:30"}) {
    folder.add(std::string(time) + "_sb00.hdf5");
  }
  Uvh5GroupsParams params = params_for({folder.path()});
  CHECK(items_of(params).size() == 5);
  params.from = "2025-10-02";
  params.until = "2025-10-03";
  CHECK(items_of(params).size() == 3);  // those a minute outside may be inside
  params.tolerance = 0;
  CHECK(items_of(params).size() == 1);
}

TEST_CASE("patterns choose files") {
  const Folder folder;
  folder.add("2025-10-02T06:30:06_sb00.hdf5");
  folder.add("2025-10-02T06:30:06_sb01.hdf5");
  folder.add("2025-10-02T06:35:16_sb00.hdf5");
  CHECK(items_of(params_for({folder.path() + "/2025-10-02T06:30*"})).size() == 2);
  CHECK(items_of(params_for({folder.path() + "/*_sb00.hdf5", folder.path()})).size() == 3);
  CHECK(items_of(params_for({folder.path() + "/*_sb77.hdf5"})).empty());
}

TEST_CASE("a folder that is not there is an error of the input") {
  try {
    items_of(params_for({"/nowhere/at/all"}));
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::input);
    CHECK_THAT(error.what(), Contains("/nowhere/at"));
  }
}

TEST_CASE("a file that is being written waits until nothing has changed in it for long") {
  const Folder folder;
  folder.add("2025-10-02T06:30:06_sb00_incomplete.hdf5", std::chrono::seconds(10));
  folder.add("2025-10-02T06:35:16_sb00_incomplete.hdf5", std::chrono::seconds(5000));
  const auto items = items_of(params_for({folder.path()}));
  REQUIRE(items.size() == 2);
  CHECK(items[0].state == WorkItem::State::waiting);
  CHECK(items[1].state == WorkItem::State::rejected);
  CHECK_THAT(items[1].reason, Contains("did not finish"));
}

TEST_CASE("a watch gives a bad file once, and only when it has had time to become good") {
  const Folder folder;
  folder.add("2025-10-02T06:30:06_sb00.hdf5");
  Uvh5GroupsParams params = params_for({folder.path()});
  params.follow = true;
  Uvh5Groups patient(params);
  CHECK(items_of(patient).empty());
  CHECK(items_of(patient).empty());
  params.deadline = 0;
  Uvh5Groups hasty(params);
  CHECK(items_of(hasty).size() == 1);
  CHECK(items_of(hasty).empty());
  folder.add("2025-10-02T06:35:16_sb00.hdf5");
  CHECK(items_of(hasty).size() == 1);
}

TEST_CASE("times that are none are refused") {
  Diagnostics diagnostics;
  Settings settings;
  settings.set({"input", {}, SettingValue::scalar("in", {})});
  settings.set({"from", {}, SettingValue::scalar("yesterday", {})});
  Uvh5Groups::schema().parse(settings, {}, diagnostics);
  CHECK_THAT(diagnostics.text(), Contains("from must be a time such as 2025-10-02"));
}
