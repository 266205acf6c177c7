// SPDX-License-Identifier: GPL-3.0-or-later
#include <casacore/casa/Arrays/Matrix.h>
#include <casacore/casa/Arrays/Vector.h>
#include <casacore/ms/MSSel/MSSelection.h>
#include <casacore/ms/MeasurementSets/MeasurementSet.h>
#include <casacore/tables/TaQL/ExprNode.h>
#include <stages/ms/ms_expressions.h>
#include <stages/ms/wall.h>

#include <algorithm>
#include <string>

namespace skymill::radio::wall {

namespace {

namespace cc = casacore;

using Setter = cc::Bool (cc::MSSelection::*)(const cc::String&);

/// One parameter of a selection and how casacore is told of it.
struct Expression {
  const char* parameter;
  std::string MsSelection::*text;
  Setter set;
};

const Expression kExpressions[] = {
    {"field", &MsSelection::fields, &cc::MSSelection::setFieldExpr},
    {"spw", &MsSelection::spws, &cc::MSSelection::setSpwExpr},
    {"scan", &MsSelection::scans, &cc::MSSelection::setScanExpr},
    {"antenna", &MsSelection::antennas, &cc::MSSelection::setAntennaExpr},
    {"uvrange", &MsSelection::uvrange, &cc::MSSelection::setUvDistExpr},
    {"timerange", &MsSelection::timerange, &cc::MSSelection::setTimeExpr},
    {"intent", &MsSelection::intents, &cc::MSSelection::setStateExpr},
};

bool blank(const std::string& text) { return text.find_first_not_of(' ') == std::string::npos; }

std::string listed(std::vector<std::string> names) {
  std::string text;
  const std::size_t shown = std::min<std::size_t>(names.size(), 20);
  for (std::size_t i = 0; i < shown; ++i) {
    text += (i ? ", " : "") + std::to_string(i) + " '" + names[i] + "'";
  }
  return text + (names.size() > shown ? ", …" : "");
}

/// What there is to choose from, where the header knows it.
std::string hint_for(const std::string& parameter, const ObservationHeader& header) {
  std::vector<std::string> names;
  if (parameter == "field") {
    for (const Field& field : header.fields) names.push_back(field.name);
    return "the fields are: " + listed(names);
  }
  if (parameter == "spw") {
    for (const SpectralWindow& window : header.spectral_windows) names.push_back(window.name);
    return "the spectral windows are: " + listed(names);
  }
  if (parameter == "antenna") {
    for (const Antenna& antenna : header.antennas) names.push_back(antenna.name);
    return "the antennas are: " + listed(names);
  }
  return "the syntax is that of CASA's data selection";
}

std::string first_line(const char* text) {
  std::string line(text);
  line = line.substr(0, line.find('\n'));
  std::replace(line.begin(), line.end(), '\t', ' ');
  return line;
}

/// Runs `work` on one parameter's expression; what casacore throws names parameter and text.
template <class F>
auto on_expression(const Expression& expression, const MsSelection& wanted,
                   const ObservationHeader& header, F&& work) {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& failure) {
    throw Error(ErrorKind::description,
                std::string(expression.parameter) + " '" + wanted.*expression.text +
                    "' cannot be selected from '" + header.source +
                    "': " + first_line(failure.what()),
                hint_for(expression.parameter, header));
  }
}

/// Rows of [window, first, last, step] as channels by window.
std::vector<std::vector<std::size_t>> by_window(const cc::Matrix<cc::Int>& ranges,
                                                const ObservationHeader& header) {
  std::vector<std::vector<std::size_t>> channels(header.spectral_windows.size());
  for (std::size_t row = 0; row < ranges.nrow(); ++row) {
    const auto window = static_cast<std::size_t>(ranges(row, 0));
    for (int channel = ranges(row, 1); channel <= ranges(row, 2);
         channel += std::max(1, ranges(row, 3))) {
      channels.at(window).push_back(static_cast<std::size_t>(channel));
    }
  }
  for (std::size_t window = 0; window < channels.size(); ++window) {
    auto& list = channels[window];
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
    const std::size_t all = header.spectral_windows[window].chan_freq_hz.size();
    if (!list.empty() && list.back() >= all) {
      throw cc::AipsError("spectral window " + std::to_string(window) + " has " +
                          std::to_string(all) + " channels");
    }
    if (list.size() == all) list.clear();
  }
  return channels;
}

std::vector<bool> rows_of(const cc::Table& ms, const cc::Table& set,
                          const cc::TableExprNode& node) {
  std::vector<bool> rows(ms.nrow(), false);
  const cc::Table chosen = set(node);
  const cc::Vector<cc::rownr_t> numbers = chosen.rowNumbers(set);
  for (const cc::rownr_t row : numbers) rows[row] = true;
  return rows;
}

}  // namespace

SelectedParts select_parts(const cc::Table& ms, const MsSelection& wanted,
                           const ObservationHeader& header) {
  SelectedParts parts;
  parts.channels.resize(header.spectral_windows.size());
  const bool any = std::any_of(std::begin(kExpressions), std::end(kExpressions),
                               [&](const Expression& e) { return !blank(wanted.*e.text); });
  if (!any) return parts;
  const auto set = guarded("cannot select from the MeasurementSet '" + header.source + "'", [&] {
    return cc::MeasurementSet(ms.tableName(), cc::TableLock(cc::TableLock::NoLocking));
  });
  for (const Expression& expression : kExpressions) {
    const std::string& text = wanted.*expression.text;
    if (blank(text)) continue;
    // Each by itself: casacore says of a mistake not which expression has it.
    on_expression(expression, wanted, header, [&] {
      cc::MSSelection selection;
      (selection.*expression.set)(text);
      const cc::TableExprNode node = selection.toTableExprNode(&set);
      if (expression.text == &MsSelection::spws) {
        parts.channels = by_window(selection.getChanList(&set, 1, true), header);
      }
      if (node.isNull()) return;
      const std::vector<bool> rows = rows_of(ms, set, node);
      if (parts.rows.empty()) {
        parts.rows = rows;
      } else {
        for (std::size_t row = 0; row < rows.size(); ++row) {
          parts.rows[row] = parts.rows[row] && rows[row];
        }
      }
    });
  }
  return parts;
}

}  // namespace skymill::radio::wall
