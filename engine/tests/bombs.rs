//! Compile bombs: each is compiled within the budget, or refused before any code is generated, and gives the same.
#![cfg(feature = "jit")]

mod common;
#[path = "common/bombs.rs"]
mod corpus;

use arwen_engine::{
    Config, Engine, Extern, Interrupt, Module, NoHost, Refusal, Ruleset, Store, Tier, TierStatus, Trap, Value,
};
use arwen_metering::Schedule;
use common::wasm;

/// Value or trap for some arguments, and the gas of all of them.
type Outcome = (Vec<Result<Vec<Value>, Trap>>, u64);

fn outcome(wasm: &[u8], tier: Tier) -> (Outcome, TierStatus) {
    let engine = Engine::new(Config::new(&Ruleset::STRICT).tier(tier));
    let module = Module::new(&engine, wasm).unwrap_or_else(|e| panic!("{e}"));
    let prices = Schedule::bundled("dummy").expect("bundled").op_costs();
    let results = [0, 1, 77, -1]
        .into_iter()
        .map(|argument| {
            let mut store = Store::new(&engine, &Interrupt::new());
            store.meter().set_limit(3_000_000);
            let instance = store
                .instantiate(&module, &[], &module.costs(prices), &mut NoHost)
                .unwrap_or_else(|e| panic!("{e}"));
            let Some(Extern::Func(run)) = store.export(instance, "run") else {
                panic!("every bomb exports run")
            };
            let result = store.invoke(run, &mut NoHost, &[Value::I32(argument)]);
            (result, store.meter().used())
        })
        .collect::<Vec<_>>();
    let gas = results.iter().map(|(_, gas)| gas).sum();
    let results = results.into_iter().map(|(result, _)| result).collect();
    ((results, gas), module.tier_status())
}

#[test]
fn every_bomb_is_compiled_within_the_budget_or_interpreted_with_the_same_outcome() {
    let mut refused = Vec::new();
    for (name, text) in corpus::all() {
        let wasm = wasm(&text);
        let (wanted, _) = outcome(&wasm, Tier::Interpreter);
        let (given, status) = outcome(&wasm, Tier::Jit);
        assert_eq!(given, wanted, "{name}");
        match status {
            TierStatus::Native => {}
            TierStatus::Refused(Refusal::Budget { .. }) => refused.push(name),
            other => panic!("{name}: {other:?}"),
        }
    }
    // Every row of the budget that counts blocks, types, values or targets holds one back, and nothing that is named to be within it is.
    assert!(
        refused.iter().all(|name| !name.contains("within the budget")),
        "{refused:?}"
    );
    for name in [
        "huge br_table",
        "deep nesting",
        "thousands of blocks",
        "thousands of locals",
        "many functions of blocks",
        "many functions of locals",
        "one giant function",
        "hundreds of wide types",
    ] {
        assert!(refused.contains(&name), "{name} was compiled");
    }
}
