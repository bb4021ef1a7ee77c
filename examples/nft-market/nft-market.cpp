// A market for tokens, for one or many pieces of each. A seller leaves a token with the market and names a price in
// EGLD; whoever pays the price gets the token. What the buyer pays is shared out: a fee to the market, a royalty to the
// one who made the token, the rest to the seller.
//
// Storage
//   "fee"                   the market's share, in hundredths of a percent
//   "fees"                  what the owner may claim
//   "count"                 how many offers were ever made
//   "offer" number          an open offer (see `Offer`); gone once it is sold or withdrawn
#include "arwen.h"

// The compiler fills and copies what is large with these; there is no C library that has them.
extern "C" void *memset(void *to, int byte, __SIZE_TYPE__ length) {
    for (__SIZE_TYPE__ i = 0; i < length; i++) {
        static_cast<uint8_t *>(to)[i] = uint8_t(byte);
    }
    return to;
}

extern "C" void *memcpy(void *to, const void *from, __SIZE_TYPE__ length) {
    for (__SIZE_TYPE__ i = 0; i < length; i++) {
        static_cast<uint8_t *>(to)[i] = static_cast<const uint8_t *>(from)[i];
    }
    return to;
}

namespace {

constexpr int32_t ADDRESS = 32, AMOUNT = 32, LONGEST_TOKEN = 32, LONGEST_NAME = 256,
                  LONGEST_TEXT = 1024;
constexpr int64_t WHOLE = 10'000; // of shares: hundredths of a percent

// ---- Bytes ----

struct Text {
    const char *bytes;
    int32_t length;
    template <int32_t N> constexpr Text(const char (&literal)[N]) : bytes(literal), length(N - 1) {}
};

[[noreturn]] void fail(Text message) {
    signalError(message.bytes, message.length); // does not return
    __builtin_unreachable();
}

void require(bool condition, Text message) {
    if (!condition) {
        fail(message);
    }
}

struct Address {
    uint8_t bytes[ADDRESS];

    static Address caller() {
        Address address;
        getCaller(address.bytes);
        return address;
    }

    bool operator==(const Address &other) const {
        for (int32_t i = 0; i < ADDRESS; i++) {
            if (bytes[i] != other.bytes[i]) {
                return false;
            }
        }
        return true;
    }
};

// ---- Amounts: they live in the VM, and a copy is another handle for the same one ----

class Amount {
  public:
    explicit Amount(int64_t value = 0) : handle(bigIntNew(value)) {}

    static Amount argument(int32_t id) {
        Amount amount;
        bigIntGetUnsignedArgument(id, amount.handle);
        return amount;
    }

    static Amount paid() {
        Amount amount;
        bigIntGetCallValue(amount.handle);
        return amount;
    }

    static Amount paid_in_tokens() {
        Amount amount;
        bigIntGetESDTCallValue(amount.handle);
        return amount;
    }

    static Amount from_bytes(const uint8_t (&bytes)[AMOUNT]) {
        Amount amount;
        bigIntSetUnsignedBytes(amount.handle, bytes, AMOUNT);
        return amount;
    }

    // All 32 bytes, as transfers want them.
    void to_bytes(uint8_t (&bytes)[AMOUNT]) const {
        int32_t length = bigIntUnsignedByteLength(handle);
        require(length <= AMOUNT, "the amount has more than 32 bytes");
        for (auto &byte : bytes) {
            byte = 0;
        }
        bigIntGetUnsignedBytes(handle, bytes + AMOUNT - length);
    }

    Amount operator+(const Amount &other) const {
        Amount sum;
        bigIntAdd(sum.handle, handle, other.handle);
        return sum;
    }

    Amount operator-(const Amount &other) const {
        Amount difference;
        bigIntSub(difference.handle, handle, other.handle);
        return difference;
    }

    // What so many hundredths of a percent of it are, rounded down.
    Amount share(const Amount &hundredths) const {
        Amount part;
        bigIntMul(part.handle, handle, hundredths.handle);
        bigIntTDiv(part.handle, part.handle, Amount(WHOLE).handle);
        return part;
    }

