// SPDX-License-Identifier: GPL-3.0-or-later
#include "profile_ticks.h"

#include <algorithm>
#include <chrono>

namespace skymill {

namespace {

constexpr std::size_t kMostTicks = 2'000;
constexpr auto kTick = std::chrono::milliseconds(20);

}  // namespace

ProfileTicks::ProfileTicks(ProfileStages& stages, ProfileThreads& threads, const ProcFile& io,
                           const ProfileBytes& io_before)
    : stages_(stages), threads_(threads), io_(io), io_before_(io_before) {
  thread_ = std::thread([this] { go(); });
}

ProfileTicks::~ProfileTicks() {
  if (!has_ended()) end();
}

void ProfileTicks::end() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
  tick();
}

void ProfileTicks::go() {
  ProfileLedger& own = threads_.own("watching");
  {
    const std::lock_guard lock(own.mutex);
    own.owner = {&watching, {}, false};
  }
  std::unique_lock lock(mutex_);
  do {
    tick();
  } while (!wake_.wait_for(lock, kTick, [this] { return is_stopping_; }));
}

void ProfileTicks::tick() {
  char text[4096];
  status_.read(text);
  const std::int64_t peak = ProcFile::figure(text, "VmHWM:") * 1024;
  const std::int64_t resident = ProcFile::figure(text, "VmRSS:") * 1024;
  stages_.saw_resident(peak > peak_bytes_ ? peak : resident);
  peak_bytes_ = std::max(peak_bytes_, peak);
  const std::int64_t now = threads_.now_ns();
  if (!ticks.empty() && now - ticks.back().time_ns < between_ns_) return;
  ticks.push_back({now, resident, io_.bytes() - io_before_});
  if (ticks.size() < kMostTicks) return;
  std::size_t kept = 0;
  for (std::size_t k = 0; k < ticks.size(); k += 2) ticks[kept++] = ticks[k];
  ticks.resize(kept);
  between_ns_ =
      std::max<std::int64_t>(2 * between_ns_, 2 * std::chrono::nanoseconds(kTick).count());
}

}  // namespace skymill
