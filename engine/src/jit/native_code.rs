//! Native code of a module in its place: code that may run, and the tables beside it.
//!
//! Both are bytes that mean the same wherever they are, so they are what an [artefact](crate::artefact) holds.
//!
//! Not all functions need be compiled. One that is not may still be called by compiled code, or be in a table: then it has
//! a copy of a way out to the interpreter in its place. When it is compiled after all, the code that has it begins with
//! what was there before, byte for byte but for the calls that led out.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use super::abi::Site;
use super::code_memory::{CodeMemory, OpenCode};
use super::compile::{CALL_BYTES, Compiled, Exit, Unit};
use super::tables::{OpenCall, Parts, Tables};
use crate::artefact::Counts;
use crate::module::info::ModuleInfo;

/// Native code of a module. Freed when dropped; instances keep what they run, so never while it may run.
#[derive(Debug)]
pub(crate) struct NativeCode {
    code: CodeMemory,
    tables: Tables,
}

/// Compiled units of a module that have no place yet.
#[derive(Default)]
pub(crate) struct Units {
    /// Functions, by index.
    pub functions: Vec<(u32, Compiled)>,
    /// Ways in, by distinct type.
    pub ways_in: Vec<(u32, Compiled)>,
    /// Ways out, by where they lead and distinct type.
    pub ways_out: BTreeMap<(Exit, u32), Compiled>,
}

impl Units {
    /// Adds a unit.
    pub fn add(&mut self, unit: Unit, compiled: Compiled) {
        match unit {
            Unit::Function(index) => self.functions.push((index, compiled)),
            Unit::WayIn(ty) => self.ways_in.push((ty, compiled)),
            Unit::WayOut(exit, ty) => {
                self.ways_out.insert((exit, ty), compiled);
            }
        }
    }

    /// Functions that need a way out to the interpreter when these units are added to `old`: compiled code may come to
    /// them, and they have no place.
    pub fn left_out(&self, info: &ModuleInfo, old: Option<&NativeCode>) -> BTreeSet<u32> {
        let mut reached: BTreeSet<u32> = match old {
            // Has a place for each of these already.
            Some(_) => BTreeSet::new(),
            None => info.escaping().collect(),
        };
        let calls = self.functions.iter().flat_map(|(_, unit)| &unit.calls);
        reached.extend(calls.map(|call| call.callee));
        reached.retain(|function| {
            let placed = old.is_some_and(|old| old.tables.function(*function).is_some());
            *function >= info.imported_funcs && !placed
        });
        for (function, _) in &self.functions {
            reached.remove(function);
        }
        reached
    }
}

impl NativeCode {
    /// Puts code that has been laid out into executable memory.
    ///
    /// # Errors
    /// Why it cannot be done, in words.
    pub fn link(layout: Layout<'_>) -> Result<Self, String> {
        let mut parts = layout.parts;
        let mut code = OpenCode::new(layout.end).map_err(|e| e.to_string())?;
        let bytes = code.bytes();
        bytes[..layout.old.len()].copy_from_slice(layout.old);
        for call in parts.take_open() {
            fill(bytes, &mut parts, call)?;
        }
        for Placed {
            unit,
            start,
            function,
        } in layout.placed
        {
            bytes[start as usize..][..unit.bytes.len()].copy_from_slice(&unit.bytes);
            for at in &unit.numbers {
                let number = u64::from(function).to_le_bytes();
                bytes[(start + at) as usize..][..number.len()].copy_from_slice(&number);
            }
            for call in &unit.calls {
                let call = OpenCall {
                    at: start + call.at,
                    callee: call.callee,
                };
                fill(bytes, &mut parts, call)?;
            }
            parts.add_sites(unit, start);
        }
        Ok(Self {
            code: code.seal().map_err(|e| e.to_string())?,
            tables: Tables::new(&parts),
        })
    }

    /// Code and tables out of an artefact that has been found authentic.
    ///
    /// # Errors
    /// The system does not let code become executable.
    pub fn load(code: OpenCode, tables: Vec<u8>, counts: &Counts) -> io::Result<Self> {
        Ok(Self {
            code: code.seal()?,
            tables: Tables::load(tables, counts),
        })
    }

    /// How much there is of everything but the plan, which is not known here.
    pub fn counts(&self) -> Counts {
        Counts {
            code_bytes: self.code.bytes().len() as u32,
            ..self.tables.counts()
        }
    }

    /// The code, then the tables, as [`NativeCode::load`] takes them.
    pub fn parts(&self) -> [&[u8]; 2] {
        [self.code.bytes(), self.tables.bytes()]
    }

    /// Bytes of its machine code.
    pub fn code_bytes(&self) -> usize {
        self.code.bytes().len()
    }