    bool operator==(const Amount &other) const { return bigIntCmp(handle, other.handle) == 0; }
    bool operator>(const Amount &other) const { return bigIntCmp(handle, other.handle) > 0; }
    bool is_zero() const { return bigIntSign(handle) == 0; }

    void finish() const { bigIntFinishUnsigned(handle); }

    void send(const Address &to, Text note) const {
        if (!is_zero()) {
            uint8_t value[AMOUNT];
            to_bytes(value);
            transferValue(to.bytes, value, note.bytes, note.length);
        }
    }

    BigInt handle;
};

// ---- Storage ----

struct StoredAmount {
    Text key;

    Amount get() const {
        Amount amount;
        bigIntStorageLoadUnsigned(key.bytes, key.length, amount.handle);
        return amount;
    }

    void set(const Amount &amount) const { bigIntStorageStoreUnsigned(key.bytes, key.length, amount.handle); }
};

constexpr StoredAmount FEE{"fee"}, FEES{"fees"};
constexpr Text COUNT = "count";

// An open offer, stored as it lies in memory.
struct Offer {
    Address seller;
    uint8_t price[AMOUNT];
    uint8_t pieces[AMOUNT];
    int64_t nonce;
    int32_t token_length;
    uint8_t token[LONGEST_TOKEN];

    // Sends the token to an account that is no contract's, or to a contract without calling anything.
    void hand_over(const Address &to) const {
        int32_t failed = transferESDTNFTExecute(to.bytes, token, token_length, pieces, nonce, 0, nullptr, 0, 0, nullptr,
                                                nullptr);
        require(failed == 0, "the token cannot be sent");
    }
};

struct OfferKey {
    uint8_t bytes[5 + sizeof(int64_t)] = {'o', 'f', 'f', 'e', 'r'};

    explicit OfferKey(int64_t number) {
        for (unsigned i = 0; i < sizeof number; i++) {
            bytes[5 + i] = uint8_t(uint64_t(number) >> (56 - 8 * i));
        }
    }

    Offer load() const {
        Offer offer;
        require(storageLoadLength(bytes, sizeof bytes) == sizeof offer, "no such offer");
        storageLoad(bytes, sizeof bytes, &offer);
        return offer;
    }

    void store(const Offer &offer) const { storageStore(bytes, sizeof bytes, &offer, sizeof offer); }
    void clear() const { storageStore(bytes, sizeof bytes, nullptr, 0); }
};

OfferKey offer_argument() {
    require(getNumArguments() == 1, "one argument: the number of the offer");
    return OfferKey(smallIntGetUnsignedArgument(0));
}

// Who made the token, and the share of each sale that is theirs.
struct Maker {
    Address address{};
    Amount royalty;

    explicit Maker(const Offer &offer) {
        Address market;
        getSCAddress(market.bytes);
        // The host writes as much as a token says of itself, wherever it is told to. sell() has refused what is too
        // long for these. Nobody tells the length of a hash before: it is the last thing in memory, so that only
        // the end of memory can lie behind it, where the host fails the call.
        static struct {
            uint8_t properties[32], name[LONGEST_NAME], attributes[LONGEST_TEXT], uri[LONGEST_TEXT], hash[32];
        } token;
        Amount pieces;
        getESDTTokenData(market.bytes, offer.token, offer.token_length, offer.nonce, pieces.handle, token.properties,
                         token.hash, token.name, token.attributes, address.bytes, royalty.handle, token.uri);
    }
};

void log_offer(Text event, const Offer &offer, int64_t number) {
    uint8_t topics[16 + LONGEST_TOKEN + ADDRESS];
    uint8_t *end = topics;
    auto append = [&end](const void *bytes, int32_t length) {
        for (int32_t i = 0; i < length; i++) {
            *end++ = static_cast<const uint8_t *>(bytes)[i];
        }
    };
    append(event.bytes, event.length);
    append(offer.token, offer.token_length);
    append(Address::caller().bytes, ADDRESS);
    int32_t lengths[] = {event.length, offer.token_length, ADDRESS};
    writeEventLog(3, lengths, topics, OfferKey(number).bytes + 5, sizeof number);
}

} // namespace

