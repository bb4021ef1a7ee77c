//! Loading gas schedules.

use arwen_metering::{BuiltInKey, GasKey, KeyProblem, Op, RawSchedule, Schedule, ScheduleError, UnknownKey};

fn dummy() -> RawSchedule {
    Schedule::bundled_raw("dummy").expect("bundled")
}

fn set(raw: &mut RawSchedule, section: &str, key: &str, price: u64) {
    raw.entry(section.to_owned())
        .or_default()
        .insert(key.to_owned(), price);
}

fn remove(raw: &mut RawSchedule, section: &str, key: &str) {
    raw.get_mut(section)
        .and_then(|keys| keys.remove(key))
        .expect("the key is there");
}

fn unknown(section: &str, key: Option<&str>) -> UnknownKey {
    UnknownKey {
        section: section.to_owned(),
        key: key.map(str::to_owned),
    }
}

#[track_caller]
fn problems(raw: &RawSchedule) -> Vec<KeyProblem> {
    match Schedule::from_raw(raw) {
        Err(ScheduleError::Prices { problems, .. }) => problems,
        other => panic!("expected bad prices, got {other:?}"),
    }
}

#[test]
fn every_bundled_schedule_is_whole_and_known() {
    for name in Schedule::bundled_names() {
        let schedule = Schedule::bundled(name).expect(name);
        let raw = Schedule::bundled_raw(name).expect(name);
        assert_eq!(Schedule::from_raw(&raw), Ok((schedule.clone(), vec![])), "{name}");
    }
    assert_eq!(
        Schedule::bundled_names().collect::<Vec<_>>(),
        ["v1", "v2", "v3", "dummy"]
    );
    assert_eq!(Schedule::bundled("v4"), None);
}

#[test]
fn versions_differ_where_the_network_changed_prices() {
    let of = |key| ["v1", "v2", "v3"].map(|name| Schedule::bundled(name).unwrap().cost(key));
    assert_eq!(of(GasKey::StorePerByte), [50_000, 50_000, 50_000]);
    assert_eq!(of(GasKey::AoTPreparePerByte), [50, 300, 300]);
    assert_eq!(of(GasKey::GetCode), [100_000, 1_000_000, 1_000_000]);
    assert_eq!(
        of(GasKey::AsyncCallbackGasLock),
        [20_000_000, 2_000_000, 2_000_000]
    );
    assert_eq!(of(GasKey::BigIntMul), [600, 6_000, 6_000]);
    let [v1, v2, v3] = ["v1", "v2", "v3"].map(|name| Schedule::bundled(name).unwrap().op_costs());
    assert!(v1 == v2 && v2 == v3, "operators kept their prices");
}

#[test]
fn operators_have_the_prices_of_july_2021() {
    let ops = Schedule::bundled("v3").unwrap().op_costs();
    let rows: [(u32, &[Op]); 8] = [
        (
            1,
            &[
                Op::Unreachable,
                Op::Nop,
                Op::Block,
                Op::Loop,
                Op::If,
                Op::I32Const,
                Op::I64Eqz,
                Op::I64Xor,
            ],
        ),
        (2, &[Op::Else, Op::End, Op::Br, Op::BrTable]),
        (
            3,
            &[
                Op::BrIf,
                Op::Return,
                Op::Call,
                Op::CallIndirect,
                Op::LocalTee,
                Op::I64Store32,
                Op::I32Shl,
            ],
        ),
        (3, &[Op::TypedSelectMulti, Op::ReturnCall, Op::ReturnCallIndirect]),
        (5, &[Op::MemorySize, Op::MemoryGrow, Op::I64Rotr, Op::MemoryCopy]),
        (9, &[Op::I32WrapI64, Op::I64ExtendI32U, Op::I64Extend32S]),
        (18, &[Op::I32DivS, Op::I64RemU]),
        (100, &[Op::I32Clz, Op::I64Popcnt]),
    ];
    for (price, row) in rows {
        for op in row {
            assert_eq!(ops.price(*op), price, "{op:?}");
        }
    }
    assert_eq!((ops.local_allocate(), ops.locals_unmetered()), (2, 100));
}

#[test]
fn an_operator_without_a_price_is_prohibitive() {
    assert_eq!(
        Schedule::bundled("dummy").unwrap().op_costs().price(Op::Throw),
        u32::MAX
    );
}

#[test]
fn every_price_of_dummy_is_one_but_the_callback_lock() {
    let dummy = Schedule::bundled("dummy").unwrap();
    for key in GasKey::ALL {
        let expected = if *key == GasKey::AsyncCallbackGasLock {
            100_000
        } else {
            1
        };
        assert_eq!(dummy.cost(*key), expected, "{key:?}");
    }
    assert!(
        BuiltInKey::ALL
            .iter()
            .all(|key| dummy.built_in_cost(*key) == Some(1))
    );
}

