// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/units.h>
#include <stages/calibrate/bandpass_shape.h>
#include <stages/calibrate/phase_reference.h>
#include <stages/calibrate/solution_outliers.h>
#include <stages/calibrate/solve_report.h>
#include <stages/calibrate/solve_stage.h>
#include <stages/gains/antenna_names.h>
#include <stages/gains/correction.h>

#include <algorithm>
#include <cmath>

namespace skymill::radio {

namespace {

/// Most intervals that an observation of this length can give.
std::size_t most_intervals(const SolveParams& params, const ObservationHeader& header,
                           const SolveLayout& layout) {
  const double length_s = solint_s(params);
  const bool breaks = !combines(params, "scan") || !combines(params, "field");
  if (std::isinf(length_s) && !breaks) return 1;
  std::size_t rows = 0;
  for (const std::size_t count : header.rows_per_description) rows = std::max(rows, count);
  // Without dead or missing antennas: rows over baselines; twice as many leave room for those.
  const std::size_t integrations = 2 * rows / std::max<std::size_t>(1, layout.baselines()) + 2;
  if (length_s == 0) return integrations;
  const double span_s = header.time_last_s - header.time_first_s;
  // Scans are not counted in the header; they are rarely shorter than this.
  constexpr double kShortScan = 15;  // s
  const std::size_t scans =
      breaks ? std::max(header.fields.size(), static_cast<std::size_t>(span_s / kShortScan)) : 0;
  return std::min(integrations, static_cast<std::size_t>(span_s / length_s) + scans + 2);
}

std::size_t result_bytes(const SolveLayout& layout, std::size_t intervals) {
  constexpr std::size_t kEach = sizeof(std::complex<float>) + 2 * sizeof(float) + 1;
  return intervals * layout.frequencies.size() * layout.pols.size() *
         (layout.antennas * kEach + sizeof(std::int32_t));
}

/// Sources that have a place stand still on the sky, so the phase centre must as well.
void require_tracked(const ObservationHeader& header) {
  if (header.phasing == Phasing::tracked) return;
  throw Error(ErrorKind::input,
              "places of the sources count from a phase centre, but '" + header.source +
                  "' is not phased to one: the sky drifts through it",
              "rephase the data before solve");
}

/// Tells what a user may not expect of the model.
void log_model(const SolveParams& params, const ModelSky& sky, const PipelineContext& ctx) {
  ctx.log().info(sky.words);
  if (params.sources.empty() && params.components.empty() && params.model.empty()) return;
  if (params.flux && params.calibrator.empty()) {
    ctx.log().info("flux is not used: what is listed takes its place");
  }
  const bool spectra =
      std::any_of(sky.components.begin(), sky.components.end(), [](const Component& component) {
        return component.spectral_index != 0 && component.reference_hz == 0;
      });
  if (!spectra || params.reference_frequency) return;
  ctx.log().info(
      "no reference_frequency is given: fluxes of the sources hold in the middle of the "
      "band, " +
      format_quantity(sky.reference_hz, "Hz"));
}

/// Windows keep their own phases under a delay, so that one gain cannot serve them all.
void require_aligned(const Calibration* prior, const SolveParams& params,
                     const SolveLayout& layout) {
  if (prior == nullptr || !combines(params, "spw") || params.term == "K") return;
  const auto windows = std::count_if(layout.descriptions.begin(), layout.descriptions.end(),
                                     [](const auto& dd) { return dd.frequencies > 0; });
  bool delays = false, aligned = true;
  for (const auto& term : prior->terms) {
    delays = delays || term->term == JonesTerm::K;
    // What is solved by window or channel after a delay takes the windows' phases up.
    aligned = term->term != JonesTerm::K;
  }
  if (windows < 2 || !delays || aligned) return;
  throw Error(ErrorKind::input,
              "combine: spw after a delay would average windows whose phases differ: a delay has "
              "phase 0 in the middle of each window",
              "solve a bandpass or gains by window after the delay first");
}

/// What is done with solutions once all are there.
SolutionFate finish_solutions(Solutions& solutions, const SolveCounts& counts,
                              const SolveParams& params) {
  std::vector<double> good_data;
  for (std::size_t a = 0; a < counts.samples.size(); ++a) {
    const auto samples = static_cast<double>(std::max<std::size_t>(1, counts.samples[a]));
    good_data.push_back(static_cast<double>(counts.used[a]) / samples);
  }
  const std::vector<std::size_t> order = reference_order(solutions, params.refant, good_data);
  const auto has_solution = [&](std::size_t antenna) {
    for (std::size_t k = antenna; k < solutions.flag.size(); k += solutions.antennas.size()) {
      if (solutions.flag[k] == 0) return true;
    }
    return false;
  };
  SolutionFate fate;
  fate.reference = *std::find_if(order.begin(), order.end(), has_solution);
  if (params.mode != "a") {
    fate.phases = reference_phases(
        order, solutions,
        params.refantmode == "strict" ? MissingReference::kFlag : MissingReference::kFollow);
  }
  fate.outliers = flag_outliers(solutions);
  if (params.solnorm) normalise_bandpass(solutions);
  if (params.fillgaps > 0) fate.filled = fill_bandpass_gaps(params.fillgaps, solutions);
  if (params.smooth > 1) smooth_bandpass(params.smooth, solutions);
  return fate;
}

}  // namespace

Ports Solve::ports() {
  PortNeed need;
  need.kind = Visibilities::kDataKind;
  need.axes = {"row", "channel", "correlation"};
  need.columns = {"data", "flag", "weight", "uvw", "time", "antenna"};
  PortNeed prior;
  prior.kind = Calibration::kDataKind;
  return Ports()
      .in(need, "visibilities of the calibrator, not yet corrected")
      .side("prior", prior, "terms to apply before solving", true)
      .out("out", Calibration::kDataKind, "prior terms and the new one, in one piece");
}

void Solve::plan(Planning& planning) {
  header_ = planning.input().header<ObservationHeader>();
  for (const std::string& name : params_.refant) antenna_number(*header_, name, "refant");
  const ModelParams model = model_of(params_);
  for (const std::string& path : {model.calibrators, model.components, model.model}) {
    if (!path.empty()) planning.add_input(path);
  }
  sky_ = model_sky(model, *header_, planning.context().lanes());
  const bool one_by_flux = params_.calibrator.empty() && params_.sources.empty() &&
                           params_.components.empty() && params_.model.empty();
  if (!one_by_flux) require_tracked(*header_);
  layout_ = solve_layout(*header_, params_);
  const std::size_t intervals = most_intervals(params_, *header_, layout_);
  const std::size_t results = result_bytes(layout_, intervals);
  const auto threads = static_cast<std::size_t>(planning.context().threads());
  const std::size_t work = SolutionSlots::work_bytes(params_, layout_, threads);
  // A chunk is corrected by prior terms in a copy.
  constexpr std::size_t kTerms = 4;
  std::size_t prior = planning.input().chunk_bytes;
  for (const SpectralWindow& window : header_->spectral_windows) {
    prior += correction_bytes(kTerms, layout_.antennas, window.chan_freq_hz.size(), 4);
  }
  // Results exist twice while they are joined.
  planning.set_state(
      prior + SolutionSlots::bytes(params_, layout_) + 2 * results + work +
      threads * ModelVisibilities::bytes(sky_, *header_) +
      ModelVisibilities::prepared_bytes(sky_, model, *header_, planning.input().chunk_bytes));
  PortSpec& out = planning.output();
  out.axes = {"time", "frequency", "polarisation", "antenna"};
  out.columns = {"gain", "flag", "snr", "error"};
  out.chunks = 1;
  out.chunk_bytes = results;
  out.set_header<ObservationHeader>(header_);
  planning.add_note("term " + params_.term + ": " + std::to_string(layout_.frequencies.size()) +
                    " frequencies x " + std::to_string(layout_.pols.size()) +
                    " polarisations x up to " + std::to_string(intervals) + " intervals, " +
                    sky_.words);
}

void Solve::add(const Chunk<Visibilities>& chunk, const PipelineContext& ctx) {
  if (!slots_) {
    // Made with the first chunk, not in plan(): the memory is ours only once the pass has begun.
    slots_ = std::make_unique<SolutionSlots>(params_, layout_, header_,
                                             static_cast<std::size_t>(ctx.threads()));
    models_.assign(static_cast<std::size_t>(std::max(1, ctx.threads())),
                   ModelVisibilities(sky_, model_of(params_), header_));
    log_model(params_, sky_, ctx);
    const auto* const prior = ctx.find_side<Calibration>("prior");
    require_aligned(prior, params_, layout_);
    if (prior != nullptr && !prior->terms.empty()) prior_.emplace(*prior, CorrectionOptions{});
  }
  if (prior_) {
    corrected_ = *chunk;
    (*prior_)(corrected_);
    slots_->add(corrected_, models_);
  } else {
    slots_->add(*chunk, models_);
  }
  ctx.count("rows", static_cast<std::int64_t>(chunk->rows()));
}

Stream<Calibration> Solve::finish(const PipelineContext& ctx) {
  if (!slots_) throw Error(ErrorKind::input, "no visibilities came, so there is nothing to solve");
  Solutions solutions = slots_->finish();
  const SolveCounts counts = slots_->counts();
  slots_.reset();
  models_.clear();
  corrected_ = {};
  solutions.name = ctx.stage();
  require_solutions(solutions, counts, params_);
  const SolutionFate fate = finish_solutions(solutions, counts, params_);
  require_solutions(solutions, counts, params_);
  report_solutions(solutions, counts, params_, fate, ctx);
  Calibration calibration;
  if (const auto* const prior = ctx.find_side<Calibration>("prior")) calibration = *prior;
  calibration.terms.push_back(std::make_shared<const Solutions>(std::move(solutions)));
  require_flux_scale(calibration, params_);
  const std::string scale = flux_scale_words(calibration);
  ctx.log().info(scale);
  ctx.record("flux_scale", {{"term", params_.term}, {"scale", scale}});
  return Stream<Calibration>::one(Chunk<Calibration>(std::move(calibration)));
}

}  // namespace skymill::radio