    /// Bytes it takes.
    pub fn bytes(&self) -> usize {
        self.parts().iter().map(|part| part.len()).sum()
    }

    /// Has a function, by its index, code of its own?
    pub fn has(&self, index: u32) -> bool {
        self.tables.function(index).is_some_and(|(_, own)| own)
    }

    /// Where native code that calls a function goes; null where none does.
    pub fn entry(&self, index: u32) -> *const u8 {
        let start = self.tables.function(index);
        start.map_or(std::ptr::null(), |(start, _)| self.code.address(start))
    }

    /// The way in to a function that has code, if it is of a type that has one; else null.
    pub fn way_in(&self, info: &ModuleInfo, index: u32) -> *const u8 {
        let start = self.tables.way_in(info.func_canonical(index));
        let start = start.filter(|_| self.has(index));
        start.map_or(std::ptr::null(), |start| self.code.address(start))
    }

    /// Has a distinct type a way in?
    pub fn has_way_in(&self, ty: u32) -> bool {
        self.tables.way_in(ty).is_some()
    }

    /// The trap site at an address, if it is one of this code, and the written form of its debt. Takes no lock, allocates
    /// nothing.
    pub fn site(&self, address: usize) -> Option<(Site, impl Iterator<Item = u32>)> {
        self.tables.site(self.code.offset(address)?)
    }
}

/// A unit with where it starts, and the number it is given if it is a way out.
struct Placed<'u> {
    unit: &'u Compiled,
    start: u32,
    function: u32,
}

/// Where units come to be, behind a copy of what was there before.
pub(crate) struct Layout<'u> {
    old: &'u [u8],
    placed: Vec<Placed<'u>>,
    parts: Parts,
    end: usize,
    align: u32,
}

impl<'u> Layout<'u> {
    /// Lays out units behind `old`; none is placed at less than `align`. Among them are the ways out that are needed: to the
    /// host for all imports when there is no `old`, and to the interpreter for [`Units::left_out`].
    ///
    /// # Errors
    /// Why it cannot be done, in words.
    pub fn new(
        info: &ModuleInfo,
        old: Option<&'u NativeCode>,
        units: &'u Units,
        align: u32,
    ) -> Result<Self, String> {
        let bytes = old.map_or(&[][..], |old| old.code.bytes());
        let mut layout = Self {
            old: bytes,
            placed: Vec::new(),
            parts: match old {
                Some(old) => old.tables.parts(),
                None => Parts::new(info.funcs.len(), info.distinct_types.len()),
            },
            end: bytes.len(),
            align,
        };
        for (function, unit) in &units.functions {
            let start = layout.place(unit, *function)?;
            layout.parts.add_function(*function, start);
        }
        for (ty, unit) in &units.ways_in {
            let start = layout.place(unit, 0)?;
            layout.parts.add_way_in(*ty, start);
        }
        let way_out = |exit, function| {
            let unit = units.ways_out.get(&(exit, info.func_canonical(function)));
            unit.ok_or_else(|| format!("no way out for function {function}"))
        };
        for function in (0..info.imported_funcs).filter(|_| old.is_none()) {
            let start = layout.place(way_out(Exit::Host, function)?, function)?;
            layout.parts.add_function(function, start);
        }
        for function in units.left_out(info, old) {
            let start = layout.place(way_out(Exit::Interpreter, function)?, function)?;
            layout.parts.leave_out(function, start);
        }
        Ok(layout)
    }

    /// Bytes of machine code.
    pub fn code_bytes(&self) -> usize {
        self.end
    }

    /// Places a unit behind the others; gives where it starts.
    fn place(&mut self, unit: &'u Compiled, function: u32) -> Result<u32, String> {
        let start = self.end.next_multiple_of(unit.align.max(self.align) as usize);
        self.end = start + unit.bytes.len();
        if self.end > i32::MAX as usize {
            return Err("more code than a call can reach across".into());
        }
        let start = start as u32;
        self.placed.push(Placed {
            unit,
            start,
            function,
        });
        Ok(start)
    }
}

/// Gives a call its distance, and notes it if it leads out.
fn fill(bytes: &mut [u8], parts: &mut Parts, call: OpenCall) -> Result<(), String> {
    let (callee, own) = parts
        .callee(call.callee)
        .ok_or_else(|| format!("a call of function {}", call.callee))?;
    if !own {
        parts.add_open(call);
    }
    let at = call.at as usize;
    // Both are less than 2³¹.
    let distance = callee as i32 - (at + CALL_BYTES) as i32;
    bytes[at..][..CALL_BYTES].copy_from_slice(&distance.to_le_bytes());
    Ok(())
}
