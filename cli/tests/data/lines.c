/* A contract with debug information, for tests. Line numbers are expected by them: keep what is where.
 *
 * clang --target=wasm32 -mcpu=mvp -O1 -g -nostdlib -ffreestanding -ffile-prefix-map="$PWD"=. \
 *     -Wl,--no-entry,--initial-memory=65536,-z,stack-size=4096 -o lines.wasm lines.c
 */
#include <stdint.h>

__attribute__((import_module("env"), import_name("int64finish"))) extern void int64finish(int64_t value);
__attribute__((import_module("env"), import_name("int64getArgument"))) extern int64_t int64getArgument(int32_t id);

__attribute__((noinline)) static int64_t divide(int64_t a, int64_t b) {
    int64_t scaled = a * 1000;
    return scaled / b; /* line 13: traps when b is 0 */
}

__attribute__((export_name("ratio"))) void ratio(void) {
    int64_t a = int64getArgument(0);
    int64_t b = int64getArgument(1);
    int64finish(divide(a, b));
}
