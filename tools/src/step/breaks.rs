//! Break points.

use std::collections::BTreeSet;
use std::fmt;

use arwen_eei::table::host_fns;
use arwen_engine::Trap;
use arwen_interface::ReturnCode;

use super::code::{CodeAndOffset, Codes};
use super::command::number;
use super::survey::Survey;
use crate::record::Recorder;

/// Names that an error proposes at most.
const MAX_PROPOSALS: usize = 5;

/// What a break point may be, and what it stops at.
pub(super) const PLACES: &[(&str, &str)] = &[
    ("FUNCTION", "when a function of this name is entered"),
    ("host NAME", "before a host function is called"),
    ("out-of-gas", "where a contract runs out of gas"),
    ("trap", "wherever a contract stops before it returns"),
    (
        "FILE:LINE",
        "at a line of source, when the module has debug information",
    ),
    ("0xOFFSET", "at an operator, by its offset in the module"),
];

/// A break point.
pub(super) struct Break {
    /// As it was given.
    text: String,
    place: BreakPlace,
}

enum BreakPlace {
    Functions(BTreeSet<(usize, u32)>),
    Offsets(BTreeSet<CodeAndOffset>),
    Host(u32),
    OutOfGas,
    Trap,
}

/// The operator that is about to run.
pub(super) struct Here {
    /// Which code, if it is known.
    pub code: Option<usize>,
    pub function: u32,
    pub offset: u32,
    /// Whether it is the first since the function was entered.
    pub entered: bool,
    /// Its number in the run.
    pub number: u64,
}

impl Break {
    /// Reads where to stop.
    ///
    /// # Errors
    /// There is no such place.
    pub fn read(text: &str, codes: &Codes<'_>) -> Result<Self, String> {
        let place = match text {
            "out-of-gas" => BreakPlace::OutOfGas,
            "trap" => BreakPlace::Trap,
            text => match (
                text.strip_prefix("host "),
                text.starts_with("0x"),
                text.rsplit_once(':'),
            ) {
                (Some(name), _, _) => BreakPlace::Host(host(name.trim())?),
                (None, true, _) => BreakPlace::Offsets(offset(text, codes)?),
                (None, false, Some((file, line))) if line.parse::<u32>().is_ok() => {
                    let places = codes.line(file, line.parse().unwrap_or_default());
                    BreakPlace::Offsets(some(places, || format!("no code comes from {text}"))?)
                }
                _ => BreakPlace::Functions(functions(text, codes)?),
            },
        };
        Ok(Self {
            text: text.to_owned(),
            place,
        })
    }

    /// Whether it stops here.
    pub fn is_at(&self, here: &Here, (survey, recorder): (&Survey, &Recorder)) -> bool {
        let code = |place| here.code.map(|code| (code, place));
        match &self.place {
            BreakPlace::Functions(functions) => {
                here.entered && code(here.function).is_some_and(|function| functions.contains(&function))
            }
            BreakPlace::Offsets(offsets) => code(here.offset).is_some_and(|at| offsets.contains(&at)),
            BreakPlace::Host(id) => survey.hosts.get(&here.number) == Some(id),
            BreakPlace::OutOfGas => trap_at(here, survey, recorder)
                .is_some_and(|(trap, failed)| trap == Trap::OutOfGas || failed == Some(ReturnCode::OutOfGas)),
            BreakPlace::Trap => trap_at(here, survey, recorder).is_some(),
        }
    }
}

impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn trap_at(here: &Here, survey: &Survey, recorder: &Recorder) -> Option<(Trap, Option<ReturnCode>)> {
    let trap = survey.traps.get(&here.number)?;
    let trap = recorder.traps().get(*trap)?;
    Some((trap.trap, trap.failed))
}

fn some<T>(found: BTreeSet<T>, otherwise: impl FnOnce() -> String) -> Result<BTreeSet<T>, String> {
    match found.is_empty() {
        true => Err(otherwise()),
        false => Ok(found),
    }
}

fn functions(name: &str, codes: &Codes<'_>) -> Result<BTreeSet<(usize, u32)>, String> {
    some(codes.functions_named(name), || {
        let like = codes.functions_like(name).into_iter();
        unknown("function", name, like.collect())
    })
}

fn host(name: &str) -> Result<u32, String> {
    let known = host_fns().find(|(_, row)| row.name == name);
    let like = || host_fns().filter(|(_, row)| row.name.contains(name));
    known.map(|(id, _)| id.0).ok_or_else(|| {
        unknown(
            "host function",
            name,
            like().map(|(_, row)| row.name.to_owned()).collect(),
        )
    })
}

fn offset(text: &str, codes: &Codes<'_>) -> Result<BTreeSet<CodeAndOffset>, String> {
    let nowhere = || format!("no code is at {text}");
    let offset = number(text)
        .and_then(|offset| u32::try_from(offset).ok())
        .ok_or_else(nowhere)?;
    some(codes.with_offset(offset), nowhere)
}

fn unknown(what: &str, name: &str, like: Vec<String>) -> String {
    let mut text = format!("no {what} is called \"{name}\"");
    if !like.is_empty() {
        text += "; there are ";
        text += &like
            .iter()
            .take(MAX_PROPOSALS)
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(", ");
        if like.len() > MAX_PROPOSALS {
            text += ", …";
        }
    }
    text
}
