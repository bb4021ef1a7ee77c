//! From the imports of a module to host functions.

use arwen_engine::{Extern, ExternType, FuncType, ImportType, Module, ValType};

use crate::table;

/// The only namespace a contract may import from.
const NAMESPACE: &str = "env";

/// What to instantiate a module with, in the order of its imports.
///
/// # Errors
/// The reference's text, which calling contracts and their users see.
pub(crate) fn link(module: &Module) -> Result<Vec<Extern>, String> {
    let mut externs = Vec::with_capacity(module.imports().len());
    // The reference looks at functions first, then at the rest.
    let (mut errors, mut other_errors) = (Vec::new(), Vec::new());
    for import in module.imports() {
        match resolve(&import) {
            Ok(found) => externs.push(found),
            Err(refusal) => {
                let errors = match import.ty {
                    ExternType::Func(_) => &mut errors,
                    _ => &mut other_errors,
                };
                errors.push(refusal.reference_text(&import));
            }
        }
    }
    errors.append(&mut other_errors);
    match &errors[..] {
        [] => Ok(externs),
        [error] => Err(format!("link error: {error}")),
        _ => {
            let count = errors.len();
            let list = errors
                .iter()
                .zip(1..)
                .map(|(error, i)| format!(" ({i} of {count}) {error}"));
            Err(format!(
                "{count} link errors:{}",
                list.collect::<Vec<_>>().concat()
            ))
        }
    }
}

/// Why nothing can be linked to an import.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportRefusal {
    /// There is nothing of this name, or not in this module.
    #[error("there is no such host function")]
    Unknown,
    /// The host function takes or gives something else.
    #[error("declared as {declared}, the host function is {found}")]
    Signature {
        /// The type in the contract.
        declared: FuncType,
        /// The type of the host function.
        found: FuncType,
    },
    /// It is no function in the contract.
    #[error("declared as a {declared}, it is a host function")]
    Kind {
        /// What it is in the contract.
        declared: &'static str,
    },
}

impl ImportRefusal {
    /// The reference's text.
    fn reference_text(&self, import: &ImportType<'_>) -> String {
        let ImportType { module, name, .. } = import;
        match self {
            Self::Unknown => format!("Import not found, namespace: {module}, name: {name}"),
            Self::Signature { declared, found } => format!(
                "Incorrect import signature, namespace: {module}, name: {name}, expected signature: {}, found \
                 signature: {}",
                signature(declared),
                signature(found)
            ),
            Self::Kind { declared } => format!(
                "Incorrect import type, namespace: {module}, name: {name}, expected type: {declared}, found type: \
                 function"
            ),
        }
    }
}

/// The host function that an import wants.
///
/// # Errors
/// When there is none.
pub(crate) fn resolve(import: &ImportType<'_>) -> Result<Extern, ImportRefusal> {
    let found = table::host_fns().find(|(_, row)| import.module == NAMESPACE && row.name == import.name);
    let (id, row) = found.ok_or(ImportRefusal::Unknown)?;
    match &import.ty {
        ExternType::Func(declared) if *declared == row.ty() => Ok(Extern::HostFunc {
            id: id.0,
            ty: declared.clone(),
        }),
        ExternType::Func(declared) => Err(ImportRefusal::Signature {
            declared: declared.clone(),
            found: row.ty(),
        }),
        other => Err(ImportRefusal::Kind {
            declared: kind(other),
        }),
    }
}

fn signature(ty: &FuncType) -> String {
    let list = |types: &[ValType]| {
        types
            .iter()
            .map(|ty| ty.to_string().to_uppercase())
            .collect::<Vec<_>>()
            .join(", ")
    };
    format!("[{}] -> [{}]", list(ty.params()), list(ty.results()))
}

fn kind(ty: &ExternType) -> &'static str {
    match ty {
        ExternType::Func(_) => "function",
        ExternType::Memory(_) => "memory",
        ExternType::Table(_) => "table",
        ExternType::Global(_) => "global",
    }
}
