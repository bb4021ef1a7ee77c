//! Modules: validated, planned and, where the tier asks for it, compiled.

pub(crate) mod body;
mod bounds;
mod builder;
pub(crate) mod const_expr;
mod diagnose;
pub(crate) mod info;
mod moves;
pub(crate) mod operator;
mod parse;
pub(crate) mod reread;
mod visitor;

use std::sync::{Arc, OnceLock};

use arwen_metering::{CostTable, ModulePlan};

use crate::artefact::{self, Keep};
use crate::backend::Code;
use crate::engine::Engine;
use crate::error::CompileError;
use crate::jit::NativeCode;
use crate::observe::ChargedOperators;
use crate::runtime::mapping::Image;
use crate::runtime::pool::ModuleImage;
use crate::runtime::wiring::Spares;
use crate::tier::{TierStatus, Wanted};
use crate::value::ExternType;
pub use builder::ModuleBuilder;
use info::ModuleInfo;

pub use diagnose::Diagnosis;

/// A module ready to be instantiated. A clone is the same module.
#[derive(Debug, Clone)]
pub struct Module(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    engine: Engine,
    info: Arc<ModuleInfo>,
    plan: OnceLock<Arc<ModulePlan>>,
    /// The plan as an artefact has it, read when somebody asks for it; else nothing.
    plan_bytes: Vec<u8>,
    code: Code,
    /// Initial contents of its memory; made when first instantiated.
    image: OnceLock<ModuleImage>,
    /// What instances that are gone have left for the next ones.
    spares: Spares,
}

/// An import of a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportType<'m> {
    /// Module part of the name.
    pub module: &'m str,
    /// Field part of the name.
    pub name: &'m str,
    /// What is wanted.
    pub ty: ExternType,
}

/// An export of a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportType<'m> {
    /// Name.
    pub name: &'m str,
    /// What is given.
    pub ty: ExternType,
}

impl Module {
    /// Validates a module under the engine's ruleset and prepares it for the engine's tier.
    ///
    /// # Errors
    /// The first thing that is wrong, with its byte offset and function; float operators before anything else that
    /// could be said of the same place. Nothing is allocated before the limit for it is checked.
    ///
    /// A module that arrives in pieces need not be collected first: see [`ModuleBuilder`]. One that has been compiled
    /// before may not have to be looked at: see [`Artefacts`](crate::Artefacts).
    pub fn new(engine: &Engine, wasm: &[u8]) -> Result<Self, CompileError> {
        if let Some(module) = artefact::load(engine, wasm) {
            return Ok(module);
        }
        let mut builder = ModuleBuilder::new(engine);
        builder.push(wasm)?;
        builder.finish()
    }

    fn of(
        engine: &Engine,
        info: Arc<ModuleInfo>,
        plan: OnceLock<Arc<ModulePlan>>,
        plan_bytes: Vec<u8>,
        code: Code,
    ) -> Self {
        Self(Arc::new(Inner {
            engine: engine.clone(),
            info,
            plan,
            plan_bytes,
            code,
            image: OnceLock::new(),
            spares: Spares::default(),
        }))
    }

    /// A module that has been read.
    fn with_plan(engine: &Engine, info: Arc<ModuleInfo>, plan: ModulePlan, code: Code) -> Self {
        let plan = OnceLock::from(Arc::new(plan));
        Self::of(engine, info, plan, Vec::new(), code)
    }

    /// A module whose native code is there already, or some of it, and its plan as bytes.
    pub(crate) fn with_native(
        engine: &Engine,
        info: ModuleInfo,
        plan_bytes: Vec<u8>,
        native: NativeCode,
    ) -> Self {
        let info = Arc::new(info);
        let code = Code::with_native(&info, native);
        Self::of(engine, info, OnceLock::new(), plan_bytes, code)
    }

    /// What is done with its native code once that is there.
    fn keep(&self) -> Option<Keep> {
        let artefacts = self.engine().config().artefacts.clone()?;
        let plan = self.shared_plan().clone();
        Some(Keep { artefacts, plan })
    }

    /// The engine the module was made for.
    pub fn engine(&self) -> &Engine {
        &self.0.engine
    }

    /// The bytes the module was made of.
    pub fn wasm(&self) -> &[u8] {
        &self.info().wasm
    }

