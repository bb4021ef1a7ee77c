//! Says a module in words that the reference understands.
//!
//! wasmi 2.0.0 gives the wrong operand of a `select` whose condition is an `i32` compared with zero: it chooses by the
//! number itself. A condition of another form, with the same truth, goes around that. Of several values that a `br_table`
//! takes out of a block, some arrive as others; as a row of `br_if`s they do not.

use std::convert::Infallible;

use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{CodeSection, Function, Instruction, Module};
use wasmparser::{BrTable, CustomSectionReader, FunctionBody, Operator, Parser, Payload};

/// The module with the population count taken of the condition of every `select`, and comparisons in place of `br_table`s.
///
/// # Errors
/// When it cannot be parsed or written again, in words.
pub(super) fn rephrase(wasm: &[u8]) -> Result<Vec<u8>, String> {
    let mut module = Module::new();
    let mut params = params(wasm).map_err(|error| error.to_string())?;
    params.reverse();
    Rephraser { params }
        .parse_core_module(&mut module, Parser::new(0), wasm)
        .map_err(|error| error.to_string())?;
    Ok(module.finish())
}

/// Parameters of each function with a body.
fn params(wasm: &[u8]) -> wasmparser::Result<Vec<u32>> {
    let (mut of_types, mut of_functions) = (Vec::new(), Vec::new());
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::TypeSection(section) => {
                for group in section {
                    let types = group?.into_types();
                    of_types.extend(types.map(|ty| ty.unwrap_func().params().len() as u32));
                }
            }
            Payload::FunctionSection(section) => {
                for ty in section {
                    of_functions.extend(of_types.get(ty? as usize).copied());
                }
            }
            _ => {}
        }
    }
    Ok(of_functions)
}

struct Rephraser {
    /// Parameters of the functions to come, the next one last.
    params: Vec<u32>,
}

impl Rephraser {
    /// A branch to the target that the number on the stack chooses; `local` is free to hold it.
    fn choose(
        &mut self,
        function: &mut Function,
        local: u32,
        targets: &BrTable<'_>,
    ) -> Result<(), Error<Infallible>> {
        function.instruction(&Instruction::LocalSet(local));
        for (number, depth) in (0..).zip(targets.targets()) {
            function
                .instruction(&Instruction::LocalGet(local))
                .instruction(&Instruction::I32Const(number))
                .instruction(&Instruction::I32Eq)
                .instruction(&Instruction::BrIf(depth?));
        }
        function.instruction(&Instruction::Br(targets.default()));
        Ok(())
    }
}

impl Reencode for Rephraser {
    type Error = Infallible;

    /// Custom sections may be broken, and mean nothing.
    fn parse_custom_section(
        &mut self,
        _: &mut Module,
        _: CustomSectionReader<'_>,
    ) -> Result<(), Error<Self::Error>> {
        Ok(())
    }

    fn parse_function_body(
        &mut self,
        code: &mut CodeSection,
        body: FunctionBody<'_>,
    ) -> Result<(), Error<Self::Error>> {
        let mut locals = Vec::new();
        for group in body.get_locals_reader()? {
            let (count, ty) = group?;
            locals.push((count, self.val_type(ty)?));
        }
        let own: u32 = locals.iter().map(|(count, _)| count).sum();
        let chosen = self.params.pop().unwrap_or_default() + own;
        locals.push((1, wasm_encoder::ValType::I32));
        let mut function = Function::new(locals);
        for operator in body.get_operators_reader()? {
            let operator = operator?;
            if let Operator::BrTable { targets } = &operator {
                self.choose(&mut function, chosen, targets)?;
                continue;
            }
            if let Operator::Select | Operator::TypedSelect { .. } = operator {
                function.instruction(&Instruction::I32Popcnt);
            }
            function.instruction(&self.instruction(operator)?);
        }
        code.function(&function);
        Ok(())
    }
}
