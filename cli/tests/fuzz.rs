//! Whatever is deployed, the child lives.

mod common;

use std::path::Path;

use arwen_interface::{ReturnCode, VmOutput};

use common::*;

/// How many contracts are tried.
const ROUNDS: u32 = 10_000;

/// A xorshift generator: the same contracts on every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }
    fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.next() as u8).collect()
    }
}

/// Flips, overwrites, cuts, inserts and repeats, a few times.
fn mutate(seed: &[u8], random: &mut Random) -> Vec<u8> {
    let mut code = seed.to_vec();
    for _ in 0..=random.below(4) {
        let at = random.below(code.len());
        match random.below(6) {
            0 if at < code.len() => code[at] ^= 1 << random.below(8),
            1 if at < code.len() => code[at] = random.next() as u8,
            2 => code.truncate(at),
            3 => {
                let some = random.bytes(4);
                code.splice(at..at, some);
            }
            4 => {
                let end = (at + random.below(16)).min(code.len());
                let part = code[at..end].to_vec();
                code.splice(at..at, part);
            }
            _ => {
                let end = (at + random.below(4)).min(code.len());
                code.drain(at..end);
            }
        }
    }
    code
}

fn seeds() -> Vec<Vec<u8>> {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let names = ["adder/adder.wasm", "counter/counter.wasm", "token/token.wasm"];
    let mut seeds: Vec<_> = names
        .iter()
        .map(|name| std::fs::read(examples.join(name)).unwrap())
        .collect();
    seeds.push(wat::parse_str(COUNTER).unwrap());
    seeds
}

#[test]
fn random_bytes_and_mutated_modules_never_kill_the_child() {
    let mut node = Node::start(config());
    let pid = node.driver.process_id();
    let seeds = seeds();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut deployed = 0;
    for round in 0..ROUNDS {
        let code = match round % 4 {
            0 => {
                let len = random.below(300);
                random.bytes(len)
            }
            1 => [b"\0asm\x01\0\0\0".to_vec(), random.bytes(60)].concat(),
            _ => {
                let seed = random.below(seeds.len());
                mutate(&seeds[seed], &mut random)
            }
        };
        let known = node.world.accounts.clone();
        node.world.begin_transaction(&ALICE, 0, 0).unwrap();
        let output = node.driver.create(&mut node.world, &create_input(&code, 100_000));
        let output = output.unwrap_or_else(|error| panic!("round {round}: {error}"));
        if output.return_code == ReturnCode::Ok {
            deployed += 1;
            call_everything(&mut node, &code, &output, round);
        }
        node.world.accounts = known;
    }
    assert_eq!(node.driver.process_id(), pid, "it is still the same child");
    assert!(deployed > 100, "only {deployed} mutants were contracts");
}

fn call_everything(node: &mut Node, code: &[u8], output: &VmOutput, round: u32) {
    node.world.apply(output);
    let contract = output
        .output_accounts
        .iter()
        .find(|account| account.code == code)
        .unwrap()
        .address
        .clone();
    for function in ["add", "increment", "transfer", "forever", "deeper"] {
        let input = call_input(&contract, function, 100_000);
        if let Err(error) = node.driver.call(&mut node.world, &input) {
            panic!("round {round}, {function}: {error}");
        }
    }
}
