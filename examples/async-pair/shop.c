/* The calling half of the pair: takes an order with its payment, asks the warehouse for the goods with an
 * asynchronous call, and settles the order when the answer arrives in callBack.
 *
 * The shop neither knows nor asks where the warehouse lives. In the same shard the whole exchange happens inside one
 * transaction; in another shard the call and the answer are two more transactions. The state is the same in the end.
 *
 * Storage
 *   "warehouse"              its address
 *   "order" tx-hash          an open order: buyer (32 bytes), payment (32 bytes)
 *   "bought" buyer           orders the warehouse accepted; the payment of others went back to the buyer
 *
 * A callee that fails takes all the gas it was given. What is left for the callback then is what the VM locked for it,
 * so the way of a refused order through callBack is kept short.
 */
#include "contract.h"

static const uint8_t WAREHOUSE_KEY[] = {'w', 'a', 'r', 'e', 'h', 'o', 'u', 's', 'e'};
#define WAREHOUSE WAREHOUSE_KEY, sizeof WAREHOUSE_KEY

enum { ORDER_TAG = 5, ORDER_KEY_LENGTH = ORDER_TAG + HASH_LENGTH, ORDER_LENGTH = ADDRESS_LENGTH + VALUE_LENGTH };
enum { BOUGHT_TAG = 6, BOUGHT_KEY_LENGTH = BOUGHT_TAG + ADDRESS_LENGTH, LONGEST_QUANTITY = 8 };

/* The hash of the transaction that started it all is the same in the call, wherever it runs, and in the callback. */
static void order_key(uint8_t *key) {
    copy_bytes(key, (const uint8_t *)"order", ORDER_TAG);
    getOriginalTxHash(key + ORDER_TAG);
}

static void bought_key(uint8_t *key, const uint8_t *buyer) {
    copy_bytes(key, (const uint8_t *)"bought", BOUGHT_TAG);
    copy_bytes(key + BOUGHT_TAG, buyer, ADDRESS_LENGTH);
}

/* The first argument of a callback: the return code in the same shard (0 is the empty string), its text when the
 * answer came from another one. */
static int call_succeeded(void) {
    int32_t length = getArgumentLength(0);
    uint8_t code[2] = {0, 0};
    if (length > 2) {
        return 0;
    }
    getArgument(0, code);
    return (length == 2 && code[0] == 'o' && code[1] == 'k') || is_zero(code, length);
}

/* init(warehouse) */
CONTRACT_ENDPOINT(init) {
    checkNoPayment();
    REQUIRE(getNumArguments() == 1, "one argument: the warehouse");
    uint8_t warehouse[ADDRESS_LENGTH];
    get_address_argument(0, warehouse);
    storageStore(WAREHOUSE, warehouse, ADDRESS_LENGTH);
}

/* order(quantity), payable */
CONTRACT_ENDPOINT(order) {
    REQUIRE(getNumArguments() == 1, "one argument: the quantity");
    int32_t quantity_length = getArgumentLength(0);
    REQUIRE(quantity_length <= LONGEST_QUANTITY, "the quantity has more than 8 bytes");

    uint8_t order[ORDER_LENGTH] = {0};
    getCaller(order);
    getCallValue(order + ADDRESS_LENGTH);
    uint8_t key[ORDER_KEY_LENGTH];
    order_key(key);
    storageStore(key, sizeof key, order, sizeof order);

    /* reserve@<quantity in hexadecimal> */
    enum { CALL_NAME = 8 };
    uint8_t quantity[LONGEST_QUANTITY], call[CALL_NAME + 2 * LONGEST_QUANTITY];
    getArgument(0, quantity);
    copy_bytes(call, (const uint8_t *)"reserve@", CALL_NAME);
    for (int32_t i = 0; i < quantity_length; i++) {
        call[CALL_NAME + 2 * i] = (uint8_t)"0123456789abcdef"[quantity[i] >> 4];
        call[CALL_NAME + 2 * i + 1] = (uint8_t)"0123456789abcdef"[quantity[i] & 15];
    }

    uint8_t warehouse[ADDRESS_LENGTH];
    storageLoad(WAREHOUSE, warehouse);
    asyncCall(warehouse, order + ADDRESS_LENGTH, call, CALL_NAME + 2 * quantity_length);
}

/* The VM calls this with the warehouse's answer; nobody else can. */
CONTRACT_ENDPOINT(callBack) {
    uint8_t key[ORDER_KEY_LENGTH], order[ORDER_LENGTH];
    order_key(key);
    REQUIRE(storageLoad(key, sizeof key, order) == ORDER_LENGTH, "no such order");
    storageStore(key, sizeof key, order, 0);

    if (call_succeeded()) {
        uint8_t bought[BOUGHT_KEY_LENGTH];
        bought_key(bought, order);
        int64storageStore(bought, sizeof bought, int64storageLoad(bought, sizeof bought) + 1);
    } else if (!is_zero(order + ADDRESS_LENGTH, VALUE_LENGTH)) {
        transferValue(order, order + ADDRESS_LENGTH, TEXT("refused"));
    }
}

/* bought(buyer) -> count */
CONTRACT_ENDPOINT(bought) {
    REQUIRE(getNumArguments() == 1, "one argument: the buyer");
    uint8_t buyer[ADDRESS_LENGTH], key[BOUGHT_KEY_LENGTH];
    get_address_argument(0, buyer);
    bought_key(key, buyer);
    int64finish(int64storageLoad(key, sizeof key));
}