    /// Imports, in the order of the module: the order [`crate::Store::instantiate`] wants.
    pub fn imports(&self) -> impl ExactSizeIterator<Item = ImportType<'_>> {
        let info = self.info();
        info.imports.iter().map(|import| ImportType {
            module: info.name(import.module),
            name: info.name(import.name),
            ty: info.import_type(&import.ty),
        })
    }

    /// Exports, in the order of the module.
    pub fn exports(&self) -> impl ExactSizeIterator<Item = ExportType<'_>> {
        let info = self.info();
        info.exports.iter().map(|export| ExportType {
            name: info.name(export.name),
            ty: info.export_type(export.index),
        })
    }

    /// The type of an export, by name.
    pub fn export(&self, name: &str) -> Option<ExternType> {
        let info = self.info();
        Some(info.export_type(info.export(name)?))
    }

    /// Does the module have a start function?
    pub fn has_start(&self) -> bool {
        self.info().start.is_some()
    }

    /// What to charge where. With a schedule's prices it gives the cost table that instantiation wants.
    pub fn plan(&self) -> &ModulePlan {
        self.shared_plan()
    }

    fn shared_plan(&self) -> &Arc<ModulePlan> {
        self.0.plan.get_or_init(|| {
            let rules = self.engine().ruleset();
            let plan = ModulePlan::read_from(&self.0.plan_bytes, rules.metering.locals);
            // What is authentic can be read. If not, the module says the same once more.
            Arc::new(plan.unwrap_or_else(|| reread::plan(self.engine(), self.wasm())))
        })
    }

    /// The cost table for a schedule's prices: `self.plan().costs(prices)`.
    pub fn costs(&self, prices: &arwen_metering::OpCosts) -> CostTable {
        self.plan().costs(prices)
    }

    /// For which operators each charge of the plan pays, by position in the module. Made when asked for, in time linear
    /// in the code.
    pub fn charged_operators(&self) -> ChargedOperators {
        ChargedOperators::of(self.info(), self.plan())
    }

    /// In which tier the module can run, and why not in the other. No outcome depends on it.
    pub fn tier_status(&self) -> TierStatus {
        self.0.code.promotion().status(self.info().defined())
    }

    /// Bytes of its native code and the tables of that, as far as there is any yet.
    pub fn native_bytes(&self) -> usize {
        self.code().native().map_or(0, |native| native.bytes())
    }

    /// Queues the whole module for compilation in the background, whatever the engine's tier and policy. Does nothing when
    /// it is queued or settled, or when the queue is full: see [`Module::tier_status`]. Stores use the
    /// code from their next instantiation or invocation on, if the engine's tier allows it.
    /// Of a module that has native code of some functions, it asks for the others, each by itself.
    pub fn request_native(&self) {
        let promotion = self.0.code.promotion();
        match promotion.has_native() {
            true => self.request_some(promotion.new_of(self.info().defined())),
            false => self.request(Wanted::All),
        }
    }

    /// The same for some of its functions, by index, as far as each can have native code: those that somebody knows to be
    /// needed. Other indices mean nothing, nor do those of functions that have some.
    ///
    /// ```
    /// # use arwen_engine::{Config, Engine, Module, Ruleset, Tier, TierStatus};
    /// let wasm = wat::parse_str("(module (func) (func (export \"f\")) (func))")?;
    /// let engine = Engine::new(Config::new(&Ruleset::ARWEN_1_3).tier(Tier::Tiered));
    /// let module = Module::new(&engine, &wasm)?;
    /// module.request_native_of([1]);
    /// assert_eq!(module.wait_for_native(), TierStatus::Partly(1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn request_native_of(&self, functions: impl IntoIterator<Item = u32>) {
        let defined = self.info().defined();
        let mut functions: Vec<u32> = functions
            .into_iter()
            .filter(|index| defined.contains(index))
            .collect();
        functions.sort_unstable();
        functions.dedup();
        self.request_some(self.0.code.promotion().new_of(functions.into_iter()));
    }

    /// The same for the functions that have been called.
    pub(crate) fn request_called(&self) {
        let code = &self.0.code;
        if code.promotion().is_open() {
            self.request_some(code.wanted());
        }
    }

    fn request_some(&self, wanted: Option<Wanted>) {
        if let Some(wanted) = wanted {
            self.request(wanted);
        }
    }

    fn request(&self, wanted: Wanted) {
        let promotion = self.0.code.promotion();
        if promotion.is_open() {
            self.engine().workers().request(
                promotion,
                &self.0.info,
                self.engine().jit(),
                wanted,
                self.keep(),
            );
        }
    }

    /// Waits until a compilation that was asked for is over, and says how it ended; at once when there was none.
    pub fn wait_for_native(&self) -> TierStatus {
        self.0.code.promotion().wait();
        self.tier_status()
    }

    pub(crate) fn info(&self) -> &Arc<ModuleInfo> {
        &self.0.info
    }

    /// Initial contents of its memory, if they are worth an image.
    pub(crate) fn image(&self) -> Option<&Arc<Image>> {
        self.0
            .image
            .get_or_init(|| ModuleImage::new(self.engine().pool(), self.info()))
            .get()
    }

    /// Is it the same module?
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Wirings of instances that are gone.
    pub(crate) fn spares(&self) -> &Spares {
        &self.0.spares
    }

    pub(crate) fn code(&self) -> &Code {
        &self.0.code
    }
}
