//! What runs when the flag is raised.

use arwen_eei::Vm;
use arwen_engine::{
    Config, Engine, Extern, Interrupt, Module, NoHost, Ruleset, Store, Tier, TierStatus, Trap,
};
use arwen_interface::{CallInput, INTERRUPTED};
use arwen_metering::{CostTable, Schedule};

use super::Work;
use crate::small_node::{self, Node};

/// Makes a case on the thread it will run on.
pub type Make = Box<dyn FnOnce() -> Result<(Interrupt, Box<dyn Work>), String> + Send>;

/// Something that works until it is stopped.
pub struct Case {
    /// Where it works.
    pub group: &'static str,
    /// What it does there.
    pub name: &'static str,
    pub make: Make,
}

/// All cases, in the order of the table.
pub fn all() -> Vec<Case> {
    let mut cases = Vec::new();
    for (group, tier) in TIERS {
        for (name, text) in code() {
            let make = Box::new(move || engine(&Ruleset::ARWEN_1_3, tier, &text));
            cases.push(Case { group, name, make });
        }
    }
    for (group, tier) in BULK_TIERS {
        for (name, text) in bulk() {
            let make = Box::new(move || engine(&Ruleset::STRICT, tier, &text));
            cases.push(Case { group, name, make });
        }
    }
    for &(name, prepare, again) in HOST {
        let argument = if again.contains("$getArgument") {
            4 << 20
        } else {
            0
        };
        let make = Box::new(move || contract(prepare, again, argument));
        cases.push(Case {
            group: "host function",
            name,
            make,
        });
    }
    cases
}

const TIERS: [(&str, Tier); 2] = [("JIT", Tier::Jit), ("interpreter", Tier::Interpreter)];
const BULK_TIERS: [(&str, Tier); 2] = [
    ("JIT, strict", Tier::Jit),
    ("interpreter, strict", Tier::Interpreter),
];

/// Calls and multiplications in a function without a loop, each of them.
const STRAIGHT: usize = 8_000;

