// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/calibrate/apply_stage.h>
#include <stages/calibrate/parallactic_angle.h>
#include <stages/calibrate/provenance.h>
#include <stages/gains/correction.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

namespace skymill::radio {

namespace {

CorrectionOptions options_of(const ApplyParams& params) {
  CorrectionOptions options;
  const std::map<std::string, ApplyMode> modes{
      {"calflag", ApplyMode::calflag},
      {"calonly", ApplyMode::calonly},
      {"flagonly", ApplyMode::flagonly},
      {"trial", ApplyMode::trial},
      {"calflagstrict", ApplyMode::calflagstrict},
      {"flagonlystrict", ApplyMode::flagonlystrict},
  };
  options.mode = modes.at(params.applymode);
  options.terms = {params.interp, params.spwmap, params.gainfield, params.calwt};
  if (params.conjugate == "yes") options.conjugate = Conjugate::yes;
  if (params.conjugate == "auto") options.conjugate = Conjugate::automatic;
  options.limits = {params.max_age, params.dec_guard};
  return options;
}

bool corrects(const std::string& applymode) {
  return applymode != "trial" && applymode.rfind("flagonly", 0) != 0;
}

}  // namespace

/// What all chunks share, made when the first comes.
struct Apply::Work {
  std::mutex mutex;
  std::unique_ptr<const Correction> correction;
  std::unique_ptr<const ParallacticAngle> turned;
  std::vector<std::string> lines;
  std::map<std::shared_ptr<const ObservationHeader>, std::shared_ptr<const ObservationHeader>>
      headers;

  std::shared_ptr<const ObservationHeader> told(
      const std::shared_ptr<const ObservationHeader>& header) {
    const std::lock_guard<std::mutex> lock(mutex);
    auto& told = headers[header];
    if (!told) {
      auto copy = std::make_shared<ObservationHeader>(*header);
      copy->history.insert(copy->history.end(), lines.begin(), lines.end());
      told = std::move(copy);
    }
    return told;
  }
};

Apply::Apply(ApplyParams params) : params_(std::move(params)), work_(std::make_unique<Work>()) {}

Apply::~Apply() = default;

Schema<ApplyParams> Apply::schema() {
  Schema<ApplyParams> s{"Correct visibilities by antenna gains; what has no solution is flagged."};
  const std::string each = "; one for all terms, one a term, or by letter: ";
  s.field("interp", &ApplyParams::interp,
          "Between solutions in time and, after a comma, frequency: nearest or linear, of "
          "frequency also nearestflag and linearflag, which flag beside flagged solutions" +
              each +
              "B=nearest,linear. Without, B and K are nearest in time, G and T linear, and "
              "frequency is linearflag");
  s.field("spwmap", &ApplyParams::spwmap,
          "Window of the solutions for each window of the data, 0,0,1,1, or a single one for all; "
          "empty goes by frequency" +
              each + "G=0");
  s.field("gainfield", &ApplyParams::gainfield,
          "Fields whose solutions are taken, by name or number, or nearest on the sky; empty takes "
          "all" +
              each + "G=nearest");
  s.field("calwt", &ApplyParams::calwt,
          "Scale weights by the gains' squared amplitudes as well; one for all or one a term");
  s.field("applymode", &ApplyParams::applymode,
          "calflag corrects, and flags what has no solution; calonly leaves that as it is; "
          "flagonly flags only; trial counts only; with strict, windows without solutions are "
          "flagged, which else are an error")
      .choices({"calflag", "calonly", "flagonly", "trial", "calflagstrict", "flagonlystrict"});
  s.field("conjugate", &ApplyParams::conjugate,
          "Solutions of data with the other sense of uvw: no refuses them, auto takes them "
          "conjugate; yes takes all conjugate")
      .choices({"no", "yes", "auto"});
  s.field("parang", &ApplyParams::parang,
          "Turn feeds of alt-az mounts to the sky; needs all four correlations");
  s.field("eop", &ApplyParams::eop,
          "Table of Earth orientation, for parang; empty looks in the usual places");
  s.field("max_age", &ApplyParams::max_age,
          "Solutions further in time are an error; none allows any")
      .unit("s")
      .at_least(0);
  s.field("dec_guard", &ApplyParams::dec_guard,
          "Solutions made further in declination are an error, for telescopes that do not track; "
          "none allows any")
      .unit("rad")
      .at_least(0);
  s.example("apply:\n  in: target\n  solutions: solve", "target is a reader, solve a solve stage");
  s.example("apply:\n  solutions: tables\n  interp: [B=nearest, G=linear]",
            "tables is a caltable_reader");
  return s;
}

Ports Apply::ports() {
  PortNeed need;
  need.kind = Visibilities::kDataKind;
  need.axes = {"row", "channel", "correlation"};
  need.columns = {"data", "flag", "weight", "time", "antenna"};
  PortNeed solutions;
  solutions.kind = Calibration::kDataKind;
  return Ports()
      .in(need, "visibilities of the array and windows that were solved")
      .side("solutions", solutions, "all terms, by antenna name")
      .out("out", Visibilities::kDataKind, "corrected visibilities");
}

void Apply::plan(Planning& planning) {
  Stage::plan(planning);
  if (corrects(params_.applymode)) planning.output().properties["calibrated"] = true;
  planning.output().properties["applymode"] = params_.applymode;
  const auto header = planning.input().header<ObservationHeader>();
  if (params_.parang) work_->turned = std::make_unique<ParallacticAngle>(*header, params_.eop);
  constexpr std::size_t kTerms = 4;
  std::size_t bytes = 0;
  for (const DataDescription& description : header->data_descriptions) {
    const auto& window =
        header->spectral_windows.at(static_cast<std::size_t>(description.spectral_window));
    bytes += correction_bytes(kTerms, header->antennas.size(), window.chan_freq_hz.size(),
                              description.corr_types.size());
  }
  planning.set_state(bytes);
  work_->lines.clear();
  for (const std::string& parameter : planning.parameters())
    work_->lines.push_back("apply: " + parameter);
}

Apply::Work& Apply::work(const PipelineContext& ctx) const {
  const std::lock_guard<std::mutex> lock(work_->mutex);
  if (!work_->correction) {
    const auto& calibration = ctx.side<Calibration>("solutions");
    work_->correction = std::make_unique<const Correction>(calibration, options_of(params_));
    std::vector<std::string> lines = provenance(calibration);
    lines.insert(lines.end(), work_->lines.begin(), work_->lines.end());
    work_->lines = std::move(lines);
  }
  return *work_;
}

Chunk<Visibilities> Apply::operator()(Chunk<Visibilities> chunk, const PipelineContext& ctx) const {
  Work& shared = work(ctx);
  const std::int64_t unsolved = (*shared.correction)(*chunk);
  if (corrects(params_.applymode)) {
    if (shared.turned) shared.turned->turn(*chunk);
    chunk->header = shared.told(chunk->header);
  }
  ctx.count("samples", static_cast<std::int64_t>(chunk->flag.size()));
  ctx.count("flagged_without_solution", unsolved);
  return chunk;
}

}  // namespace skymill::radio
