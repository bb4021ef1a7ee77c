//! What is known of a validated module, without code.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use super::body::Body;
use super::const_expr::ConstExpr;
use super::reread;
use crate::ruleset::Ruleset;
use crate::value::{ExternType, FuncType, GlobalType, MemoryType, TableType};

/// A validated module. Index spaces hold imports first, as in the format.
#[derive(Debug, Default)]
pub(crate) struct ModuleInfo {
    /// The module's bytes; bodies and data segments are ranges of it.
    pub wasm: Vec<u8>,
    /// The type section.
    pub types: Vec<FuncType>,
    /// For each type, its index in `distinct_types`: equal types have equal numbers.
    pub canonical: Vec<u32>,
    /// The different types, in order of first appearance.
    pub distinct_types: Arc<[FuncType]>,
    pub imports: Vec<ImportDecl>,
    /// Type index of every function.
    pub funcs: Vec<u32>,
    pub tables: Vec<TableType>,
    pub memories: Vec<MemoryType>,
    pub globals: Vec<GlobalDecl>,
    pub imported_funcs: u32,
    pub imported_tables: u32,
    pub imported_memories: u32,
    pub imported_globals: u32,
    pub exports: Vec<ExportDecl>,
    /// Positions in `exports`, in the order of the names.
    pub exports_by_name: Box<[u32]>,
    /// Names of imports and exports, one after the other.
    pub names: String,
    pub start: Option<u32>,
    pub elements: Vec<ElementSegment>,
    pub data: Vec<DataSegment>,
    /// Bodies of the defined functions.
    pub bodies: Bodies,
    /// What [`ModuleInfo::escaping`] gives, once somebody asks for one of them.
    pub escaping_set: OnceLock<BTreeSet<u32>>,
}

/// The bodies of a module, in order.
#[derive(Debug, Default)]
pub(crate) struct Bodies {
    /// As far as the module has been read.
    pub read: Vec<Body>,
    /// For a module that has native code without having been read: its bodies, read when somebody asks after all.
    pub unread: Option<Unread>,
}

