//! Artefacts: compiled modules as bytes, kept outside the engine and taken back without being compiled again.
//!
//! An artefact holds native code, its tables and the plan: what takes long to make. Everything else is read from the
//! module itself, which is always there. It holds no price: those come from the plan and a schedule at instantiation, so
//! new prices leave artefacts as they are.
//!
//! Native code is run as it is, so bytes from outside must be what this engine, or one like it, has given out:
//!
//! - The *name* of an artefact is a keyed hash of the module and of everything else that shapes its code: the build of
//!   the engine, the ruleset, how memories are bounded, the processor and the code generator's settings. What was made
//!   otherwise has another name and is not found.
//! - The *tag*, its first bytes, is a message authentication code of its name and of all its other bytes. It is checked
//!   before anything but lengths is looked at, and before code becomes executable. What was damaged, cut off, renamed or
//!   made without the key is refused, reported to the [`ArtefactStore`], and the module is compiled. A code and not a
//!   hash: nobody without the key is to make one, and that takes an eighth of the time.
//!
//! All of an artefact is checked at once, not function by function when they are first called: code that is half run
//! cannot be handed to the interpreter, so a check that failed then would show in the outcome.
//!
//! A module may have native code of some functions alone. So has its artefact then, until another takes its place: the one
//! that was made last, which need not be the one with most.
//!
//! Who has the key can make the engine run any code.

use std::fmt;
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use aegis::aegis256x4::Aegis256X4Mac;
use arwen_metering::ModulePlan;

use crate::config::Tier;
use crate::engine::Engine;
use crate::error::CompileError;
use crate::jit::{Compiler, NativeCode, OpenCode, table_bytes};
use crate::module::info::ModuleInfo;
use crate::module::{Module, reread};
use crate::tier::TierStatus;

/// Where artefacts are kept. May forget any at any time. A panic in it is taken for an artefact that is not there.
pub trait ArtefactStore: Send + Sync {
    /// The artefact of a name, if it is there.
    fn open(&self, name: &ArtefactName) -> Option<StoredArtefact<'_>>;

    /// Keeps an artefact, whose bytes are these parts one after the other, in place of what may be there. Called on the
    /// thread that compiled the module: in the background for [`Tier::Tiered`].
    fn save(&self, name: &ArtefactName, parts: &[&[u8]]);

    /// What was opened is no artefact of this name; it is of no use to anybody.
    fn refused(&self, name: &ArtefactName, why: &ArtefactError);
}

/// What an [`ArtefactStore`] has found.
pub struct StoredArtefact<'a> {
    /// How many bytes there are.
    pub len: u64,
    /// The bytes.
    pub bytes: Box<dyn Read + 'a>,
}

impl fmt::Debug for StoredArtefact<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredArtefact")
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}

/// What an artefact is found by. Printed as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ArtefactName([u8; 32]);

impl fmt::Display for ArtefactName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ArtefactName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ArtefactName({self})")
    }
}

/// Why an artefact is not used.
#[derive(Debug, thiserror::Error)]
pub enum ArtefactError {
    /// It cannot be read, or ends too early.
    #[error("cannot be read: {0}")]
    Read(io::Error),
    /// Its parts do not add up to its length, or are longer than any that is made.
    #[error("{found} bytes, which its parts do not add up to")]
    Length {
        /// Its length in bytes.
        found: u64,
    },
    /// It was made without the key, under another name, or has been changed since.
    #[error("not authentic")]
    Tag,
    /// Authentic, and still not of this module.
    #[error("of another module")]
    Content,
    /// Authentic, of a module that is not valid.
    #[error("of a module that is not valid: {0}")]
    Module(CompileError),
    /// The system has no executable memory for it.
    #[error("no memory for code: {0}")]
    Memory(io::Error),
}

/// A store of artefacts, and the keys to them.
#[derive(Clone)]
pub struct Artefacts {
    store: Arc<dyn ArtefactStore>,
    name_key: [u8; 32],
    tag_key: [u8; 32],
}

impl fmt::Debug for Artefacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Artefacts").finish_non_exhaustive()
    }
}

/// Bytes of a tag.
const TAG: usize = 32;

/// Longest artefact in bytes: some times what [`NativeBudget`](crate::NativeBudget) lets a module have of machine code.
/// Nothing longer is written, or read into memory to see whether it is authentic.
const MAX_BYTES: u64 = 256 << 20;

impl Artefacts {
    /// Artefacts of `store` that are authentic by `key`, which must be secret and not be guessed: 32 random bytes.
    pub fn new(store: Arc<dyn ArtefactStore>, key: &[u8; 32]) -> Self {
        Self {
            store,
            name_key: blake3::derive_key("arwen engine 2026-11-22 name of an artefact", key),
            tag_key: blake3::derive_key("arwen engine 2026-11-30 tag of an artefact", key),
        }
    }

