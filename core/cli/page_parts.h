// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>

namespace skymill::cli {

// Texts that cmake/embed_texts.cmake turns into a source: those in core/cli/page, and Chart.js.
extern const std::string_view kPageTemplate;
extern const std::string_view kPageStyle;
extern const std::string_view kPageScript;
extern const std::string_view kChartLibrary;  ///< empty when it was not there at build time

}  // namespace skymill::cli
