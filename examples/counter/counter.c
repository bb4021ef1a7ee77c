/* A counter that never goes below zero and tells the log about every change. */
#include "contract.h"

static const uint8_t VALUE_KEY[] = {'v', 'a', 'l', 'u', 'e'};
#define VALUE VALUE_KEY, sizeof VALUE_KEY

/* The stored number is read as unsigned; staying in the positive half keeps every view of it the same. */
#define VALUE_MAX INT64_MAX

/* Two topics, both padded to 32 bytes: what happened, which becomes the identifier, and who caused it. */
static void log_change(const uint8_t *event, int32_t event_length, int64_t value) {
    uint8_t topics[2 * TOPIC_LENGTH];
    for (int32_t i = 0; i < TOPIC_LENGTH; i++) {
        topics[i] = i < event_length ? event[i] : 0;
    }
    getCaller(topics + TOPIC_LENGTH);

    uint8_t data[8];
    for (int32_t i = 0; i < 8; i++) {
        data[i] = (uint8_t)(value >> (56 - 8 * i));
    }
    writeLog(data, sizeof data, topics, 2);
}

/* The optional only argument: by how much. */
static int64_t step_argument(void) {
    int32_t count = getNumArguments();
    REQUIRE(count <= 1, "at most one argument: the step");
    if (count == 0) {
        return 1;
    }
    REQUIRE(getArgumentLength(0) <= 8, "the step must be a positive 64-bit number");
    int64_t step = int64getArgument(0);
    REQUIRE(step > 0, "the step must be a positive 64-bit number");
    return step;
}

/* init(start = 0) */
CONTRACT_ENDPOINT(init) {
    checkNoPayment();
    int32_t count = getNumArguments();
    REQUIRE(count <= 1, "at most one argument: the first value");
    int64_t start = 0;
    if (count == 1) {
        REQUIRE(getArgumentLength(0) <= 8, "the first value must be a 64-bit number, not negative");
        start = int64getArgument(0);
        REQUIRE(start >= 0, "the first value must be a 64-bit number, not negative");
    }
    int64storageStore(VALUE, start);
}

/* increment(step = 1) */
CONTRACT_ENDPOINT(increment) {
    checkNoPayment();
    int64_t step = step_argument();
    int64_t value = int64storageLoad(VALUE);
    REQUIRE(value <= VALUE_MAX - step, "the counter is full");
    int64storageStore(VALUE, value + step);
    log_change(TEXT("increment"), value + step);
}

/* decrement(step = 1) */
CONTRACT_ENDPOINT(decrement) {
    checkNoPayment();
    int64_t step = step_argument();
    int64_t value = int64storageLoad(VALUE);
    REQUIRE(value >= step, "the counter cannot go below zero");
    int64storageStore(VALUE, value - step);
    log_change(TEXT("decrement"), value - step);
}

/* get() -> value */
CONTRACT_ENDPOINT(get) {
    int64finish(int64storageLoad(VALUE));
}
