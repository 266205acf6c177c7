// SPDX-License-Identifier: GPL-3.0-or-later
#include "wsclean_task.h"

#include <core/error.h>
#include <core/plugin.h>
#include <core/storage.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>

#include "child_program.h"

namespace fs = std::filesystem;

using skymill::Error;
using skymill::ErrorKind;

namespace wsclean_task {

namespace {

constexpr std::size_t kHeaderBytes = 1 << 16;             // of a FITS file, generously
constexpr std::size_t kBuffers = std::size_t{256} << 20;  // what it reads and sorts at once

std::string text(double value) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%.17g", value);
  return digits;
}

/// What the program calls itself: `WSClean version 3.1 (2022-06-30)`.
std::string version_of(const std::string& program, const std::string& scratch,
                       const skymill::PipelineContext& ctx) {
  const std::string log = scratch + "/version.txt";
  run_program({program, "-version"}, log, ctx);
  std::ifstream in(log);
  std::string line;
  while (std::getline(in, line) && line.empty()) {
  }
  return line;
}

/// Moves a file, between file systems too.
void move(const std::string& from, const std::string& to) {
  std::error_code failure;
  fs::rename(from, to, failure);
  if (!failure) return;
  fs::copy_file(from, to);
  fs::remove(from);
}

}  // namespace

skymill::Schema<WscleanParams> WscleanTask::schema() {
  using P = WscleanParams;
  skymill::Schema<P> s{"Image a MeasurementSet with WSClean."};
  s.field("input", &P::input, "MeasurementSet").required();
  s.field("output", &P::output, "What the names of the images begin with").required();
  s.field("size", &P::size, "Pixels along each side").range(16, 65536);
  s.field("scale", &P::scale, "Size of a pixel").unit("rad").positive();
  s.field("weight", &P::weight, "Weighting").choices({"natural", "uniform", "briggs"});
  s.field("robust", &P::robust, "Of weight: briggs").range(-2, 2);
  s.field("niter", &P::niter, "Most minor iterations of CLEAN; 0: none");
  s.field("threshold", &P::threshold, "CLEAN stops there; 0: nowhere").unit("Jy").at_least(0);
  s.field("mgain", &P::mgain, "Share of the peak that a major iteration takes; 1: only one")
      .range(0.01, 1);
  s.field("channels_out", &P::channels_out, "Images along frequency").range(1, 10000);
  s.field("column", &P::column, "Column of the visibilities");
  s.field("program", &P::program, "Name or path of WSClean").tuning();
  s.field("overwrite", &P::overwrite, "Replace images that exist").tuning();
  s.example("wsclean: { input: my.ms, output: out/my, size: 2048, scale: 2arcsec, niter: 1000 }");
  return s;
}

std::vector<std::string> WscleanTask::endings() const {
  std::vector<std::string> kinds{"dirty", "image", "psf"};
  if (params_.niter > 0) kinds.insert(kinds.end(), {"model", "residual"});
  std::vector<std::string> parts{""};
  if (params_.channels_out > 1) {
    parts = {"-MFS"};
    for (std::size_t channel = 0; channel < params_.channels_out; ++channel) {
      char number[16];
      std::snprintf(number, sizeof number, "-%04zu", channel);
      parts.emplace_back(number);
    }
  }
  std::vector<std::string> all;
  for (const std::string& part : parts) {
    for (const std::string& kind : kinds) all.push_back(part + "-" + kind + ".fits");
  }
  return all;
}

void WscleanTask::plan(skymill::Planning& planning) {
  planning.add_input(params_.input);
  const std::size_t bytes = params_.size * params_.size * sizeof(float) + kHeaderBytes;
  for (const std::string& ending : endings()) {
    planning.add_product(params_.output + ending, bytes, params_.overwrite);
  }
}

void WscleanTask::validate(const skymill::PipelineContext&) const {
  if (find_program(params_.program).empty()) {
    throw Error(ErrorKind::failed, "there is no program '" + params_.program + "'",
                "install WSClean (Debian: apt install wsclean), or give its path as 'program'");
  }
  if (!fs::is_regular_file(params_.input + "/table.dat")) {
    throw Error(ErrorKind::input, "'" + params_.input + "' is not a MeasurementSet",
                "let 'input' name the product of an earlier stage, and 'after' that stage");
  }
}

std::size_t WscleanTask::memory_bytes() const {
  // Some planes of doubles for the grid, and a few of every channel for CLEAN.
  const std::size_t plane = params_.size * params_.size * sizeof(float);
  return kBuffers + plane * (16 + 4 * params_.channels_out);
}

std::vector<std::string> WscleanTask::command(const std::string& prefix, const std::string& scratch,
                                              const skymill::PipelineContext& ctx) const {
  constexpr double kGiB = 1 << 30;
  const std::string size = std::to_string(params_.size);
  std::vector<std::string> words{
      find_program(params_.program), "-name", prefix, "-temp-dir", scratch, "-j",
      std::to_string(ctx.threads()), "-abs-mem", text(static_cast<double>(memory_bytes()) / kGiB),
      "-size", size, size, "-scale", text(params_.scale * 180 / M_PI) + "deg", "-data-column",
      params_.column,
      // It shall only read the MeasurementSet.
      "-no-update-model-required", "-make-psf", "-weight", params_.weight};
  const auto add = [&](std::initializer_list<std::string> more) {
    words.insert(words.end(), more);
  };
  if (params_.weight == "briggs") add({text(params_.robust)});
  if (params_.channels_out > 1) add({"-channels-out", std::to_string(params_.channels_out)});
  if (params_.niter > 0) {
    add({"-niter", std::to_string(params_.niter), "-mgain", text(params_.mgain)});
    if (params_.threshold > 0) add({"-threshold", text(params_.threshold)});
  }
  words.push_back(params_.input);
  return words;
}

void WscleanTask::publish(const std::string& prefix, const skymill::PipelineContext& ctx) const {
  std::vector<skymill::Draft> drafts;
  for (const std::string& ending : endings()) {
    if (!fs::is_regular_file(prefix + ending)) {
      throw Error(ErrorKind::failed, "WSClean ended well but made no '" + ending.substr(1) + "'",
                  "look at what it says when it is run by hand: its command line is in the record");
    }
    drafts.push_back(ctx.draft(params_.output + ending, params_.overwrite));
    move(prefix + ending, drafts.back().path());
  }
  ctx.throw_if_stopped();
  ctx.all_complete();
  for (skymill::Draft& draft : drafts) {
    draft.publish();
    ctx.record_output(draft.final_path());
  }
}

skymill::PipelineContext WscleanTask::execute(const skymill::PipelineContext& ctx,
                                              const std::string& scratch) {
  const skymill::MemoryShare share = ctx.memory().reserve(memory_bytes(), "WSClean");
  const std::string prefix = scratch + "/sky";
  const std::vector<std::string> words = command(prefix, scratch, ctx);
  std::string line;
  for (const std::string& word : words) line += (line.empty() ? "" : " ") + word;
  ctx.log().info(line);
  ctx.record("wsclean", {{"version", version_of(words.front(), scratch, ctx)}, {"command", line}});
  run_program(words, scratch + "/log.txt", ctx);
  publish(prefix, ctx);
  return ctx;
}

}  // namespace wsclean_task

SKYMILL_PLUGIN(registry) { registry.add<wsclean_task::WscleanTask>("wsclean"); }
