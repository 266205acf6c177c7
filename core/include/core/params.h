// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/diagnostics.h>
#include <core/export.h>
#include <core/settings.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace skymill {

enum class FieldKind { boolean, integer, real, text };
enum class FieldShape {
  one,
  optional,  ///< may be unset; `none` in text
  list,      ///< any number of values
  pair,      ///< two values; one is taken for both
};

/// A value between text and the stage's struct; the only types that cross this border.
using ParamScalar = std::variant<bool, std::int64_t, double, std::string>;

/// All that one `Schema::field` call declares.
struct FieldInfo {
  std::string name;
  std::string doc;
  FieldKind kind = FieldKind::text;
  FieldShape shape = FieldShape::one;
  std::string unit;                  ///< empty: none
  std::optional<double> min, max;    ///< in `unit`
  bool min_excluded = false;         ///< the value must be more than `min`
  std::int64_t least = 0, most = 0;  ///< what an integer's C++ type holds
  std::vector<std::string> choices;
  bool tuning = false;  ///< has no influence on results
  bool required = false;
  bool advanced = false;
  std::string deprecated_hint, deprecated_since;  ///< empty: not deprecated
  std::vector<ParamScalar> default_value;
  std::size_t offset = 0;  ///< place of the member in the struct, in bytes

  std::function<void(void*, const std::vector<ParamScalar>&)> set;
  std::function<std::vector<ParamScalar>(const void*)> get;

  SKYMILL_API bool deprecated() const;
  /// `number`, `list of whole numbers`, `two lengths`...; for pages.
  SKYMILL_API std::string type_name() const;
  /// The default for people: `1.31 GHz`, `[512, 512]`, `none`.
  SKYMILL_API std::string default_text() const;
  /// `0.5 to 100`, `at least 0`, `more than 0`; empty without a range.
  SKYMILL_API std::string range_text() const;
};

/// A parameter with the value that it has in this run.
struct ResolvedValue {
  std::string name;
  std::string text;    ///< canonical: reads back as the same value; with unit
  std::string origin;  ///< `default`, `dsa110.yaml:9:5`, `--set image.niter`, `--param size`
  bool tuning = false;
};

/// The parameters of a stage without their C++ types: what parses, checks and describes them.
class SKYMILL_API SchemaBase {
 public:
  struct Example {
    std::string text;
    std::string words;
  };

  const std::string& summary() const { return summary_; }
  const std::vector<FieldInfo>& fields() const { return fields_; }
  const std::vector<Example>& examples() const { return examples_; }
  /// The words of the rules between fields.
  std::vector<std::string> rules() const;

  /// Writes the settings into the struct at `params`, which holds the defaults.
  ///
  /// Every mistake is reported, those of no single place at `stage_where`.
  /// @param resolved when not null, receives every parameter's value and origin
  /// @return false when there was a mistake
  bool parse(const Settings& settings, void* params, const Where& stage_where,
             Diagnostics& diagnostics, std::vector<ResolvedValue>* resolved = nullptr) const;

  /// Every parameter's canonical text; the origin is `default` where it equals the default,
  /// else `code`.
  std::vector<ResolvedValue> resolved(const void* params) const;
  /// One `name = value` line per parameter that has influence on results, for a content key.
  std::string key_text(const void* params) const;

  /// What is wrong with the declaration itself: names, defaults outside their range or choices,
  /// members declared twice. Empty for a good one.
  std::vector<std::string> faults() const;

 protected:
  explicit SchemaBase(std::string summary);
  ~SchemaBase();
  SchemaBase(const SchemaBase&);
  SchemaBase(SchemaBase&&) noexcept;
  SchemaBase& operator=(const SchemaBase&);
  SchemaBase& operator=(SchemaBase&&) noexcept;

  /// Nothing when the rule holds, else the message.
  using Rule = std::function<std::optional<std::string>(const void*)>;

  FieldInfo& add_field(FieldInfo field);
  void add_rule(Rule rule, std::string words);
  static std::optional<std::string> words_unless(bool holds, const std::string& words);
  void add_example(std::string text, std::string words);

 private:
  friend class FieldRef;
  struct NamedRule {
    Rule rule;
    std::string words;
  };
  std::string summary_;
  std::vector<FieldInfo> fields_;
  std::vector<NamedRule> rules_;
  std::vector<Example> examples_;
};

/// What `Schema::field` gives, to say more about the field; valid until the next `field` call.
class SKYMILL_API FieldRef {
 public:
  explicit FieldRef(FieldInfo& field) : field_(&field) {}

