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
/* The instruction takes three steps, and one can begin at each: three stretches at once. The registers of the first two are moved over the
   bytes behind them by tables, one for each byte of a register. */
enum { STRETCH = 4096 };

static uint32_t shift[4][256];
static pthread_once_t shift_once = PTHREAD_ONCE_INIT;

static void make_shift(void) {
    uint32_t bits[32];
    pthread_once(&once, make_table);
    for (int bit = 0; bit < 32; bit++) {
        bits[bit] = (uint32_t)1 << bit;
        for (int byte = 0; byte < STRETCH; byte++) bits[bit] = bits[bit] >> 8 ^ table[0][bits[bit] & 0xFF];
    }
    for (int part = 0; part < 4; part++)
        for (int byte = 0; byte < 256; byte++)
            for (int bit = 0; bit < 8; bit++)
                if (byte >> bit & 1) shift[part][byte] ^= bits[8 * part + bit];
}

static uint32_t shifted(uint32_t value) {
    return shift[0][value & 0xFF] ^ shift[1][value >> 8 & 0xFF] ^ shift[2][value >> 16 & 0xFF] ^ shift[3][value >> 24];
}

__attribute__((target("sse4.2"))) static uint32_t instruction(uint32_t value, const void *bytes, size_t length) {
    const uint8_t *next = bytes;
    if (length >= 3 * STRETCH) pthread_once(&shift_once, make_shift);
    for (; length >= 3 * STRETCH; length -= 3 * STRETCH, next += 3 * STRETCH) {
        uint64_t first = value, second = 0, third = 0;
        for (int place = 0; place < STRETCH; place += 8) {
            uint64_t words[3];
            memcpy(&words[0], next + place, 8);
            memcpy(&words[1], next + STRETCH + place, 8);
            memcpy(&words[2], next + 2 * STRETCH + place, 8);
            first = __builtin_ia32_crc32di(first, words[0]);
            second = __builtin_ia32_crc32di(second, words[1]);
            third = __builtin_ia32_crc32di(third, words[2]);
        }
        value = shifted(shifted((uint32_t)first) ^ (uint32_t)second) ^ (uint32_t)third;
    }
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
