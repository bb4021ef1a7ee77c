//! Commands, what stays of them, and the scenario that reproduces them.

use std::num::NonZeroU32;
use std::path::Path;

use arwen_interface::{BigInt, ReturnCode};
use arwen_scenario::Runner;
use arwen_scenario::run::VmMachine;
use arwen_world::{
    Account, Advance, Command, Deployment, FILE_NAME, Gas, LocalWorld, Outcome, Payment, Query, Settings,
    Transaction, Transfer, Upgrade, WorldError,
};
use redb::{Database, TableDefinition};

const SUM: &str = r#"(module
  (import "env" "int64getArgument" (func $argument (param i32) (result i64)))
  (import "env" "int64storageLoad" (func $load (param i32 i32) (result i64)))
  (import "env" "int64storageStore" (func $store (param i32 i32 i64) (result i32)))
  (import "env" "int64finish" (func $finish (param i64)))
  (import "env" "getBlockTimestamp" (func $now (result i64)))
  (import "env" "signalError" (func $fail (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "sum\"no\\more")
  (func $add
    (drop (call $store (i32.const 0) (i32.const 3)
      (i64.add (call $load (i32.const 0) (i32.const 3)) (call $argument (i32.const 0))))))
  (func (export "init") (call $add))
  (func (export "add") (call $add))
  (func (export "addAndFail") (call $add) (call $fail (i32.const 3) (i32.const 8)))
  (func (export "get") (call $finish (call $load (i32.const 0) (i32.const 3))))
  (func (export "now") (call $finish (call $now))))"#;

const GAS: Gas = Gas {
    limit: 100_000_000,
    price: 0,
};

fn sum() -> Vec<u8> {
    wat::parse_str(SUM).expect("a module")
}

fn account(address: &str, balance: &str) -> Command {
    Command::CreateAccount(Account {
        address: address.into(),
        balance: balance.into(),
        esdt: vec![
            "GOLD-123456=70".into(),
            "ART-123456#3=1".into(),
            "ART-123456#5=2".into(),
        ],
    })
}

fn deploy(arguments: &[&str]) -> Command {
    Command::Deploy(Deployment {
        from: "address:alice".into(),
        code: sum(),
        at: Some("sc:sum".into()),
        arguments: arguments.iter().map(|text| (*text).to_owned()).collect(),
        gas: GAS,
        ..Deployment::default()
    })
}

fn call(function: &str, arguments: &[&str]) -> Command {
    Command::Call(Transaction {
        from: "address:alice".into(),
        to: "sc:sum".into(),
        function: function.into(),
        arguments: arguments.iter().map(|text| (*text).to_owned()).collect(),
        gas: GAS,
        ..Transaction::default()
    })
}

fn query(function: &str, arguments: &[&str]) -> Command {
    Command::Query(Query {
        to: "sc:sum".into(),
        function: function.into(),
        arguments: arguments.iter().map(|text| (*text).to_owned()).collect(),
    })
}

/// Carries out a command as a process of its own would.
fn run(dir: &Path, command: &Command) -> Result<Outcome, WorldError> {
    LocalWorld::open(dir)?.execute(&mut VmMachine::interpreter().expect("a VM"), command)
}

fn returned(outcome: &Outcome) -> (ReturnCode, Vec<Vec<u8>>) {
    let output = outcome.output.clone().expect("an output");
    (output.return_code, output.return_data)
}

/// Runs the export as a scenario.
fn reproduce(dir: &Path) -> Result<(), String> {
    let text = LocalWorld::open(dir)
        .and_then(|world| world.export("session"))
        .map_err(|error| error.to_string())?;
    let file = dir.join("session.scen.json");
    std::fs::write(&file, &text).expect("writable");
    let mut runner = Runner::new(VmMachine::both().expect("VMs"));
    runner
        .run_file(&file, None)
        .map_err(|failure| format!("{failure}\n{text}"))?;
    let state = LocalWorld::open(dir).and_then(|world| world.state());
    let state = state.map_err(|error| error.to_string())?;
    let reproduced = runner.world();
    assert_eq!(reproduced.accounts, state.world.accounts);
    assert_eq!(reproduced.current_block, state.world.current_block);
    assert_eq!(reproduced.previous_block, state.world.previous_block);
    Ok(())
}

fn empty() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    LocalWorld::create(dir.path(), Settings::default()).expect("a world");
    dir
}

