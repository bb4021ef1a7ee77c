//! A module that arrives in pieces.

use std::sync::Arc;

use wasmparser::{Chunk, Parser};

use super::Module;
use super::parse::{Reading, at, invalid};
use crate::backend::CodeBuilder;
use crate::engine::Engine;
use crate::error::{CompileError, CompileErrorKind};
use crate::limits::what;

/// Takes a module in pieces, as they arrive.
///
/// Everything is done with the first bytes that allow it. A section is validated when its last byte is there; a function
/// when its own is: it is validated, given its plan and, for [`Tier::Jit`](crate::Tier::Jit), compiled to native code,
/// so that nothing but linking is left for the end. For the other tiers it is ready to run then: the interpreter
/// translates a function when it is first called, as most of a contract's never are.
///
/// Native code made here is kept as an artefact, but none is looked for: its name is known with the last byte alone.
///
/// How the bytes are cut changes nothing: [`Module::new`] is one push. Of an invalid module, the error is that of its
/// first mistake in the order of its bytes, as soon as they are there. At no time is more kept than the bytes so far and
/// what was made of them; bytes past the ruleset's limit for a module are not taken.
///
/// ```
/// use arwen_engine::{Config, Engine, ModuleBuilder, Ruleset};
///
/// let wasm = wat::parse_str("(module (func) (func (drop (f32.const 1))) (func))")?;
/// let engine = Engine::new(Config::new(&Ruleset::ARWEN_1_3));
/// let mut builder = ModuleBuilder::new(&engine);
/// for piece in wasm[..26].chunks(7) {
///     builder.push(piece)?;
/// }
/// assert_eq!(builder.functions(), 1);
/// let error = builder.push(&wasm[26..35]).expect_err("the second function is refused before there is a third");
/// assert_eq!(error.to_string(), "float operator F32Const (offset 0x1c, function 1)");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ModuleBuilder {
    engine: Engine,
    parser: Parser,
    reading: Reading,
    /// How many of the bytes so far the parser has taken.
    parsed: usize,
    code: CodeBuilder,
    /// What was wrong: nothing after it is looked at.
    failed: Option<CompileError>,
}

impl std::fmt::Debug for ModuleBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ModuleBuilder")
            .field("bytes", &self.reading.info.wasm.len())
            .field("functions", &self.functions())
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}

impl ModuleBuilder {
    /// Begins a module for an engine.
    pub fn new(engine: &Engine) -> Self {
        let rules = engine.ruleset();
        let mut parser = Parser::new(0);
        parser.set_features(rules.features);
        Self {
            engine: engine.clone(),
            parser,
            reading: Reading::new(rules, engine.planner()),
            parsed: 0,
            code: CodeBuilder::new(engine),
            failed: None,
        }
    }

    /// Functions with a body that have been taken in so far.
    pub fn functions(&self) -> usize {
        self.reading.info.bodies.read.len()
    }

    /// Takes the next bytes; any number of them, none too.
    ///
    /// # Errors
    /// The first thing that is wrong with the module, if it can be told from the bytes so far; then again and again.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), CompileError> {
        self.failed.clone().map_or(Ok(()), Err)?;
        let limit = self.engine.ruleset().limits.module_bytes;
        let room = limit as usize - self.reading.info.wasm.len();
        let (within, beyond) = bytes.split_at(bytes.len().min(room));
        self.reading.info.wasm.extend_from_slice(within);
        self.advance(false)?;
        if beyond.is_empty() {
            return Ok(());
        }
        let kind = CompileErrorKind::Limit {
            what: what::module_bytes,
            found: u64::from(limit) + 1,
            max: limit.into(),
        };
        self.fail(at(limit.into(), kind))
    }

    /// Ends the module.
    ///
    /// # Errors
    /// As [`ModuleBuilder::push`]; an unfinished module too.
    pub fn finish(mut self) -> Result<Module, CompileError> {
        self.failed.take().map_or(Ok(()), Err)?;
        self.advance(true)?;
        let (info, plan) = self.reading.finish();
        let info = Arc::new(info);
        let code = self.code.finish(&info);
        let module = Module::with_plan(&self.engine, info, plan, code);
        if let (Some(keep), Some(native), Ok(compiler)) =
            (module.keep(), module.code().native(), self.engine.jit())
        {
            keep.save(compiler, module.info(), &native);
        }
        Ok(module)
    }

    fn fail(&mut self, error: CompileError) -> Result<(), CompileError> {
        self.failed = Some(error.clone());
        Err(error)
    }

    /// Takes in what can be taken in of the bytes that are there; all of it at the end of the module.
    fn advance(&mut self, end: bool) -> Result<(), CompileError> {
        loop {
            // Payloads borrow the bytes, so these are put aside meanwhile.
            let wasm = std::mem::take(&mut self.reading.info.wasm);
            let step = self.step(&wasm, end);
            self.reading.info.wasm = wasm;
            match step {
                Ok(Step::Wait | Step::End) => return Ok(()),
                Ok(Step::Taken) => self.code.take_in(&self.reading.info),
                Err(error) => return self.fail(error),
            }
        }
    }

    /// Takes in one payload.
    fn step(&mut self, wasm: &[u8], end: bool) -> Result<Step, CompileError> {
        let rest = &wasm[self.parsed..];
        match self.parser.parse(rest, end).map_err(invalid)? {
            // Never said at the end.
            Chunk::NeedMoreData(_) => Ok(Step::Wait),
            Chunk::Parsed { consumed, payload } => {
                self.parsed += consumed;
                let over = self.reading.payload(&payload)?;
                Ok(if over { Step::End } else { Step::Taken })
            }
        }
    }
}

/// What became of the bytes that are there.
enum Step {
    /// A payload has been taken in.
    Taken,
    /// They are not a whole payload.
    Wait,
    /// They are the end of the module.
    End,
}

#[cfg(test)]
mod tests;
