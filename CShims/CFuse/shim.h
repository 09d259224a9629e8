// SPDX-License-Identifier: Apache-2.0
// The words in which the kernel asks a file system in a process, as its own header has them: for the
// tests' file system alone. mount and umount2 are the toolchain's.
#pragma once
// First of all the toolchain's own module: see CEpoll.
#pragma clang module import SwiftGlibc
#include <linux/fuse.h>

_Static_assert(FUSE_KERNEL_VERSION == 7, "the protocol that is spoken since 2005");
_Static_assert(sizeof(struct fuse_in_header) == 40, "fuse_in_header is part of the kernel ABI");
_Static_assert(sizeof(struct fuse_attr) == 88, "fuse_attr is part of the kernel ABI");
