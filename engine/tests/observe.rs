//! What the observed tier tells: places, state, and every unit of gas; and that telling changes nothing.

mod common;

use std::collections::BTreeSet;

use arwen_engine::{
    Caller, Config, Extern, Host, HostStop, Interrupt, Module, Observer, Place, Ruleset, Step, Store, Tier,
    Trap, Value,
};
use arwen_metering::{Op, Schedule};
use common::{compile, host_imports, i32s};

/// Writes down what it is told.
#[derive(Default)]
struct Notes {
    events: Vec<String>,
    /// Gas of operators.
    charged: u64,
    /// Gas of host functions.
    host: i64,
    entered_host_at: u64,
    depth: usize,
    trap: Option<(u32, u32, Trap)>,
    /// Where the operators stand that ran.
    ran: BTreeSet<u32>,
}

impl Observer for Notes {
    fn enter(&mut self, place: Place) {
        self.depth += 1;
        self.events.push(format!("enter {}", place.function));
    }

    fn operator(&mut self, step: &Step<'_>) {
        assert_eq!(step.depth, self.depth);
        self.ran.insert(step.place.offset);
        let charges = [step.charge, step.units];
        self.charged += charges.iter().flatten().map(|charge| charge.gas).sum::<u64>();
        self.events
            .push(format!("{:?} {:?} {:?}", step.op, step.locals, step.operands));
    }

    fn leave(&mut self, place: Place) {
        self.depth -= 1;
        self.events.push(format!("leave {}", place.function));
    }

    fn host_enter(&mut self, _: Place, id: u32, used: u64) {
        self.entered_host_at = used;
        self.events.push(format!("host {id}"));
    }

    fn host_leave(&mut self, _: Place, _: u32, used: u64) {
        self.host += used as i64 - self.entered_host_at as i64;
    }

    fn trap(&mut self, place: Place, trap: Trap) {
        self.trap = Some((place.function, place.offset, trap));
    }
}

/// A host whose function 0 charges 7 and gives 1, and whose function 1 stops the code.
#[derive(Default)]
struct Watched(Option<Notes>);

impl Host for Watched {
    fn call(
        &mut self,
        id: u32,
        caller: &mut Caller<'_>,
        _: &[u64],
        results: &mut [u64],
    ) -> Result<(), HostStop> {
        let used = caller.meter().used();
        caller.meter().set_used(used + 7);
        if id == 1 {
            return Err(HostStop);
        }
        results.fill(1);
        Ok(())
    }

    fn observer(&mut self) -> Option<&mut dyn Observer> {
        self.0.as_mut().map(|notes| notes as &mut dyn Observer)
    }
}

/// An invocation of `run`: outcome and gas used.
fn run(module: &Module, host: &mut Watched, argument: i32, limit: u64) -> (Result<Vec<Value>, Trap>, u64) {
    let mut store = Store::new(module.engine(), &Interrupt::new());
    let prices = Schedule::bundled("v3").expect("bundled").op_costs();
    let instance = store
        .instantiate(module, &host_imports(module), &module.costs(prices), host)
        .expect("instantiates");
    let Some(Extern::Func(run)) = store.export(instance, "run") else {
        panic!("every program has `run`")
    };
    store.meter().set_limit(limit);
    let outcome = store.invoke(run, host, &i32s(&[argument]));
    (outcome, store.meter().used())
}

fn observed(rules: &'static Ruleset, text: &str) -> Module {
    compile(Config::new(rules).tier(Tier::Observed), text).expect("a valid program")
}

/// Loops, dead code, calls, host calls, locals that cost, bulk operators.
const PROGRAMS: &[(&Ruleset, &str)] = &[
    (
        &Ruleset::ARWEN_1_3,
        r#"(module (import "env" "one" (func $one (result i32))) (import "env" "stop" (func $stop))
            (func $many (param i32) (result i32) (local i64 i64 i64) (block (br 0) (drop (i32.const 1)))
              (if (result i32) (local.get 0) (then (call $one)) (else (i32.const 3))))
            (func (export "run") (param i32) (result i32) (local i32)
              (loop (local.set 1 (i32.add (local.get 1) (call $many (local.get 0))))
                (br_if 0 (i32.lt_u (local.get 1) (local.get 0))))
              (if (i32.eq (local.get 0) (i32.const 5)) (then (call $stop)))
              (if (i32.eq (local.get 0) (i32.const 6)) (then unreachable (block (loop (br 0)))))
              (return (local.get 1)) (i32.const 9)))"#,
    ),
    (
        &Ruleset::STRICT,
        r#"(module (memory 1 5)
            (func $down (param i32) (result i32) (if (local.get 0)
                (then (return_call $down (i32.sub (local.get 0) (i32.const 1))))) (i32.const 2))
            (func (export "run") (param i32) (result i32) (local i32)
              (memory.fill (i32.const 3) (i32.const 1) (local.get 0)) (drop (memory.grow (local.get 0)))
              (block (block (br_table 0 1 0 (local.get 0)) (local.set 1 (i32.const 3))) (local.set 1 (i32.const 1)))
              (i32.add (call $down (local.get 0)) (local.get 1))))"#,
    ),
];

