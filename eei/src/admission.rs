//! Whether code can be deployed, and everything that speaks against it.
//!
//! The rules for imports and exports are here, and the VM host applies them one by one; [`Admission`] applies all of
//! them, for people.

use std::collections::BTreeSet;

use arwen_engine::{
    Config, Diagnosis, Engine, ExportType, Extern, ExternType, ImportType, InstantiateError, Interrupt,
    Module, NoHost, Ruleset, SegmentError, Store, Tier,
};
use arwen_metering::Schedule;

use crate::call::UPGRADE;
use crate::context::metering::Loading;
pub use crate::link::ImportRefusal;
use crate::link::{link, resolve};
use crate::table::{HostFn, host_fns, is_host_fn};

/// Names of exported functions have fewer bytes than this.
const MAX_NAME_LEN: usize = 256;

/// Why an exported function may not be exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExportRefusal {
    /// It has no name.
    #[error("the name is empty")]
    Empty,
    /// Its name is too long.
    #[error("the name has {0} bytes, at most 255 are allowed")]
    Long(usize),
    /// Its name has other characters.
    #[error("the name is not ASCII")]
    NotAscii,
    /// Its name is that of a function which contracts import.
    #[error("the name is that of a host function")]
    HostFunction,
    /// Its name is that of a function which every account has.
    #[error("the name is that of a built-in function")]
    Builtin,
    /// Its name means an upgrade.
    #[error("the name is reserved for upgrades")]
    Upgrade,
    /// It takes parameters or gives results.
    #[error("an exported function takes no parameters and gives no results")]
    Signature,
}

/// What speaks against an exported function; names first.
pub(crate) fn export_refusal(
    name: &str,
    is_void: bool,
    builtin_names: &BTreeSet<String>,
) -> Option<ExportRefusal> {
    Some(match name {
        "" => ExportRefusal::Empty,
        _ if name.len() >= MAX_NAME_LEN => ExportRefusal::Long(name.len()),
        _ if !name.is_ascii() => ExportRefusal::NotAscii,
        _ if is_host_fn(name) => ExportRefusal::HostFunction,
        _ if builtin_names.contains(name) => ExportRefusal::Builtin,
        _ if name.as_bytes() == UPGRADE => ExportRefusal::Upgrade,
        _ if !is_void => ExportRefusal::Signature,
        _ => return None,
    })
}

/// What a reason is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The module's form, types, operators or sizes.
    Code,
    /// An import.
    Import,
    /// An export, or a missing one.
    Export,
    /// What happens when an instance is made.
    Instance,
}

/// Something that speaks against a deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// What it is about.
    pub subject: Subject,
    /// The byte of the module where it shows; `None` for what is missing.
    pub offset: Option<u64>,
    /// The function it is in, counted with the imported ones.
    pub function: Option<u32>,
    /// In words.
    pub text: String,
}

/// Whether a ruleset would let code be deployed.
#[derive(Debug)]
pub struct Admission<'w> {
    /// Everything that speaks against it; empty when it can be deployed. Those about the code, at most 1,000, come
    /// first.
    pub reasons: Vec<Reason>,
    /// What it imports, and the host function if there is one of this name.
    pub imports: Vec<(ImportType<'w>, Option<&'static HostFn>)>,
    /// What it exports.
    pub exports: Vec<ExportType<'w>>,
}

impl<'w> Admission<'w> {
    /// Judges code. `builtin_names` are the names of built-in functions, which no contract may export.
    pub fn new(rules: &'static Ruleset, wasm: &'w [u8], builtin_names: &BTreeSet<String>) -> Self {
        let engine = Engine::new(Config::new(rules).tier(Tier::Interpreter));
        let diagnosis = Diagnosis::new(&engine, wasm);
        let mut reasons: Vec<Reason> = diagnosis
            .reasons
            .iter()
            .map(|error| Reason {
                subject: Subject::Code,
                offset: Some(error.offset),
                function: error.function,
                text: error.kind.to_string(),
            })
            .collect();
        for (offset, import) in &diagnosis.imports {
            if let Err(refusal) = resolve(import) {
                reasons.push(Reason {
                    subject: Subject::Import,
                    offset: Some(*offset),
                    function: None,
                    text: format!("import {}.{}: {refusal}", import.module, import.name),
                });
            }
        }
        let memories = diagnosis
            .exports
            .iter()
            .filter(|(_, export)| matches!(export.ty, ExternType::Memory(_)));
        if memories.count() == 0 {
            reasons.push(Reason {
                subject: Subject::Export,
                offset: None,
                function: None,
                text: "no memory is exported".to_owned(),
            });
        }
        for (offset, export) in &diagnosis.exports {
            let ExternType::Func(ty) = &export.ty else {
                continue;
            };
            let is_void = ty.params().is_empty() && ty.results().is_empty();
            if let Some(refusal) = export_refusal(export.name, is_void, builtin_names) {
                reasons.push(Reason {
                    subject: Subject::Export,
                    offset: Some(*offset),
                    function: None,
                    text: format!("export {:?}: {refusal}", export.name),
                });
            }
        }
        if reasons.is_empty() {
            reasons.extend(instance_refusal(&engine, wasm));
        }
        let imports = diagnosis.imports.into_iter().map(|(_, import)| {
            let row = host_fns().map(|(_, row)| row).find(|row| row.name == import.name);
            (import, row)
        });
        Self {
            reasons,
            imports: imports.collect(),
            exports: diagnosis.exports.into_iter().map(|(_, export)| export).collect(),
        }
    }
}

/// What happens when an instance is made of code that can be compiled and linked: segments that do not fit, a start
/// function that fails. It has no gas and no host, as at a deployment.
fn instance_refusal(engine: &Engine, wasm: &[u8]) -> Option<Reason> {
    let refuse = |text: String| {
        Some(Reason {
            subject: Subject::Instance,
            offset: None,
            function: None,
            text,
        })
    };
    let module = match Module::new(engine, wasm) {
        Ok(module) => module,
        Err(error) => return refuse(error.to_string()),
    };
    let externs: Vec<Extern> = match link(&module) {
        Ok(externs) => externs,
        Err(text) => return refuse(text),
    };
    // Prices matter to a start function alone, and that has no gas to pay them.
    let prices = Schedule::bundled("v3")?.op_costs();
    let mut store = Store::new(engine, &Interrupt::new());
    let costs = module.costs(prices);
    match store.instantiate(&module, &externs, &costs, &mut NoHost) {
        Ok(_) => None,
        Err(InstantiateError::Segment(SegmentError::Data(segment))) => {
            refuse(format!("data segment {segment} does not fit the memory"))
        }
        Err(InstantiateError::Segment(SegmentError::Element(segment))) => {
            refuse(format!("element segment {segment} does not fit the table"))
        }
        Err(InstantiateError::Trap(trap)) => refuse(format!(
            "the start function fails: {trap}; it runs without gas and without a host"
        )),
        Err(other) => refuse(other.to_string()),
    }
}

/// What loading code costs, in gas units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadingCost {
    /// Of a deployment or an upgrade.
    pub deploy: u64,
    /// Of each call.
    pub call: u64,
}

impl LoadingCost {
    /// For code of so many bytes, with the code prepared ahead of time as it has been since the flag for it.
    pub fn of(bytes: usize, schedule: &Schedule) -> Self {
        Self {
            deploy: Loading::DEPLOYED.cost(schedule, bytes),
            call: Loading::PREPARED.cost(schedule, bytes),
        }
    }
}
