//! From the payloads of the parser to a validated module.

use std::collections::BTreeMap;
use std::ops::Range;

use arwen_metering::{ModulePlan, ModulePlanner};
use wasmparser::{
    DataKind, ElementItems, ElementKind, ExternalKind, FuncValidatorAllocations, Payload, TableInit, TypeRef,
    ValidPayload, Validator,
};

use super::body::{self, float_type};
use super::bounds::{self, Before};
use super::const_expr::ConstExpr;
use super::info::{
    DataSegment, ElementSegment, ExportDecl, ExternIndex, GlobalDecl, ImportDecl, ImportType, ModuleInfo,
    Placement,
};
use super::moves::Moves;
use crate::error::{CompileError, CompileErrorKind};
use crate::limits::{check, what};
use crate::ruleset::Ruleset;
use crate::value::{FuncType, GlobalType, MemoryType, SizeLimits, TableType, ValType};

/// An error outside function bodies.
pub(super) fn at(offset: u64, kind: CompileErrorKind) -> CompileError {
    CompileError {
        kind,
        offset,
        function: None,
    }
}

/// What the parser or the validator says.
pub(super) fn invalid(e: wasmparser::Error) -> CompileError {
    at(e.offset(), CompileErrorKind::Invalid(e.message().to_string()))
}

/// How many entries a section that claims `count` can have at most: each takes a byte.
fn entries(count: u32, section: Range<u64>) -> usize {
    u64::from(count).min(section.end.saturating_sub(section.start)) as usize
}

/// A module being read.
pub(super) struct Reading {
    rules: &'static Ruleset,
    /// None for a module that is known to be valid.
    validator: Option<Validator>,
    planner: ModulePlanner,
    allocations: FuncValidatorAllocations,
    moves: Moves,
    /// What is known so far. Complete but for what comes after them whenever a body has been taken in.
    pub info: ModuleInfo,
}

impl Reading {
    pub fn new(rules: &'static Ruleset, planner: ModulePlanner) -> Self {
        Self {
            validator: Some(Validator::new_with_features(rules.features)),
            ..Self::of_valid(rules, planner)
        }
    }

    /// Reads a module that has been found valid under the same rules. Takes no bodies.
    pub fn of_valid(rules: &'static Ruleset, planner: ModulePlanner) -> Self {
        Self {
            rules,
            validator: None,
            planner,
            allocations: FuncValidatorAllocations::default(),
            moves: Moves::default(),
            info: ModuleInfo::default(),
        }
    }