/// Bodies of `run`, without parameters and results, that do not end.
fn code() -> Vec<(&'static str, String)> {
    let step = "(local.set $x (i64.mul (i64.add (local.get $x) (i64.const 7)) (local.get $x)))\n";
    let loads = "(local.set $x (i64.add (local.get $x) (i64.load (i32.wrap_i64 (i64.and (local.get $x) (i64.const 65527))))))\n";
    let large = |step: &str| {
        let body = step.repeat(STRAIGHT);
        format!(
            "(memory 1) (func $large (param $x i64) (result i64) {body} local.get $x)
             (func (export \"run\") (loop $l (drop (call $large (i64.const 3))) (br $l)))"
        )
    };
    vec![
        ("empty loop", "(func (export \"run\") (loop $l (br $l)))".to_owned()),
        (
            "loop over memory",
            "(memory 16) (func (export \"run\") (local $i i32)
                (loop $l (i32.store (i32.and (local.get $i) (i32.const 0xffffc)) (local.get $i))
                    (local.set $i (i32.add (local.get $i) (i32.const 4))) (br $l)))"
                .to_owned(),
        ),
        (
            "recursion, call after call",
            "(func $fib (param i32) (result i32) (if (result i32) (i32.lt_u (local.get 0) (i32.const 2))
                (then (local.get 0))
                (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
                    (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
             (func (export \"run\") (loop $l (drop (call $fib (i32.const 25))) (br $l)))"
                .to_owned(),
        ),
        (
            "indirect calls",
            "(type $t (func (param i32) (result i32))) (table 2 funcref) (elem (i32.const 0) $a $b)
             (func $a (type $t) (i32.add (local.get 0) (i32.const 1)))
             (func $b (type $t) (i32.xor (local.get 0) (i32.const 3)))
             (func (export \"run\") (local $x i32) (loop $l
                (local.set $x (call_indirect (type $t) (local.get $x) (i32.and (local.get $x) (i32.const 1)))) (br $l)))"
                .to_owned(),
        ),
        ("large function without a loop", large(step)),
        ("large function without a loop, loads", large(loads)),
    ]
}

/// The same for bulk operators, on memories and tables as large as contracts may have them.
fn bulk() -> Vec<(&'static str, String)> {
    let body = |what: &str, body: &str| {
        format!(
            "(memory 1024) (table $t 10000000 funcref) (table $u 1000000 10000000 funcref) (data $d \"{}\")
             (func (export \"run\") {what} (loop $l {body} (br $l)))",
            "x".repeat(1 << 20)
        )
    };
    vec![
        (
            "memory.fill of 64 MiB",
            body(
                "",
                "(memory.fill (i32.const 0) (i32.const 1) (i32.const 0x4000000))",
            ),
        ),
        (
            "memory.copy of 63 MiB",
            body(
                "",
                "(memory.copy (i32.const 0x100000) (i32.const 0) (i32.const 0x3f00000))",
            ),
        ),
        (
            "memory.init of 1 MiB",
            body(
                "",
                "(memory.init $d (i32.const 0) (i32.const 0) (i32.const 0x100000))",
            ),
        ),
        (
            "table.fill of 10,000,000",
            body(
                "",
                "(table.fill $t (i32.const 0) (ref.null func) (i32.const 10000000))",
            ),
        ),
        (
            "table.copy of 9,999,999",
            body(
                "",
                "(table.copy $t $t (i32.const 1) (i32.const 0) (i32.const 9999999))",
            ),
        ),
        (
            "table.copy of 1,000,000 between tables",
            body(
                "",
                "(table.copy $u $t (i32.const 0) (i32.const 0) (i32.const 1000000))",
            ),
        ),
        (
            "table.grow by 9,000,000",
            body("(drop (table.grow $u (ref.null func) (i32.const 9000000)))", ""),
        ),
    ]
}

/// Numbers of all ones in the handles 0 and 1, of so many bits and of half as many.
macro_rules! numbers {
    ($bits:literal) => {
        concat!(
            "(drop (call $bigIntNew (i64.const 1))) (drop (call $bigIntNew (i64.const 1))) (drop (call $bigIntNew (i64.const 1)))
             (call $bigIntShl (i32.const 0) (i32.const 0) (i32.const ", $bits, "))
             (call $bigIntSub (i32.const 0) (i32.const 0) (i32.const 2))
             (call $bigIntShl (i32.const 1) (i32.const 2) (i32.div_u (i32.const ", $bits, ") (i32.const 2)))
             (call $bigIntSub (i32.const 1) (i32.const 1) (i32.const 2))"
        )
    };
}

/// Host functions: what is done once, and what is done over and over.
#[rustfmt::skip]
const HOST: &[(&str, &str, &str)] = &[
    ("sha256 of 4 MiB", "", "(drop (call $sha256 (i32.const 4096) (i32.const 0x400000) (i32.const 0)))"),
    ("keccak256 of 4 MiB", "", "(drop (call $keccak256 (i32.const 4096) (i32.const 0x400000) (i32.const 0)))"),
    ("ripemd160 of 4 MiB", "", "(drop (call $ripemd160 (i32.const 4096) (i32.const 0x400000) (i32.const 0)))"),
    ("sha256 of 1 GiB, past the memory", "",
        "(drop (call $sha256 (i32.const 4096) (i32.const 0x40000000) (i32.const 0)))"),
    ("verifyEd25519 of 32 bytes", "",
        "(drop (call $verifyEd25519 (i32.const 0) (i32.const 4096) (i32.const 32) (i32.const 32)))"),
    ("verifyEd25519 of 4 MiB", "",
        "(drop (call $verifyEd25519 (i32.const 0) (i32.const 4096) (i32.const 0x400000) (i32.const 32)))"),
    ("verifySecp256k1 of 32 bytes", "",
        "(drop (call $verifySecp256k1 (i32.const 96) (i32.const 33) (i32.const 4096) (i32.const 32) (i32.const 129)))"),
    ("verifySecp256k1 of 4 MiB", "",
        "(drop (call $verifySecp256k1 (i32.const 96) (i32.const 33) (i32.const 4096) (i32.const 0x400000) (i32.const 129)))"),
    ("verifyBLS of 32 bytes", "",
        "(drop (call $verifyBLS (i32.const 199) (i32.const 4096) (i32.const 32) (i32.const 295)))"),
    ("verifyBLS of 4 MiB", "",
        "(drop (call $verifyBLS (i32.const 199) (i32.const 4096) (i32.const 0x400000) (i32.const 295)))"),
    ("a loop that calls getGasLeft", "", "(drop (call $getGasLeft))"),
    ("bigIntMul of 1 KiB each", numbers!(8192), "(call $bigIntMul (i32.const 3) (i32.const 0) (i32.const 0))"),
    ("bigIntMul of 8 KiB each", numbers!(65536), "(call $bigIntMul (i32.const 3) (i32.const 0) (i32.const 0))"),
    ("bigIntMul of 512 KiB each", numbers!(4194304), "(call $bigIntMul (i32.const 3) (i32.const 0) (i32.const 0))"),
    ("bigIntTDiv of 1 KiB by half as much", numbers!(8192), "(call $bigIntTDiv (i32.const 3) (i32.const 0) (i32.const 1))"),
    ("bigIntTDiv of 512 KiB by half as much", numbers!(4194304), "(call $bigIntTDiv (i32.const 3) (i32.const 0) (i32.const 1))"),
    ("bigIntEMod of 512 KiB by half as much", numbers!(4194304), "(call $bigIntEMod (i32.const 3) (i32.const 0) (i32.const 1))"),
    ("bigIntAdd of 512 KiB", numbers!(4194304), "(call $bigIntAdd (i32.const 3) (i32.const 0) (i32.const 0))"),
    ("bigIntAdd of 8 MiB", numbers!(67108864), "(call $bigIntAdd (i32.const 3) (i32.const 0) (i32.const 0))"),
    ("bigIntSub of 8 MiB", numbers!(67108864), "(call $bigIntSub (i32.const 3) (i32.const 0) (i32.const 1))"),
    ("bigIntAnd of 8 MiB", numbers!(67108864), "(call $bigIntAnd (i32.const 3) (i32.const 0) (i32.const 0))"),
    ("bigIntShl by 67,108,864", "(drop (call $bigIntNew (i64.const 1)))",
        "(call $bigIntShl (i32.const 3) (i32.const 0) (i32.const 67108864))"),
    ("bigIntSetUnsignedBytes of 4 MiB", "(i32.store8 (i32.const 4096) (i32.const 1))",
        "(call $bigIntSetUnsignedBytes (i32.const 3) (i32.const 4096) (i32.const 0x400000))"),
    ("bigIntGetUnsignedBytes of 4 MiB", numbers!(33554432),
        "(drop (call $bigIntGetUnsignedBytes (i32.const 0) (i32.const 4096)))"),
    ("bigIntUnsignedByteLength of 4 MiB", numbers!(33554432), "(drop (call $bigIntUnsignedByteLength (i32.const 0)))"),
    ("storageStore of 4 MiB, modified each time", "",
        "(i32.store (i32.const 4096) (i32.add (i32.load (i32.const 4096)) (i32.const 1)))
         (drop (call $storageStore (i32.const 0) (i32.const 4) (i32.const 4096) (i32.const 0x400000)))"),
    ("storageLoad of 4 MiB",
        "(drop (call $storageStore (i32.const 0) (i32.const 4) (i32.const 4096) (i32.const 0x400000)))",
        "(drop (call $storageLoad (i32.const 0) (i32.const 4) (i32.const 4096)))"),
    ("storageLoadLength of 4 MiB",
        "(drop (call $storageStore (i32.const 0) (i32.const 4) (i32.const 4096) (i32.const 0x400000)))",
        "(drop (call $storageLoadLength (i32.const 0) (i32.const 4)))"),
    ("finish of 1 MiB", "", "(call $finish (i32.const 4096) (i32.const 0x100000))"),
    ("writeLog with 30,000 topics", "", "(call $writeLog (i32.const 0) (i32.const 32) (i32.const 4096) (i32.const 30000))"),
    ("getArgument of 4 MiB", "", "(drop (call $getArgument (i32.const 0) (i32.const 4096)))"),
    ("executeOnDestContext with an argument of 4 MiB", "(i32.store (i32.const 512) (i32.const 0x400000))",
        "(drop (call $executeOnDestContext (i64.const 10000000000) (i32.const 343) (i32.const 375) (i32.const 407)
            (i32.const 4) (i32.const 1) (i32.const 512) (i32.const 4096)))"),
];

/// Where long bytes lie.
const LONG_AT: &str = "(i32.const 4096)";

/// What the contract of the host functions has at the start of its memory: a key and a signature of Ed25519, of
/// secp256k1 and of BLS, then its own address, no value and the name of a function that does nothing. The signatures
/// are of other messages than the cases have, which takes as long.
fn data() -> String {
    let hex = [
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        "0311db93e1dcdb8a016b49840f8c53bc1eb68a382e97b1482ecad7b148a6909a5c",
        "304402204e45e16932b8af514961a1d3a1a25fdf3f4f7732e9d624c6c61548ab5fb8cd410220181522ec8eca07de4860a4acdd12909d831cc56cbbac4622082221a8768d1d09",
        "dd87d6582638b7ed1edfd1fe7d4c3e42fc17fa61cd2ed08dde6ba13d10fc96b10f4fb55ff30799cb8676e4d1c098810048c51de82d6c9c35327e353274479ab78f5771cc7ba36d6c4b39a680e69591bec7539b160e1e62403561d907926d9b19",
        "265bf4ae2c7933173548147c74fc12eeaf429b58a0727c0e5585085a2209030be7d27d3193b4d6441303b14c9a3f4007",
    ];
    let bytes = hex.concat();
    let digits = bytes
        .as_bytes()
        .chunks(2)
        .map(String::from_utf8_lossy)
        .map(String::from);
    let own = small_node::CONTRACT.iter().map(|byte| format!("{byte:02x}"));
    let value = std::iter::repeat_n("00".to_owned(), 32);
    let escaped: String = digits
        .chain(own)
        .chain(value)
        .map(|byte| format!("\\{byte}"))
        .collect();
    escaped + "idle"
}

/// A module whose `run` does not end.
fn engine(rules: &'static Ruleset, tier: Tier, text: &str) -> Result<(Interrupt, Box<dyn Work>), String> {
    let engine = Engine::new(Config::new(rules).tier(tier));
    let wasm = wat::parse_str(format!("(module {text})")).map_err(|e| e.to_string())?;
    let module = Module::new(&engine, &wasm).map_err(|e| e.to_string())?;
    if tier == Tier::Jit && module.tier_status() != TierStatus::Native {
        return Err(format!("{:?}", module.tier_status()));
    }
    let prices = Schedule::bundled("dummy").ok_or("no prices")?.op_costs();
    let costs = module.costs(prices);
    let interrupt = Interrupt::new();
    let work = InEngine {
        engine,
        module,
        costs,
        interrupt: interrupt.clone(),
        store: None,
    };
    Ok((interrupt, Box::new(work)))
}

/// A module whose `run` does not end, in a new store each time.
struct InEngine {
    engine: Engine,
    module: Module,
    costs: CostTable,
    interrupt: Interrupt,
    store: Option<Store>,
}

impl Work for InEngine {
    fn run(&mut self) -> Result<(), String> {
        let store = self.store.insert(Store::new(&self.engine, &self.interrupt));
        store.meter().set_limit(u64::MAX);
        let instance = store
            .instantiate(&self.module, &[], &self.costs, &mut NoHost)
            .map_err(|e| e.to_string())?;
        let Some(Extern::Func(run)) = store.export(instance, "run") else {
            return Err("no function run".to_owned());
        };
        match store.invoke(run, &mut NoHost, &[]) {
            Err(Trap::Interrupted) => Ok(()),
            other => Err(format!("{other:?}")),
        }
    }

    fn give_back(&mut self) {
        self.store = None;
    }
}

/// A contract with an argument of so many bytes that does something once, then something over and over, called in the VM host with compiled code.
fn contract(prepare: &str, again: &str, argument: usize) -> Result<(Interrupt, Box<dyn Work>), String> {
    // Only what works on megabytes needs them.
    let pages = if [prepare, again].concat().contains(LONG_AT) {
        80
    } else {
        0
    };
    let body = format!("(drop (memory.grow (i32.const {pages}))) {prepare} (loop $l {again} (br $l))");
    let code = small_node::contract_with(&data(), &[("f", &body), ("idle", "")]);
    let vm = small_node::vm(Tier::Jit);
    let interrupt = vm.interrupt();
    let work = InVm {
        vm,
        node: Node::new(Some(&code)),
        input: small_node::call("f", &[&vec![1; argument]], u64::MAX),
    };
    Ok((interrupt, Box::new(work)))
}

/// A call of a contract that does not end.
struct InVm {
    vm: Vm,
    node: Node,
    input: CallInput,
}

impl Work for InVm {
    fn run(&mut self) -> Result<(), String> {
        match self.vm.call(&mut self.node, &self.input) {
            Err(error) if error.to_string() == INTERRUPTED => Ok(()),
            other => Err(format!(
                "{:?}",
                other.map(|output| (output.return_code, output.return_message))
            )),
        }
    }

    fn give_back(&mut self) {
        self.vm.give_back();
    }
}