#[test]
fn a_session_stays_and_its_export_reproduces_it() {
    let dir = empty();
    let at = dir.path();
    let ok = |command: Command| run(at, &command).expect("carried out");
    ok(account("address:alice", "1,000"));
    ok(account("address:b\"b", "0x10"));
    let deployed = ok(deploy(&["5"]));
    assert_eq!(
        deployed.deployed,
        Some(arwen_world::address("sc:sum").expect("an address"))
    );
    ok(call("add", &["u64:10"]));
    assert_eq!(returned(&ok(query("get", &[]))), (ReturnCode::Ok, vec![vec![15]]));
    // It fails, and costs the gas and the nonce all the same; its message cannot stand in a scenario as it is.
    let mut failing = call("addAndFail", &["1"]);
    if let Command::Call(call) = &mut failing {
        call.gas.price = 1;
        call.gas.limit = 900;
    }
    assert_eq!(returned(&ok(failing)).0, ReturnCode::OutOfGas);
    assert_eq!(returned(&ok(call("addAndFail", &["1"]))).0, ReturnCode::UserError);
    ok(Command::Transfer(Transfer {
        from: "address:alice".into(),
        to: "address:b\"b".into(),
        payment: Payment {
            value: "7".into(),
            esdt: vec![],
        },
        ..Transfer::default()
    }));
    ok(Command::Advance(Advance {
        blocks: 2,
        seconds: 100,
        epochs: 1,
        seed: Some(format!("0x{}", "ab".repeat(48))),
    }));
    ok(Command::Advance(Advance {
        blocks: 1,
        seconds: 6,
        ..Advance::default()
    }));
    assert_eq!(returned(&ok(query("now", &[]))).1, [vec![106]]);
    ok(account("address:carol", ""));
    let upgraded = ok(Command::Upgrade(Upgrade {
        from: "address:alice".into(),
        to: "sc:sum".into(),
        code: wat::parse_str(SUM.replace("\"now\"", "\"later\"")).expect("a module"),
        arguments: vec!["100".into()],
        gas: GAS,
        ..Upgrade::default()
    }));
    assert_eq!(returned(&upgraded).0, ReturnCode::Ok);
    assert_eq!(returned(&ok(query("later", &[]))).1, [vec![106]]);
    assert_eq!(returned(&ok(query("get", &[]))).1, [vec![115]]);

    let state = LocalWorld::open(at).expect("a world").state().expect("readable");
    let alice = &state.world.accounts[&arwen_world::address("address:alice").expect("an address")];
    assert_eq!((alice.nonce, &alice.balance), (6, &BigInt::from(1_000 - 900 - 7)));
    reproduce(at).expect("the export passes");
}

#[test]
fn a_query_that_writes_changes_nothing_and_is_no_step() {
    let dir = empty();
    run(dir.path(), &account("address:alice", "")).expect("an account");
    run(dir.path(), &deploy(&["5"])).expect("a contract");
    let writing = run(dir.path(), &query("add", &["3"])).expect("an answer");
    assert!(!writing.kept && !writing.changes.is_empty());
    let reading = run(dir.path(), &query("get", &[])).expect("an answer");
    assert!(reading.kept);
    assert_eq!(returned(&reading).1, [vec![5]]);
    reproduce(dir.path()).expect("the export passes");
}

#[test]
fn tokens_come_with_calls_and_transfers() {
    let dir = empty();
    run(dir.path(), &account("address:alice", "")).expect("an account");
    run(dir.path(), &account("address:bob", "")).expect("an account");
    let transfer = |esdt: &str| {
        let payment = Payment {
            value: String::new(),
            esdt: vec![esdt.into()],
        };
        run(
            dir.path(),
            &Command::Transfer(Transfer {
                from: "address:alice".into(),
                to: "address:bob".into(),
                payment,
                ..Transfer::default()
            }),
        )
    };
    let refused = transfer("GOLD-123456=71").expect_err("more than there is");
    assert!(matches!(refused, WorldError::Refused(_)), "{refused}");
    reproduce(dir.path()).expect("the export passes");
}

