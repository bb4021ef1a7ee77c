//! A module is taken or refused for a reason, and nothing panics.

use arwen_engine::{CompileErrorKind, Config, Engine, Module, Ruleset, Tier};

use super::Verdict;
use crate::classify::{Class, classify};
use crate::machine::is_float_error;

/// Reads bytes as a module under every ruleset. What `strict` says is held against the independent validator: only valid
/// modules are accepted, valid ones are refused for floats, features or limits alone, and errors are inside the module.
///
/// # Errors
/// What is wrong with the answer.
pub fn parse_validate(data: &[u8]) -> Verdict {
    for rules in [&Ruleset::ARWEN_1_3, &Ruleset::STRICT] {
        let engine = Engine::new(Config::new(rules).tier(Tier::Interpreter));
        let result = Module::new(&engine, data);
        if let Err(error) = &result
            && error.offset > data.len() as u64
        {
            return Err(format!("{}: {error}, in {} bytes", rules.name, data.len()));
        }
        if rules.name == Ruleset::STRICT.name {
            judge(&classify(data), result.err().as_ref())?;
        }
    }
    Ok(())
}

fn judge(class: &Class, error: Option<&arwen_engine::CompileError>) -> Verdict {
    let right = match (class, error) {
        (Class::Ours, None) => true,
        (Class::Ours, Some(error)) => matches!(
            error.kind,
            CompileErrorKind::Limit { .. } | CompileErrorKind::Refused(_)
        ),
        // Whichever of the two comes first in the module.
        (Class::Floats, Some(error)) => {
            is_float_error(error) || matches!(error.kind, CompileErrorKind::Limit { .. })
        }
        (Class::Needs(_) | Class::Never(_), Some(_)) => true,
        (_, None) => false,
    };
    if right {
        return Ok(());
    }
    let said = error.map_or_else(|| "accepted".to_owned(), ToString::to_string);
    Err(format!("{class:?}, but {said}"))
}
