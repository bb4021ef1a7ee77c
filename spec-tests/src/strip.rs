//! Makes a module with floats runnable: float types become integers of their width, and what only moves the bits of a
//! float (constants, loads, stores, reinterpretations) or only touches its sign (`abs`, `neg`, `copysign`) does so with
//! integer operators. A function that contains any other float operator loses its body: it counts the call in a global
//! of its own and traps.

use std::convert::Infallible;

use arwen_metering::Op;
use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{
    CodeSection, ConstExpr, ExportKind, ExportSection, Function, GlobalSection, GlobalType, Instruction,
    Module, SectionId, ValType,
};
use wasmparser::{FunctionBody, Operator, Parser, Payload};

use crate::classify::names_floats;

/// Export name of the global that counts calls of functions whose body was taken out.
pub const COUNTER: &str = "calls of stripped functions";

/// A module without floats.
#[derive(Debug)]
pub struct Stripped {
    /// Its binary.
    pub wasm: Vec<u8>,
    /// Could a body that was taken out have changed what other functions see: memory, globals, tables?
    pub loses_effects: bool,
    /// Are function types equal now that were not before?
    pub merges_types: bool,
}

/// Strips a valid module.
///
/// # Errors
/// When it cannot be parsed or written again, in words.
pub fn strip(wasm: &[u8]) -> Result<Stripped, String> {
    let info = Info::read(wasm).map_err(|error| error.to_string())?;
    let merges_types = info.merges_types();
    let mut stripper = Stripper {
        info,
        next_body: 0,
        loses_effects: false,
        globals_written: false,
        exports_written: false,
    };
    let mut module = Module::new();
    stripper
        .parse_core_module(&mut module, Parser::new(0), wasm)
        .map_err(|error| error.to_string())?;
    Ok(Stripped {
        wasm: module.finish(),
        loses_effects: stripper.loses_effects,
        merges_types,
    })
}

/// What has to be known of a module before it is rewritten.
#[derive(Default)]
struct Info {
    types: Vec<wasmparser::FuncType>,
    /// Globals imported and defined: the index of the one that is added.
    globals: u32,
    /// The type of each defined function.
    functions: Vec<u32>,
}

impl Info {
    fn read(wasm: &[u8]) -> wasmparser::Result<Self> {
        let mut info = Self::default();
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::TypeSection(section) => {
                    for ty in section.into_iter_err_on_gc_types() {
                        info.types.push(ty?);
                    }
                }
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        info.globals += u32::from(matches!(import?.ty, wasmparser::TypeRef::Global(_)));
                    }
                }
                Payload::FunctionSection(section) => {
                    for ty in section {
                        info.functions.push(ty?);
                    }
                }
                Payload::GlobalSection(section) => info.globals += section.count(),
                _ => {}
            }
        }
        Ok(info)
    }

    fn merges_types(&self) -> bool {
        let mapped = |ty: &wasmparser::FuncType| {
            let all = ty.params().iter().chain(ty.results()).map(|ty| match ty {
                wasmparser::ValType::F32 => wasmparser::ValType::I32,
                wasmparser::ValType::F64 => wasmparser::ValType::I64,
                other => *other,
            });
            (ty.params().len(), all.collect::<Vec<_>>())
        };
        self.types.iter().enumerate().any(|(index, ty)| {
            let earlier = &self.types[..index];
            earlier
                .iter()
                .any(|other| other != ty && mapped(other) == mapped(ty))
        })
    }

    /// Parameters of the defined function number `body`.
    fn params(&self, body: usize) -> u32 {
        let ty = self
            .functions
            .get(body)
            .and_then(|ty| self.types.get(*ty as usize));
        ty.map_or(0, |ty| ty.params().len() as u32)
    }
}

struct Stripper {
    info: Info,
    /// Number of the next body.
    next_body: usize,
    loses_effects: bool,
    globals_written: bool,
    exports_written: bool,
}

impl Stripper {
    /// Counts the call and traps.
    fn empty_body(&self) -> Function {
        let mut function = Function::new([]);
        function
            .instruction(&Instruction::GlobalGet(self.info.globals))
            .instruction(&Instruction::I32Const(1))
            .instruction(&Instruction::I32Add)
            .instruction(&Instruction::GlobalSet(self.info.globals))
            .instruction(&Instruction::Unreachable)
            .instruction(&Instruction::End);
        function
    }