#define ENDPOINT(name) extern "C" __attribute__((export_name(#name))) void endpoint_##name()

// init(fee): the market's share, in hundredths of a percent
ENDPOINT(init) {
    checkNoPayment();
    require(getNumArguments() == 1, "one argument: the fee");
    Amount fee = Amount::argument(0);
    require(!(fee > Amount(WHOLE)), "the fee is more than everything");
    FEE.set(fee);
}

// sell(price) -> number of the offer; payable with a token that has a nonce
ENDPOINT(sell) {
    require(getNumArguments() == 1, "one argument: the price");
    Offer offer{};
    offer.token_length = getESDTTokenName(offer.token);
    offer.nonce = getESDTTokenNonce();
    require(offer.token_length > 0 && offer.nonce > 0, "pay with the token to sell");

    Address market;
    getSCAddress(market.bytes);
    require(getESDTNFTNameLength(market.bytes, offer.token, offer.token_length, offer.nonce) <= LONGEST_NAME &&
                getESDTNFTAttributeLength(market.bytes, offer.token, offer.token_length, offer.nonce) <=
                    LONGEST_TEXT &&
                getESDTNFTURILength(market.bytes, offer.token, offer.token_length, offer.nonce) <= LONGEST_TEXT,
            "the token says too much about itself");
    require(!(Maker(offer).royalty + FEE.get() > Amount(WHOLE)), "royalty and fee are more than the price");

    offer.seller = Address::caller();
    Amount::paid_in_tokens().to_bytes(offer.pieces);
    Amount::argument(0).to_bytes(offer.price);

    int64_t number = smallIntStorageLoadUnsigned(COUNT.bytes, COUNT.length) + 1;
    smallIntStorageStoreUnsigned(COUNT.bytes, COUNT.length, number);
    OfferKey(number).store(offer);
    log_offer("sell", offer, number);
    smallIntFinishUnsigned(number);
}

// buy(offer), payable with exactly its price in EGLD
ENDPOINT(buy) {
    OfferKey key = offer_argument();
    Offer offer = key.load();
    Amount price = Amount::from_bytes(offer.price);
    require(Amount::paid() == price, "pay exactly the price");

    // The offer is closed before anything leaves, so that nobody who is sent something finds it open.
    key.clear();
    Maker maker(offer);
    Amount fee = price.share(FEE.get()), royalty = price.share(maker.royalty);
    FEES.set(FEES.get() + fee);
    offer.hand_over(Address::caller());
    royalty.send(maker.address, "royalty");
    (price - fee - royalty).send(offer.seller, "sold");
    log_offer("buy", offer, smallIntGetUnsignedArgument(0));
}

// withdraw(offer): the seller gets the token back.
ENDPOINT(withdraw) {
    checkNoPayment();
    OfferKey key = offer_argument();
    Offer offer = key.load();
    require(Address::caller() == offer.seller, "the seller alone may withdraw");
    key.clear();
    offer.hand_over(offer.seller);
    log_offer("withdraw", offer, smallIntGetUnsignedArgument(0));
}

// offer(number) -> seller, token, nonce, pieces, price
ENDPOINT(offer) {
    Offer offer = offer_argument().load();
    finish(offer.seller.bytes, ADDRESS);
    finish(offer.token, offer.token_length);
    smallIntFinishUnsigned(offer.nonce);
    Amount::from_bytes(offer.pieces).finish();
    Amount::from_bytes(offer.price).finish();
}

// claimFees() -> amount, sent to the owner
ENDPOINT(claimFees) {
    checkNoPayment();
    Address owner;
    getOwnerAddress(owner.bytes);
    require(Address::caller() == owner, "the owner alone may claim");
    Amount fees = FEES.get();
    FEES.set(Amount(0));
    fees.send(owner, "fees");
    fees.finish();
}