  /// Unit of a number; values in other units of its dimension are converted.
  /// @throws Error (plugin) when there is no such unit
  FieldRef& unit(std::string_view unit);
  /// Smallest and largest value allowed, in the unit; an infinity is no limit.
  FieldRef& range(double min, double max);
  FieldRef& at_least(double min);
  /// The value must be more than 0.
  FieldRef& positive();
  FieldRef& choices(std::vector<std::string> choices);
  /// Has no influence on results: not part of the content key.
  FieldRef& tuning();
  FieldRef& required();
  /// Still read, with a warning: `deprecated("use nsigma", "2.0")`.
  FieldRef& deprecated(std::string hint, std::string since);
  /// Described last.
  FieldRef& advanced();

 private:
  FieldInfo* field_;
};

namespace detail {

template <class T>
struct ScalarTraits;
template <>
struct ScalarTraits<bool> {
  static constexpr FieldKind kKind = FieldKind::boolean;
  using Carrier = bool;
};
template <>
struct ScalarTraits<int> {
  static constexpr FieldKind kKind = FieldKind::integer;
  static constexpr std::int64_t kLeast = INT32_MIN, kMost = INT32_MAX;
  using Carrier = std::int64_t;
};
template <>
struct ScalarTraits<std::int64_t> {
  static constexpr FieldKind kKind = FieldKind::integer;
  static constexpr std::int64_t kLeast = INT64_MIN, kMost = INT64_MAX;
  using Carrier = std::int64_t;
};
template <>
struct ScalarTraits<std::size_t> {
  static constexpr FieldKind kKind = FieldKind::integer;
  static constexpr std::int64_t kLeast = 0, kMost = INT64_MAX;
  using Carrier = std::int64_t;
};
template <>
struct ScalarTraits<double> {
  static constexpr FieldKind kKind = FieldKind::real;
  using Carrier = double;
};
template <>
struct ScalarTraits<std::string> {
  static constexpr FieldKind kKind = FieldKind::text;
  using Carrier = std::string;
};

template <class T>
concept IsScalar = requires {
  ScalarTraits<T>::kKind;
};

/// How a member is filled from scalars and read back; one specialisation per shape. `Scalars` is
/// always a vector of `ParamScalar`: named here, it would cost all who include this header.
template <class T>
struct MemberTraits {
  using Scalar = T;
  static constexpr FieldShape kShape = FieldShape::one;
  template <class Scalars>
  static void set(T& member, const Scalars& from) {
    member = static_cast<T>(std::get<typename ScalarTraits<T>::Carrier>(from.at(0)));
  }
  template <class Scalars>
  static Scalars get(const T& member) {
    return {ParamScalar(static_cast<typename ScalarTraits<T>::Carrier>(member))};
  }
};
template <class T>
struct MemberTraits<std::optional<T>> {
  using Scalar = T;
  static constexpr FieldShape kShape = FieldShape::optional;
  template <class Scalars>
  static void set(std::optional<T>& member, const Scalars& from) {
    member.reset();
    if (!from.empty()) MemberTraits<T>::set(member.emplace(), from);
  }
  template <class Scalars>
  static Scalars get(const std::optional<T>& member) {
    return member ? MemberTraits<T>::template get<Scalars>(*member) : Scalars();
  }
};
template <class T>
struct MemberTraits<std::vector<T>> {
  using Scalar = T;
  static constexpr FieldShape kShape = FieldShape::list;
  template <class Scalars>
  static void set(std::vector<T>& member, const Scalars& from) {
    member.clear();
    for (const auto& scalar : from)
      member.push_back(static_cast<T>(std::get<typename ScalarTraits<T>::Carrier>(scalar)));
  }
  template <class Scalars>
  static Scalars get(const std::vector<T>& member) {
    Scalars scalars;
    for (const auto& item : member)
      scalars.emplace_back(static_cast<typename ScalarTraits<T>::Carrier>(item));
    return scalars;
  }
};
template <class T>
struct MemberTraits<std::array<T, 2>> {
  using Scalar = T;
  static constexpr FieldShape kShape = FieldShape::pair;
  template <class Scalars>
  static void set(std::array<T, 2>& member, const Scalars& from) {
    for (std::size_t i = 0; i < 2; ++i) MemberTraits<T>::set(member[i], Scalars{from.at(i)});
  }
  template <class Scalars>
  static Scalars get(const std::array<T, 2>& member) {
    return {MemberTraits<T>::template get<Scalars>(member[0])[0],
            MemberTraits<T>::template get<Scalars>(member[1])[0]};
  }
};

/// Stands for a value of any type in an aggregate's braces; only ever named, never made.
template <class Aggregate>
struct AnyMember {
  template <class T>
  requires(!std::is_same_v<std::remove_cvref_t<T>, Aggregate>) operator T() const noexcept;
};

template <class Aggregate, class... Members>
consteval std::size_t count_members() {
  if constexpr (requires { Aggregate{Members{}..., AnyMember<Aggregate>{}}; }) {
    return count_members<Aggregate, Members..., AnyMember<Aggregate>>();
  } else {
    return sizeof...(Members);
  }
}

}  // namespace detail

