// SPDX-License-Identifier: GPL-3.0-or-later
#include "run_page.h"

#include <core/error.h>
#include <core/units.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "page_parts.h"

namespace fs = std::filesystem;

namespace skymill::cli {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::uintmax_t kLargestPicture = std::uintmax_t{8} << 20;

std::string escaped(const std::string& text) {
  std::string html;
  for (const char c : text) {
    switch (c) {
      case '&':
        html += "&amp;";
        break;
      case '<':
        html += "&lt;";
        break;
      case '>':
        html += "&gt;";
        break;
      case '"':
        html += "&quot;";
        break;
      default:
        html += c;
    }
  }
  return html;
}

std::string base64(const std::string& bytes) {
  constexpr const char* kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    unsigned group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8 | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      text += k <= count ? kDigits[group >> (18 - 6 * k) & 63] : '=';
    }
  }
  return text;
}

/// As many digits as a chart or table can show; a frequency needs the most.
double shortened(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", value);
  return std::strtod(text, nullptr);
}

/// {columns, rows} instead of a list of objects that all repeat the names.
Json table_by_columns(const Json& rows) {
  Json columns = Json::array();
  for (const Json& row : rows) {
    for (const auto& [name, value] : row.items()) {
      if (std::find(columns.begin(), columns.end(), name) == columns.end()) columns.push_back(name);
    }
  }
  Json cells = Json::array();
  for (const Json& row : rows) {
    Json line = Json::array();
    for (const Json& column : columns) {
      Json value = row.value(column.get<std::string>(), Json());
      if (value.is_number_float()) value = shortened(value.get<double>());
      line.push_back(std::move(value));
    }
    cells.push_back(std::move(line));
  }
  return {{"columns", columns}, {"rows", cells}};
}

Json read_json(const std::string& path) {
  std::ifstream in(path);
  if (!in) throw Error(ErrorKind::input, "cannot read the run record '" + path + "'");
  return Json::parse(in);
}

/// Where a product is now: as the record names it, from the folder of the run, or beside the
/// record.
std::optional<std::string> find_product(const std::string& path, const Json& record,
                                        const std::string& record_path) {
  std::error_code code;
  const fs::path run_folder(record.value("folder", std::string()));
  for (const fs::path& place :
       {run_folder / path, fs::path(record_path).parent_path() / fs::path(path).filename()}) {
    if (fs::is_regular_file(place, code)) return place.string();
  }
  return std::nullopt;
}

std::string figure(const std::string& path, const Json& record, const std::string& record_path) {
  const std::string caption = "<figcaption>" + escaped(path) + "</figcaption>";
  const auto place = find_product(path, record, record_path);
  if (!place) {
    return "<figure><p class=\"note\">This picture is gone.</p>" + caption + "</figure>\n";
  }
  std::error_code code;
  const auto size = fs::file_size(*place, code);
  if (code || size > kLargestPicture) {
    return "<figure><p class=\"note\">This picture of " +
           format_quantity(static_cast<double>(size), "B") + " is too large for a page.</p>" +
           caption + "</figure>\n";
  }
  std::ifstream in(*place, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  return "<figure><img alt=\"" + escaped(path) + "\" src=\"data:image/png;base64," + base64(bytes) +
         "\">" + caption + "</figure>\n";
}

std::string pictures(const Json& record, const std::string& record_path) {
  std::string html;
  for (const Json& output : record.value("outputs", Json::array())) {
    const std::string path = output.value("path", std::string());
    if (fs::path(path).extension() == ".png") html += figure(path, record, record_path);
  }
  return html;
}

/// The record as a script may hold it: no text in it can end the script.
std::string json_for_script(Json record) {
  for (Json& stage : record["stages"]) {
    if (!stage.contains("tables")) continue;
    for (auto& [name, rows] : stage["tables"].items()) rows = table_by_columns(rows);
  }
  std::string text;
  for (const char c : record.dump(-1, ' ', false, Json::error_handler_t::replace)) {
    if (c == '<') {
      text += "\\u003c";
    } else {
      text += c;
    }
  }
  return text;
}

/// The template with `{{NAME}}` replaced; what is put in is not looked at again.
std::string filled(std::string_view page, const std::map<std::string, std::string>& parts) {
  std::string text;
  for (;;) {
    const auto open = page.find("{{");
    const auto close = open == std::string_view::npos ? open : page.find("}}", open);
    if (close == std::string_view::npos) return text.append(page);
    text.append(page.substr(0, open));
    text += parts.at(std::string(page.substr(open + 2, close - open - 2)));
    page.remove_prefix(close + 2);
  }
}

}  // namespace

std::string page_of_record(const std::string& path) try {
  const Json record = read_json(path);
  record.at("stages").at(0);  // a batch has none
  return filled(kPageTemplate, {{"TITLE", escaped(fs::path(path).filename().string() + ": " +
                                                  record.at("verdict").get<std::string>())},
                                {"STYLE", std::string(kPageStyle)},
                                {"PICTURES", pictures(record, path)},
                                {"RECORD", json_for_script(record)},
                                {"LIBRARY", std::string(kChartLibrary)},
                                {"SCRIPT", std::string(kPageScript)}});
} catch (const nlohmann::json::exception&) {
  throw Error(ErrorKind::input, "'" + path + "' is no run record",
              "give the .run.json of one run; a batch has one for each item");
}

}  // namespace skymill::cli
