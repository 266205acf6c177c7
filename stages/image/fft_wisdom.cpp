// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/image/fft_wisdom.h>
#include <stages/kernels/fft.h>
#include <unistd.h>

#include <cctype>
#include <cstdlib>
#include <fstream>
#include <string>
#include <system_error>

namespace skymill::radio {

namespace fs = std::filesystem;

namespace {

/// As the kernel names it, in letters that every file system takes.
std::string processor() {
  std::ifstream info("/proc/cpuinfo");
  std::string name = "processor";
  for (std::string line; std::getline(info, line);) {
    if (line.rfind("model name", 0) == 0) {
      name = line.substr(line.find(':') + 1);
      break;
    }
  }
  std::string text;
  for (const char c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      text += c;
    } else if (!text.empty() && text.back() != '-') {
      text += '-';
    }
  }
  return text;
}

std::optional<fs::path> cache_folder() {
  if (const char* own = std::getenv("SKYMILL_CACHE")) {
    return *own != '\0' ? std::optional<fs::path>(own) : std::nullopt;
  }
  if (const char* xdg = std::getenv("XDG_CACHE_HOME"); xdg != nullptr && *xdg != '\0') {
    return fs::path(xdg) / "skymill";
  }
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') {
    return fs::path(home) / ".cache" / "skymill";
  }
  return std::nullopt;
}

}  // namespace

std::optional<fs::path> wisdom_file() {
  const auto folder = cache_folder();
  return folder ? std::optional<fs::path>(*folder / ("fftw-" + processor() + ".wisdom"))
                : std::nullopt;
}

MeasuredPlans::MeasuredPlans() : file_(wisdom_file()) {
  if (!file_) return;
  std::error_code failed;
  fs::create_directories(file_->parent_path(), failed);
  // What cannot be kept is not measured: its bits would differ from run to run.
  if (failed || access(file_->parent_path().c_str(), W_OK) != 0) {
    file_.reset();
    return;
  }
  kernels::load_wisdom(*file_);
  kernels::set_fft_planning(kernels::FftPlanning::kMeasure);
}

MeasuredPlans::~MeasuredPlans() {
  if (!file_) return;
  kernels::set_fft_planning(kernels::FftPlanning::kEstimate);
  try {
    kernels::save_wisdom(*file_);
  } catch (const std::exception&) {
    // The next run measures again.
  }
}

}  // namespace skymill::radio
