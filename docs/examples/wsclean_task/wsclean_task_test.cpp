// SPDX-License-Identifier: GPL-3.0-or-later
// A shell script stands for WSClean here; .ci and Skymill's own tests run the real one.
#include "wsclean_task.h"

#include <core/conformance.h>
#include <core/error.h>
#include <core/storage.h>
#include <catch2/catch.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

#include "child_program.h"

namespace fs = std::filesystem;

using skymill::Error;
using skymill::ErrorKind;
using skymill::Scratch;
using wsclean_task::WscleanTask;

namespace {

/// A program that says its version, and otherwise does this; `$name` is its -name.
std::string script(const Scratch& root, const std::string& body) {
  const std::string path = root.path() + "/fake_wsclean";
  std::ofstream(path)
      << "#!/bin/sh\n[ \"$1\" = -version ] && { echo; echo 'Fake version 1'; exit; }\n"
         "all=\"$*\"\nname=$2\n"
      << body;
  fs::permissions(path, fs::perms::owner_all);
  return path;
}

const std::string kMakes =
    "for kind in dirty image psf model residual; do echo \"$kind\" > \"$name-$kind.fits\"; done\n";

/// What passes for a MeasurementSet.
std::string table(const Scratch& root) {
  fs::create_directories(root.path() + "/data.ms");
  std::ofstream(root.path() + "/data.ms/table.dat") << "table";
  return root.path() + "/data.ms";
}

std::string contents(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The error that a run ends with.
Error failure_of(const WscleanTask::Params& params, const std::atomic<bool>* stop = nullptr) {
  try {
    skymill::testing::run_task<WscleanTask>(params, {.stop = stop});
  } catch (const Error& error) {
    return error;
  }
  throw std::logic_error("it did not fail");
}

WscleanTask::Params params_for(const Scratch& root, const std::string& body) {
  WscleanTask::Params params;
  params.input = table(root);
  params.output = root.path() + "/out";
  params.program = script(root, body);
  return params;
}

std::vector<std::string> images(const Scratch& root) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(root.path())) {
    const std::string name = entry.path().filename();
    if (name.rfind("out", 0) == 0) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

TEST_CASE("it is what every stage owes its users") {
  const Scratch root("/tmp", "wsclean_task");
  const WscleanTask::Params like = params_for(root, kMakes);
  skymill::testing::Conformance<WscleanTask> suite;
  suite.params = [&](const auto& trial) {
    WscleanTask::Params params = like;
    params.output = trial.folder + "/out";
    return params;
  };
  for (const auto& fault : suite.faults()) FAIL_CHECK(fault);
}

TEST_CASE("images are published with what the program made") {
  const Scratch root("/tmp", "wsclean_task");
  skymill::testing::run_task<WscleanTask>(params_for(root, kMakes));
  CHECK(images(root) ==
        std::vector<std::string>{"out-dirty.fits", "out-image.fits", "out-psf.fits"});
  CHECK(contents(root.path() + "/out-psf.fits") == "psf\n");
}

TEST_CASE("parameters reach the command line in the program's units") {
  const Scratch root("/tmp", "wsclean_task");
  auto params = params_for(root, kMakes + "echo \"$all\" > \"$name-image.fits\"\n");
  params.size = 256;
  params.scale = M_PI / 180 / 2;  // half a degree
  params.robust = -0.5;
  params.niter = 100;
  params.threshold = 0.25;
  params.mgain = 0.75;
  skymill::testing::run_task<WscleanTask>(params, {.threads = 3});
  const std::string words = contents(root.path() + "/out-image.fits");
  CAPTURE(words);
  for (const char* part : {"-size 256 256", "-scale 0.5deg", "-weight briggs -0.5", "-niter 100",
                           "-threshold 0.25", "-mgain 0.75", "-j 3", "-data-column DATA"}) {
    INFO(part);
    CHECK(words.find(part) != std::string::npos);
  }
  CHECK(images(root).size() == 5);
}

TEST_CASE("a program that fails is quoted, and leaves nothing") {
  const Scratch root("/tmp", "wsclean_task");
  const Error error = failure_of(params_for(root, kMakes + "echo 'no such column' >&2\nexit 3\n"));
  CHECK(error.kind() == ErrorKind::failed);
  CHECK_THAT(error.what(), Catch::Contains("ended with 3"));
  CHECK_THAT(error.what(), Catch::Contains("no such column"));
  CHECK(images(root).empty());
}

TEST_CASE("a program that says it is well but made nothing is not believed") {
  const Scratch root("/tmp", "wsclean_task");
  CHECK_THAT(failure_of(params_for(root, "true\n")).what(),
             Catch::Contains("made no 'dirty.fits'"));
  CHECK(images(root).empty());
}

TEST_CASE("a request to stop ends the program with what it has started") {
  const Scratch root("/tmp", "wsclean_task");
  std::atomic<bool> stop{false};
  const auto context = skymill::testing::make_context({.stop = &stop});
  const std::string begun = root.path() + "/begun";
  const std::string program = script(root, "sleep 600 & echo $! > '" + begun + ".new'\nmv '" +
                                               begun + ".new' '" + begun + "'\nwait\n");
  std::thread asker([&] {
    while (!fs::exists(begun)) std::this_thread::yield();
    stop = true;
  });
  try {
    wsclean_task::run_program({program, "-name", "x"}, root.path() + "/log", context);
    FAIL_CHECK("it was not stopped");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::requeue);
  }
  asker.join();
}

TEST_CASE("without the program, or without data, nothing begins") {
  const Scratch root("/tmp", "wsclean_task");
  auto params = params_for(root, kMakes);
  params.input = root.path() + "/nothing.ms";
  CHECK(failure_of(params).kind() == ErrorKind::input);
  params = params_for(root, kMakes);
  params.program = "there_is_no_such_wsclean";
  CHECK_THAT(failure_of(params).what(), Catch::Contains("apt install wsclean"));
}