    fn name(&self, fingerprint: &str, wasm: &[u8]) -> ArtefactName {
        let mut hasher = blake3::Hasher::new_keyed(&self.name_key);
        hasher.update(&(fingerprint.len() as u64).to_le_bytes());
        hasher.update(fingerprint.as_bytes());
        hasher.update(wasm);
        ArtefactName(hasher.finalize().into())
    }

    /// What makes and checks the tag of an artefact, of all that comes after the tag. Where each part ends follows from
    /// the counts.
    fn tag(&self, name: &ArtefactName, parts: [&[u8]; 4]) -> Aegis256X4Mac<TAG> {
        let mut mac = Aegis256X4Mac::new_with_nonce(&self.tag_key, &name.0);
        parts.iter().for_each(|part| mac.update(part));
        mac
    }

    /// Keeps the code of a module.
    pub(crate) fn save(&self, fingerprint: &str, info: &ModuleInfo, plan: &ModulePlan, native: &NativeCode) {
        let name = self.name(fingerprint, &info.wasm);
        let mut plan_bytes = Vec::new();
        plan.write_to(&mut plan_bytes);
        let [code, tables] = native.parts();
        let mut counts = native.counts();
        counts.plan_bytes = plan_bytes.len() as u32;
        if counts.artefact_bytes() > MAX_BYTES {
            return;
        }
        let counts = counts.to_bytes();
        let tag = self.tag(&name, [&counts, code, tables, &plan_bytes]).finalize();
        self.store
            .save(&name, &[&tag, &counts, code, tables, &plan_bytes]);
    }

    fn read(
        &self,
        engine: &Engine,
        name: &ArtefactName,
        stored: StoredArtefact<'_>,
        wasm: &[u8],
    ) -> Result<Module, ArtefactError> {
        let StoredArtefact { len, mut bytes } = stored;
        let mut head = [0; TAG + Counts::BYTES];
        bytes.read_exact(&mut head).map_err(ArtefactError::Read)?;
        let (tag, count_bytes) = head.split_first_chunk::<TAG>().unwrap_or((&[0; TAG], &[]));
        let counts = Counts::from_bytes(count_bytes);
        if len > MAX_BYTES || counts.artefact_bytes() != len {
            return Err(ArtefactError::Length { found: len });
        }
        let mut code = OpenCode::to_fill(counts.code_bytes as usize).map_err(ArtefactError::Memory)?;
        bytes.read_exact(code.bytes()).map_err(ArtefactError::Read)?;
        let tables = next(&mut bytes, table_bytes(&counts)).map_err(ArtefactError::Read)?;
        let plan = next(&mut bytes, counts.plan_bytes.into()).map_err(ArtefactError::Read)?;
        // Takes the same time wherever they differ.
        let parts = [count_bytes, code.bytes(), &tables, &plan];
        self.tag(name, parts)
            .verify(tag)
            .map_err(|_| ArtefactError::Tag)?;
        let info = reread::declarations(engine, wasm).map_err(ArtefactError::Module)?;
        let (functions, ways_in) = (info.funcs.len(), info.distinct_types.len());
        if (counts.functions as usize, counts.ways_in as usize) != (functions, ways_in) {
            return Err(ArtefactError::Content);
        }
        let native = NativeCode::load(code, tables, &counts).map_err(ArtefactError::Memory)?;
        Ok(Module::with_native(engine, info, plan, native))
    }
}