#[test]
fn built_in_prices_may_be_absent() {
    let v3 = Schedule::bundled("v3").unwrap();
    assert_eq!(v3.built_in_cost(BuiltInKey::ESDTTransfer), Some(250_000));
    assert_eq!(v3.built_in_cost(BuiltInKey::ESDTNFTCreate), None);

    let mut raw = dummy();
    set(&mut raw, "BuiltInCost", "ESDTNFTCreate", 0);
    let (schedule, _) = Schedule::from_raw(&raw).unwrap();
    assert_eq!(
        schedule.built_in_cost(BuiltInKey::ESDTNFTCreate),
        None,
        "zero is no price"
    );
    raw.remove("BuiltInCost");
    assert!(Schedule::from_raw(&raw).is_ok());
}

#[test]
fn each_mandatory_key_is_missed() {
    let whole = dummy();
    let mut mandatory = 0;
    for (section, keys) in &whole {
        for key in keys.keys().filter(|_| section != "BuiltInCost") {
            let mut raw = whole.clone();
            remove(&mut raw, section, key);
            assert!(
                matches!(problems(&raw)[..], [KeyProblem::Missing { key: missing, .. }] if missing == key)
            );
            set(&mut raw, section, key, 0);
            assert!(matches!(problems(&raw)[..], [KeyProblem::Zero { key: zero, .. }] if zero == key));
            mandatory += 1;
        }
    }
    assert_eq!(mandatory, 7 + 38 + 35 + 33 + 6 + 449);
}

#[test]
fn all_problems_are_reported_at_once_and_the_first_as_the_reference_does() {
    let mut raw = dummy();
    remove(&mut raw, "WASMOpcodeCost", "TableFill");
    set(&mut raw, "EthAPICost", "Revert", 0);
    set(&mut raw, "WASMOpcodeCost", "Nop", 1 << 32);
    set(&mut raw, "BigIntAPICost", "BigIntFry", 7);
    set(&mut raw, "MetaChainSystemSCsCost", "Stake", 7);
    let error = Schedule::from_raw(&raw).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Gas cost for operation Revert has been set to 0 or is not set.\
         \n  EthAPICost.Revert is zero\
         \n  WASMOpcodeCost.Nop is 4294967296, more than 4294967295\
         \n  WASMOpcodeCost.TableFill is missing\
         \n  BigIntAPICost.BigIntFry is unknown\
         \n  section MetaChainSystemSCsCost is unknown"
    );
    assert_eq!(
        error.reference_text(),
        "Gas cost for operation Revert has been set to 0 or is not set."
    );
}

#[test]
fn an_empty_schedule_lacks_everything() {
    let error = Schedule::from_toml("").unwrap_err();
    assert_eq!(
        error.reference_text(),
        "Gas cost for operation StorePerByte has been set to 0 or is not set."
    );
    assert_eq!(problems(&RawSchedule::new()).len(), 7 + 38 + 35 + 33 + 6 + 449);
}

#[test]
fn key_case_does_not_matter_and_the_exact_spelling_wins() {
    let mut raw = dummy();
    remove(&mut raw, "ElrondAPICost", "Finish");
    set(&mut raw, "ElrondAPICost", "fINISH", 5);
    assert_eq!(
        Schedule::from_raw(&raw).map(|(s, unknown)| (s.cost(GasKey::Finish), unknown)),
        Ok((5, vec![]))
    );

    set(&mut raw, "ElrondAPICost", "Finish", 6);
    let (schedule, left) = Schedule::from_raw(&raw).unwrap();
    assert_eq!(schedule.cost(GasKey::Finish), 6);
    assert_eq!(left, [unknown("ElrondAPICost", Some("fINISH"))]);
}

#[test]
fn a_section_is_spelled_exactly() {
    let mut raw = dummy();
    let keys = raw.remove("CryptoAPICost").unwrap();
    raw.insert("cryptoapicost".to_owned(), keys);
    let missing = [
        "SHA256",
        "Keccak256",
        "Ripemd160",
        "VerifyBLS",
        "VerifyEd25519",
        "VerifySecp256k1",
    ]
    .map(|key| KeyProblem::Missing {
        section: "CryptoAPICost",
        key,
    });
    assert_eq!(problems(&raw), missing);
}

#[test]
fn what_no_price_is_read_from_is_reported_and_tolerated() {
    let mut raw = dummy();
    set(&mut raw, "BigIntAPICost", "BigIntByteLength", 100);
    set(&mut raw, "MetaChainSystemSCsCost", "Stake", 5_000_000);
    set(&mut raw, "MetaChainSystemSCsCost", "UnStake", 5_000_000);
    let (_, left) = Schedule::from_raw(&raw).unwrap();
    assert_eq!(
        left,
        [
            unknown("BigIntAPICost", Some("BigIntByteLength")),
            unknown("MetaChainSystemSCsCost", None)
        ]
    );
}

#[test]
fn text_that_is_not_a_price_list_is_a_syntax_error() {
    for text in [
        "[",
        "Finish = 1",
        "[ElrondAPICost]\nFinish = -1",
        "[ElrondAPICost]\nFinish = 1.5",
        "[A]\nb = \"1\"",
    ] {
        assert!(
            matches!(Schedule::from_toml(text), Err(ScheduleError::Syntax(_))),
            "{text}"
        );
    }
}
