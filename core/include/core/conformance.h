// SPDX-License-Identifier: GPL-3.0-or-later
// What every stage owes those who use it, as one test for authors:
//
//     skymill::testing::Conformance<Clip> suite;
//     suite.data = {rows, count, spec};
//     for (const std::string& fault : suite.faults()) FAIL_CHECK(fault);
#pragma once

#include <core/error.h>
#include <core/heap_meter.h>
#include <core/promises.h>
#include <core/testing.h>
#include <core/work_item.h>

#include <atomic>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace skymill::testing {

/// The numbers of results by column, by which runs are compared; those of several chunks follow one
/// another. A name and a NaN are compared too.
using Figures = std::map<std::string, std::vector<double>>;

/// How the suite sees a kind of data. `<stages/data/probe.h>` has it for the kinds of skymill;
/// specialise it for your own.
///
///     static void add(const T& value, Figures& figures);  // appends to every column
///     static void spoil_flagged(T& value);  // optional: puts NaN where something is flagged
///     static void spoil_one(T& value);      // optional: makes one value that is not flagged NaN
template <class T>
struct Probe;

template <>
struct Probe<WorkItem> {
  static void add(const WorkItem& item, Figures& figures) {
    const auto put = [&](const std::string& column, const std::string& text) {
      auto& values = figures[column];
      for (const char byte : text) values.push_back(static_cast<unsigned char>(byte));
      values.push_back(0);
    };
    put("name", item.name);
    put("reason", item.reason);
    figures["state"].push_back(static_cast<double>(item.state));
    for (const auto& [key, value] : item.parameters) {
      if (const auto* text = std::get_if<std::string>(&value)) {
        put(key, *text);
      } else {
        for (const std::string& one : std::get<std::vector<std::string>>(value)) put(key, one);
      }
    }
  }
};

/// One run that the suite asks for.
struct Trial {
  enum class Spoil { nothing, flagged, one };

  int threads = 1;
  std::size_t pieces = 1;  ///< into how many chunks the data are cut, if there are as many elements
  Spoil spoil = Spoil::nothing;
  bool stop = false;   ///< the run is asked to stop after its first chunk
  bool fail = false;   ///< what comes before the stage fails after its first chunk
  std::string folder;  ///< where products go; empty at first
};

/// What a run has shown.
struct Outcome {
  Figures figures;
  std::size_t reserved_bytes = 0;  ///< that was reserved by what the stages have announced
  bool resumable = false;
};

/// A stage under test, whatever its shape is.
struct Subject {
  StageType type;
  bool has_flags = false;  ///< whether `Trial::spoil` means something
  bool reads_stream = false;
  /// Whether the size of chunks can be chosen.
  bool is_cut = false;
  /// Makes new stages and runs them. @throws Error as a run would
  std::function<Outcome(const Trial&)> run;
};

/// What of the promises does not hold, one sentence each with what to do; empty for a good stage.
SKYMILL_API std::vector<std::string> conformance_faults(const Subject& subject);

/// The files below a folder as figures, a byte a number; what a product is when nothing better is
/// known of it.
SKYMILL_API Figures bytes_below(const std::string& folder);

/// Data that are cut into chunks of any size.
template <class T>
struct CutData {
  /// Makes the chunk of these elements; the same data at every call.
  std::function<Chunk<T>(Extent)> cut;
  std::size_t size = 0;  ///< elements
  PortSpec spec;         ///< what the planner shall believe of the data
};

namespace detail {

/// Gives data in chunks as a trial asks.
template <class T>
class TrialSource final : public Source<T> {
 public:
  TrialSource(CutData<T> data, const Trial& trial, std::atomic<bool>& stop)
      : data_(std::move(data)),
        trial_(trial),
        stop_(stop),
        places_(split(data_.size, (data_.size + trial.pieces - 1) / trial.pieces)) {}

  void plan(Planning& planning) override {
    planning.output() = data_.spec;
    planning.output().kind = DataKindOf<T>::value;
    planning.output().chunks = places_.size();
    for (const Extent& place : places_) {
      planning.output().chunk_bytes =
          std::max(planning.output().chunk_bytes, bytes_of(*data_.cut(place)));
    }
  }

