// SPDX-License-Identifier: GPL-3.0-or-later
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "machine.h"

namespace skymill {

namespace {

bool is_tmpfs(const std::string& folder) {
  struct statfs info {};
  return ::statfs(folder.c_str(), &info) == 0 && info.f_type == TMPFS_MAGIC;
}

/// What the kernel says of the disk below a folder; a partition's disk is one folder up.
bool is_rotating(const std::string& folder) {
  struct stat info {};
  if (::stat(folder.c_str(), &info) != 0) return false;
  const std::string device = "/sys/dev/block/" + std::to_string(major(info.st_dev)) + ":" +
                             std::to_string(minor(info.st_dev));
  for (const char* place : {"/queue/rotational", "/../queue/rotational"}) {
    std::ifstream in(device + place);
    int rotational = 0;
    if (in >> rotational) return rotational == 1;
  }
  return false;
}

TierKind kind_of_folder(const std::string& folder) {
  if (is_tmpfs(folder)) return TierKind::tmpfs;
  return is_rotating(folder) ? TierKind::hdd : TierKind::nvme;
}

}  // namespace

Machine default_machine() {
  // These folders are everybody's; a root of its own keeps each user's leases apart and private.
  const std::string own = "/skymill-" + std::to_string(::geteuid());
  Machine machine{"built-in default", {}};
  if (is_tmpfs("/dev/shm")) {
    machine.tiers.push_back({"shm", "/dev/shm" + own, TierKind::tmpfs, 0, 0, true});
  }
  const char* named = std::getenv("TMPDIR");
  const std::string temporary = named && *named ? named : "/tmp";
  machine.tiers.push_back({"tmp", temporary + own, kind_of_folder(temporary), 0, 0, true});
  return machine;
}

}  // namespace skymill
