//! The specification suite, one named test a file, tier and metering; then the float-stripped pass; then that the
//! tiers used the same gas, and that nothing dropped out unseen.

use arwen_engine::Tier;
use libtest_mimic::{Arguments, Failed, Trial};
use spec_tests::expected::ExpectedFailures;
use spec_tests::machine::Setup;
use spec_tests::record::{Check, FileRun, Outcome, Tally};
use spec_tests::script;
use spec_tests::suite::{SpecFile, files};

/// What must pass, and so must have been run. A suite is a constant: so are these.
const COUNTS: [(&str, [(Check, u64); 5]); 2] = [
    (
        "wasm-v1",
        [
            (Check::FloatModule, 485),
            (Check::Executed, 2_065),
            (Check::Invalid, 981),
            (Check::Malformed, 1_076),
            (Check::Unlinkable, 63),
        ],
    ),
    (
        "wasm-v2",
        [
            (Check::FloatModule, 550),
            (Check::Executed, 9_320),
            (Check::Invalid, 1_471),
            (Check::Malformed, 1_300),
            (Check::Unlinkable, 83),
        ],
    ),
];

/// Assertions of versions 1 and 2 together that float-stripping makes runnable, at least.
const STRIPPED_MIN: u64 = 5_000;

fn main() {
    let mut trials = Vec::new();
    for file in files() {
        for setup in Setup::all() {
            trials.push(trial(&file, setup));
            if file.in_stripped_pass() {
                trials.push(trial(
                    &file,
                    Setup {
                        stripped: true,
                        ..setup
                    },
                ));
            }
        }
        let name = format!("{}/{}/same-gas", file.suite, file.name);
        trials.push(Trial::test(name, move || same_gas(&file)));
    }
    for (suite, counts) in COUNTS {
        trials.push(Trial::test(format!("{suite}/counts"), move || {
            counts_are(suite, counts)
        }));
    }
    trials.push(Trial::test("float-stripped/counts", enough_is_stripped));
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn trial(file: &SpecFile, setup: Setup) -> Trial {
    let pass = if setup.stripped { "/float-stripped" } else { "" };
    let (tier, metering) = (setup.tier_name(), setup.metering_name());
    let name = format!("{}/{}/{tier}/{metering}{pass}", file.suite, file.name);
    let file = file.clone();
    Trial::test(name, move || passes(&file, setup))
}

fn passes(file: &SpecFile, setup: Setup) -> Result<(), Failed> {
    let mut run = run(file, setup)?;
    ExpectedFailures::load()?.apply(file, &setup, &mut run);
    let failures: Vec<String> = run
        .records
        .iter()
        .filter_map(|record| match &record.outcome {
            Outcome::Failed(text) => Some(format!("line {}: {text}", record.line)),
            _ => None,
        })
        .collect();
    if !failures.is_empty() {
        return Err(failures.join("\n").into());
    }
    match (setup.metered, run.gas) {
        (false, 0) | (true, _) => Ok(()),
        (false, gas) => Err(format!("used {gas} gas with all prices 0").into()),
    }
}

fn same_gas(file: &SpecFile) -> Result<(), Failed> {
    let gas = |tier| {
        let setup = Setup {
            tier,
            metered: true,
            stripped: false,
        };
        run(file, setup).map(|run| run.gas)
    };
    let interpreter = gas(Tier::Interpreter)?;
    for tier in [Tier::Jit, Tier::Observed] {
        let used = gas(tier)?;
        if used != interpreter {
            return Err(format!("{tier:?} used {used} gas, the interpreter {interpreter}").into());
        }
    }
    Ok(())
}

fn run(file: &SpecFile, setup: Setup) -> Result<FileRun, Failed> {
    Ok(script::run(file, &setup)?)
}

/// Everything of the files that are wanted, in one setup.
fn tally(tier: Tier, stripped: bool, wanted: impl Fn(&SpecFile) -> bool) -> Result<Tally, Failed> {
    let setup = Setup {
        tier,
        metered: false,
        stripped,
    };
    let mut tally = Tally::default();
    for file in files().iter().filter(|file| wanted(file)) {
        tally.add(&run(file, setup)?);
    }
    Ok(tally)
}

fn counts_are(suite: &str, counts: [(Check, u64); 5]) -> Result<(), Failed> {
    let tally = tally(Tier::Interpreter, false, |file| file.suite == suite)?;
    for (check, wanted) in counts {
        let passed = tally.count(check).passed;
        if passed != wanted {
            return Err(format!("{}: {passed} passed, {wanted} are there", check.heading()).into());
        }
    }
    Ok(())
}

fn enough_is_stripped() -> Result<(), Failed> {
    let passed = tally(Tier::Jit, true, SpecFile::in_stripped_pass)?
        .count(Check::Stripped)
        .passed;
    if passed < STRIPPED_MIN {
        return Err(
            format!("{passed} assertions of float-stripped modules passed, not {STRIPPED_MIN}").into(),
        );
    }
    Ok(())
}
