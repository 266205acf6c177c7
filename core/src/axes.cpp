// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/axes.h>
#include <core/error.h>

#include <algorithm>

namespace skymill {

Span& Span::set(std::string axis, std::size_t begin, std::size_t end) {
  if (end < begin) {
    throw Error(ErrorKind::failed, "axis '" + axis + "' cannot run from " + std::to_string(begin) +
                                       " to " + std::to_string(end));
  }
  for (auto& named : axes_) {
    if (named.axis == axis) {
      named.extent = {begin, end};
      return *this;
    }
  }
  axes_.push_back({std::move(axis), {begin, end}});
  return *this;
}

const Extent* Span::find(std::string_view axis) const {
  for (const auto& named : axes_) {
    if (named.axis == axis) return &named.extent;
  }
  return nullptr;
}

const Extent& Span::at(std::string_view axis) const {
  const Extent* extent = find(axis);
  if (!extent) {
    throw Error(ErrorKind::failed,
                "a chunk at '" + text() + "' has no axis '" + std::string(axis) + "'");
  }
  return *extent;
}

std::optional<Span> Span::intersect(const Span& other) const {
  Span both = *this;
  for (const auto& named : other.axes_) {
    const Extent* mine = find(named.axis);
    if (!mine) {
      both.set(named.axis, named.extent.begin, named.extent.end);
      continue;
    }
    const std::size_t begin = std::max(mine->begin, named.extent.begin);
    const std::size_t end = std::min(mine->end, named.extent.end);
    if (begin >= end) return std::nullopt;
    both.set(named.axis, begin, end);
  }
  return both;
}

std::string Span::text() const {
  std::string text;
  for (const auto& named : axes_) {
    if (!text.empty()) text += ", ";
    text += named.axis + " " + std::to_string(named.extent.begin) + ":" +
            std::to_string(named.extent.end);
  }
  return text;
}

std::vector<Extent> split(std::size_t count, std::size_t size) {
  if (size == 0) throw Error(ErrorKind::failed, "an axis cannot be cut into pieces of size 0");
  std::vector<Extent> pieces;
  for (std::size_t begin = 0; begin < count; begin += size) {
    pieces.push_back({begin, std::min(count, begin + size)});
  }
  return pieces;
}

}  // namespace skymill
