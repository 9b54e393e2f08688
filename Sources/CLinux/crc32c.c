#include "clinux.h"
#include <pthread.h>
#include <string.h>

static uint32_t table[8][256];
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Eight tables: eight bytes at a step, for processors without the instruction. */
static void make_table(void) {
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t value = byte;
        for (int bit = 0; bit < 8; bit++) value = value & 1 ? value >> 1 ^ 0x82F63B78 : value >> 1;
        table[0][byte] = value;
    }
    for (int row = 1; row < 8; row++)
        for (int byte = 0; byte < 256; byte++) table[row][byte] = table[row - 1][byte] >> 8 ^ table[0][table[row - 1][byte] & 0xFF];
}

uint32_t moby_crc32c_table(uint32_t value, const void *bytes, size_t length) {
    const uint8_t *next = bytes;
    pthread_once(&once, make_table);
    for (; length >= 8; length -= 8, next += 8) {
        value ^= next[0] | next[1] << 8 | next[2] << 16 | (uint32_t)next[3] << 24;
        value = table[7][value & 0xFF] ^ table[6][value >> 8 & 0xFF] ^ table[5][value >> 16 & 0xFF] ^ table[4][value >> 24] ^
                table[3][next[4]] ^ table[2][next[5]] ^ table[1][next[6]] ^ table[0][next[7]];
    }
    while (length-- > 0) value = value >> 8 ^ table[0][(value ^ *next++) & 0xFF];
    return value;
}

#ifdef __x86_64__
__attribute__((target("sse4.2"))) static uint32_t instruction(uint32_t value, const void *bytes, size_t length) {
    const uint8_t *next = bytes;
    uint64_t wide = value;
    for (; length >= 8; length -= 8, next += 8) {
        uint64_t word;
        memcpy(&word, next, 8);
        wide = __builtin_ia32_crc32di(wide, word);
    }
    value = (uint32_t)wide;
    while (length-- > 0) value = __builtin_ia32_crc32qi(value, *next++);
    return value;
}
#endif

uint32_t moby_crc32c(uint32_t value, const void *bytes, size_t length) {
#ifdef __x86_64__
    if (__builtin_cpu_supports("sse4.2")) return instruction(value, bytes, length);
#endif
    return moby_crc32c_table(value, bytes, length);
}
