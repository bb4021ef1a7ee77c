//! How a module is cut into pieces changes nothing.

use arwen_engine::{CompileError, Config, Engine, Module, ModuleBuilder, Ruleset, Tier};

use super::Verdict;
use crate::parity::generate::Numbers;
use crate::parity::observe::first_difference;

/// The first byte says how the others are cut: 0 for one byte each, another number as the seed of a random cut, with
/// empty pieces among them. Under every ruleset, the pieces give the module, or the error, that the whole gives.
///
/// # Errors
/// The first difference.
pub fn streaming(data: &[u8]) -> Verdict {
    let Some((&how, wasm)) = data.split_first() else {
        return Ok(());
    };
    for rules in [&Ruleset::ARWEN_1_3, &Ruleset::STRICT] {
        let engine = Engine::new(Config::new(rules).tier(Tier::Interpreter));
        let whole = Module::new(&engine, wasm);
        let pieces = build(&engine, wasm, how);
        same(&whole, &pieces).map_err(|error| format!("{}, cut by {how}: {error}", rules.name))?;
    }
    Ok(())
}

/// Largest piece of a random cut, in bytes.
const MAX_PIECE: u64 = 40;

fn build(engine: &Engine, wasm: &[u8], how: u8) -> Result<Module, CompileError> {
    let mut builder = ModuleBuilder::new(engine);
    let mut numbers = Numbers::new(how.into());
    let mut rest = wasm;
    while !rest.is_empty() {
        let wanted = if how == 0 {
            1
        } else {
            numbers.draw() % (MAX_PIECE + 1)
        };
        let (piece, after) = rest.split_at(rest.len().min(wanted as usize));
        builder.push(piece)?;
        rest = after;
    }
    builder.finish()
}

/// Are two results the same, as far as can be seen from outside?
fn same(whole: &Result<Module, CompileError>, pieces: &Result<Module, CompileError>) -> Verdict {
    let difference = match (whole, pieces) {
        (Ok(a), Ok(b)) => first_difference(&seen(a), &seen(b)),
        (Err(a), Err(b)) => (a != b).then(|| format!("{a:?} against {b:?}")),
        (a, b) => {
            let say = |result: &Result<_, CompileError>| match result {
                Ok(_) => "a module".to_owned(),
                Err(error) => error.to_string(),
            };
            Some(format!("{} against {}", say(a), say(b)))
        }
    };
    difference.map_or(Ok(()), Err)
}

fn seen(module: &Module) -> Vec<String> {
    let imports = module.imports().map(|import| format!("{import:?}"));
    let exports = module.exports().map(|export| format!("{export:?}"));
    let rest = [
        format!("start {}", module.has_start()),
        format!("{:?}", module.plan()),
    ];
    imports.chain(exports).chain(rest).collect()
}
