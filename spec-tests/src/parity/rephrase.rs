//! Says a module in words that the reference understands.
//!
//! wasmi 2.0.0 gives the wrong operand of a `select` whose condition is an `i32` compared with zero: it chooses by the
//! number itself. A condition of another form, with the same truth, goes around that.

use std::convert::Infallible;

use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{CodeSection, Instruction, Module};
use wasmparser::{CustomSectionReader, FunctionBody, Operator, Parser};

/// The module with the population count taken of the condition of every `select`.
///
/// # Errors
/// When it cannot be parsed or written again, in words.
pub(super) fn rephrase(wasm: &[u8]) -> Result<Vec<u8>, String> {
    let mut module = Module::new();
    Rephraser
        .parse_core_module(&mut module, Parser::new(0), wasm)
        .map_err(|error| error.to_string())?;
    Ok(module.finish())
}

struct Rephraser;

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
        let mut function = self.new_function_with_parsed_locals(&body)?;
        for operator in body.get_operators_reader()? {
            let operator = operator?;
            if let Operator::Select | Operator::TypedSelect { .. } = operator {
                function.instruction(&Instruction::I32Popcnt);
            }
            function.instruction(&self.instruction(operator)?);
        }
        code.function(&function);
        Ok(())
    }
}
