/* The called half of the pair: a stock of goods and what one piece costs. */
#include "contract.h"

static const uint8_t STOCK_KEY[] = {'s', 't', 'o', 'c', 'k'};
static const uint8_t PRICE_KEY[] = {'p', 'r', 'i', 'c', 'e'};
#define STOCK STOCK_KEY, sizeof STOCK_KEY
#define PRICE PRICE_KEY, sizeof PRICE_KEY

/* init(stock, price) */
CONTRACT_ENDPOINT(init) {
    checkNoPayment();
    REQUIRE(getNumArguments() == 2, "two arguments: stock, price");
    int64_t stock = int64getArgument(0), price = int64getArgument(1);
    REQUIRE(stock >= 0 && price >= 0, "stock and price cannot be negative");
    int64storageStore(STOCK, stock);
    int64storageStore(PRICE, price);
}

/* reserve(quantity) -> stock left; exactly quantity × price must come with the call. */
CONTRACT_ENDPOINT(reserve) {
    REQUIRE(getNumArguments() == 1, "one argument: the quantity");
    int64_t quantity = int64getArgument(0);
    int64_t stock = int64storageLoad(STOCK);
    REQUIRE(quantity > 0, "the quantity must be positive");
    REQUIRE(quantity <= stock, "not enough in stock");

    BigInt paid = bigIntNew(0);
    bigIntGetCallValue(paid);
    BigInt due = bigIntNew(int64storageLoad(PRICE));
    bigIntMul(due, due, bigIntNew(quantity));
    REQUIRE(bigIntCmp(paid, due) == 0, "pay exactly quantity times price");

    int64storageStore(STOCK, stock - quantity);
    int64finish(stock - quantity);
}

/* stock() -> pieces left */
CONTRACT_ENDPOINT(stock) {
    int64finish(int64storageLoad(STOCK));
}