  std::optional<Chunk<T>> next(const PipelineContext&) override {
    if (next_ == 1 && trial_.fail) throw Error(ErrorKind::failed, "as the trial asks");
    if (next_ == places_.size()) return std::nullopt;
    Chunk<T> chunk = data_.cut(places_[next_++]);
    if (trial_.spoil == Trial::Spoil::flagged) {
      if constexpr (requires { Probe<T>::spoil_flagged(*chunk); }) Probe<T>::spoil_flagged(*chunk);
    }
    if (trial_.spoil == Trial::Spoil::one && next_ == 1) {
      if constexpr (requires { Probe<T>::spoil_one(*chunk); }) Probe<T>::spoil_one(*chunk);
    }
    if (trial_.stop) stop_ = true;
    return chunk;
  }

 private:
  CutData<T> data_;
  Trial trial_;
  std::atomic<bool>& stop_;
  std::vector<Extent> places_;
  std::size_t next_ = 0;
};

/// Takes down what comes out.
template <class T>
class TrialSink final : public Sink<T> {
 public:
  TrialSink(Figures& figures, const Trial& trial, std::atomic<bool>& stop)
      : figures_(figures), trial_(trial), stop_(stop) {}
  void write(const Chunk<T>& chunk, const PipelineContext&) override {
    Probe<T>::add(*chunk, figures_);
    if (trial_.stop) stop_ = true;
  }
  void finish(const PipelineContext&) override {}

 private:
  Figures& figures_;
  const Trial& trial_;
  std::atomic<bool>& stop_;
};

template <class S>
struct DataOf {
  using Type = CutData<typename S::Input>;
};
template <class S>
requires(S::kShape == Shape::source || S::kShape == Shape::task) struct DataOf<S> {
  struct Type {};
};

}  // namespace detail

/// The suite for a stage of any shape.
template <class S>
struct Conformance {
  using Params = typename S::Params;

  /// Transform, Reduce, Sink: what comes in.
  typename detail::DataOf<S>::Type data;
  /// The stage's parameters for a trial; products belong below `trial.folder`. A source that has
  /// a parameter for the size of its chunks heeds `trial.pieces`, and says so with `is_cut`. For a
  /// stage that works in place this copies the product below the folder unless it is there.
  std::function<Params(const Trial&)> params = [](const Trial&) { return Params{}; };
  bool is_cut = false;
  /// Sink, Task: the figures of the products below a folder; where it is not given, their bytes.
  std::function<Figures(const std::string& folder)> read = bytes_below;

  /// What does not hold; empty for a good stage.
  std::vector<std::string> faults() const {
    Registry registry;
    registry.add<S>("tested");
    Subject subject;
    subject.type = *registry.find("tested");
    subject.is_cut = is_cut;
    if constexpr (requires { typename S::Input; }) {
      subject.reads_stream = true;
      subject.is_cut = true;
      typename S::Input* value = nullptr;
      subject.has_flags = requires { Probe<typename S::Input>::spoil_flagged(*value); };
    }
    subject.run = [this](const Trial& trial) { return run(trial); };
    return conformance_faults(subject);
  }

 private:
  Outcome run(const Trial& trial) const {
    Outcome outcome;
    std::atomic<bool> stop{false};
    std::vector<GivenStage> stages;
    if constexpr (requires { typename S::Input; }) {
      using In = typename S::Input;
      stages.push_back({"given", Shape::source, Ports().out("out", DataKindOf<In>::value),
                        std::make_unique<detail::TrialSource<In>>(data, trial, stop)});
    } else if (S::kShape == Shape::task && trial.stop) {
      stop = true;
    }
    stages.push_back({"tested", S::kShape, S::ports(), std::make_unique<S>(params(trial))});
    constexpr bool kGives = requires { typename S::Output; };
    if constexpr (kGives) {
      using Out = typename S::Output;
      PortNeed need;
      need.kind = DataKindOf<Out>::value;
      stages.push_back({"shown", Shape::sink, Ports().in(need),
                        std::make_unique<detail::TrialSink<Out>>(outcome.figures, trial, stop)});
    }
    const RunFigures run = run_stages(std::move(stages), {.threads = trial.threads, .stop = &stop});
    outcome.reserved_bytes = run.reserved_bytes;
    outcome.resumable = run.resumable;
    if constexpr (!kGives) outcome.figures = read(trial.folder);
    return outcome;
  }
};

}  // namespace skymill::testing
