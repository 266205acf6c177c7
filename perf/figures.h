// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

namespace skymill::perf {

/// What a figure is held against, measured in the same process and unit.
struct Beside {
  const char* what;  ///< `limit`, of the machine, or `peer`, another way to the same end
  double value;
};

/// What a program measured, for other programs to read: with `--json FILE` among its arguments a
/// JSON line each is appended, `{"bench", "metric", "value", "unit"}` and `limit` or `peer`.
/// perf/figures.py is the same for scripts.
class Figures {
 public:
  /// Takes `--json FILE` out of the arguments.
  Figures(std::string bench, int& argc, char** argv) : bench_(std::move(bench)) {
    for (int k = 1; k + 1 < argc; ++k) {
      if (std::strcmp(argv[k], "--json") != 0) continue;
      path_ = argv[k + 1];
      for (int next = k; next + 2 <= argc; ++next) argv[next] = argv[next + 2];
      argc -= 2;
      return;
    }
  }

  /// @param unit    `s`, `B`, `Mvis/s`, ... or `x`, a ratio
  void add(const std::string& metric, double value, const char* unit,
           Beside beside = {nullptr, 0}) const {
    if (path_.empty()) return;
    const bool alone = beside.what == nullptr;
    std::FILE* const file = std::fopen(path_.c_str(), "a");
    if (file == nullptr || !std::isfinite(value) || (!alone && !std::isfinite(beside.value))) {
      std::fprintf(stderr, "cannot write %s.%s, %g, to %s\n", bench_.c_str(), metric.c_str(), value,
                   path_.c_str());
      std::exit(1);
    }
    std::fprintf(file, R"({"bench": "%s", "metric": "%s", "value": %.9g, "unit": "%s")",
                 bench_.c_str(), metric.c_str(), value, unit);
    if (!alone) std::fprintf(file, R"(, "%s": %.9g)", beside.what, beside.value);
    std::fputs("}\n", file);
    if (std::fclose(file) != 0) std::exit(1);
  }

 private:
  std::string bench_, path_;
};

}  // namespace skymill::perf
