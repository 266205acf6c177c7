// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/axes.h>
#include <core/data_kind.h>
#include <core/export.h>
#include <core/lane.h>
#include <core/log.h>
#include <core/memory.h>
#include <core/metrics.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace skymill {

class Draft;
class ScratchFolder;

/// Names a product of a finished stage and its type, so that nobody can put anything under any key.
template <class T>
struct Key {
  std::string name;
};

/// What a run offers its stages: an immutable bundle of services and the products of finished
/// stages. Deriving a context leaves the earlier one unchanged. Bulk data never travels in it.
class SKYMILL_API PipelineContext {
 public:
  const Log& log() const;
  Metrics& metrics() const;
  MemoryBudget& memory() const;
  Lanes& lanes() const;

  /// Worker threads of this run.
  int threads() const;
  /// Identifies the run, also in the names of temporary files.
  const std::string& run_id() const;
  /// Where temporary files go.
  const std::string& scratch_root() const;
  /// Name of the stage that this context was made for; empty outside a stage.
  const std::string& stage() const;

  bool stop_requested() const;
  /// @throws Error (requeue) when the run was asked to stop; call it in long loops
  void throw_if_stopped() const;

  /// Proof that the stage runs in the lane that it asked for in `plan`.
  /// @throws Error when it does not
  const Lane::Token& lane_token() const;

  /// Counts a figure of this stage, for the run record.
  void count(const std::string& counter, std::int64_t amount) const;
  /// Adds a row of figures to a table of this stage, for the run record.
  void record(const std::string& table, Row row) const;
  /// Says that the result is usable but not what was asked for; the run's verdict becomes
  /// "degraded" and the reason stands in its record.
  void degrade(const std::string& reason) const;
  /// Names a file or directory that this stage has read or published, for the run record.
  void record_input(const std::string& path) const;
  void record_output(const std::string& path) const;

  /// The draft of a product that this stage has announced with `Planning::add_product`: on the tier
  /// that was leased for it, or beside its final place. Publishing it heeds a request to stop.
  /// @param path as it was announced
  /// @throws Error as the constructors of `Draft`
  Draft draft(const std::string& path, bool overwrite) const;

  /// The folder that this stage has announced with `Planning::add_scratch`: on the tier that was
  /// leased for it, or in the run's folder of temporary files. It goes with the last owner.
  std::shared_ptr<const ScratchFolder> scratch(const std::string& name) const;
  /// Reduce: whether an earlier run has made the chunk at this place, so that the stream that
  /// `finish` returns can leave it out. Every sink below has it then.
  bool is_done(const Span& span) const;
  /// A resumable stage that publishes several products calls this when all are complete, before the
  /// first gets its name: a run that is ended in between leaves only the names to give.
  void all_complete() const;

  /// The same services with a product of a finished stage added.
  /// @throws Error when the key is taken
  template <class T>
  PipelineContext with_output(const Key<T>& key, T value) const {
    return with_product(key.name, DataKindOf<T>::value,
                        std::make_shared<const T>(std::move(value)));
  }
  /// The product under this key. @throws Error when it is missing or of another type
  template <class T>
  const T& output(const Key<T>& key) const {
    return *static_cast<const T*>(product(key.name, DataKindOf<T>::value));
  }
  /// The product under this key, or null.
  template <class T>
  const T* find_output(const Key<T>& key) const {
    return static_cast<const T*>(find_product(key.name, DataKindOf<T>::value));
  }
  /// The value of one of this stage's side inputs. @throws Error when it is not linked
  template <class T>
  const T& side(std::string_view port) const {
    return *static_cast<const T*>(product(side_key(port), DataKindOf<T>::value));
  }
  /// The value of one of this stage's side inputs, or null when it is not linked.
  template <class T>
  const T* find_side(std::string_view port) const {
    return static_cast<const T*>(find_product(side_key(port), DataKindOf<T>::value));
  }

  // Derived contexts; core makes them for its stages.
  PipelineContext with_stage(std::string stage) const;
  PipelineContext with_lane_token(const Lane::Token& token) const;
  PipelineContext with_product(const std::string& name, DataKind kind,
                               std::shared_ptr<const void> value) const;

  struct Services;
  struct State;
  explicit PipelineContext(std::shared_ptr<const State> state);
  const State& state() const;

 private:
  const void* product(const std::string& name, DataKind kind) const;
  const void* find_product(const std::string& name, DataKind kind) const;
  std::string side_key(std::string_view port) const;

  std::shared_ptr<const State> state_;
};

}  // namespace skymill
