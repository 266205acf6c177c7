// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/lane.h>

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

namespace skymill {

struct Lane::Impl {
  explicit Impl(std::string lane_name) : name(std::move(lane_name)) {}

  void loop() {
    const Token token;
    for (;;) {
      std::function<void(const Token&)> work;
      {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return closing || !queue.empty(); });
        if (queue.empty()) return;
        work = std::move(queue.front());
        queue.pop_front();
      }
      work(token);
    }
  }

  std::string name;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::function<void(const Token&)>> queue;
  bool closing = false;
  std::thread thread;
};

Lane::Lane(std::string name) : impl_(std::make_unique<Impl>(std::move(name))) {
  impl_->thread = std::thread([this] { impl_->loop(); });
}

Lane::~Lane() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->closing = true;
  }
  impl_->changed.notify_all();
  impl_->thread.join();
}

const std::string& Lane::name() const noexcept { return impl_->name; }

void Lane::post(std::function<void(const Token&)> work) {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->queue.push_back(std::move(work));
  }
  impl_->changed.notify_all();
}

void Lane::run_and_wait(const std::function<void(const Token&)>& work,
                        std::exception_ptr& failure) {
  const auto guarded = [&](const Token& token) {
    try {
      work(token);
    } catch (...) {
      failure = std::current_exception();
    }
  };
  if (std::this_thread::get_id() == impl_->thread.get_id()) {
    guarded(Token{});
    return;
  }
  std::mutex done_mutex;
  std::condition_variable done_changed;
  bool done = false;
  post([&](const Token& token) {
    guarded(token);
    // Notified under the lock: the waiter's stack owns the condition variable and may unwind
    // as soon as it sees `done`.
    const std::lock_guard lock(done_mutex);
    done = true;
    done_changed.notify_one();
  });
  std::unique_lock lock(done_mutex);
  done_changed.wait(lock, [&] { return done; });
}

struct Lanes::Impl {
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<Lane>> lanes;
};

Lanes::Lanes() : impl_(std::make_unique<Impl>()) {}
Lanes::~Lanes() = default;

std::shared_ptr<Lane> Lanes::get(const std::string& key) {
  const std::lock_guard lock(impl_->mutex);
  auto& lane = impl_->lanes[key];
  if (!lane) lane = std::make_shared<Lane>(key);
  return lane;
}

}  // namespace skymill
