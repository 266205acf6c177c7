// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/diagnostics.h>

#include <algorithm>
#include <tuple>
#include <utility>

namespace skymill {

std::string Diagnostic::text() const {
  std::string line = where.text();
  if (!line.empty()) line += ": ";
  line += severity == Severity::error ? "error: " : "warning: ";
  line += message;
  if (!hint.empty()) line += "; " + hint;
  return line;
}

void Diagnostics::error(const Where& where, const std::string& message, const std::string& hint) {
  add({where, Severity::error, message, hint});
}

void Diagnostics::warning(const Where& where, const std::string& message, const std::string& hint) {
  add({where, Severity::warning, message, hint});
}

void Diagnostics::add(Diagnostic diagnostic) {
  std::string text = diagnostic.text();
  const auto place = std::lower_bound(seen_.begin(), seen_.end(), text);
  if (place != seen_.end() && *place == text) return;
  seen_.insert(place, std::move(text));
  diagnostics_.push_back(std::move(diagnostic));
}

bool Diagnostics::empty() const { return diagnostics_.empty(); }

std::size_t Diagnostics::error_count() const {
  return static_cast<std::size_t>(
      std::count_if(diagnostics_.begin(), diagnostics_.end(),
                    [](const Diagnostic& d) { return d.severity == Severity::error; }));
}

std::vector<Diagnostic> Diagnostics::sorted() const {
  std::vector<Diagnostic> sorted = diagnostics_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return std::tie(a.where.file, a.where.line, a.where.column) <
           std::tie(b.where.file, b.where.line, b.where.column);
  });
  return sorted;
}

std::string Diagnostics::text() const {
  std::string text;
  for (const Diagnostic& diagnostic : sorted()) text += diagnostic.text() + "\n";
  return text;
}

void Diagnostics::throw_if_errors() const {
  if (!has_errors()) return;
  std::string lines = text();
  lines.pop_back();
  throw Error(ErrorKind::description, lines);
}

}  // namespace skymill