#[test]
fn charges_and_host_functions_add_up_to_the_gas_used() {
    for (rules, text) in PROGRAMS {
        let (watched, plain) = (
            observed(rules, text),
            compile(Config::new(rules), text).expect("valid"),
        );
        for argument in 0..8 {
            let (_, needed) = run(&plain, &mut Watched::default(), argument, u64::MAX);
            for limit in [0, needed / 3, needed / 2, needed, u64::MAX] {
                let mut host = Watched(Some(Notes::default()));
                let outcome = run(&watched, &mut host, argument, limit);
                assert_eq!(outcome, run(&watched, &mut Watched::default(), argument, limit));
                assert_eq!(outcome, run(&plain, &mut Watched::default(), argument, limit));
                let notes = host.0.expect("notes");
                let charged = (notes.charged as i64 + notes.host) as u64;
                // The last charge of a run that is out of gas may be more than there was left.
                let used = match outcome.0 {
                    Err(Trap::OutOfGas) => charged.min(limit),
                    _ => charged,
                };
                assert_eq!(used, outcome.1, "{argument} {limit}");
                assert_eq!(notes.trap.map(|trap| trap.2), outcome.0.err());
            }
        }
    }
}

#[test]
fn each_operator_that_can_run_is_paid_by_one_charge() {
    for (rules, text) in PROGRAMS {
        let module = observed(rules, text);
        let charged = module.charged_operators();
        let mut places = BTreeSet::new();
        for charge in (0..module.plan().len()).map(|id| arwen_metering::ChargeId(id as u32)) {
            let paid = charged.of_charge(charge);
            let mut wanted: Vec<(Op, u32)> = module.plan().operators(charge);
            let by_amount = paid.is_empty();
            if !by_amount {
                wanted.sort_unstable();
                let mut found: Vec<Op> = paid.iter().map(|paid| paid.op).collect();
                found.sort_unstable();
                let spread = |(op, count): &(Op, u32)| std::iter::repeat_n(*op, *count as usize);
                assert_eq!(found, wanted.iter().flat_map(spread).collect::<Vec<_>>());
            }
            for paid in paid {
                assert!(places.insert(paid.offset), "{paid:?} is paid twice");
            }
        }
        // What ran was among them.
        for argument in 0..5 {
            let mut host = Watched(Some(Notes::default()));
            assert!(run(&module, &mut host, argument, u64::MAX).0.is_ok());
            let ran = host.0.expect("notes").ran;
            assert!(!ran.is_empty() && ran.is_subset(&places), "{ran:?} of {places:?}");
        }
    }
}

#[test]
fn an_observer_sees_every_operator_with_locals_and_operands() {
    let module = observed(
        &Ruleset::ARWEN_1_3,
        r#"(module (import "env" "one" (func $one (result i32)))
            (func $inc (param i32) (result i32) (local i32) (i32.add (local.get 0) (call $one)))
            (func (export "run") (param i32) (result i32) (call $inc (local.get 0))))"#,
    );
    let mut host = Watched(Some(Notes::default()));
    assert_eq!(run(&module, &mut host, 4, u64::MAX).0, Ok(i32s(&[5])));
    let events = host.0.expect("notes").events;
    let wanted = [
        "enter 2",
        "LocalGet [4] []",
        "Call [4] [4]",
        "enter 1",
        "LocalGet [4, 0] []",
        "Call [4, 0] [4]",
        "host 0",
        "I32Add [4, 0] [4, 1]",
        "End [4, 0] [5]",
        "leave 1",
        "End [4] [5]",
        "leave 2",
    ];
    assert_eq!(events, wanted);
}

#[test]
fn a_trap_names_function_and_operator() {
    let text = r#"(module (func $f (param i32) (result i32) (i32.div_u (i32.const 1) (local.get 0)))
        (func (export "run") (param i32) (result i32) (call $f (local.get 0))))"#;
    let module = observed(&Ruleset::ARWEN_1_3, text);
    let mut host = Watched(Some(Notes::default()));
    assert_eq!(
        run(&module, &mut host, 0, u64::MAX).0,
        Err(Trap::IntegerDivisionByZero)
    );
    let Some((0, offset, Trap::IntegerDivisionByZero)) = host.0.expect("notes").trap else {
        panic!("a trap in function 0")
    };
    const I32_DIV_U: u8 = 0x6e;
    assert_eq!(common::wasm(text)[offset as usize], I32_DIV_U);
}
