/* Breaks most rules of a deployment at once, with debug information. Line numbers are expected by tests.
 *
 * clang --target=wasm32 -mcpu=mvp -O1 -g -nostdlib -ffreestanding -ffile-prefix-map="$PWD"=. \
 *     -Wl,--no-entry,--initial-memory=65536,-z,stack-size=4096 -o refused.wasm refused.c
 */
#include <stdint.h>

/* No host function at all, and one of another type. */
__attribute__((import_module("env"), import_name("getMoon"))) extern int32_t getMoon(void);
__attribute__((import_module("env"), import_name("finish"))) extern int32_t finish(int32_t value);

static double ratio(double a, double b) {
    return a / b;
}

__attribute__((export_name("price"))) int32_t price(int32_t base) {
    return (int32_t)ratio(getMoon(), base) + finish(3);
}

__attribute__((export_name("getCaller"))) void get_caller(void) {}
