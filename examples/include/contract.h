/* What the C examples share on top of the interface itself: no C library is linked, so these few lines stand in.
 *
 * An entry point is a function without parameters and result, marked CONTRACT_ENDPOINT(name).
 */
#ifndef CONTRACT_H
#define CONTRACT_H

#include "arwen.h"

#define CONTRACT_ENDPOINT(name) __attribute__((export_name(#name))) void endpoint_##name(void)

enum { ADDRESS_LENGTH = 32, VALUE_LENGTH = 32, HASH_LENGTH = 32, TOPIC_LENGTH = 32 };

/* A string literal as pointer and length, without the closing zero. */
#define TEXT(literal) (const uint8_t *)(literal), (int32_t)(sizeof(literal) - 1)

/* Stops the contract with a user error. The VM never returns from signalError. */
#define FAIL(literal)                                      \
    do {                                                   \
        signalError((literal), (int32_t)(sizeof(literal) - 1)); \
        __builtin_unreachable();                           \
    } while (0)

#define REQUIRE(condition, literal) \
    do {                            \
        if (!(condition)) {         \
            FAIL(literal);          \
        }                           \
    } while (0)

static inline void copy_bytes(uint8_t *to, const uint8_t *from, int32_t length) {
    for (int32_t i = 0; i < length; i++) {
        to[i] = from[i];
    }
}

static inline int is_zero(const uint8_t *bytes, int32_t length) {
    uint8_t seen = 0;
    for (int32_t i = 0; i < length; i++) {
        seen |= bytes[i];
    }
    return seen == 0;
}

/* Reads argument `id` as an address, or fails. */
static inline void get_address_argument(int32_t id, uint8_t *address) {
    REQUIRE(getArgumentLength(id) == ADDRESS_LENGTH, "an address has 32 bytes");
    getArgument(id, address);
}

#endif
