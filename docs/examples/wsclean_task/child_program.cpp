// SPDX-License-Identifier: GPL-3.0-or-later
#include "child_program.h"

#include <core/error.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <fstream>
#include <sstream>
#include <thread>

using skymill::Error;
using skymill::ErrorKind;

namespace wsclean_task {

namespace {

constexpr std::size_t kLinesShown = 5;
constexpr auto kPatience = std::chrono::seconds(5);
constexpr auto kLook = std::chrono::milliseconds(20);

std::string last_lines(const std::string& log) {
  std::ifstream in(log);
  std::deque<std::string> lines;
  for (std::string line; std::getline(in, line);) {
    lines.push_back(line);
    if (lines.size() > kLinesShown) lines.pop_front();
  }
  std::string text;
  for (const std::string& line : lines) text += "\n      " + line;
  return text;
}

/// A program that goes on; one that nobody waited for is killed with all that it has started.
class Child {
 public:
  Child(const std::vector<std::string>& arguments, const std::string& log) {
    std::vector<char*> words;
    for (const std::string& word : arguments) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, log.c_str(),
                                     O_WRONLY | O_CREAT | O_TRUNC, 0644);
    posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setpgroup(&attributes, 0);  // a group of its own, to be ended as one
    const int failure =
        posix_spawn(&id_, words.front(), &files, &attributes, words.data(), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    if (failure != 0) {
      throw Error(ErrorKind::failed,
                  "'" + arguments.front() + "' cannot be started: " + std::strerror(failure));
    }
  }
  ~Child() {
    if (ended_) return;
    ::kill(-id_, SIGKILL);
    ::waitpid(id_, nullptr, 0);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// Whether it has ended; its status is known then.
  bool has_ended() {
    if (!ended_) ended_ = ::waitpid(id_, &status_, WNOHANG) == id_;
    return ended_;
  }
  void ask_to_end() { ::kill(-id_, SIGTERM); }
  int status() const { return status_; }

 private:
  pid_t id_ = 0;
  int status_ = 0;
  bool ended_ = false;
};

}  // namespace

std::string find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return ::access(name.c_str(), X_OK) == 0 ? name : "";
  const char* path = std::getenv("PATH");
  std::istringstream folders(path ? path : "");
  for (std::string folder; std::getline(folders, folder, ':');) {
    const std::string file = folder + "/" + name;
    if (!folder.empty() && ::access(file.c_str(), X_OK) == 0) return file;
  }
  return {};
}

void run_program(const std::vector<std::string>& arguments, const std::string& log,
                 const skymill::PipelineContext& ctx) {
  ctx.throw_if_stopped();
  Child child(arguments, log);
  while (!child.has_ended()) {
    if (ctx.stop_requested()) {
      child.ask_to_end();
      const auto until = std::chrono::steady_clock::now() + kPatience;
      while (!child.has_ended() && std::chrono::steady_clock::now() < until) {
        std::this_thread::sleep_for(kLook);
      }
      ctx.throw_if_stopped();
    }
    std::this_thread::sleep_for(kLook);
  }
  const int status = child.status();
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  const std::string how = WIFSIGNALED(status)
                              ? "was ended by signal " + std::to_string(WTERMSIG(status))
                              : "ended with " + std::to_string(WEXITSTATUS(status));
  throw Error(ErrorKind::failed,
              "'" + arguments.front() + "' " + how + "; it said last:" + last_lines(log),
              "its command line stands in the run's log");
}

}  // namespace wsclean_task