    /// The rules it is read by.
    pub fn rules(&self) -> &'static Ruleset {
        self.rules
    }

    /// The module, and what it charges where.
    pub fn finish(self) -> (ModuleInfo, ModulePlan) {
        (self.info, self.planner.finish())
    }

    /// Numbers equal types equally.
    fn number_types(&mut self) {
        let mut seen: BTreeMap<FuncType, u32> = BTreeMap::new();
        let mut distinct = Vec::new();
        for ty in &self.info.types {
            let id = *seen.entry(ty.clone()).or_insert_with(|| {
                distinct.push(ty.clone());
                distinct.len() as u32 - 1
            });
            self.info.canonical.push(id);
        }
        self.info.distinct_types = distinct.into();
    }

    /// Takes in one payload; `true` at the end of the module.
    pub fn payload(&mut self, payload: &Payload<'_>) -> Result<bool, CompileError> {
        // Counts before anything is allocated for them, floats before the validator can object to something else.
        let before = Before {
            funcs: self.info.funcs.len(),
            tables: self.info.tables.len(),
            globals: self.info.globals.len(),
        };
        bounds::section(self.rules, payload, &before).map_err(|(offset, kind)| at(offset, kind))?;
        match payload {
            Payload::Version {
                encoding: wasmparser::Encoding::Component,
                range,
                ..
            } => {
                return Err(at(
                    range.start,
                    CompileErrorKind::Refused("a component is not a module"),
                ));
            }
            Payload::TypeSection(s) => self.types(s.clone())?,
            Payload::ImportSection(s) => self.imports(s.clone())?,
            Payload::GlobalSection(s) => self.globals(s.clone())?,
            _ => {}
        }
        let Some(validator) = &mut self.validator else {
            self.keep(payload)?;
            return Ok(matches!(payload, Payload::End(_)));
        };
        let valid = validator.payload(payload).map_err(invalid)?;
        self.keep(payload)?;
        match valid {
            ValidPayload::Func(func, body) => {
                let ty = self.info.types[func.ty as usize].clone();
                let mut validator = func.into_validator(std::mem::take(&mut self.allocations));
                let (planner, moves) = (&mut self.planner, &mut self.moves);
                let body = body::validate(self.rules, &ty, &body, &mut validator, planner, moves)?;
                self.allocations = validator.into_allocations();
                self.info.bodies.read.push(body);
                Ok(false)
            }
            ValidPayload::End(_) => Ok(true),
            ValidPayload::Ok | ValidPayload::Parser(_) => Ok(false),
        }
    }

    /// Keeps what the validator has accepted.
    fn keep(&mut self, payload: &Payload<'_>) -> Result<(), CompileError> {
        match payload {
            Payload::FunctionSection(s) => {
                self.info.funcs.reserve(entries(s.count(), s.range()));
                for ty in s.clone() {
                    self.info.funcs.push(ty.map_err(invalid)?);
                }
            }
            Payload::TableSection(s) => self.tables(s.clone())?,
            Payload::MemorySection(s) => {
                for memory in s.clone().into_iter_with_offsets() {
                    let (offset, ty) = memory.map_err(invalid)?;
                    let ty = self.memory_type(offset, &ty)?;
                    self.info.memories.push(ty);
                }
            }
            Payload::ExportSection(s) => self.exports(s.clone())?,
            Payload::StartSection { func, .. } => self.info.start = Some(*func),
            Payload::ElementSection(s) => self.elements(s.clone())?,
            Payload::DataSection(s) => self.data(s.clone())?,
            Payload::CodeSectionStart { count, .. } => self.info.bodies.read.reserve_exact(*count as usize),
            _ => {}
        }
        Ok(())
    }

    fn val_type(&self, offset: u64, ty: wasmparser::ValType) -> Result<ValType, CompileError> {
        let ty = ValType::from_wasm(ty).ok_or_else(|| {
            at(
                offset,
                CompileErrorKind::Invalid(format!("type {ty} is not supported")),
            )
        })?;
        float_type(self.rules, ty).map_err(|k| at(offset, k))?;
        Ok(ty)
    }

    fn types(&mut self, section: wasmparser::TypeSectionReader<'_>) -> Result<(), CompileError> {
        self.info.types.reserve(entries(section.count(), section.range()));
        let mut both = Vec::new();
        for group in section.into_iter_with_offsets() {
            let (offset, group) = group.map_err(invalid)?;
            for ty in group.into_types() {
                let wasmparser::CompositeInnerType::Func(ty) = &ty.composite_type.inner else {
                    return Err(at(
                        offset,
                        CompileErrorKind::Refused("only function types are supported"),
                    ));
                };
                for held in bounds::func_type(self.rules, ty) {
                    held.map_err(|k| at(offset, k))?;
                }
                both.clear();
                for ty in ty.params().iter().chain(ty.results()) {
                    both.push(self.val_type(offset, *ty)?);
                }
                let (params, results) = both.split_at(ty.params().len());
                self.info.types.push(FuncType::new(params, results));
            }
        }
        self.number_types();
        Ok(())
    }

    fn imports(&mut self, section: wasmparser::ImportSectionReader<'_>) -> Result<(), CompileError> {
        self.info
            .imports
            .reserve(entries(section.count(), section.range()));
        let mut last_module = None;
        for import in section.into_imports_with_offsets() {
            let (offset, import) = import.map_err(invalid)?;
            let ty = match import.ty {
                TypeRef::Func(ty) => {
                    if ty as usize >= self.info.types.len() {
                        let text = format!("unknown type {ty}: type index out of bounds");
                        return Err(at(offset, CompileErrorKind::Invalid(text)));
                    }
                    self.info.funcs.push(ty);
                    check(
                        what::functions,
                        self.info.funcs.len() as u64,
                        self.rules.limits.functions,
                    )
                    .map_err(|k| at(offset, k))?;
                    ImportType::Func(ty)
                }
                TypeRef::Table(ty) => {
                    let ty = self.table_type(offset, &ty)?;
                    self.info.tables.push(ty);
                    ImportType::Table(ty)
                }
                TypeRef::Memory(ty) => {
                    let ty = self.memory_type(offset, &ty)?;
                    self.info.memories.push(ty);
                    ImportType::Memory(ty)
                }
                TypeRef::Global(ty) => {
                    let ty = GlobalType {
                        content: self.val_type(offset, ty.content_type)?,
                        mutable: ty.mutable,
                    };
                    self.info.globals.push(GlobalDecl { ty, init: None });
                    check(
                        what::globals,
                        self.info.globals.len() as u64,
                        self.rules.limits.globals,
                    )
                    .map_err(|k| at(offset, k))?;
                    ImportType::Global(ty)
                }
                TypeRef::Tag(_) | TypeRef::FuncExact(_) => {
                    return Err(at(
                        offset,
                        CompileErrorKind::Refused("import of an unsupported kind"),
                    ));
                }
            };
            // Mostly all of one.
            let module = match last_module {
                Some(last) if self.info.name(last) == import.module => last,
                _ => self.info.keep_name(import.module),
            };
            last_module = Some(module);
            let name = self.info.keep_name(import.name);
            self.info.imports.push(ImportDecl { module, name, ty });
        }
        check(
            what::tables,
            self.info.tables.len() as u64,
            self.rules.limits.tables,
        )
        .map_err(|k| at(0, k))?;
        self.info.imported_funcs = self.info.funcs.len() as u32;
        self.info.imported_tables = self.info.tables.len() as u32;
        self.info.imported_memories = self.info.memories.len() as u32;
        self.info.imported_globals = self.info.globals.len() as u32;
        Ok(())
    }

    fn table_type(&self, offset: u64, ty: &wasmparser::TableType) -> Result<TableType, CompileError> {
        let element = self.val_type(offset, ty.element_type.into())?;
        bounds::table(self.rules, ty).map_err(|k| at(offset, k))?;
        // The validator holds 32-bit tables to 32-bit sizes; before it has seen one, larger is cut off.
        let max = ty.maximum.map(|max| u32::try_from(max).unwrap_or(u32::MAX));
        Ok(TableType {
            element,
            limits: SizeLimits {
                min: ty.initial as u32,
                max,
            },
        })
    }

    fn memory_type(&self, offset: u64, ty: &wasmparser::MemoryType) -> Result<MemoryType, CompileError> {
        bounds::memory(self.rules, ty).map_err(|k| at(offset, k))?;
        let pages = |pages: u64| u32::try_from(pages).unwrap_or(u32::MAX);
        Ok(MemoryType {
            limits: SizeLimits {
                min: pages(ty.initial),
                max: ty.maximum.map(pages),
            },
        })
    }

    fn tables(&mut self, section: wasmparser::TableSectionReader<'_>) -> Result<(), CompileError> {
        for table in section.into_iter_with_offsets() {
            let (offset, table) = table.map_err(invalid)?;
            if !matches!(table.init, TableInit::RefNull) {
                return Err(at(offset, CompileErrorKind::Refused("table with an initialiser")));
            }
            let ty = self.table_type(offset, &table.ty)?;
            self.info.tables.push(ty);
        }
        Ok(())
    }

    fn globals(&mut self, section: wasmparser::GlobalSectionReader<'_>) -> Result<(), CompileError> {
        for global in section.into_iter_with_offsets() {
            let (offset, global) = global.map_err(invalid)?;
            let ty = GlobalType {
                content: self.val_type(offset, global.ty.content_type)?,
                mutable: global.ty.mutable,
            };
            let init = self.const_expr(&global.init_expr)?;
            self.info.globals.push(GlobalDecl { ty, init: Some(init) });
        }
        Ok(())
    }

    fn const_expr(&self, expr: &wasmparser::ConstExpr<'_>) -> Result<ConstExpr, CompileError> {
        if let Some((offset, ty)) = ConstExpr::float(expr) {
            float_type(self.rules, ty).map_err(|k| at(offset, k))?;
        }
        ConstExpr::parse(expr).map_err(|(offset, kind)| at(offset, kind))
    }

    fn exports(&mut self, section: wasmparser::ExportSectionReader<'_>) -> Result<(), CompileError> {
        self.info
            .exports
            .reserve(entries(section.count(), section.range()));
        for export in section.into_iter_with_offsets() {
            let (offset, export) = export.map_err(invalid)?;
            let index = match export.kind {
                ExternalKind::Func => ExternIndex::Func(export.index),
                ExternalKind::Table => ExternIndex::Table(export.index),
                ExternalKind::Memory => ExternIndex::Memory(export.index),
                ExternalKind::Global => ExternIndex::Global(export.index),
                ExternalKind::Tag | ExternalKind::FuncExact => {
                    return Err(at(
                        offset,
                        CompileErrorKind::Refused("export of an unsupported kind"),
                    ));
                }
            };
            let name = self.info.keep_name(export.name);
            self.info.exports.push(ExportDecl { name, index });
        }
        self.info.sort_exports();
        Ok(())
    }

    fn elements(&mut self, section: wasmparser::ElementSectionReader<'_>) -> Result<(), CompileError> {
        for element in section.into_iter_with_offsets() {
            let (offset, element) = element.map_err(invalid)?;
            let placement = match &element.kind {
                ElementKind::Passive => Placement::Passive,
                ElementKind::Declared => Placement::Declared,
                ElementKind::Active {
                    table_index,
                    offset_expr,
                } => Placement::Active {
                    index: table_index.unwrap_or(0),
                    offset: self.const_expr(offset_expr)?,
                },
            };
            let limit = self.rules.limits.segment_elements;
            let mut items = Vec::new();
            match &element.items {
                ElementItems::Functions(list) => {
                    check(what::segment_elements, list.count().into(), limit).map_err(|k| at(offset, k))?;
                    items.reserve_exact(entries(list.count(), list.range()));
                    for index in list.clone() {
                        items.push(ConstExpr::ref_func(index.map_err(invalid)?));
                    }
                }
                ElementItems::Expressions(_, list) => {
                    check(what::segment_elements, list.count().into(), limit).map_err(|k| at(offset, k))?;
                    items.reserve_exact(entries(list.count(), list.range()));
                    for expr in list.clone() {
                        items.push(self.const_expr(&expr.map_err(invalid)?)?);
                    }
                }
            }
            self.info.elements.push(ElementSegment {
                placement,
                items: items.into(),
            });
        }
        Ok(())
    }

    fn data(&mut self, section: wasmparser::DataSectionReader<'_>) -> Result<(), CompileError> {
        for data in section {
            let data = data.map_err(invalid)?;
            let placement = match &data.kind {
                DataKind::Passive => Placement::Passive,
                DataKind::Active {
                    memory_index,
                    offset_expr,
                } => Placement::Active {
                    index: *memory_index,
                    offset: self.const_expr(offset_expr)?,
                },
            };
            // The bytes are the last thing in a segment.
            let end = data.range.end as usize;
            self.info.data.push(DataSegment {
                placement,
                bytes: end - data.data.len()..end,
            });
        }
        Ok(())
    }
}
