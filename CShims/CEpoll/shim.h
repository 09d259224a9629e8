// SPDX-License-Identifier: Apache-2.0
// What Swift's Glibc does not show of the kernel, or shows in a form that Swift cannot use: epoll
// (a union in a packed struct), eventfd, timerfd, signalfd, accept4, memfd, a descriptor sent over a
// socket, mallinfo2, mremap.
// Header only; no _GNU_SOURCE and no intrinsics here, they disagree with the toolchain's modules.
#pragma once
// First of all the toolchain's own module: else what these headers declare in passing (timespec,
// pthread_attr_t) would belong to this module, and programs could not use it without importing it.
#pragma clang module import SwiftGlibc
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <malloc.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

// The kernel writes an array of these; on x86-64 it is packed.
#if defined(__x86_64__)
_Static_assert(sizeof(struct epoll_event) == 12, "epoll_event is packed on x86-64");
#else
_Static_assert(sizeof(struct epoll_event) == 16, "epoll_event is naturally aligned");
#endif
_Static_assert(sizeof(struct signalfd_siginfo) == 128, "signalfd_siginfo is part of the kernel ABI");
_Static_assert(sizeof(struct timespec) == 16, "64-bit time");

// What is freed joins its free neighbours at once: put off, that would be one walk through all of it. And the
// limits from which on pieces are mapped, and the end of a heap goes back to the kernel, stay where they are:
// else they rise with the largest piece that was ever freed, so that after a checkpoint a hundred megabytes
// stayed; and while they rise, pieces of a mebibyte go to and fro.
static inline void cepoll_set_up_malloc(void) {
    enum { limit = 8 << 20 };
    mallopt(M_MXFAST, 0);
    mallopt(M_TRIM_THRESHOLD, limit);
    mallopt(M_MMAP_THRESHOLD, limit);
}

// mremap is variadic, and wants _GNU_SOURCE.
static inline void *cepoll_move_memory(void *memory, size_t size, size_t larger) {
    enum { may_move = 1 };
    return (void *)syscall(SYS_mremap, memory, size, larger, may_move);
}

static const uint32_t cepoll_in = EPOLLIN;
static const uint32_t cepoll_out = EPOLLOUT;
static const uint32_t cepoll_err = EPOLLERR;
static const uint32_t cepoll_hup = EPOLLHUP;
static const uint32_t cepoll_rdhup = EPOLLRDHUP;
static const uint32_t cepoll_once = (uint32_t)EPOLLET;
static const int32_t cepoll_add = EPOLL_CTL_ADD;
static const int32_t cepoll_mod = EPOLL_CTL_MOD;
static const int32_t cepoll_del = EPOLL_CTL_DEL;
static const int64_t cepoll_event_size = sizeof(struct epoll_event);

static inline int cepoll_create(void) {
    return epoll_create1(EPOLL_CLOEXEC);
}

static inline int cepoll_control(int epoll, int operation, int descriptor, uint32_t interest,
                                 uint64_t token) {
    struct epoll_event event;
    event.events = interest;
    event.data.u64 = token;
    return epoll_ctl(epoll, operation, descriptor, &event);
}

static inline int cepoll_wait(int epoll, void *events, int capacity, int milliseconds) {
    return epoll_wait(epoll, (struct epoll_event *)events, capacity, milliseconds);
}

// Nanosecond timeouts (Linux 5.11). Through syscall(2), so that an older libc still links.
static inline int cepoll_wait_nanoseconds(int epoll, void *events, int capacity,
                                          int64_t nanoseconds) {
#ifdef SYS_epoll_pwait2
    struct timespec timeout;
    timeout.tv_sec = nanoseconds / 1000000000;
    timeout.tv_nsec = nanoseconds % 1000000000;
    return (int)syscall(SYS_epoll_pwait2, epoll, events, capacity,
                        nanoseconds < 0 ? (struct timespec *)0 : &timeout, (void *)0, (long)0);
#else
    errno = ENOSYS;
    return -1;
#endif
}

// For sockets that do not block. These go past the kernel's layer for files; and past the C library's
// functions, which ask on both sides of a call whether somebody cancels the thread: nobody does here,
// and asking takes a locked instruction.
static inline ssize_t cepoll_receive(int socket, void *bytes, size_t count) {
    return syscall(SYS_recvfrom, socket, bytes, count, 0, (void *)0, (void *)0);
}

static inline ssize_t cepoll_send(int socket, const void *bytes, size_t count) {
    return syscall(SYS_sendto, socket, bytes, count, MSG_NOSIGNAL, (void *)0, 0);
}

