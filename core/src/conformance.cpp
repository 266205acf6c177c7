// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/conformance.h>
#include <core/storage.h>
#include <core/units.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

namespace fs = std::filesystem;

namespace skymill::testing {

Figures bytes_below(const std::string& folder) {
  Figures figures;
  if (!fs::is_directory(folder)) return figures;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    // A journal tells of the run, and is no part of the product.
    if (entry.path().extension() == ".journal") continue;
    std::ifstream in(entry.path(), std::ios::binary);
    auto& bytes = figures[fs::relative(entry.path(), folder).string()];
    std::transform(std::istreambuf_iterator<char>(in), {}, std::back_inserter(bytes),
                   [](char byte) { return static_cast<double>(static_cast<unsigned char>(byte)); });
  }
  return figures;
}

namespace {

constexpr std::size_t kFew = 3;
constexpr std::size_t kMany = 7;
/// What a run holds besides the data: threads, queues, texts, tables of a library.
constexpr std::size_t kOfTheRun = std::size_t{4} << 20;

/// Where two runs differ, in words; nothing where they agree.
std::optional<std::string> difference(const Figures& expected, const Figures& found,
                                      double tolerance) {
  std::set<std::string> columns;
  for (const auto& [column, values] : expected) columns.insert(column);
  for (const auto& [column, values] : found) columns.insert(column);
  for (const std::string& column : columns) {
    const auto a = expected.find(column);
    const auto b = found.find(column);
    if (a == expected.end() || b == found.end()) {
      return "'" + column + "' is only in one of the two results";
    }
    if (a->second.size() != b->second.size()) {
      return "'" + column + "' has " + std::to_string(b->second.size()) + " values instead of " +
             std::to_string(a->second.size());
    }
    double largest = 0;
    for (const double value : a->second) {
      if (std::isfinite(value)) largest = std::max(largest, std::abs(value));
    }
    for (std::size_t i = 0; i < a->second.size(); ++i) {
      const double x = a->second[i], y = b->second[i];
      if (x == y || (std::isnan(x) && std::isnan(y))) continue;
      if (std::abs(x - y) <= tolerance * largest) continue;
      return "'" + column + "' has " + std::to_string(y) + " instead of " + std::to_string(x) +
             " as value " + std::to_string(i) + " of " + std::to_string(a->second.size());
    }
  }
  return std::nullopt;
}

/// The names below a folder that are no whole product.
std::vector<std::string> unfinished_below(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string name = fs::relative(entry.path(), folder).string();
    if (name.find(".partial") != std::string::npos || name.find(".lock") != std::string::npos) {
      names.push_back(name);
    }
  }
  return names;
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "'" : "', '") + name;
  return text + "'";
}

/// The checks, each adding to `faults`.
class Suite {
 public:
  explicit Suite(const Subject& subject) : subject_(subject), root_(temporary(), "conformance") {}

  std::vector<std::string> faults() {
    faults_ = description_faults(subject_.type);
    if (!first_run()) return faults_;
    again();
    threads();
    chunks();
    footprint();
    ended_early("asked to stop", [](Trial& trial) { trial.stop = true; });
    if (subject_.reads_stream) {
      ended_early("ended by a failure before it", [](Trial& trial) { trial.fail = true; });
    }
    rerun();
    if (subject_.has_flags) {
      flags();
      not_a_number();
    }
    return faults_;
  }

 private:
  static std::string temporary() {
    const char* folder = std::getenv("TMPDIR");
    return folder && *folder ? folder : "/tmp";
  }

  std::string new_folder() {
    const std::string folder = root_.path() + "/" + std::to_string(++folders_);
    fs::create_directories(folder);
    return folder;
  }

  Trial trial(int threads, std::size_t pieces) {
    Trial asked;
    asked.threads = threads;
    asked.pieces = subject_.is_cut ? pieces : 1;
    asked.folder = new_folder();
    return asked;
  }

  /// Runs a trial; a failure is a fault, with what was asked.
  std::optional<Outcome> run(const Trial& asked, const std::string& what) {
    try {
      return subject_.run(asked);
    } catch (const Error& error) {
      faults_.push_back(what + " it fails: " + error.what());
    }
    return std::nullopt;
  }