/// The rules to read bodies by, and the bodies then.
pub(crate) type Unread = (&'static Ruleset, OnceLock<Vec<Body>>);

impl ModuleInfo {
    /// Bodies of the defined functions.
    pub fn bodies(&self) -> &[Body] {
        match &self.bodies.unread {
            None => &self.bodies.read,
            Some((rules, bodies)) => bodies.get_or_init(|| reread::bodies(rules, &self.wasm)),
        }
    }

    /// Indices of the functions that the module defines.
    pub fn defined(&self) -> Range<u32> {
        self.imported_funcs..self.funcs.len() as u32
    }

    /// Type of a function by its index in the function index space.
    pub fn func_type(&self, index: u32) -> &FuncType {
        &self.types[self.funcs[index as usize] as usize]
    }

    /// Number of the type of a function among the distinct types.
    pub fn func_canonical(&self, index: u32) -> u32 {
        self.canonical[self.funcs[index as usize] as usize]
    }

    /// Keeps a name of an import or export.
    pub fn keep_name(&mut self, name: &str) -> Name {
        let start = self.names.len() as u32;
        self.names.push_str(name);
        Name {
            start,
            end: self.names.len() as u32,
        }
    }

    /// A name that has been kept.
    pub fn name(&self, name: Name) -> &str {
        &self.names[name.start as usize..name.end as usize]
    }

    /// Makes exports known by name. To be called when all of them are there.
    pub fn sort_exports(&mut self) {
        let mut positions: Box<[u32]> = (0..self.exports.len() as u32).collect();
        positions.sort_unstable_by_key(|at| self.name(self.exports[*at as usize].name));
        self.exports_by_name = positions;
    }

    /// What is exported under a name.
    pub fn export(&self, name: &str) -> Option<ExternIndex> {
        let export = |at: &u32| &self.exports[*at as usize];
        let found = self
            .exports_by_name
            .binary_search_by_key(&name, |at| self.name(export(at).name));
        Some(export(&self.exports_by_name[found.ok()?]).index)
    }

    /// Type of an import.
    pub fn import_type(&self, ty: &ImportType) -> ExternType {
        match ty {
            ImportType::Func(ty) => ExternType::Func(self.types[*ty as usize].clone()),
            ImportType::Table(ty) => ExternType::Table(*ty),
            ImportType::Memory(ty) => ExternType::Memory(*ty),
            ImportType::Global(ty) => ExternType::Global(*ty),
        }
    }

    /// Type of an export.
    pub fn export_type(&self, index: ExternIndex) -> ExternType {
        match index {
            ExternIndex::Func(i) => ExternType::Func(self.func_type(i).clone()),
            ExternIndex::Table(i) => ExternType::Table(self.tables[i as usize]),
            ExternIndex::Memory(i) => ExternType::Memory(self.memories[i as usize]),
            ExternIndex::Global(i) => ExternType::Global(self.globals[i as usize].ty),
        }
    }

    /// Functions that can be reached other than by a call that names them: exported, in a table, referred to, or the one
    /// that starts. May give one several times.
    pub fn escaping(&self) -> impl Iterator<Item = u32> {
        let exports = self.exports.iter().filter_map(|export| match export.index {
            ExternIndex::Func(index) => Some(index),
            _ => None,
        });
        let items = self.elements.iter().flat_map(|segment| &segment.items);
        let globals = self.globals.iter().filter_map(|global| global.init.as_ref());
        // A body refers only to functions that one of these does.
        let referred = items.chain(globals).filter_map(ConstExpr::func);
        exports.chain(referred).chain(self.start)
    }

    /// Is a function one of these?
    pub fn escapes(&self, function: u32) -> bool {
        let escaping = self.escaping_set.get_or_init(|| self.escaping().collect());
        escaping.contains(&function)
    }

    /// The bytes of a data segment.
    pub fn data_bytes(&self, segment: &DataSegment) -> &[u8] {
        &self.wasm[segment.bytes.clone()]
    }

    /// Index of the memory host functions work on: the last one exported.
    pub fn host_memory(&self) -> Option<u32> {
        self.exports.iter().rev().find_map(|export| match export.index {
            ExternIndex::Memory(i) => Some(i),
            _ => None,
        })
    }
}

/// A name, by its place in [`ModuleInfo::names`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Name {
    start: u32,
    end: u32,
}

#[derive(Debug)]
pub(crate) struct ImportDecl {
    pub module: Name,
    pub name: Name,
    pub ty: ImportType,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum ImportType {
    /// Type index.
    Func(u32),
    Table(TableType),
    Memory(MemoryType),
    Global(GlobalType),
}

#[derive(Debug)]
pub(crate) struct GlobalDecl {
    pub ty: GlobalType,
    /// `None` for imported globals.
    pub init: Option<ConstExpr>,
}

#[derive(Debug)]
pub(crate) struct ExportDecl {
    pub name: Name,
    pub index: ExternIndex,
}

/// Something in one of the four index spaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExternIndex {
    Func(u32),
    Table(u32),
    Memory(u32),
    Global(u32),
}

/// When and where a segment is written.
#[derive(Debug)]
pub(crate) enum Placement {
    /// At instantiation.
    Active {
        /// Table or memory.
        index: u32,
        offset: ConstExpr,
    },
    /// When an operator asks.
    Passive,
    /// Never; only makes its functions referable.
    Declared,
}

#[derive(Debug)]
pub(crate) struct ElementSegment {
    pub placement: Placement,
    pub items: Box<[ConstExpr]>,
}

#[derive(Debug)]
pub(crate) struct DataSegment {
    pub placement: Placement,
    /// Where its bytes are in the module.
    pub bytes: Range<usize>,
}