/// Number of members of an aggregate.
template <class Aggregate>
consteval std::size_t member_count() {
  static_assert(std::is_aggregate_v<Aggregate>, "parameters are a plain struct");
  return detail::count_members<Aggregate>();
}

/// The one declaration of a stage's parameters `P`, a plain struct whose member initialisers are
/// the defaults. From it come parsing, checks, help, pages and the content key.
///
///     Schema<ClipParams> s{"Flag visibilities far from the median."};
///     s.field("nsigma", &ClipParams::nsigma, "Clip level").unit("sigma").range(0.5, 100);
///
/// Members may be bool, int, std::int64_t, std::size_t, double, std::string, and std::optional,
/// std::vector or std::array<,2> of these.
template <class P>
class Schema : public SchemaBase {
 public:
  explicit Schema(std::string summary) : SchemaBase(std::move(summary)) {}

  template <class T>
  FieldRef field(std::string name, T P::*member, std::string doc) {
    using Traits = detail::MemberTraits<T>;
    using Scalar = detail::ScalarTraits<typename Traits::Scalar>;
    static_assert(
        detail::IsScalar<typename Traits::Scalar>,
        "a parameter is a bool, int, std::int64_t, std::size_t, double or std::string, or "
        "a std::optional, std::vector or std::array<,2> of these");
    using Scalars = std::vector<ParamScalar>;
    const P defaults{};
    FieldInfo info;
    info.name = std::move(name);
    info.doc = std::move(doc);
    info.kind = Scalar::kKind;
    info.shape = Traits::kShape;
    if constexpr (Scalar::kKind == FieldKind::integer) {
      info.least = Scalar::kLeast;
      info.most = Scalar::kMost;
    }
    info.default_value = Traits::template get<Scalars>(defaults.*member);
    info.offset = static_cast<std::size_t>(reinterpret_cast<const char*>(&(defaults.*member)) -
                                           reinterpret_cast<const char*>(&defaults));
    info.set = [member](void* params, const Scalars& from) {
      Traits::set(static_cast<P*>(params)->*member, from);
    };
    info.get = [member](const void* params) {
      return Traits::template get<Scalars>(static_cast<const P*>(params)->*member);
    };
    return FieldRef(add_field(std::move(info)));
  }

  /// A rule between fields. `holds` takes `const P&` and gives a bool, or an optional message
  /// that replaces `words` when the rule is broken.
  template <class F>
  Schema& check(F holds, std::string words) {
    add_rule(
        [holds, words](const void* params) {
          const P& typed = *static_cast<const P*>(params);
          if constexpr (std::is_same_v<std::invoke_result_t<F, const P&>, bool>) {
            return words_unless(holds(typed), words);
          } else {
            return holds(typed);
          }
        },
        words);
    return *this;
  }

  /// Lines of a description that use the stage, and what they do.
  Schema& example(std::string text, std::string words = {}) {
    add_example(std::move(text), std::move(words));
    return *this;
  }

  using SchemaBase::key_text;
  using SchemaBase::parse;
  using SchemaBase::resolved;

  /// The parameters; mistakes are in `diagnostics`, and their fields keep the default.
  P parse(const Settings& settings, const Where& stage_where, Diagnostics& diagnostics,
          std::vector<ResolvedValue>* resolved_values = nullptr) const {
    P params{};
    SchemaBase::parse(settings, static_cast<void*>(&params), stage_where, diagnostics,
                      resolved_values);
    return params;
  }
  std::vector<ResolvedValue> resolved(const P& params) const {
    return SchemaBase::resolved(static_cast<const void*>(&params));
  }
  std::string key_text(const P& params) const {
    return SchemaBase::key_text(static_cast<const void*>(&params));
  }

  /// Whether every member of `P` is declared.
  bool complete() const { return fields().size() == member_count<P>(); }
};

/// Help for the terminal; lines of at most 96 columns.
SKYMILL_API std::string describe_text(const SchemaBase& schema, const std::string& name);
/// A section of the reference pages.
SKYMILL_API std::string describe_markdown(const SchemaBase& schema, const std::string& name);
/// A JSON Schema (draft-07) fragment for the stage's settings.
SKYMILL_API std::string describe_json(const SchemaBase& schema, const std::string& name);

}  // namespace skymill
