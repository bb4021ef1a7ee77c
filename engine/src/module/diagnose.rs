//! Everything that is wrong with a module at once, for people. Validation proper stops at the first thing.

use wasmparser::{
    BinaryReader, CompositeInnerType, ConstExpr, ExternalKind, FuncValidatorAllocations, FunctionBody,
    Operator, OperatorsReader, Parser, Payload, TypeRef, ValidPayload, Validator,
};

use super::body::{accepts, float_type};
use super::bounds::{self, Before};
use super::operator;
use crate::engine::Engine;
use crate::error::{CompileError, CompileErrorKind};
use crate::limits::{check, what};
use crate::module::{ExportType, ImportType, Module};
use crate::ruleset::Ruleset;
use crate::value::{ExternType, FuncType, GlobalType, MemoryType, SizeLimits, TableType, ValType};

/// Reasons kept; a hostile module has one for each of its bytes.
const MAX_REASONS: usize = 1_000;

/// What a module looks like to a ruleset that may refuse it.
#[derive(Debug)]
pub struct Diagnosis<'w> {
    /// Does the ruleset accept the module? [`Module::new`] has decided.
    pub accepted: bool,
    /// Why not, in the order of the module; at most 1,000. What follows from something else may be missing: nothing is
    /// said of the types in a function after its first type error. Empty when accepted.
    pub reasons: Vec<CompileError>,
    /// Imports as far as they can be read, each with its byte offset.
    pub imports: Vec<(u64, ImportType<'w>)>,
    /// Exports of things that exist, as far as they can be read, each with its byte offset.
    pub exports: Vec<(u64, ExportType<'w>)>,
}

impl<'w> Diagnosis<'w> {
    /// Judges a module under the engine's ruleset. Never fails: what cannot be read is a reason.
    pub fn new(engine: &Engine, wasm: &'w [u8]) -> Self {
        let rules = engine.ruleset();
        let mut reading = Reading::new(rules);
        reading.module(wasm);
        let Reading {
            mut reasons,
            imports,
            exports,
            ..
        } = reading;
        let verdict = Module::new(engine, wasm);
        match &verdict {
            Ok(_) => {
                debug_assert!(reasons.is_empty(), "accepted in spite of {reasons:?}");
                reasons.clear();
            }
            Err(first) => {
                let known =
                    |reason: &CompileError| reason.kind == first.kind && (reason.function == first.function);
                if !reasons.iter().any(known) {
                    reasons.push(first.clone());
                }
                reasons.sort_by_key(|reason| reason.offset);
            }
        }
        Self {
            accepted: verdict.is_ok(),
            reasons,
            imports,
            exports,
        }
    }
}

/// A module being read as far as possible.
struct Reading<'w> {
    rules: &'static Ruleset,
    /// Gone once it has refused something outside function bodies: it has lost track then.
    validator: Option<Validator>,
    reasons: Vec<CompileError>,
    types: Vec<FuncType>,
    /// Type of each function, imported ones first.
    funcs: Vec<u32>,
    imported_funcs: u32,
    bodies: u32,
    tables: Vec<TableType>,
    memories: Vec<MemoryType>,
    globals: Vec<GlobalType>,
    imports: Vec<(u64, ImportType<'w>)>,
    exports: Vec<(u64, ExportType<'w>)>,
}

impl<'w> Reading<'w> {
    fn new(rules: &'static Ruleset) -> Self {
        Self {
            rules,
            validator: Some(Validator::new_with_features(rules.features)),
            reasons: Vec::new(),
            types: Vec::new(),
            funcs: Vec::new(),
            imported_funcs: 0,
            bodies: 0,
            tables: Vec::new(),
            memories: Vec::new(),
            globals: Vec::new(),
            imports: Vec::new(),
            exports: Vec::new(),
        }
    }

    fn say(&mut self, offset: u64, function: Option<u32>, kind: CompileErrorKind) {
        if self.reasons.len() < MAX_REASONS {
            self.reasons.push(CompileError {
                kind,
                offset,
                function,
            });
        }
    }

    fn hold(&mut self, offset: u64, result: Result<(), CompileErrorKind>) {
        if let Err(kind) = result {
            self.say(offset, None, kind);
        }
    }

    fn module(&mut self, wasm: &'w [u8]) {
        let limits = &self.rules.limits;
        self.hold(
            0,
            check(what::module_bytes, wasm.len() as u64, limits.module_bytes),
        );
        for payload in Parser::new(0).parse_all(wasm) {
            match payload {
                Ok(payload) => self.payload(&payload),
                Err(e) => {
                    self.say(
                        e.offset(),
                        None,
                        CompileErrorKind::Invalid(e.message().to_string()),
                    );
                    return;
                }
            }
        }
    }

    fn payload(&mut self, payload: &Payload<'w>) {
        self.count(payload);
        self.contents(payload);
        let valid = match &mut self.validator {
            None => None,
            Some(validator) => match validator.payload(payload) {
                Ok(valid) => Some(valid),
                Err(e) => {
                    self.validator = None;
                    self.say(
                        e.offset(),
                        None,
                        CompileErrorKind::Invalid(e.message().to_string()),
                    );
                    None
                }
            },
        };
        if let Payload::CodeSectionEntry(body) = payload {
            let index = self.imported_funcs.saturating_add(self.bodies);
            self.bodies = self.bodies.saturating_add(1);
            match valid {
                Some(ValidPayload::Func(func, _)) => {
                    let mut validator = func.into_validator(FuncValidatorAllocations::default());
                    self.body(index, body, Some(&mut validator));
                }
                _ => self.body(index, body, None),
            }
        }
    }

    /// Holds the number of a section's entries to its limit.
    fn count(&mut self, payload: &Payload<'_>) {
        let before = Before {
            funcs: self.funcs.len(),
            tables: self.tables.len(),
            globals: self.globals.len(),
        };
        if let Err((offset, kind)) = bounds::section(self.rules, payload, &before) {
            self.say(offset, None, kind);
        }
    }

    /// Keeps what later sections refer to, and holds it to the ruleset. What cannot be read is for the validator to
    /// object to.
    fn contents(&mut self, payload: &Payload<'w>) {
        match payload {
            Payload::TypeSection(section) => {
                for (offset, group) in section.clone().into_iter_with_offsets().map_while(Result::ok) {
                    for ty in group.into_types() {
                        match &ty.composite_type.inner {
                            CompositeInnerType::Func(ty) => self.func_type(offset, ty),
                            _ => self.say(
                                offset,
                                None,
                                CompileErrorKind::Refused("only function types are supported"),
                            ),
                        }
                    }
                }
            }
            Payload::ImportSection(section) => {
                for (offset, import) in section.clone().into_imports_with_offsets().map_while(Result::ok) {
                    self.import(offset, &import);
                }
                self.imported_funcs = self.funcs.len() as u32;
            }
            Payload::FunctionSection(section) => {
                self.funcs
                    .extend(section.clone().into_iter().map_while(Result::ok));
            }
            Payload::TableSection(section) => {
                for (offset, table) in section.clone().into_iter_with_offsets().map_while(Result::ok) {
                    self.table(offset, &table.ty);
                }
            }
            Payload::MemorySection(section) => {
                for (offset, memory) in section.clone().into_iter_with_offsets().map_while(Result::ok) {
                    self.memory(offset, &memory);
                }
            }
            Payload::GlobalSection(section) => {
                for (offset, global) in section.clone().into_iter_with_offsets().map_while(Result::ok) {
                    self.global(offset, global.ty);
                    self.initialiser(&global.init_expr);
                }
            }
            Payload::ExportSection(section) => {
                for (offset, export) in section.clone().into_iter_with_offsets().map_while(Result::ok) {
                    if let Some(ty) = self.export_type(export.kind, export.index) {
                        self.exports.push((
                            offset,
                            ExportType {
                                name: export.name,
                                ty,
                            },
                        ));
                    }
                }
            }
            _ => {}
        }
    }

    fn val_type(&mut self, offset: u64, ty: wasmparser::ValType) -> Option<ValType> {
        let ty = ValType::from_wasm(ty)?;
        self.hold(offset, float_type(self.rules, ty));
        Some(ty)
    }

    fn func_type(&mut self, offset: u64, ty: &wasmparser::FuncType) {
        for held in bounds::func_type(self.rules, ty) {
            self.hold(offset, held);
        }
        let mut list = |types: &[wasmparser::ValType]| -> Vec<ValType> {
            types.iter().filter_map(|ty| self.val_type(offset, *ty)).collect()
        };
        let (params, results) = (list(ty.params()), list(ty.results()));
        self.types.push(FuncType::new(&params, &results));
    }

    fn import(&mut self, offset: u64, import: &wasmparser::Import<'w>) {
        let ty = match import.ty {
            TypeRef::Func(ty) => {
                self.funcs.push(ty);
                self.types.get(ty as usize).cloned().map(ExternType::Func)
            }
            TypeRef::Table(ty) => self.table(offset, &ty).map(ExternType::Table),
            TypeRef::Memory(ty) => Some(ExternType::Memory(self.memory(offset, &ty))),
            TypeRef::Global(ty) => self.global(offset, ty).map(ExternType::Global),
            TypeRef::Tag(_) | TypeRef::FuncExact(_) => None,
        };
        if let Some(ty) = ty {
            self.imports.push((
                offset,
                ImportType {
                    module: import.module,
                    name: import.name,
                    ty,
                },
            ));
        }
    }

    fn table(&mut self, offset: u64, ty: &wasmparser::TableType) -> Option<TableType> {
        self.hold(offset, bounds::table(self.rules, ty));
        let ty = TableType {
            element: self.val_type(offset, ty.element_type.into())?,
            limits: size(ty.initial, ty.maximum),
        };
        self.tables.push(ty);
        Some(ty)
    }

    fn memory(&mut self, offset: u64, ty: &wasmparser::MemoryType) -> MemoryType {
        self.hold(offset, bounds::memory(self.rules, ty));
        let ty = MemoryType {
            limits: size(ty.initial, ty.maximum),
        };
        self.memories.push(ty);
        ty
    }

    fn global(&mut self, offset: u64, ty: wasmparser::GlobalType) -> Option<GlobalType> {
        let ty = GlobalType {
            content: self.val_type(offset, ty.content_type)?,
            mutable: ty.mutable,
        };
        self.globals.push(ty);
        Some(ty)
    }

    /// A float constant is a value of a float type, and follows the rule for types.
    fn initialiser(&mut self, expr: &ConstExpr<'_>) {
        if let Some((offset, ty)) = super::const_expr::ConstExpr::float(expr) {
            self.hold(offset, float_type(self.rules, ty));
        }
    }

    fn export_type(&self, kind: ExternalKind, index: u32) -> Option<ExternType> {
        let index = index as usize;
        Some(match kind {
            ExternalKind::Func => ExternType::Func(self.types.get(*self.funcs.get(index)? as usize)?.clone()),
            ExternalKind::Table => ExternType::Table(*self.tables.get(index)?),
            ExternalKind::Memory => ExternType::Memory(*self.memories.get(index)?),
            ExternalKind::Global => ExternType::Global(*self.globals.get(index)?),
            ExternalKind::Tag | ExternalKind::FuncExact => return None,
        })
    }

    /// One body: with a validator everything, without one only what an operator alone shows.
    fn body(
        &mut self,
        index: u32,
        body: &FunctionBody<'_>,
        mut validator: Option<&mut wasmparser::FuncValidator<wasmparser::ValidatorResources>>,
    ) {
        let function = Some(index);
        let range = body.range();
        if let Err(kind) = check(
            what::body_bytes,
            range.end - range.start,
            self.rules.limits.body_bytes,
        ) {
            self.say(range.start, function, kind);
        }
        let Some(operators) = self.locals(index, body, &mut validator) else {
            return;
        };
        let mut operators = OperatorsReader::new(operators);
        while !operators.eof() {
            let (op, offset) = match operators.read_with_offset() {
                Ok(read) => read,
                Err(e) => {
                    let kind = CompileErrorKind::Invalid(e.message().to_string());
                    return self.say(e.offset(), function, kind);
                }
            };
            let Some(checking) = validator.as_deref_mut() else {
                self.float_operator(offset, index, &op);
                continue;
            };
            let accepted = accepts(self.rules, &op, checking);
            let refused = accepted.is_err();
            if let Err(kind) = accepted {
                self.say(offset, function, kind);
            }
            if let Err(e) = checking.op(offset, &op) {
                if !refused {
                    let kind = CompileErrorKind::Invalid(e.message().to_string());
                    self.say(e.offset(), function, kind);
                }
                validator = None;
            }
        }
    }

    fn float_operator(&mut self, offset: u64, index: u32, op: &Operator<'_>) {
        if operator::is_float(op) {
            let kind = CompileErrorKind::FloatOperator(operator::name(op));
            self.say(offset, Some(index), kind);
        }
    }

    /// The locals of a body; what follows them.
    fn locals<'b>(
        &mut self,
        index: u32,
        body: &FunctionBody<'b>,
        validator: &mut Option<&mut wasmparser::FuncValidator<wasmparser::ValidatorResources>>,
    ) -> Option<BinaryReader<'b>> {
        let function = Some(index);
        let mut reader = body.get_locals_reader().ok()?;
        let mut total = 0u64;
        for _ in 0..reader.get_count() {
            let offset = reader.original_position();
            let (count, ty) = match reader.read() {
                Ok(read) => read,
                Err(e) => {
                    let kind = CompileErrorKind::Invalid(e.message().to_string());
                    self.say(e.offset(), function, kind);
                    return None;
                }
            };
            total += u64::from(count);
            let within = check(what::locals, total, self.rules.limits.locals);
            if let Err(kind) = within {
                // The validator would keep so many.
                self.say(offset, function, kind);
                *validator = None;
            }
            if let Some(ty) = ValType::from_wasm(ty)
                && let Err(kind) = float_type(self.rules, ty)
            {
                self.say(offset, function, kind);
            }
            let defined = validator
                .as_deref_mut()
                .map_or(Ok(()), |validator| validator.define_locals(offset, count, ty));
            if let Err(e) = defined {
                let kind = CompileErrorKind::Invalid(e.message().to_string());
                self.say(e.offset(), function, kind);
                *validator = None;
            }
        }
        Some(reader.get_binary_reader())
    }
}

fn size(min: u64, max: Option<u64>) -> SizeLimits {
    let bounded = |size: u64| u32::try_from(size).unwrap_or(u32::MAX);
    SizeLimits {
        min: bounded(min),
        max: max.map(bounded),
    }
}