    /// The body with two more locals, of 32 and of 64 bits, for the second operand of a `copysign`.
    fn body_on_bits(&mut self, body: &FunctionBody<'_>, params: u32) -> Result<Function, Error<Infallible>> {
        let mut locals = Vec::new();
        let mut next = params;
        for group in body.get_locals_reader()? {
            let (count, ty) = group?;
            locals.push((count, self.val_type(ty)?));
            next += count;
        }
        locals.extend([(1, ValType::I32), (1, ValType::I64)]);
        let mut function = Function::new(locals);
        for operator in body.get_operators_reader()? {
            let operator = operator?;
            match sign_operator(&operator, next) {
                Some(instructions) => {
                    for instruction in instructions {
                        function.instruction(&instruction);
                    }
                }
                None => {
                    function.instruction(&self.instruction(operator)?);
                }
            }
        }
        Ok(function)
    }

    fn add_global(&mut self, globals: &mut GlobalSection) {
        let ty = GlobalType {
            val_type: ValType::I32,
            mutable: true,
            shared: false,
        };
        globals.global(ty, &ConstExpr::i32_const(0));
        self.globals_written = true;
    }

    fn add_export(&mut self, exports: &mut ExportSection) {
        exports.export(COUNTER, ExportKind::Global, self.info.globals);
        self.exports_written = true;
    }
}

impl Reencode for Stripper {
    type Error = Infallible;

    fn val_type(&mut self, ty: wasmparser::ValType) -> Result<ValType, Error<Self::Error>> {
        match ty {
            wasmparser::ValType::F32 => Ok(ValType::I32),
            wasmparser::ValType::F64 => Ok(ValType::I64),
            other => utils::val_type(self, other),
        }
    }

    fn instruction<'a>(&mut self, operator: Operator<'a>) -> Result<Instruction<'a>, Error<Self::Error>> {
        Ok(match operator {
            Operator::F32Const { value } => Instruction::I32Const(value.bits() as i32),
            Operator::F64Const { value } => Instruction::I64Const(value.bits() as i64),
            Operator::F32Load { memarg } => Instruction::I32Load(self.mem_arg(memarg)?),
            Operator::F64Load { memarg } => Instruction::I64Load(self.mem_arg(memarg)?),
            Operator::F32Store { memarg } => Instruction::I32Store(self.mem_arg(memarg)?),
            Operator::F64Store { memarg } => Instruction::I64Store(self.mem_arg(memarg)?),
            Operator::I32ReinterpretF32
            | Operator::I64ReinterpretF64
            | Operator::F32ReinterpretI32
            | Operator::F64ReinterpretI64 => Instruction::Nop,
            other => return utils::instruction(self, other),
        })
    }

    fn parse_function_body(
        &mut self,
        code: &mut CodeSection,
        body: FunctionBody<'_>,
    ) -> Result<(), Error<Self::Error>> {
        let params = self.info.params(self.next_body);
        self.next_body += 1;
        let mut computes = false;
        let mut effects = false;
        for operator in body.get_operators_reader()? {
            let operator = operator?;
            computes |= computes_with_floats(&operator);
            effects |= has_effects(&operator);
        }
        let function = if computes {
            self.loses_effects |= effects;
            self.empty_body()
        } else {
            self.body_on_bits(&body, params)?
        };
        code.function(&function);
        Ok(())
    }

    fn parse_global_section(
        &mut self,
        globals: &mut GlobalSection,
        section: wasmparser::GlobalSectionReader<'_>,
    ) -> Result<(), Error<Self::Error>> {
        utils::parse_global_section(self, globals, section)?;
        self.add_global(globals);
        Ok(())
    }

    fn parse_export_section(
        &mut self,
        exports: &mut ExportSection,
        section: wasmparser::ExportSectionReader<'_>,
    ) -> Result<(), Error<Self::Error>> {
        utils::parse_export_section(self, exports, section)?;
        self.add_export(exports);
        Ok(())
    }

    /// Adds the two sections where the module has none.
    fn intersperse_section_hook(
        &mut self,
        module: &mut Module,
        _after: Option<SectionId>,
        before: Option<SectionId>,
    ) -> Result<(), Error<Self::Error>> {
        let next = before.map_or(u8::MAX, position);
        if !self.globals_written && next > position(SectionId::Global) {
            let mut globals = GlobalSection::new();
            self.add_global(&mut globals);
            module.section(&globals);
        }
        if !self.exports_written && next > position(SectionId::Export) {
            let mut exports = ExportSection::new();
            self.add_export(&mut exports);
            module.section(&exports);
        }
        Ok(())
    }
}

