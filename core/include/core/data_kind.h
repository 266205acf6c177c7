// SPDX-License-Identifier: GPL-3.0-or-later
// Kept in the common subset of C++17 and C++20: data types that cross the casacore wall include it.
#pragma once

#include <core/export.h>

#include <string>
#include <string_view>

namespace skymill {

/// Name and version of a type of data that flows between stages, such as `visibilities@1`.
///
/// It is compared at every boundary instead of run-time type information, because two libraries
/// may hold the same type.
struct DataKind {
  std::string_view name;
  int version = 1;

  friend constexpr bool operator==(const DataKind& a, const DataKind& b) {
    return a.name == b.name && a.version == b.version;
  }
  friend constexpr bool operator!=(const DataKind& a, const DataKind& b) { return !(a == b); }

  SKYMILL_API std::string text() const;
};

/// The kind of `T`: its member `kDataKind`, or a specialisation of this template.
template <class T>
struct DataKindOf {
  static constexpr DataKind value = T::kDataKind;
};

template <>
struct DataKindOf<int> {
  static constexpr DataKind value{"int", 1};
};
template <>
struct DataKindOf<long long> {
  static constexpr DataKind value{"integer", 1};
};
template <>
struct DataKindOf<double> {
  static constexpr DataKind value{"number", 1};
};
template <>
struct DataKindOf<std::string> {
  static constexpr DataKind value{"text", 1};
};

}  // namespace skymill
