// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

/// Marks types and functions that core and plugins must see as one, also in a plugin whose other
/// symbols are hidden.
#define SKYMILL_API __attribute__((visibility("default")))
