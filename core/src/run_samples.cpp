// SPDX-License-Identifier: GPL-3.0-or-later
#include "run_samples.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>

namespace skymill {

namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
}

RunSample merged(const RunSample& earlier, RunSample later) {
  later.resident_bytes = std::max(earlier.resident_bytes, later.resident_bytes);
  return later;
}

}  // namespace

RunSample sample_now(double time_s) {
  RunSample sample;
  sample.time_s = time_s;
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages >> pages;  // the second is what is resident
  sample.resident_bytes = pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  sample.cpu_s = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  std::ifstream io("/proc/self/io");
  std::string name;
  for (std::int64_t bytes = 0; io >> name >> bytes;) {
    if (name == "rchar:") sample.read_bytes = bytes;
    if (name == "wchar:") sample.written_bytes = bytes;
    if (name == "read_bytes:") sample.storage_read_bytes = bytes;
    if (name == "write_bytes:") sample.storage_written_bytes = bytes;
  }
  return sample;
}

void RunSamples::add(const RunSample& sample) {
  const std::size_t count = kept_.size();
  if (count > 1 && kept_[count - 1].time_s - kept_[count - 2].time_s < interval_s_) {
    kept_.back() = merged(kept_.back(), sample);
    return;
  }
  kept_.push_back(sample);
  if (kept_.size() < kMost) return;
  std::vector<RunSample> fewer{kept_.front()};
  for (std::size_t i = 1; i < kept_.size(); i += 2) {
    fewer.push_back(i + 1 < kept_.size() ? merged(kept_[i], kept_[i + 1]) : kept_[i]);
  }
  kept_ = std::move(fewer);
  interval_s_ *= 2;
}

}  // namespace skymill
