// SPDX-License-Identifier: Apache-2.0
// What Swift's Glibc does not show of the kernel: epoll, eventfd, signalfd, accept4.
#pragma once
#include <sys/epoll.h>
