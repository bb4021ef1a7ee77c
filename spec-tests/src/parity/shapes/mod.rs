//! Modules made of the shapes that a tier treats in a way of its own.
//!
//! What compilers of contracts write, and what an interpreter joins or a compiler moves, is rare in modules that choose
//! every operator by itself: a counter stepped and compared in another width, a loop with several back edges, a trap
//! between two checks of the limit, an address that is a sum, a value that is written and read at once. Here such shapes
//! are the grammar: `statement` has the statements, `loops` the loops, `hazard` what traps in the round that is
//! wanted, `expression` what may be joined. `draw` makes the choices from the bytes.
//!
//! Any bytes give a module that is valid under the ruleset, and one that seldom runs many operators.

mod body;
mod draw;
mod expression;
mod hazard;
mod loops;
mod outline;
mod statement;
mod values;

use arwen_engine::Ruleset;
use wasm_encoder::{
    CodeSection, ConstExpr, DataCountSection, DataSection, ElementSection, Elements, EntityType, ExportKind,
    ExportSection, Function, FunctionSection, GlobalSection, GlobalType, ImportSection, MemorySection,
    MemoryType, Module, RefType, TableSection, TableType, TypeSection,
};

use body::Body;
use draw::Draw;
use outline::{Callee, Outline, Signature, Types, imports};
use values::{I32, I64, Ty, edge};

/// Operators that the functions of a module run, about.
const ROOM: u32 = 250;

/// The same of a module now and then, for what is long.
const LARGE_ROOM: u32 = 3_000;

/// Elements of the table: what an indirect call finds, among them nothing.
const TABLE: usize = 6;

/// The same of a function that may stand in place of its calls.
const TINY_ROOM: u32 = 24;

/// The passive data segment.
const SEGMENT: &[u8] = b"segment";

/// A module made from any bytes.
pub fn module_from(bytes: &[u8], rules: &Ruleset) -> Vec<u8> {
    let draw = &mut Draw::new(bytes);
    let host = imports(rules.multi_value);
    let hosted = host.len() as u32;
    let mut signatures: Vec<Signature> = Vec::new();
    for _ in 0..=draw.below(3) {
        // Functions of one type may stand for each other: in tables, and where one returns for another.
        let signature = match signatures.last() {
            Some(last) if draw.one_in(3) => last.clone(),
            _ => signature(draw, rules),
        };
        signatures.push(signature);
    }
    let mut outline = Outline {
        recent: rules.multi_value,
        types: Types::default(),
        callees: callees(&host),
        table: table(hosted),
        globals: vec![I32, I64, I32],
        pages: 1 + draw.below(2),
        segment_bytes: SEGMENT.len() as u32,
    };
    let room = if draw.one_in(16) { LARGE_ROOM } else { ROOM } / signatures.len() as u32;
    // Functions call those before them: such calls may be made without a call.
    let mut functions = Vec::new();
    for (index, signature) in (hosted..).zip(&signatures) {
        let room = if draw.one_in(3) { TINY_ROOM } else { room };
        let (function, cost) = function(draw, &mut outline, index, signature, room);
        functions.push(function);
        outline.callees.push(Callee {
            index,
            signature: signature.clone(),
            cost,
        });
    }
    let globals: Vec<u64> = outline.globals.iter().map(|_| edge(draw)).collect();
    let twice = draw.one_in(4);
    encode(&mut outline, &host, &signatures, &functions, &globals, twice)
}

fn signature(draw: &mut Draw<'_>, rules: &Ruleset) -> Signature {
    let most_results = if rules.multi_value { 6 } else { 2 };
    let mut types = |most| {
        (0..draw.below(most))
            .map(|_| draw.pick(&[I32, I64]))
            .collect::<Vec<Ty>>()
    };
    Signature {
        params: types(4),
        results: types(most_results),
    }
}

/// The imports, as functions that may be called.
fn callees(host: &[(&str, Signature)]) -> Vec<Callee> {
    (0..)
        .zip(host)
        .map(|(index, (_, signature))| Callee {
            index,
            signature: signature.clone(),
            cost: 0,
        })
        .collect()
}

/// Imports, the first function, and nothing.
fn table(first: u32) -> Vec<Option<u32>> {
    let elements: [Option<u32>; TABLE] = [Some(0), None, Some(1), Some(first), None, Some(2)];
    elements.to_vec()
}

