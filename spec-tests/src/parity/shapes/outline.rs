//! What the functions of a module have in common.

use super::values::{I32, I64, Ty};

/// What functions may use, and what they add while they are made.
#[derive(Debug)]
pub(super) struct Outline {
    /// Has the ruleset several values, bulk operators, references and tail calls?
    pub recent: bool,
    pub types: Types,
    /// Functions that may be called: imports, and those made already.
    pub callees: Vec<Callee>,
    /// The elements of the table.
    pub table: Vec<Option<u32>>,
    /// Types of the globals, all mutable.
    pub globals: Vec<Ty>,
    /// Pages the memory begins with.
    pub pages: u32,
    /// Bytes of its passive data segment, which is segment 1.
    pub segment_bytes: u32,
}

/// A function that may be called.
#[derive(Debug, Clone)]
pub(super) struct Callee {
    pub index: u32,
    pub signature: Signature,
    /// About how many operators a call runs.
    pub cost: u32,
}

/// Parameters and results.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Signature {
    pub params: Vec<Ty>,
    pub results: Vec<Ty>,
}

/// Function types, each once.
#[derive(Debug, Default)]
pub(super) struct Types(Vec<Signature>);

impl Types {
    /// The index of a type.
    pub fn index(&mut self, signature: &Signature) -> u32 {
        if let Some(known) = self.0.iter().position(|known| known == signature) {
            return known as u32;
        }
        self.0.push(signature.clone());
        self.0.len() as u32 - 1
    }

    /// All, by index.
    pub fn all(&self) -> &[Signature] {
        &self.0
    }
}

/// The functions of the host, the same as those of generated modules: name and signature. Only rulesets with several
/// values have the last.
pub(super) fn imports(recent: bool) -> Vec<(&'static str, Signature)> {
    let signature = |params: &[Ty], results: &[Ty]| Signature {
        params: params.to_vec(),
        results: results.to_vec(),
    };
    let mut imports = vec![
        ("none", signature(&[], &[])),
        ("narrow", signature(&[I32], &[I32])),
        ("wide", signature(&[I64, I32], &[I64])),
    ];
    if recent {
        imports.push(("many", signature(&[I32, I64, I32, I64], &[I32, I64])));
    }
    imports
}