#[test]
fn what_cannot_be_done_is_told_with_its_place_and_changes_nothing() {
    let dir = empty();
    run(dir.path(), &account("address:alice", "5")).expect("an account");
    run(dir.path(), &deploy(&[])).expect("a failed deployment");
    run(dir.path(), &deploy(&["1"])).expect("a contract");
    let steps = || {
        let state = LocalWorld::open(dir.path()).and_then(|world| world.state());
        state.expect("readable").steps
    };
    let count = steps();
    let mut costly = call("add", &["1"]);
    let mut stranger = call("add", &["1"]);
    let mut nowhere = call("add", &["1"]);
    let mut person = call("add", &["1"]);
    let mut unnamed = call("a\"b", &["1"]);
    for (command, change) in [
        (
            &mut costly,
            &(|it: &mut Transaction| it.gas.price = 1) as &dyn Fn(&mut Transaction),
        ),
        (&mut stranger, &|it| it.from = "address:bob".into()),
        (&mut nowhere, &|it| it.to = "sc:nowhere".into()),
        (&mut person, &|it| it.to = "address:alice".into()),
        (&mut unnamed, &|_| ()),
    ] {
        if let Command::Call(call) = command {
            change(call);
        }
    }
    for (command, wanted) in [
        (
            call("add", &["1", "u8:256"]),
            "argument 2 \"u8:256\": representation of 256 does not fit in 1 bytes",
        ),
        (
            call("add", &["file:/nowhere/at.all"]),
            "argument 1 \"file:/nowhere/at.all\": open /nowhere/at.all: ",
        ),
        (costly, "refused: could not set up tx "),
        (
            stranger,
            "from \"address:bob\": there is no such account in this world",
        ),
        (
            nowhere,
            "contract \"sc:nowhere\": there is no such account in this world",
        ),
        (person, "contract \"address:alice\": this account is no contract"),
        (unnamed, "function \"a\\\"b\": a scenario cannot name it"),
        (
            account("address:alice", ""),
            "account \"address:alice\" exists already",
        ),
        (
            account("12", ""),
            "account \"12\": an address has 32 bytes, and this has 1;",
        ),
        (
            account("sc:x", ""),
            "refused: \"setState\" step validation failed",
        ),
        (
            account("address:x", "many"),
            "balance \"many\": could not parse base 10 value: many",
        ),
        (deploy(&["1"]), "account \"sc:sum\" exists already"),
        (
            Command::Advance(Advance {
                seed: Some("1".into()),
                ..Advance::default()
            }),
            "blockRandomSeed must be 48 bytes long. Actual length: 1",
        ),
    ] {
        let error = run(dir.path(), &command).expect_err(wanted);
        assert!(error.to_string().contains(wanted), "{error}\n{wanted}");
        assert!(!error.is_of_world());
    }
    assert_eq!(steps(), count);
    reproduce(dir.path()).expect("the export passes");
}

#[test]
fn a_transaction_of_the_same_id_happens_once() {
    let dir = empty();
    run(dir.path(), &account("address:alice", "5")).expect("an account");
    run(dir.path(), &deploy(&["1"])).expect("a contract");
    let mut named = call("add", &["1"]);
    if let Command::Call(call) = &mut named {
        // The name that the world would give to the next one.
        call.id = Some("tx-3".into());
    }
    run(dir.path(), &named).expect("the first time");
    let again = run(dir.path(), &named).expect_err("the second time");
    assert!(
        matches!(&again, WorldError::IdExists(id) if id == "tx-3"),
        "{again}"
    );
    let next = run(dir.path(), &call("add", &["1"])).expect("another");
    assert_ne!(next.id.as_deref(), Some("tx-3"));
    assert_eq!(
        returned(&run(dir.path(), &query("get", &[])).expect("an answer")).1,
        [vec![3]]
    );
    reproduce(dir.path()).expect("the export passes");
}

#[test]
fn worlds_that_cannot_be_used_say_why() {
    let open = |dir: &Path| match LocalWorld::open(dir) {
        Ok(_) => panic!("opened"),
        Err(error) => {
            assert!(error.is_of_world(), "{error}");
            error
        }
    };
    let dir = tempfile::tempdir().expect("a folder");
    assert!(matches!(open(dir.path()), WorldError::Missing(_)));
    std::fs::write(dir.path().join(FILE_NAME), b"no database").expect("writable");
    assert!(matches!(open(dir.path()), WorldError::Damaged { .. }));
    std::fs::write(dir.path().join(FILE_NAME), vec![0xa5; 100_000]).expect("writable");
    assert!(matches!(open(dir.path()), WorldError::Damaged { .. }));

    let dir = empty();
    assert!(matches!(
        LocalWorld::create(dir.path(), Settings::default()).err(),
        Some(WorldError::Exists(_))
    ));
    let held = LocalWorld::open(dir.path()).expect("a world");
    assert!(matches!(open(dir.path()), WorldError::Busy(_)));
    drop(held);
    let meta: TableDefinition<&str, u64> = TableDefinition::new("meta");
    let write = |version: Option<u64>| -> Result<(), redb::Error> {
        let database = Database::open(dir.path().join(FILE_NAME))?;
        let transaction = database.begin_write()?;
        match version {
            Some(version) => drop(transaction.open_table(meta)?.insert("version", version)?),
            None => drop(transaction.open_table(meta)?.remove("version")?),
        }
        Ok(transaction.commit()?)
    };
    write(Some(7)).expect("written");
    let error = open(dir.path());
    assert!(
        error
            .to_string()
            .ends_with("world.redb: this is a world of version 7, and this program knows version 1 only"),
        "{error}"
    );
    write(None).expect("written");
    assert!(matches!(open(dir.path()), WorldError::Damaged { .. }));
}

