// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/export.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace skymill {

/// A half-open range of indices on one axis.
struct Extent {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t size() const { return end - begin; }
  bool contains(std::size_t index) const { return begin <= index && index < end; }
  friend bool operator==(const Extent&, const Extent&) = default;
};

/// A place on named axes: which channels, which rows.
class SKYMILL_API Span {
 public:
  Span() = default;
  Span(std::string axis, std::size_t begin, std::size_t end);

  /// Sets the extent of an axis, adding the axis at the end when it is new.
  /// @throws Error when end < begin
  Span& set(std::string axis, std::size_t begin, std::size_t end);

  /// The extent of an axis, or null when the span does not name it.
  const Extent* find(std::string_view axis) const;

  /// The extent of an axis that must be there. @throws Error when it is not
  const Extent& at(std::string_view axis) const;

  /// What both spans cover; an axis that only one names is taken from that one.
  /// Nothing when they do not meet.
  std::optional<Span> intersect(const Span& other) const;

  bool empty() const;

  /// `channel 0:48, row 0:1000`.
  std::string text() const;
  /// What `text` says. @throws Error when it is none
  static Span from_text(std::string_view text);

  bool operator==(const Span& other) const;

 private:
  struct NamedExtent {
    std::string axis;
    Extent extent;
  };
  std::vector<NamedExtent> axes_;
};

/// Cuts [0, count) into consecutive extents of at most `size`.
SKYMILL_API std::vector<Extent> split(std::size_t count, std::size_t size);

}  // namespace skymill
