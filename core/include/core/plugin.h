// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/comparison.h>
#include <core/export.h>
#include <core/inspector.h>
#include <core/params.h>
#include <core/port.h>
#include <core/promises.h>
#include <core/stage.h>
#include <core/version.h>

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace skymill {

/// All that is known of a stage type without making one.
struct StageType {
  std::string name;
  Shape shape = Shape::task;
  int version = 1;  ///< raised by its author when results change
  Ports ports;
  Promises promises;
  std::shared_ptr<const SchemaBase> schema;
  std::size_t members = 0;  ///< of the struct of its parameters; all should be in the schema
  /// Makes a stage from settings; null when they had mistakes, which are then in `diagnostics`.
  std::function<std::unique_ptr<Stage>(const Settings&, const Where&, Diagnostics&,
                                       std::vector<ResolvedValue>&)>
      make;
  std::string library;  ///< file that it came from; empty for one that is linked in
};

/// The stage types of this process.
class SKYMILL_API Registry {
 public:
  /// Adds a stage type under its name in pipeline descriptions.
  ///
  /// `S` derives from one of the five shapes and has `static Schema<Params> schema()`,
  /// `static Ports ports()`, a constructor from `Params`, and may have `static constexpr int
  /// kVersion` and `static constexpr Promises promises()`.
  /// @throws Error (plugin) when the name is taken; it names both files
  template <class S>
  void add(const std::string& name) {
    static_assert(std::is_base_of_v<Stage, S>,
                  "a stage derives from one of the five shapes: Source, Transform, Reduce, Sink, "
                  "Task");
    static_assert(!std::is_abstract_v<S>,
                  "a stage overrides what its shape asks for: next; operator() const; add and "
                  "finish; write and finish; execute");
    using Params = typename S::Params;
    static_assert(std::is_abstract_v<S> || std::is_constructible_v<S, Params>,
                  "a stage is made of its parameters: explicit MyStage(MyStageParams params)");
    auto schema = std::make_shared<const Schema<Params>>(S::schema());
    StageType type;
    type.name = name;
    type.shape = S::kShape;
    if constexpr (requires { S::kVersion; }) type.version = S::kVersion;
    if constexpr (requires { S::promises(); }) type.promises = S::promises();
    type.ports = S::ports();
    type.schema = schema;
    type.members = member_count<Params>();
    type.make = [schema](const Settings& settings, const Where& where, Diagnostics& diagnostics,
                         std::vector<ResolvedValue>& resolved) -> std::unique_ptr<Stage> {
      Params params;
      if (!schema->parse(settings, &params, where, diagnostics, &resolved)) return nullptr;
      return std::make_unique<S>(std::move(params));
    };
    add_type(std::move(type));
  }

  void add_type(StageType type);

  /// Adds a way to compare products, for `skymill diff`.
  void add_comparison(Comparison comparison);
  const std::vector<Comparison>& comparisons() const { return comparisons_; }

  /// Adds a way to look into files, for `skymill inspect`.
  void add_inspector(Inspector inspector);
  const std::vector<Inspector>& inspectors() const { return inspectors_; }

  /// The type of this name, or null.
  const StageType* find(const std::string& name) const;
  const std::map<std::string, StageType>& types() const { return types_; }

  /// The file whose stages are being registered, for messages.
  void set_library(std::string path);

 private:
  std::map<std::string, StageType> types_;
  std::vector<Comparison> comparisons_;
  std::vector<Inspector> inspectors_;
  std::string library_;
};

}  // namespace skymill

/// Begins a plugin's one entry point; its body registers the stages:
///
///     SKYMILL_PLUGIN(registry) { registry.add<Clip>("clip"); }
///
/// It also leaves the ABI tag in an ELF section, where it is read before the file is loaded.
#define SKYMILL_PLUGIN(registry)                                              \
  extern "C" {                                                                \
  __attribute__((section(SKYMILL_ABI_SECTION),                                \
                 visibility("default"))) extern const char skymill_abi_tag[]; \
  __attribute__((used)) const char skymill_abi_tag[] = SKYMILL_ABI_TAG;       \
  SKYMILL_API void skymill_plugin_register(skymill::Registry& registry);      \
  }                                                                           \
  void skymill_plugin_register(skymill::Registry& registry)