  void compare(const Figures& expected, const std::optional<Outcome>& found, double tolerance,
               const std::string& what, const std::string& hint) {
    if (!found) return;
    if (const auto words = difference(expected, found->figures, tolerance)) {
      faults_.push_back(what + " the results differ: " + *words + "; " + hint);
    }
  }

  bool first_run() {
    const Trial asked = trial(1, kFew);
    const auto outcome = run(asked, "with 1 thread");
    if (!outcome) return false;
    first_ = *outcome;
    standing_ = unfinished_below(asked.folder);
    const bool empty = std::all_of(first_.figures.begin(), first_.figures.end(),
                                   [](const auto& column) { return column.second.empty(); });
    if (empty) faults_.push_back("it gives nothing that could be compared; give it more data");
    return !empty;
  }

  void again() {
    compare(first_.figures, run(trial(1, kFew), "run again"), 0, "run again",
            "results must follow from the input and the parameters; look for the time of day, "
            "random numbers without a seed, memory that is not set, and static variables");
  }

  void threads() {
    for (const int count : {2, 8}) {
      const std::string what = "with " + std::to_string(count) + " threads";
      compare(first_.figures, run(trial(count, kFew), what), 0, what,
              "chunks are worked on at once and in any order: keep nothing between calls of "
              "operator() (no mutable member, no static), and add in the order of the chunks");
    }
  }

  void chunks() {
    if (!subject_.is_cut || subject_.type.promises.by_chunk) return;
    for (const std::size_t pieces : {std::size_t{1}, kMany}) {
      const std::string what =
          "in " + std::to_string(pieces) + " chunks instead of " + std::to_string(kFew);
      compare(
          first_.figures, run(trial(2, pieces), what), subject_.type.promises.chunk_tolerance, what,
          "keep nothing between chunks but sums in a reduce (no mutable member, no static), let "
          "results not depend on where chunks end, or say in promises() how far they do "
          "(chunk_tolerance, by_chunk)");
    }
  }

  void footprint() {
    HeapMeter& meter = heap_meter();
    if (!meter.counts) return;
    const Trial asked = trial(2, kFew);
    const std::size_t before = meter.bytes;
    meter.peak = before;
    const auto outcome = run(asked, "with 2 threads");
    const std::size_t held = meter.peak - before;
    if (!outcome) return;
    std::size_t shown = 0;  // what the suite itself has taken down
    for (const auto& [column, values] : outcome->figures)
      shown += 2 * sizeof(double) * values.size();
    const std::size_t allowed = outcome->reserved_bytes + shown + kOfTheRun;
    if (held <= allowed) return;
    const auto text = [](std::size_t bytes) {
      return format_quantity(static_cast<double>(bytes), "B");
    };
    faults_.push_back("it holds " + text(held) + " of memory, but " +
                      text(outcome->reserved_bytes) +
                      " were announced; say in plan() what it takes (set_scratch for each chunk, "
                      "set_state for all, set_result_work, chunk_bytes of the output)");
  }

  template <class F>
  void ended_early(const std::string& how, F ask) {
    Trial asked = trial(2, kMany);
    ask(asked);
    bool whole = false;
    bool resumable = first_.resumable;
    try {
      subject_.run(asked);
      whole = true;  // it was ready before it could be stopped
    } catch (const Error& error) {
      if (asked.stop && error.kind() != ErrorKind::requeue) {
        faults_.push_back(how + ", it fails instead of ending: " + error.what() +
                          "; call ctx.throw_if_stopped() in long loops and let its error pass");
      }
    }
    if (subject_.type.promises.in_place) {
      if (!whole) made_whole(how, asked.folder);
      return;
    }
    if (resumable) return;  // it keeps its draft for the next run, on purpose
    const auto left = unfinished_below(asked.folder);
    if (!left.empty()) {
      faults_.push_back(how + ", it leaves " + listed(left) +
                        "; write through ctx.draft(), whose owner removes it on every way out");
    }
    const Figures stands = bytes_below(asked.folder);
    if (!whole && left.empty() && !stands.empty()) {
      faults_.push_back(how + ", it leaves '" + stands.begin()->first +
                        "', which is not whole; write to ctx.draft(path).path() and publish() it "
                        "in finish()");
    }
  }