static inline uint32_t cepoll_event_mask(const void *events, int index) {
    return ((const struct epoll_event *)events)[index].events;
}

static inline uint64_t cepoll_event_token(const void *events, int index) {
    return ((const struct epoll_event *)events)[index].data.u64;
}

static inline int cepoll_eventfd(void) {
    return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

static inline int cepoll_timer(void) {
    return timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
}

// Once, at a time of CLOCK_MONOTONIC that is not zero.
static inline int cepoll_timer_set(int timer, int64_t nanoseconds) {
    struct itimerspec time;
    memset(&time, 0, sizeof time);
    time.it_value.tv_sec = nanoseconds / 1000000000;
    time.it_value.tv_nsec = nanoseconds % 1000000000;
    return timerfd_settime(timer, TFD_TIMER_ABSTIME, &time, (struct itimerspec *)0);
}

static inline int cepoll_signalfd(const sigset_t *signals) {
    return signalfd(-1, signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

// The next pending signal of a signalfd, or 0.
static inline int cepoll_signalfd_next(int descriptor) {
    struct signalfd_siginfo info;
    ssize_t count = read(descriptor, &info, sizeof info);
    return count == (ssize_t)sizeof info ? (int)info.ssi_signo : 0;
}

static inline void cepoll_ignore_signal(int number) {
    signal(number, SIG_IGN);
}

static inline int cepoll_accept(int listener, struct sockaddr_storage *address, socklen_t *length) {
    return accept4(listener, (struct sockaddr *)address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

static inline int cepoll_socket(int family, int type) {
    return socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

// A sealed piece of memory as a descriptor: how a log line larger than a datagram reaches journald.
static inline int cepoll_sealed_memory(const char *name, const void *bytes, size_t count) {
    int descriptor = (int)syscall(SYS_memfd_create, name, 0x0001U | 0x0002U /* CLOEXEC, SEALING */);
    if (descriptor < 0) return -1;
    size_t written = 0;
    while (written < count) {
        ssize_t n = write(descriptor, (const char *)bytes + written, count - written);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) { close(descriptor); return -1; }
        written += (size_t)n;
    }
    // F_ADD_SEALS, with seal, shrink, grow and write.
    if (fcntl(descriptor, 1033, 0x0001 | 0x0002 | 0x0004 | 0x0008) < 0) {
        close(descriptor);
        return -1;
    }
    return descriptor;
}

// An empty datagram that carries one descriptor.
static inline ssize_t cepoll_send_descriptor(int socket, int descriptor, const void *address,
                                             socklen_t length) {
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    memset(&control, 0, sizeof control);
    struct msghdr message;
    memset(&message, 0, sizeof message);
    message.msg_name = (void *)address;
    message.msg_namelen = length;
    message.msg_control = &control;
    message.msg_controllen = sizeof control.bytes;
    struct cmsghdr *item = CMSG_FIRSTHDR(&message);
    item->cmsg_level = SOL_SOCKET;
    item->cmsg_type = SCM_RIGHTS;
    item->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(item), &descriptor, sizeof descriptor);
    return sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

// The descriptor that such a datagram carries, or -1.
static inline int cepoll_receive_descriptor(int socket) {
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    char byte;
    struct iovec vector = {&byte, 1};
    struct msghdr message;
    memset(&message, 0, sizeof message);
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    message.msg_control = &control;
    message.msg_controllen = sizeof control.bytes;
    if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) < 0) return -1;
    struct cmsghdr *item = CMSG_FIRSTHDR(&message);
    if (!item || item->cmsg_type != SCM_RIGHTS) return -1;
    int descriptor;
    memcpy(&descriptor, CMSG_DATA(item), sizeof descriptor);
    return descriptor;
}

// A file without a name, gone with its last descriptor. The flag's plain name needs _GNU_SOURCE.
static inline int cepoll_open_unnamed(const char *folder) {
    return open(folder, __O_TMPFILE | O_DIRECTORY | O_RDWR | O_CLOEXEC, 0600);
}

// Has `length` bytes of a file written to its device, and waits. It is no sync: nothing is promised.
static inline int cepoll_write_out(int descriptor, int64_t offset, int64_t length) {
    const unsigned flags = 7;  // SYNC_FILE_RANGE_WAIT_BEFORE | _WRITE | _WAIT_AFTER: _GNU_SOURCE
    return (int)syscall(SYS_sync_file_range, descriptor, offset, length, flags);
}

// Takes `length` bytes out of the middle of a file.
static inline int cepoll_punch_hole(int descriptor, int64_t offset, int64_t length) {
    return (int)syscall(SYS_fallocate, descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                        offset, length);
}
