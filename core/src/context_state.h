// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/context.h>

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "profile.h"
#include "resumption.h"
#include "run_watch.h"
#include "staging.h"
#include "unit_notes.h"

namespace skymill {

/// What stages tell about the run while it goes on.
struct RunNotes {
  std::mutex mutex;
  std::vector<std::string> degradations;
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  std::vector<std::string> failures;  ///< that the run has gone on after
};

/// Why a run should end early, if it should. Copies hear of the same.
struct StopRequest {
  const std::atomic<bool>* asked = nullptr;  ///< set by a signal; may be absent
  /// Set when a part of the run has failed that the rest needs.
  std::shared_ptr<std::atomic<bool>> cancelled = std::make_shared<std::atomic<bool>>(false);

  bool is_set() const { return cancelled->load() || (asked && asked->load()); }
  /// @throws Error (requeue) when it is set
  void throw_if_set() const;
};

struct PipelineContext::Services {
  Services(Log service_log, MemoryBudget budget, int worker_threads, std::string id,
           std::string scratch)
      : log(std::move(service_log)),
        memory(std::move(budget)),
        threads(worker_threads),
        run_id(std::move(id)),
        scratch_root(std::move(scratch)) {}

  Log log;
  MemoryBudget memory;
  std::size_t program_bytes = 0;  ///< that the program itself takes of the memory
  MemoryShare program;            ///< as much of that as the budget has
  int threads;
  std::string run_id;
  std::string scratch_root;
  Metrics metrics;
  RunNotes notes;
  Staging staging;
  Resumption resumption;
  RunWatch watch{metrics};
  std::shared_ptr<Profile> profile;  ///< null when none is asked for
  StopRequest stop;
  Lanes lanes;  ///< last: their threads end before what they use
};

/// Until when an attempt may last.
struct Deadline {
  std::chrono::steady_clock::time_point when;
  double seconds = 0;
};

/// A context whose `throw_if_stopped` heeds a limit of time.
PipelineContext with_deadline(const PipelineContext& ctx, double seconds);

struct PipelineContext::State {
  struct Product {
    DataKind kind;
    std::shared_ptr<const void> value;
  };

  std::shared_ptr<Services> services;
  std::string stage;
  Log log;  ///< the run's, with the stage's name
  const Lane::Token* token = nullptr;
  std::shared_ptr<UnitNotes> unit;  ///< of the unit that is worked on, if its notes are kept
  std::optional<Deadline> deadline;
  std::map<std::string, Product> products;
};

/// The product key of a stage's side input; the executor stores the linked value under it.
inline std::string side_product_key(const std::string& stage, std::string_view port) {
  return "side:" + stage + "." + std::string(port);
}

PipelineContext make_context(std::shared_ptr<PipelineContext::Services> services);

}  // namespace skymill
