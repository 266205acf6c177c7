// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>

namespace skymill {

std::string Where::text() const {
  std::string text = file;
  if (line > 0) {
    text += ":" + std::to_string(line);
    if (column > 0) text += ":" + std::to_string(column);
  }
  return text;
}

namespace {

std::string full_text(const Where& where, const std::string& message, const std::string& hint) {
  std::string text = where.text();
  if (!text.empty()) text += ": ";
  text += message;
  if (!hint.empty()) text += "; " + hint;
  return text;
}

}  // namespace

Error::Error(ErrorKind kind, const std::string& message, const std::string& hint)
    : Error(kind, Where{}, message, hint) {}

Error::Error(ErrorKind kind, Where where, const std::string& message, const std::string& hint)
    : std::runtime_error(full_text(where, message, hint)),
      kind_(kind),
      where_(std::move(where)),
      message_(message),
      hint_(hint) {}

Error::~Error() = default;

Error Error::within(const std::string& context) const {
  return Error(kind_, where_, context + ": " + message_, hint_);
}

}  // namespace skymill
