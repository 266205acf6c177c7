// SPDX-License-Identifier: GPL-3.0-or-later
// The stages of ours, with a description of each in which it works on small data that are made.
#pragma once

#include <map>
#include <string>

namespace skymill::radio {

/// A description for the conformance suite. In it stand for
///     rows             a source of simulated rows, in chunks as the trial asks; for stages after
///     it passed           a transform that lets rows through, and does to them what the trial asks
///     shown, items     sinks that take down what comes
///     $(folder)        where products go, empty at first
///     $(made)          where `made` was run, and `files` were written; of a stage that works in
///                      place the products in it are copied to $(folder) for every trial
///     $(chunk_bytes)   for readers of `in.ms`, and
///     $(integrations)  for those of the drift data: the size of chunks that the trial asks for
///     $(read)          a folder for what `read` has to make
struct ConformanceCase {
  std::string stages;
  std::string made = {};
  std::map<std::string, std::string> files = {};
  /// Shows the product, where its bytes are not the same for the same product.
  std::string read = {};
  /// Whether the stage's plugin is built only where that is asked for.
  bool optional = false;
};

inline std::map<std::string, ConformanceCase> conformance_cases() {
  const std::string sky = "sources: [0arcsec 0arcsec 3Jy], ";
  const std::string solve = "  solve: { " + sky + "term: G, solint: 20s }\n";
  const std::string solved = "  rows: {}\n" + solve;
  const std::string drift =  // fringe-stopped to the meridian, in 16 windows
      "  simulate: { telescope: dsa110, antennas: 6, times: 6, nchan: 2, noise: 1Jy }\n";
  const std::string drift_files = drift + "  uvh5_writer: { output: $(made)/in }\n";
  const std::string out_of_ms = "  ms_reader: { input: $(folder)/in.ms, datacolumn: ";
  const std::string in_ms =  // of several chunks
      "  simulate: { antennas: 12, times: 40, interval: 10s, nchan: 4, noise: 0.1Jy, " + sky +
      "gain_phase: 20deg, seed: 5 }\n  ms_writer: { output: $(made)/in.ms, validate: false }\n";
  const std::string of_in_ms =
      "  ms_reader: { input: $(folder)/in.ms, datacolumn: data, chunk_bytes: $(chunk_bytes) }\n";
  const std::string small_ms =
      "  rows: {}\n  ms_writer: { output: $(made)/in.ms, validate: false }\n";
  const std::string image = "image: { imsize: 64, cell: 30arcsec }\n";
  const auto part = [](const std::string& name, const std::string& start) {
    return "  image_" + name +
           ": { use: image, in: rows, imsize: 64, cell: 30arcsec, start: " + start +
           ", nchan: 2, restfreq: 1.4GHz }\n  concat_" + name + ": { use: concat, in: image_" +
           name + ", output: $(made)/sub." + name + ", casa: [image], fits: [] }\n";
  };
  const auto keep = [](const std::string& set) {
    return "  keep_" + set +
           ": { use: store_calibration, in: solve, store: $(made)/store, set: " + set + " }\n";
  };
  const std::string of_store =
      "  calibration_store: { store: $(made)/store, input: $(made)/in.ms }\n"
      "  caltable_writer: { output: $(folder)/cal }\n";
  const std::string stored = small_ms + "  again: { use: rows }\n" + solve;
  const auto record = [](int round, double rms_jy, double chi2) {
    return "{\"run\": \"test-r" + std::to_string(round) + R"(", "stages": [
      {"use": "image", "tables": {"channels": [{"start_peak_jy": 3, "rms_jy": )" +
           std::to_string(rms_jy) + R"(}]}},
      {"use": "model_fit", "tables": {"fit": [{"flagged": 0.1, "chi2_averaged": )" +
           std::to_string(chi2) + R"(}]}},
      {"use": "assess", "tables": {"terms": [
        {"snr_median": 50, "phase_spread_deg": 5, "amplitude_scatter": 0.1}]}}]})";
  };
  const std::map<std::string, std::string> rounds = {{"my.r0.run.json", record(0, 0.1, 4)},
                                                     {"my.r1.run.json", record(1, 0.05, 2)}};
  return {
      {"simulate", {"  simulate: { antennas: 5, times: 6, nchan: 4, noise: 1Jy }\n  shown: {}\n"}},
      {"rephase", {"  rows: {}\n  rephase: { to: field }\n  shown: {}\n"}},
      {"flag", {"  rows: {}\n  flag: {}\n  shown: {}\n"}},
      {"flag_rfi",
       {"  rows: {}\n  flag_rfi: {}\n  again: { use: rows }\n  flag: { rfi: flag_rfi }\n"
        "  shown: {}\n"}},
      {"aoflag",
       {.stages = "  rows: {}\n  aoflag: {}\n  again: { use: rows }\n  flag: { rfi: aoflag }\n"
                  "  shown: {}\n",
        .optional = true}},
      {"flag_writer",
       {of_in_ms + "  passed: {}\n  flag: { amplitude_max: 3.1 }\n"
                   "  flag_writer: { output: $(folder)/in.ms, backup: false }\n",
        in_ms,
        {},
        out_of_ms + "data }\n  shown: {}\n"}},
      {"flag_versions",
       {"  flag_versions: { input: $(folder)/in.ms, mode: save, version: one }\n", small_ms}},
      {"solve", {solved + "  caltable_writer: { output: $(folder)/cal }\n"}},
      {"caltable_writer", {solved + "  caltable_writer: { output: $(folder)/cal }\n"}},
      {"caltable_reader",
       {"  caltable_reader: { tables: [$(made)/cal.gcal] }\n"
        "  caltable_writer: { output: $(folder)/cal }\n",
        solved + "  caltable_writer: { output: $(made)/cal }\n"}},
      {"store_calibration",
       {solved + "  store_calibration: { store: $(folder)/store, set: one }\n",
        small_ms,
        {},
        "  calibration_store: { store: $(folder)/store, input: $(made)/in.ms }\n"
        "  caltable_writer: { output: $(read)/cal }\n"}},
      {"calibration_store", {of_store, stored + keep("one")}},
      {"retire_calibration",
       {"  retire_calibration: { store: $(folder)/store, sets: [two], reason: a trial }\n",
        stored + keep("one") + keep("two"),
        {},
        "  calibration_store: { store: $(folder)/store, input: $(made)/in.ms }\n"
        "  caltable_writer: { output: $(read)/cal }\n"}},
      {"apply", {solved + "  again: { use: rows }\n  apply: { solutions: solve }\n  shown: {}\n"}},
      {"corrected_writer",
       {"  first: { use: ms_reader, input: $(folder)/in.ms, datacolumn: data }\n" + solve +
            of_in_ms +
            "  passed: {}\n  apply: { solutions: solve }\n"
            "  corrected_writer: { output: $(folder)/in.ms }\n",
        in_ms,
        {},
        out_of_ms + "corrected }\n  shown: {}\n"}},
      {"predict",
       {"  predict: { input: $(folder)/in.ms, " + sky + "savemodel: modelcolumn }\n",
        in_ms,
        {},
        out_of_ms + "model }\n  shown: {}\n"}},
      {"assess", {solved + "  assess: { solutions: solve, on_fail: degrade }\n"}},
      {"closure", {"  rows: {}\n  closure: {}\n"}},
      {"model_fit",
       {"  rows: {}\n  model_fit: { model: $(made)/cube.model.fits }\n",
        "  rows: {}\n  image: { imsize: 64, cell: 30arcsec, niter: 20 }\n"
        "  concat: { output: $(made)/cube, fits: [model] }\n"}},
      {"find_calibrator",
       {"  find_calibrator: { input: $(made)/in.ms, radius: 90deg }\n", small_ms}},
      {"image", {"  rows: {}\n  " + image + "  concat: { output: $(folder)/cube }\n"}},
      {"concat", {"  rows: {}\n  " + image + "  concat: { output: $(folder)/cube }\n"}},
      {"concat_images",
       {"  concat_images: { inputs: [$(made)/sub.*], extensions: [image], mode: paged, "
        "output: $(folder)/cube }\n",
        "  rows: {}\n" + part("0", "0") + part("1", "2")}},
      {"preview",
       {"  preview: { input: $(made)/cube.image.fits, output: $(folder)/cube.png }\n",
        "  rows: {}\n  " + image + "  concat: { output: $(made)/cube, fits: [image] }\n"}},
      {"ms_writer",
       {"  rows: {}\n  ms_writer: { output: $(folder)/out.ms, validate: false }\n",
        {},
        {},
        // The same rows may be laid out otherwise.
        "  ms_reader: { input: $(folder)/out.ms }\n  shown: {}\n"}},
      {"ms_reader",
       {"  ms_reader: { input: $(made)/in.ms, chunk_bytes: $(chunk_bytes) }\n  shown: {}\n",
        in_ms}},
      {"validate",
       {"  validate: { input: $(made)/in.ms, report: $(folder)/report.json }\n", small_ms}},
      {"uvh5_writer", {drift + "  uvh5_writer: { output: $(folder)/out }\n"}},
      {"uvh5_reader",
       {"  uvh5_reader: { input: $(made)/in, integrations: $(integrations) }\n  shown: {}\n",
        drift_files}},
      {"uvh5_groups", {"  uvh5_groups: { input: $(made)/in }\n  items: {}\n", drift_files}},
      {"selfcal_rounds", {"  selfcal_rounds: { output: $(made)/my }\n  items: {}\n", {}, rounds}},
      {"selfcal_summary",
       {"  selfcal_summary: { output: $(folder)/sum.json, rounds: [$(made)/my.r0, $(made)/my.r1], "
        "verdicts: [first, better], best: $(made)/my.r1, outcome: converged }\n",
        {},
        rounds}},
  };
}

}  // namespace skymill::radio