#[test]
fn no_damage_to_the_file_is_more_than_an_error() {
    let dir = empty();
    run(dir.path(), &account("address:alice", "5")).expect("an account");
    run(dir.path(), &deploy(&["1"])).expect("a contract");
    let file = dir.path().join(FILE_NAME);
    let whole = std::fs::read(&file).expect("readable");
    for place in (0..whole.len()).step_by(whole.len() / 97) {
        let mut damaged = whole.clone();
        let end = (place + 64).min(whole.len());
        damaged[place..end].fill(0x5a);
        std::fs::write(&file, damaged).expect("writable");
        // Some places are unused; what is read must be an answer or an error.
        let _ = run(dir.path(), &call("add", &["1"]));
    }
    for length in [0, 1, 100, 4096, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&file, &whole[..length]).expect("writable");
        let _ = run(dir.path(), &call("add", &["1"]));
    }
}

/// A shop in shard 0 that orders from a warehouse, which may be in another shard, by an asynchronous call.
fn order_in(shards: u32, warehouse: &str, warehouse_owner: &str) -> (tempfile::TempDir, usize) {
    let dir = tempfile::tempdir().expect("a folder");
    let settings = Settings {
        shards: NonZeroU32::new(shards).expect("not zero"),
        ..Settings::default()
    };
    LocalWorld::create(dir.path(), settings).expect("a world");
    let at = dir.path();
    let code = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/async-pair");
        std::fs::read(path.join(name)).expect("the example's code")
    };
    let person = |address: &str| {
        Command::CreateAccount(Account {
            address: address.into(),
            balance: "1000".into(),
            esdt: Vec::new(),
        })
    };
    let deploy = |from: &str, at: &str, name: &str, arguments: &[&str]| {
        Command::Deploy(Deployment {
            from: from.into(),
            code: code(name),
            at: Some(at.into()),
            arguments: arguments.iter().map(|text| (*text).to_owned()).collect(),
            gas: GAS,
            ..Deployment::default()
        })
    };
    for command in [
        person("address:owner#00"),
        person(warehouse_owner),
        person("address:buyer#00"),
        deploy(warehouse_owner, warehouse, "warehouse.wasm", &["10", "0"]),
        deploy("address:owner#00", "sc:shop#00", "shop.wasm", &[warehouse]),
    ] {
        let outcome = run(at, &command).expect("carried out");
        if let Some(output) = outcome.output {
            assert_eq!(output.return_code, ReturnCode::Ok, "{output:?}");
        }
    }
    let order = Command::Call(Transaction {
        from: "address:buyer#00".into(),
        to: "sc:shop#00".into(),
        function: "order".into(),
        arguments: vec!["2".into()],
        payment: Payment {
            // Value would make a difference: between shards, the callback of this VM brings it back.
            value: String::new(),
            esdt: Vec::new(),
        },
        gas: GAS,
        ..Transaction::default()
    });
    let ordered = run(at, &order).expect("carried out");
    assert_eq!(returned(&ordered).0, ReturnCode::Ok, "{ordered:?}");
    let advanced = run(
        at,
        &Command::Advance(Advance {
            blocks: 10,
            seconds: 60,
            ..Advance::default()
        }),
    );
    let arrived = advanced.expect("carried out").arrivals.len();
    reproduce(at).expect("the export passes");
    (dir, arrived)
}

#[test]
fn what_goes_to_another_shard_arrives_blocks_later_and_ends_as_in_one_shard() {
    let (one, arrived_in_one) = order_in(1, "sc:warehouse#01", "address:other#01");
    let (two, arrived_in_two) = order_in(2, "sc:warehouse#01", "address:other#01");
    assert_eq!((arrived_in_one, arrived_in_two), (0, 2));
    let state = |dir: &Path| {
        LocalWorld::open(dir)
            .and_then(|world| world.state())
            .expect("readable")
    };
    let (one, two) = (state(one.path()), state(two.path()));
    assert_eq!(two.between.journey.travelling, []);
    let storages = |state: &arwen_world::State| -> Vec<_> {
        let accounts = state.world.accounts.iter();
        let entries = accounts.flat_map(|(address, account)| {
            let filled = account.storage.iter().filter(|(_, value)| !value.is_empty());
            filled.map(move |(key, value)| (address.clone(), key.clone(), value.clone()))
        });
        entries.collect()
    };
    assert_eq!(storages(&one), storages(&two));
    assert_eq!(one.world.current_block, two.world.current_block);
    assert!(two.steps > one.steps);
}