/// An operator on the sign of a float, on its bits. `local` and the one after it are free to use, of 32 and 64 bits.
fn sign_operator(operator: &Operator<'_>, local: u32) -> Option<Vec<Instruction<'static>>> {
    let (magnitude, sign) = (i32::MAX, i32::MIN);
    let (magnitude_64, sign_64) = (i64::MAX, i64::MIN);
    Some(match operator {
        Operator::F32Abs => vec![Instruction::I32Const(magnitude), Instruction::I32And],
        Operator::F64Abs => vec![Instruction::I64Const(magnitude_64), Instruction::I64And],
        Operator::F32Neg => vec![Instruction::I32Const(sign), Instruction::I32Xor],
        Operator::F64Neg => vec![Instruction::I64Const(sign_64), Instruction::I64Xor],
        Operator::F32Copysign => vec![
            Instruction::I32Const(sign),
            Instruction::I32And,
            Instruction::LocalSet(local),
            Instruction::I32Const(magnitude),
            Instruction::I32And,
            Instruction::LocalGet(local),
            Instruction::I32Or,
        ],
        Operator::F64Copysign => vec![
            Instruction::I64Const(sign_64),
            Instruction::I64And,
            Instruction::LocalSet(local + 1),
            Instruction::I64Const(magnitude_64),
            Instruction::I64And,
            Instruction::LocalGet(local + 1),
            Instruction::I64Or,
        ],
        _ => return None,
    })
}

/// Where a section stands in a module. The number of a section says it, but for two that were added later.
fn position(section: SectionId) -> u8 {
    match section {
        SectionId::DataCount => SectionId::Element as u8,
        SectionId::Tag => SectionId::Memory as u8,
        other => other as u8,
    }
}

/// Is it a float operator that does more than move bits or touch the sign?
fn computes_with_floats(operator: &Operator<'_>) -> bool {
    let moves = matches!(
        operator,
        Operator::F32Const { .. }
            | Operator::F64Const { .. }
            | Operator::F32Load { .. }
            | Operator::F64Load { .. }
            | Operator::F32Store { .. }
            | Operator::F64Store { .. }
            | Operator::I32ReinterpretF32
            | Operator::I64ReinterpretF64
            | Operator::F32ReinterpretI32
            | Operator::F64ReinterpretI64
    ) || sign_operator(operator, 0).is_some();
    !moves && names_floats(operator)
}

/// May running it change memory, a global, a table or a segment, or call something that does?
fn has_effects(operator: &Operator<'_>) -> bool {
    let name = Op::of(operator).name();
    ["Store", "Set", "Grow", "Fill", "Copy", "Init", "Drop", "Call"]
        .iter()
        .any(|part| name.contains(part))
        && !matches!(operator, Operator::LocalSet { .. } | Operator::Drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::{Class, classify};

    fn stripped(text: &str) -> Stripped {
        let buffer = wast::parser::ParseBuffer::new(text).expect("lexes");
        let mut wat: wast::Wat<'_> = wast::parser::parse(&buffer).expect("parses");
        let stripped = strip(&wat.encode().expect("encodes")).expect("strips");
        assert_eq!(classify(&stripped.wasm), Class::Ours, "{text}");
        stripped
    }

    #[test]
    fn what_is_left_is_valid_and_without_floats() {
        for text in [
            r#"(module)"#,
            r#"(module (func (param f32 i32) (result f64) (local f32) (f64.const 1)))"#,
            r#"(module (func (param f64 f64) (result f64) (local i32) (f64.copysign (local.get 0) (f64.neg (local.get 1)))))"#,
            r#"(module (func (param f32 f32) (result f32) (select (local.get 0) (local.get 1) (i32.const 1))))"#,
            r#"(module (global f32 (f32.const nan)) (memory 1) (data (i32.const 0) "a"))"#,
            r#"(module (import "a" "b" (global f64)) (start 0) (func (drop (block (result f32) (f32.const 1)))))"#,
            r#"(module (type (func (param f32))) (table 1 funcref) (elem (i32.const 0) 0) (func (type 0)) (export "f" (func 0)))"#,
        ] {
            stripped(text);
        }
    }

    #[test]
    fn types_that_become_one_are_known() {
        assert!(stripped("(module (type (func (param f32))) (type (func (param i32))))").merges_types);
        assert!(!stripped("(module (type (func (param f32))) (type (func (result i32))))").merges_types);
        assert!(!stripped("(module (type (func (param f32))) (type (func (param f32))))").merges_types);
    }

    #[test]
    fn lost_effects_are_known() {
        assert!(!stripped("(module (func (drop (f32.const 0))))").loses_effects);
        assert!(
            !stripped("(module (memory 1) (func (f32.store (i32.const 0) (f32.const 0))))").loses_effects
        );
        let computed =
            "(module (memory 1) (func (param f32) (f32.store (i32.const 0) (f32.sqrt (local.get 0)))))";
        assert!(stripped(computed).loses_effects);
        assert!(
            stripped("(module (func (param f32) (drop (f32.sqrt (local.get 0))) (call 0 (local.get 0))))")
                .loses_effects
        );
    }
}
