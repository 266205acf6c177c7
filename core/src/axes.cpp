// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/axes.h>
#include <core/error.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace skymill {

Span::Span(std::string axis, std::size_t begin, std::size_t end) {
  set(std::move(axis), begin, end);
}

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

bool Span::empty() const { return axes_.empty(); }

bool Span::operator==(const Span& other) const {
  const auto same = [](const NamedExtent& a, const NamedExtent& b) {
    return a.axis == b.axis && a.extent == b.extent;
  };
  return std::equal(axes_.begin(), axes_.end(), other.axes_.begin(), other.axes_.end(), same);
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

Span Span::from_text(std::string_view text) {
  Span span;
  const auto number = [&](std::string_view digits) {
    std::size_t value = 0;
    const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (digits.empty() || end.ec != std::errc() || end.ptr != digits.data() + digits.size()) {
      throw Error(ErrorKind::failed, "'" + std::string(text) + "' is not a place on axes");
    }
    return value;
  };
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(", ", at), text.size());
    const std::string_view part = text.substr(at, end - at);
    const std::size_t space = std::min(part.rfind(' '), part.size());
    const std::size_t colon = std::min(part.rfind(':'), part.size());
    const bool has_both = space > 0 && space < colon && colon < part.size();
    span.set(std::string(part.substr(0, space)),
             number(has_both ? part.substr(space + 1, colon - space - 1) : ""),
             number(has_both ? part.substr(colon + 1) : ""));
    at = end + 2;
  }
  return span;
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
