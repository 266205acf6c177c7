// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/diagnostics.h>

#include <algorithm>
#include <tuple>
#include <utility>

namespace skymill {

namespace {

/// One mistake shows in every stage that it reaches, such as a parameter of the description that
/// several of them take.
bool say_the_same(const Diagnostic& a, const Diagnostic& b) {
  return std::tie(a.where.file, a.severity, a.message, a.hint) ==
         std::tie(b.where.file, b.severity, b.message, b.hint);
}

}  // namespace

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
  if (seen_.insert(diagnostic.text()).second) diagnostics_.push_back(std::move(diagnostic));
}

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
  const std::vector<Diagnostic> all = sorted();
  std::string text;
  for (std::size_t k = 0; k < all.size(); ++k) {
    const auto is_same = [&](const Diagnostic& other) { return say_the_same(other, all[k]); };
    const auto here = all.begin() + static_cast<std::ptrdiff_t>(k);
    if (std::any_of(all.begin(), here, is_same)) continue;
    std::string others;
    for (auto other = std::find_if(here + 1, all.end(), is_same); other != all.end();
         other = std::find_if(other + 1, all.end(), is_same)) {
      others += (others.empty() ? "" : ", ") + std::to_string(other->where.line);
    }
    text += all[k].text() + (others.empty() ? "" : " (the same in line " + others + ")") + "\n";
  }
  return text;
}

void Diagnostics::throw_if_errors() const {
  if (!has_errors()) return;
  std::string lines = text();
  lines.pop_back();
  throw Error(ErrorKind::description, lines);
}

}  // namespace skymill
