//! The specification suite, one named test a file, tier and metering; then the float-stripped pass; then that the
//! tiers used the same gas.

use arwen_engine::Tier;
use libtest_mimic::{Arguments, Failed, Trial};
use spec_tests::expected::ExpectedFailures;
use spec_tests::machine::Setup;
use spec_tests::record::{FileRun, Outcome};
use spec_tests::script;
use spec_tests::suite::{SpecFile, files};

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
    let (interpreter, jit) = (gas(Tier::Interpreter)?, gas(Tier::Jit)?);
    if interpreter != jit {
        return Err(format!("the interpreter used {interpreter} gas, the JIT {jit}").into());
    }
    Ok(())
}

fn run(file: &SpecFile, setup: Setup) -> Result<FileRun, Failed> {
    Ok(script::run(file, &setup)?)
}
