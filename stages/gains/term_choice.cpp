// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/gains/term_choice.h>

#include <charconv>
#include <optional>

namespace skymill::radio {

namespace {

std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

std::vector<std::string> parts_of(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t from = 0; from <= text.size();) {
    const std::size_t comma = std::min(text.find(',', from), text.size());
    parts.push_back(trimmed(text.substr(from, comma - from)));
    from = comma + 1;
  }
  return parts;
}

/// `B=nearest` is of the term B; nothing when the text names no term.
std::optional<std::string> of_letter(const std::string& text, const std::string& term) {
  if (text.size() < 2 || text[1] != '=') return std::nullopt;
  if (text.substr(0, 1) != term) return std::string();
  return trimmed(text.substr(2));
}

[[noreturn]] void refuse_count(const std::string& parameter, std::size_t given, std::size_t terms) {
  throw Error(ErrorKind::description,
              parameter + " has " + std::to_string(given) + " entries, but the calibration has " +
                  std::to_string(terms) + (terms == 1 ? " term" : " terms"),
              "give one for all, one a term, or name terms by letter: B=nearest");
}

/// The text for the term at this place; empty when none was given.
std::string text_for(const std::string& parameter, const std::vector<std::string>& texts,
                     const Calibration& calibration, std::size_t place) {
  const std::string term = letter(calibration.terms[place]->term);
  bool by_letter = false;
  for (const std::string& text : texts) {
    const auto named = of_letter(text, term);
    if (!named) continue;
    by_letter = true;
    if (!named->empty()) return *named;
  }
  if (by_letter || texts.empty()) return {};
  if (texts.size() == 1) return texts.front();
  if (texts.size() != calibration.terms.size()) {
    refuse_count(parameter, texts.size(), calibration.terms.size());
  }
  return texts[place];
}

void read_interpolation(const std::string& text, TermChoice& choice) {
  const auto refuse = [&] {
    throw Error(ErrorKind::description, "interp '" + text + "' is not known",
                "give nearest or linear for time, and after a comma nearest, linear, nearestflag "
                "or linearflag for frequency");
  };
  const std::vector<std::string> parts = parts_of(text);
  if (parts.size() > 2) refuse();
  const auto read = [&](const std::string& word, Between& between) {
    if (word == "nearest") {
      between = Between::nearest;
    } else if (word == "linear") {
      between = Between::linear;
    } else if (!word.empty()) {
      refuse();
    }
  };
  read(parts[0], choice.time);
  if (parts.size() < 2 || parts[1].empty()) return;
  const std::string ending = "flag";
  std::string word = parts[1];
  choice.frequency_flags = word.size() > ending.size() &&
                           word.compare(word.size() - ending.size(), ending.size(), ending) == 0;
  if (choice.frequency_flags) word.resize(word.size() - ending.size());
  read(word, choice.frequency);
}

std::vector<int> read_spwmap(const std::string& text) {
  std::vector<int> map;
  if (text.empty()) return map;
  for (const std::string& part : parts_of(text)) {
    int window = -1;
    const auto end = part.data() + part.size();
    const auto [last, code] = std::from_chars(part.data(), end, window);
    if (code != std::errc() || last != end || window < 0) {
      throw Error(ErrorKind::description, "spwmap '" + text + "' is no list of windows",
                  "give the window of the table for each window of the data, such as 0,0,1,1");
    }
    map.push_back(window);
  }
  return map;
}

}  // namespace

std::vector<TermChoice> term_choices(const TermChoiceTexts& texts, const Calibration& calibration) {
  const std::size_t terms = calibration.terms.size();
  if (texts.calwt.size() > 1 && texts.calwt.size() != terms) {
    refuse_count("calwt", texts.calwt.size(), terms);
  }
  std::vector<TermChoice> choices(terms);
  for (std::size_t k = 0; k < terms; ++k) {
    const JonesTerm term = calibration.terms[k]->term;
    TermChoice& choice = choices[k];
    const bool slow = term == JonesTerm::B || term == JonesTerm::K;
    choice.time = slow ? Between::nearest : Between::linear;
    read_interpolation(text_for("interp", texts.interp, calibration, k), choice);
    choice.spwmap = read_spwmap(text_for("spwmap", texts.spwmap, calibration, k));
    choice.gainfield = text_for("gainfield", texts.gainfield, calibration, k);
    if (!texts.calwt.empty()) choice.calwt = texts.calwt[texts.calwt.size() == 1 ? 0 : k];
    if (term == JonesTerm::K) choice.calwt = false;
  }
  return choices;
}

}  // namespace skymill::radio
