// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/storage.h>
#include <stages/flags/interference_run.h>

#include <cstdint>
#include <cstdio>

namespace skymill::radio {

namespace {

constexpr const char* kBits = "found_flags";

}  // namespace

Ports InterferenceRun::ports() {
  PortNeed need;
  need.kind = Visibilities::kDataKind;
  need.axes = {"row", "channel", "correlation"};
  need.columns = {"data", "flag", "time", "antenna"};
  return Ports()
      .in(need, "visibilities, each data description in the order of time")
      .out("out", FoundFlags::kDataKind, "where interference is");
}

void InterferenceRun::plan(Planning& planning, RfiWindowParams params, const std::string& scratch) {
  params_ = std::move(params);
  header_ = planning.input().header<ObservationHeader>();
  const auto threads = static_cast<std::size_t>(planning.context().threads());
  planning.set_state(RfiWindows::bytes(params_, *header_, threads));
  planning.add_scratch(kBits, RfiWindows::file_bytes(*header_),
                       scratch == "auto" ? "disk" : scratch);
  PortSpec& out = planning.output();
  out.chunks = 1;
  out.chunk_bytes = std::size_t{1} << 20;
  out.set_header<ObservationHeader>(header_);
  std::string windows;
  for (std::size_t k = 0; k < header_->data_descriptions.size(); ++k) {
    const std::string each = std::to_string(integrations_of(params_, *header_, k));
    if (windows.find(each) == std::string::npos) windows += (windows.empty() ? "" : ", ") + each;
  }
  planning.add_note("windows of " + windows + " integrations");
}

void InterferenceRun::add(const Chunk<Visibilities>& chunk, const PipelineContext& ctx) {
  if (!windows_) {
    found_.bits = std::make_shared<FlagBits>(ctx.scratch(kBits));
    windows_ = std::make_unique<RfiWindows>(params_, header_,
                                            static_cast<std::size_t>(ctx.threads()), found_);
  }
  windows_->add(*chunk);
}

Stream<FoundFlags> InterferenceRun::finish(const PipelineContext& ctx) {
  if (!windows_) {
    throw Error(ErrorKind::input, "no visibilities came, so there is nothing to look at");
  }
  windows_->finish();
  ctx.count("samples", windows_->samples());
  ctx.count("found", windows_->found());
  ctx.count("windows", windows_->windows());
  const auto all = static_cast<double>(windows_->samples());
  char text[64];
  std::snprintf(text, sizeof text, "%.3g",
                all > 0 ? 100 * static_cast<double>(windows_->found()) / all : 0.0);
  ctx.log().info("interference in " + std::string(text) + " % of the samples");
  windows_.reset();
  return Stream<FoundFlags>::one(Chunk<FoundFlags>(std::move(found_)));
}

}  // namespace skymill::radio
