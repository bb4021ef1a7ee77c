/* A token in one contract: balances, allowances and events. Amounts are big integers, so no supply is too large.
 *
 * Storage
 *   "supply"                        all there is
 *   "balance" address               what an address holds
 *   "allowed" holder spender        what the spender may still move for the holder
 *
 * An absent entry is 0, and writing 0 removes an entry: an address that holds nothing occupies nothing.
 */
#include "contract.h"

static const uint8_t SUPPLY_KEY[] = {'s', 'u', 'p', 'p', 'l', 'y'};
#define SUPPLY SUPPLY_KEY, sizeof SUPPLY_KEY

enum { TAG_LENGTH = 7, BALANCE_KEY_LENGTH = TAG_LENGTH + ADDRESS_LENGTH, ALLOWED_KEY_LENGTH = TAG_LENGTH + 2 * ADDRESS_LENGTH };

static void balance_key(uint8_t *key, const uint8_t *address) {
    copy_bytes(key, (const uint8_t *)"balance", TAG_LENGTH);
    copy_bytes(key + TAG_LENGTH, address, ADDRESS_LENGTH);
}

static void allowed_key(uint8_t *key, const uint8_t *holder, const uint8_t *spender) {
    copy_bytes(key, (const uint8_t *)"allowed", TAG_LENGTH);
    copy_bytes(key + TAG_LENGTH, holder, ADDRESS_LENGTH);
    copy_bytes(key + TAG_LENGTH + ADDRESS_LENGTH, spender, ADDRESS_LENGTH);
}

/* Adds to, or with `subtract` takes from, the number under a key. Fails with nothing written if it would go below 0. */
static void change(const uint8_t *key, int32_t key_length, BigInt amount, int subtract) {
    BigInt value = bigIntNew(0);
    bigIntStorageLoadUnsigned(key, key_length, value);
    if (subtract) {
        REQUIRE(bigIntCmp(value, amount) >= 0, "not enough");
        bigIntSub(value, value, amount);
    } else {
        bigIntAdd(value, value, amount);
    }
    bigIntStorageStoreUnsigned(key, key_length, value);
}

static BigInt amount_argument(int32_t id) {
    BigInt amount = bigIntNew(0);
    bigIntGetUnsignedArgument(id, amount);
    return amount;
}

static void require_arguments(int32_t count) {
    checkNoPayment();
    REQUIRE(getNumArguments() == count, "wrong number of arguments");
}

/* Event: its name, the two addresses, and as data the amount given as argument `amount_id`. */
static void log_event(const char *name, int32_t name_length, const uint8_t *first, const uint8_t *second,
                      int32_t amount_id) {
    enum { LONGEST_NAME = 8, LONGEST_AMOUNT = 64 };
    uint8_t topics[LONGEST_NAME + 2 * ADDRESS_LENGTH];
    copy_bytes(topics, (const uint8_t *)name, name_length);
    copy_bytes(topics + name_length, first, ADDRESS_LENGTH);
    copy_bytes(topics + name_length + ADDRESS_LENGTH, second, ADDRESS_LENGTH);
    int32_t lengths[3] = {name_length, ADDRESS_LENGTH, ADDRESS_LENGTH};

    uint8_t amount[LONGEST_AMOUNT];
    REQUIRE(getArgumentLength(amount_id) <= LONGEST_AMOUNT, "the amount has more than 64 bytes");
    int32_t amount_length = getArgument(amount_id, amount);
    writeEventLog(3, lengths, topics, amount, amount_length);
}

static void move(const uint8_t *from, const uint8_t *to, int32_t amount_id) {
    BigInt amount = amount_argument(amount_id);
    uint8_t key[BALANCE_KEY_LENGTH];
    balance_key(key, from);
    change(key, sizeof key, amount, 1);
    balance_key(key, to);
    change(key, sizeof key, amount, 0);
    log_event("transfer", 8, from, to, amount_id);
}

/* init(supply): the deployer holds all of it. */
CONTRACT_ENDPOINT(init) {
    require_arguments(1);
    BigInt supply = amount_argument(0);
    bigIntStorageStoreUnsigned(SUPPLY, supply);

    uint8_t deployer[ADDRESS_LENGTH];
    getCaller(deployer);
    uint8_t key[BALANCE_KEY_LENGTH];
    balance_key(key, deployer);
    bigIntStorageStoreUnsigned(key, sizeof key, supply);
}

/* totalSupply() -> amount */
CONTRACT_ENDPOINT(totalSupply) {
    require_arguments(0);
    BigInt supply = bigIntNew(0);
    bigIntStorageLoadUnsigned(SUPPLY, supply);
    bigIntFinishUnsigned(supply);
}

/* balanceOf(address) -> amount */
CONTRACT_ENDPOINT(balanceOf) {
    require_arguments(1);
    uint8_t address[ADDRESS_LENGTH];
    get_address_argument(0, address);
    uint8_t key[BALANCE_KEY_LENGTH];
    balance_key(key, address);
    BigInt balance = bigIntNew(0);
    bigIntStorageLoadUnsigned(key, sizeof key, balance);
    bigIntFinishUnsigned(balance);
}

/* allowance(holder, spender) -> amount */
CONTRACT_ENDPOINT(allowance) {
    require_arguments(2);
    uint8_t holder[ADDRESS_LENGTH], spender[ADDRESS_LENGTH];
    get_address_argument(0, holder);
    get_address_argument(1, spender);
    uint8_t key[ALLOWED_KEY_LENGTH];
    allowed_key(key, holder, spender);
    BigInt allowed = bigIntNew(0);
    bigIntStorageLoadUnsigned(key, sizeof key, allowed);
    bigIntFinishUnsigned(allowed);
}

/* transfer(to, amount) */
CONTRACT_ENDPOINT(transfer) {
    require_arguments(2);
    uint8_t caller[ADDRESS_LENGTH], to[ADDRESS_LENGTH];
    getCaller(caller);
    get_address_argument(0, to);
    move(caller, to, 1);
}

/* approve(spender, amount): replaces what the spender was allowed before. */
CONTRACT_ENDPOINT(approve) {
    require_arguments(2);
    uint8_t caller[ADDRESS_LENGTH], spender[ADDRESS_LENGTH];
    getCaller(caller);
    get_address_argument(0, spender);
    uint8_t key[ALLOWED_KEY_LENGTH];
    allowed_key(key, caller, spender);
    bigIntStorageStoreUnsigned(key, sizeof key, amount_argument(1));
    log_event("approve", 7, caller, spender, 1);
}

/* transferFrom(holder, to, amount): uses up the caller's allowance. */
CONTRACT_ENDPOINT(transferFrom) {
    require_arguments(3);
    uint8_t caller[ADDRESS_LENGTH], holder[ADDRESS_LENGTH], to[ADDRESS_LENGTH];
    getCaller(caller);
    get_address_argument(0, holder);
    get_address_argument(1, to);
    uint8_t key[ALLOWED_KEY_LENGTH];
    allowed_key(key, holder, caller);
    change(key, sizeof key, amount_argument(2), 1);
    move(holder, to, 2);
}