fn function(
    draw: &mut Draw<'_>,
    outline: &mut Outline,
    index: u32,
    signature: &Signature,
    room: u32,
) -> (Function, u32) {
    let mut body = Body::new(draw, outline, signature, room);
    body.calls_table = !body.outline.table.contains(&Some(index));
    body.fill_locals();
    if body.draw.one_in(4) {
        body.return_sometimes();
    }
    match signature.params.first() {
        Some(I32) if body.draw.one_in(2) => body.recursion(index, signature),
        _ => body.statements(6),
    }
    body.bring(&signature.results);
    body.finish()
}

fn encode(
    outline: &mut Outline,
    host: &[(&str, Signature)],
    signatures: &[Signature],
    functions: &[Function],
    globals: &[u64],
    twice: bool,
) -> Vec<u8> {
    let mut imported = ImportSection::new();
    for (name, signature) in host {
        let ty = outline.types.index(signature);
        imported.import("host", name, EntityType::Function(ty));
    }
    let mut defined = FunctionSection::new();
    let mut exports = ExportSection::new();
    let mut code = CodeSection::new();
    for (index, (signature, function)) in (host.len() as u32..).zip(signatures.iter().zip(functions)) {
        defined.function(outline.types.index(signature));
        exports.export(&format!("f{index}"), ExportKind::Func, index);
        if twice {
            exports.export(&format!("again{index}"), ExportKind::Func, index);
        }
        code.function(function);
    }
    exports.export("memory", ExportKind::Memory, 0);
    exports.export("table", ExportKind::Table, 0);
    let mut values = GlobalSection::new();
    for (index, (ty, value)) in (0..).zip(outline.globals.iter().zip(globals)) {
        let init = match ty {
            I32 => ConstExpr::i32_const(*value as i32),
            I64 => ConstExpr::i64_const(*value as i64),
        };
        let ty = GlobalType {
            val_type: ty.encoded(),
            mutable: true,
            shared: false,
        };
        values.global(ty, &init);
        exports.export(&format!("global{index}"), ExportKind::Global, index);
    }
    let mut types = TypeSection::new();
    for signature in outline.types.all() {
        let encoded = |types: &[Ty]| types.iter().map(|ty| ty.encoded()).collect::<Vec<_>>();
        types
            .ty()
            .function(encoded(&signature.params), encoded(&signature.results));
    }
    let mut module = Module::new();
    module.section(&types).section(&imported).section(&defined);
    module
        .section(&tables())
        .section(&memories(outline))
        .section(&values);
    module.section(&exports).section(&elements(outline));
    let data = data();
    if outline.recent {
        module.section(&DataCountSection { count: data.len() });
    }
    module.section(&code).section(&data);
    module.finish()
}

fn tables() -> TableSection {
    let mut tables = TableSection::new();
    tables.table(TableType {
        element_type: RefType::FUNCREF,
        table64: false,
        minimum: TABLE as u64,
        maximum: Some(TABLE as u64),
        shared: false,
    });
    tables
}

/// One memory, which may grow by two pages.
fn memories(outline: &Outline) -> MemorySection {
    let mut memories = MemorySection::new();
    memories.memory(MemoryType {
        minimum: outline.pages.into(),
        maximum: Some(u64::from(outline.pages) + 2),
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    memories
}

fn elements(outline: &Outline) -> ElementSection {
    let mut elements = ElementSection::new();
    for (slot, element) in (0..).zip(&outline.table) {
        if let Some(function) = element {
            let functions = Elements::Functions(vec![*function].into());
            elements.active(None, &ConstExpr::i32_const(slot), functions);
        }
    }
    elements
}

/// Bytes that are not all the same, at the start and at the end of a page; and the passive segment.
fn data() -> DataSection {
    let mut data = DataSection::new();
    let bytes = (0..64_u8).map(|byte| byte.wrapping_mul(37) ^ 0x80);
    data.active(0, &ConstExpr::i32_const(0x80), bytes);
    data.passive(SEGMENT.iter().copied());
    data
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::{Class, classify};
    use crate::parity::generate::entropy;
    use crate::parity::subject::RULESETS;

    #[test]
    fn any_bytes_give_a_valid_module() {
        for rules in RULESETS {
            for seed in 0..500 {
                let bytes = entropy(seed);
                let bytes = &bytes[..seed as usize % 97 * 31];
                let wasm = module_from(bytes, rules);
                assert_eq!(classify(&wasm), Class::Ours, "seed {seed}, {}", rules.name);
            }
        }
    }
}
