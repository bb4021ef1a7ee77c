//! Ten integer kernels, one C source (`kernels/k.c`), each exporting `run: [] -> [i64]`.

/// A kernel: its name and its module.
pub struct Kernel {
    /// As in the tables; upper-cased it is the macro that selects the kernel in `k.c`.
    pub name: &'static str,
    /// The WebAssembly binary, built by `kernels/build.sh`.
    pub wasm: &'static [u8],
}

macro_rules! kernels {
    ($($name:literal)*) => {
        /// Every kernel, in the order of the tables.
        pub const ALL: &[Kernel] = &[$(Kernel {
            name: $name,
            wasm: include_bytes!(concat!("../kernels/", $name, ".wasm")),
        }),*];
    };
}

kernels!("fib" "sha256" "keccak" "mulmod" "qsort" "sieve" "memloop" "interp" "callind" "matmul");

/// The C source of all of them.
pub const SOURCE: &str = include_str!("../kernels/k.c");
