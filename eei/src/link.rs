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
            Err(error) if matches!(import.ty, ExternType::Func(_)) => errors.push(error),
            Err(error) => other_errors.push(error),
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

/// The host function that an import wants.
///
/// # Errors
/// The reference's text.
pub(crate) fn resolve(import: &ImportType<'_>) -> Result<Extern, String> {
    let found =
        (import.module == NAMESPACE).then(|| table::host_fns().find(|(_, row)| row.name == import.name));
    match (&import.ty, found.flatten()) {
        (_, None) => Err(format!(
            "Import not found, namespace: {}, name: {}",
            import.module, import.name
        )),
        (ExternType::Func(wanted), Some((id, row))) if *wanted == row.ty() => Ok(Extern::HostFunc {
            id: id.0,
            ty: wanted.clone(),
        }),
        (ExternType::Func(wanted), Some((_, row))) => Err(format!(
            "Incorrect import signature, namespace: {}, name: {}, expected signature: {}, found signature: {}",
            import.module,
            import.name,
            signature(wanted),
            signature(&row.ty())
        )),
        (other, Some(_)) => Err(format!(
            "Incorrect import type, namespace: {}, name: {}, expected type: {}, found type: function",
            import.module,
            import.name,
            kind(other)
        )),
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
