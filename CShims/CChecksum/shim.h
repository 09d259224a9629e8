// SPDX-License-Identifier: Apache-2.0
// The processor's own CRC-32C, eight bytes an instruction, where it has one. Header only, and
// builtins instead of the intrinsics' headers: those disagree with the toolchain's modules.
#pragma once
#pragma clang module import SwiftGlibc
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#define CCHECKSUM_TARGET __attribute__((target("sse4.2")))
#define CCHECKSUM_8(crc, word) (uint32_t) __builtin_ia32_crc32di(crc, word)
#define CCHECKSUM_1(crc, byte) __builtin_ia32_crc32qi(crc, byte)
#elif defined(__aarch64__)
#include <sys/auxv.h>
#define CCHECKSUM_TARGET __attribute__((target("crc")))
#define CCHECKSUM_8(crc, word) __builtin_arm_crc32cd(crc, word)
#define CCHECKSUM_1(crc, byte) __builtin_arm_crc32cb(crc, byte)
#endif

/// Whether `cchecksum_crc32c` may be called here.
static inline int cchecksum_has_crc32c(void) {
#if defined(__x86_64__)
    uint32_t a = 1, b, c = 0, d;
    __asm__("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    return (c >> 20 & 1) != 0;
#elif defined(__aarch64__)
    return (getauxval(AT_HWCAP) >> 7 & 1) != 0;
#else
    return 0;
#endif
}

/// Continues `crc`, which begins with 0, over `count` bytes.
#if defined(CCHECKSUM_TARGET)
CCHECKSUM_TARGET
static inline uint32_t cchecksum_crc32c(uint32_t crc, const uint8_t *bytes, size_t count) {
    crc = ~crc;
    for (; count >= 8; bytes += 8, count -= 8) {
        uint64_t word;
        memcpy(&word, bytes, 8);
        crc = CCHECKSUM_8(crc, word);
    }
    for (; count > 0; bytes++, count--) crc = CCHECKSUM_1(crc, *bytes);
    return ~crc;
}
#else
static inline uint32_t cchecksum_crc32c(uint32_t crc, const uint8_t *bytes, size_t count) {
    (void)bytes, (void)count;
    __builtin_trap();
}
#endif