/// The next `len` bytes.
fn next(bytes: &mut dyn Read, len: u64) -> io::Result<Vec<u8>> {
    // Into memory that need not be cleared first.
    let mut read = Vec::with_capacity(len as usize);
    bytes.take(len).read_to_end(&mut read)?;
    match read.len() as u64 == len {
        true => Ok(read),
        false => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// The module, if the engine uses native code and there is an artefact of it.
pub(crate) fn load(engine: &Engine, wasm: &[u8]) -> Option<Module> {
    unharmed(|| find(engine, wasm))
}

fn find(engine: &Engine, wasm: &[u8]) -> Option<Module> {
    let artefacts = engine.config().artefacts.as_ref()?;
    if !matches!(engine.tier(), Tier::Jit | Tier::Tiered) {
        return None;
    }
    let compiler = engine.jit().ok()?;
    let name = artefacts.name(compiler.fingerprint(), wasm);
    let stored = artefacts.store.open(&name)?;
    let module = artefacts.read(engine, &name, stored, wasm);
    let module = module
        .inspect_err(|why| artefacts.store.refused(&name, why))
        .ok()?;
    // Who wants native code from the start wants all of it.
    (engine.tier() == Tier::Tiered || module.tier_status() == TierStatus::Native).then_some(module)
}

/// Asks a store. One that panics costs an artefact, never a module.
fn unharmed<T>(ask: impl FnOnce() -> Option<T>) -> Option<T> {
    catch_unwind(AssertUnwindSafe(ask)).unwrap_or(None)
}

/// What is done with the code of a module once it is compiled.
#[derive(Debug, Clone)]
pub(crate) struct Keep {
    pub artefacts: Artefacts,
    pub plan: Arc<ModulePlan>,
}

impl Keep {
    /// Keeps it.
    pub fn save(&self, compiler: &Compiler, info: &ModuleInfo, native: &NativeCode) {
        let save = || {
            self.artefacts
                .save(compiler.fingerprint(), info, &self.plan, native);
            Some(())
        };
        unharmed(save);
    }
}

/// How much there is of each part of an artefact.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Bytes of machine code.
    pub code_bytes: u32,
    /// Functions of the module.
    pub functions: u32,
    /// Distinct types of the module.
    pub ways_in: u32,
    /// Trap sites.
    pub sites: u32,
    /// Trap sites where something is due.
    pub indebted: u32,
    /// Words of what is due there.
    pub debts: u32,
    /// Calls of functions without code.
    pub open: u32,
    /// Bytes of the plan.
    pub plan_bytes: u32,
}

impl Counts {
    /// How many there are, and the bytes they take.
    const NUMBER: usize = 8;
    const BYTES: usize = Self::NUMBER * size_of::<u32>();

    fn to_bytes(self) -> Vec<u8> {
        [
            self.code_bytes,
            self.functions,
            self.ways_in,
            self.sites,
            self.indebted,
            self.debts,
            self.open,
            self.plan_bytes,
        ]
        .into_iter()
        .flat_map(u32::to_le_bytes)
        .collect()
    }

    fn from_bytes(bytes: &[u8]) -> Self {
        let mut words = bytes.as_chunks().0.iter().map(|word| u32::from_le_bytes(*word));
        let mut next = || words.next().unwrap_or(0);
        Self {
            code_bytes: next(),
            functions: next(),
            ways_in: next(),
            sites: next(),
            indebted: next(),
            debts: next(),
            open: next(),
            plan_bytes: next(),
        }
    }

    /// Bytes of the whole artefact. No 32-bit counts can overflow it.
    fn artefact_bytes(&self) -> u64 {
        let head = (TAG + Self::BYTES) as u64;
        head + u64::from(self.code_bytes) + table_bytes(self) + u64::from(self.plan_bytes)
    }
}

#[cfg(all(test, feature = "jit"))]
mod tests {
    use super::*;
    use crate::tier::Wanted;
    use crate::{Config, Ruleset};

    /// A store that is never asked.
    struct Nothing;

    impl ArtefactStore for Nothing {
        fn open(&self, _: &ArtefactName) -> Option<StoredArtefact<'_>> {
            None
        }

        fn save(&self, _: &ArtefactName, _: &[&[u8]]) {}

        fn refused(&self, _: &ArtefactName, _: &ArtefactError) {}
    }

    #[test]
    fn whatever_shapes_the_code_is_in_the_name() {
        let artefacts = Artefacts::new(Arc::new(Nothing), &[1; 32]);
        let engine = Engine::new(Config::new(&Ruleset::ARWEN_1_3));
        let fingerprint = engine.jit().unwrap().fingerprint();
        let name = artefacts.name(fingerprint, b"module");
        for part in [
            env!("ARWEN_ENGINE_BUILD"),
            "ruleset arwen-1.3",
            "guarded true",
            "has_avx2",
            "has_bmi1",
            "opt_level",
            "preserve_frame_pointers",
        ] {
            assert_eq!(fingerprint.matches(part).count(), 1, "{part} in {fingerprint}");
            assert_ne!(
                artefacts.name(&fingerprint.replace(part, "other"), b"module"),
                name
            );
        }
        // No module can stand for a part of the settings.
        let (start, end) = fingerprint.split_at(fingerprint.len() / 2);
        assert_ne!(artefacts.name(start, &[end.as_bytes(), b"module"].concat()), name);
        assert_eq!(name.to_string().len(), 64);
    }

    #[test]
    fn a_plan_that_cannot_be_read_is_made_anew() {
        let wasm = wat::parse_str("(module (func (param i32) (result i32) local.get 0))").unwrap();
        let engine = Engine::new(Config::new(&Ruleset::ARWEN_1_3).tier(Tier::Jit));
        let cold = Module::new(&engine, &wasm).unwrap();
        let mut good = Vec::new();
        cold.plan().write_to(&mut good);
        for bytes in [good.clone(), Vec::new(), good[1..].to_vec(), vec![0xff; 400]] {
            let info = reread::declarations(&engine, &wasm).unwrap();
            let compiler = engine.jit().unwrap();
            let made = compiler.compile(&info, None, &Wanted::All, 0, &|| false).unwrap();
            let module = Module::with_native(&engine, info, bytes, made.native);
            assert_eq!(module.plan(), cold.plan());
        }
    }
}