  /// What is changed in its place need not be whole when a run has ended early, but after the next.
  void made_whole(const std::string& how, const std::string& folder) {
    Trial asked = trial(2, kMany);
    asked.folder = folder;
    const std::string what = how + " and then run again";
    compare(first_.figures, run(asked, what), subject_.type.promises.chunk_tolerance, what,
            "keep what the run needs to begin anew until it has ended");
    const auto left = unfinished_below(folder);
    if (left == standing_) return;
    faults_.push_back(what + ", it leaves " + listed(left) + " instead of " + listed(standing_) +
                      "; what a run has begun with must be gone when the next one ends");
  }

  /// A second run over what the first has changed leaves the same, or is refused.
  void rerun_in_place() {
    const Trial asked = trial(1, kFew);
    const auto once = run(asked, "with 1 thread");
    if (!once) return;
    const std::string hint = "let a second run find the same to begin with, or refuse it";
    try {
      compare(once->figures, subject_.run(asked), 0, "run over its own product", hint);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::description || error.kind() == ErrorKind::input) return;
      faults_.push_back(std::string("run over its own product it fails: ") + error.what() + "; " +
                        hint);
    }
  }

  void rerun() {
    const bool has_product = subject_.type.ports.outputs().empty();
    if (!has_product) return;
    if (subject_.type.promises.in_place) return rerun_in_place();
    const Trial asked = trial(1, kFew);
    if (!run(asked, "with 1 thread")) return;
    const Figures before = bytes_below(asked.folder);
    try {
      subject_.run(asked);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::description) {
        faults_.push_back(std::string("where its product is there already, it fails: ") +
                          error.what() +
                          "; announce it with add_product in plan(), which refuses it in time");
      }
    }
    if (const auto words = difference(before, bytes_below(asked.folder), 0)) {
      faults_.push_back("a second run changes the product of the first: " + *words +
                        "; announce it with add_product in plan(), or make the same again");
    }
  }

  void flags() {
    if (!subject_.type.promises.heeds_flags) return;
    Trial asked = trial(1, kFew);
    asked.spoil = Trial::Spoil::flagged;
    const auto outcome = run(asked, "with NaN where data are flagged");
    if (!outcome) return;
    // What was flagged may come out as it came in: such a figure is NaN now.
    Figures expected = first_.figures;
    for (auto& [column, values] : expected) {
      const auto found = outcome->figures.find(column);
      if (found == outcome->figures.end() || found->second.size() != values.size()) continue;
      if (!may_be_flagged(column)) continue;
      for (std::size_t i = 0; i < values.size(); ++i) {
        if (std::isnan(found->second[i]) && is_flagged(first_.figures, i, values.size())) {
          values[i] = found->second[i];
        }
      }
    }
    compare(expected, outcome, 0, "with NaN where data are flagged",
            "pass over what is flagged, or say heeds_flags = false in promises()");
  }

  static bool may_be_flagged(const std::string& column) { return column != "flag"; }

  /// Whether value `i` of a column with `count` values lies under a flag that came out.
  static bool is_flagged(const Figures& figures, std::size_t i, std::size_t count) {
    const auto flags = figures.find("flag");
    if (flags == figures.end() || flags->second.empty() || count % flags->second.size() != 0) {
      return false;
    }
    return flags->second[i / (count / flags->second.size())] != 0;
  }

  void not_a_number() {
    Trial asked = trial(1, kFew);
    asked.spoil = Trial::Spoil::one;
    const bool refuses = subject_.type.promises.not_a_number == NotANumber::is_refused;
    try {
      subject_.run(asked);
      if (refuses) {
        faults_.push_back("a NaN that is not flagged passes, but promises() says it is refused");
      }
    } catch (const Error& error) {
      if (!refuses) {
        faults_.push_back(std::string("a NaN that is not flagged ends the run: ") + error.what() +
                          "; pass over it, or say NotANumber::is_refused in promises()");
      }
    }
  }

  const Subject& subject_;
  Scratch root_;
  int folders_ = 0;
  Outcome first_;
  std::vector<std::string> standing_;  ///< names like those of drafts that a whole run leaves
  std::vector<std::string> faults_;
};

}  // namespace

std::vector<std::string> conformance_faults(const Subject& subject) {
  return Suite(subject).faults();
}

}  // namespace skymill::testing
