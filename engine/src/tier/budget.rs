//! What compiling a module to native code may cost, all of it or some of its functions: counted, never measured by a
//! clock, so that one build refuses the same everywhere when asked for the same. What is in a function is counted before
//! code is generated for it, in a compilation in the background before any is; how much machine code there is, after each.

use wasmparser::Operator;

use super::inline::{Inlined, Inlining};
use super::{Refusal, repeat};
use crate::module::body::Body;
use crate::module::info::ModuleInfo;
use crate::value::FuncType;

/// Declares [`NativeBudget`] from one row a limit: field, words, default, doc with the reason.
macro_rules! budget {
    ($($(#[doc = $doc:literal])* $field:ident $what:literal = $default:expr;)*) => {
        /// What may be compiled to native code. A module with more of anything is interpreted instead, or the function that
        /// would make it more, where functions are compiled each by itself.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct NativeBudget {
            $($(#[doc = $doc])* pub $field: u64,)*
        }

        impl Default for NativeBudget {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }

        impl NativeBudget {
            /// Everything may be compiled, however long it takes and however much memory.
            pub const UNLIMITED: Self = Self { $($field: u64::MAX,)* };

            /// Every row: field, what it counts, value.
            pub fn rows(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
                [$((stringify!($field), $what, self.$field)),*].into_iter()
            }
        }

        /// What is counted, in words.
        mod what {
            $(#[allow(non_upper_case_globals)] pub const $field: &str = $what;)*
        }
    };
}

budget! {
    /// Functions of a module, imported ones included, and distinct function types, each of which needs a way in. Each
    /// costs some KiB of fixed work and memory whatever its size.
    functions "number of functions and function types" = 20_000;
    /// Parameters and results of all imports and distinct function types. Each is moved between an array of slots and
    /// where compiled code has it.
    entry_values "parameters and results of imports and function types" = 100_000;
    /// Bytes of all function bodies of a module. Machine code and its tables are kept, about 10 bytes for one.
    module_code_bytes "bytes of all function bodies" = 8 << 20;
    /// Bytes of one function body. A function is compiled as a whole: its intermediate code, about 1 KiB a byte, is in
    /// memory at once, and register allocation takes more than linear time.
    body_bytes "bytes of a function body" = 128 << 10;
    /// Blocks, loops, ifs and conditional branches of one function, those in small loops as often as code is made of
    /// them. Each makes basic blocks, over which every analysis
    /// of the code generator iterates: time grows with the square, 8,000 nested take 1.3 s.
    blocks "blocks of a function" = 4_000;
    /// Blocks of a function times the same, over all functions of a module: what quadratic analyses of them add up to,
    /// 12 functions at the limit of `blocks`.
    block_pairs "pairs of blocks of a function, of all functions" = 200_000_000;
    /// Values of a frame (parameters, locals, deepest operand stack) times blocks of one function. Each value may be
    /// alive in, and be a parameter of, each block: the size of liveness sets and of phis.
    values_in_blocks "frame values times blocks of a function" = 2_000_000;
    /// The same over all functions of a module, 20 of them at the limit.
    module_values_in_blocks "frame values times blocks of all functions" = 40_000_000;
    /// Targets of all `br_table`s of one function, each weighted by one plus the values the branch carries. Every
    /// target is an edge of the flow graph, with the values as arguments: 9,000 targets to 50 blocks, counted as 18,000,
    /// take 1 s.
    br_table_targets "br_table targets of a function" = 4_000;
    /// Parameters and results of all calls in one function. Each is a move at a fixed place, which the register
    /// allocator has to arrange.
    call_values "parameters and results of calls of a function" = 200_000;
    /// Bytes of machine code of one module.
    machine_code_bytes "bytes of machine code" = 64 << 20;
}

fn check(what: &'static str, found: u64, max: u64, function: Option<u32>) -> Result<(), Refusal> {
    if found > max {
        return Err(Refusal::Budget {
            what,
            found,
            max,
            function,
        });
    }
    Ok(())
}

impl NativeBudget {
    /// Refuses more machine code than allowed.
    pub(crate) fn check_machine_code(&self, bytes: usize) -> Result<(), Refusal> {
        check(
            what::machine_code_bytes,
            bytes as u64,
            self.machine_code_bytes,
            None,
        )
    }

    /// Refuses a module with more than allowed of what is compiled beside its bodies.
    fn check_entries(&self, info: &ModuleInfo) -> Result<(), Refusal> {
        let units = info.funcs.len() + info.distinct_types.len();
        check(what::functions, units as u64, self.functions, None)?;
        let imports = (0..info.imported_funcs).map(|index| info.func_type(index));
        let entry_values = info.distinct_types.iter().chain(imports).map(values).sum();
        check(what::entry_values, entry_values, self.entry_values, None)
    }

    /// Refuses a function that has more than allowed, and tells what it has.
    fn check_body(&self, info: &ModuleInfo, index: u32, body: &Body) -> Result<Count, Refusal> {
        let function = Some(index);
        check(
            what::body_bytes,
            body.range.len() as u64,
            self.body_bytes,
            function,
        )?;
        let count = Count::of(info, index, body).map_err(|e| Refusal::Failed {
            reason: e.to_string(),
            function,
        })?;
        check(what::blocks, count.blocks, self.blocks, function)?;
        check(
            what::values_in_blocks,
            count.values_in_blocks(body),
            self.values_in_blocks,
            function,
        )?;
        check(
            what::br_table_targets,
            count.targets,
            self.br_table_targets,
            function,
        )?;
        check(what::call_values, count.call_values, self.call_values, function)?;
        Ok(count)
    }
}

/// What has been counted of the bodies that a module has, or is to have, native code of.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tally {
    /// Has what is compiled beside bodies been counted?
    begun: bool,
    code_bytes: u64,
    block_pairs: u64,
    values_in_blocks: u64,
}

impl Tally {
    /// Counts what is compiled beside bodies, unless that has been done.
    pub fn begin(&mut self, budget: &NativeBudget, info: &ModuleInfo) -> Result<(), Refusal> {
        if !self.begun {
            budget.check_entries(info)?;
            self.begun = true;
        }
        Ok(())
    }

    /// Counts a body, by its place among those of the module. Refuses it when it, or all together, could cost more than the
    /// budget; then it does not count.
    pub fn add(&mut self, budget: &NativeBudget, info: &ModuleInfo, body: u32) -> Result<(), Refusal> {
        self.begin(budget, info)?;
        let mut sum = *self;
        let index = info.imported_funcs + body;
        let body = &info.bodies()[body as usize];
        sum.code_bytes += body.range.len() as u64;
        check(
            what::module_code_bytes,
            sum.code_bytes,
            budget.module_code_bytes,
            None,
        )?;
        let count = budget.check_body(info, index, body)?;
        sum.block_pairs = sum
            .block_pairs
            .saturating_add(count.blocks.saturating_mul(count.blocks));
        check(what::block_pairs, sum.block_pairs, budget.block_pairs, None)?;
        sum.values_in_blocks = sum.values_in_blocks.saturating_add(count.values_in_blocks(body));
        check(
            what::module_values_in_blocks,
            sum.values_in_blocks,
            budget.module_values_in_blocks,
            None,
        )?;
        *self = sum;
        Ok(())
    }
}

/// How often operators are compiled: those of a small loop more than once.
struct Copies {
    times: u64,
    /// Blocks open within the loop.
    depth: u32,
}

impl Default for Copies {
    fn default() -> Self {
        Self { times: 1, depth: 0 }
    }
}

impl Copies {
    /// How often `op` is compiled; `after` are the operators after it.
    fn of(&mut self, op: &Operator<'_>, after: &[Operator<'_>]) -> u64 {
        let times = self.times;
        match op {
            // A loop that is compiled more than once has no other in it.
            Operator::Loop { .. } if times == 1 => {
                let copies = repeat::copies(after);
                *self = Self {
                    times: copies.into(),
                    depth: 0,
                };
                return self.times;
            }
            Operator::Block { .. } | Operator::If { .. } => self.depth += 1,
            Operator::End if self.depth == 0 => *self = Self::default(),
            Operator::End => self.depth -= 1,
            _ => {}
        }
        times
    }
}

/// Parameters and results of a type.
fn values(ty: &FuncType) -> u64 {
    (ty.params().len() + ty.results().len()) as u64
}

/// What a body has of what costs.
#[derive(Default)]
struct Count {
    blocks: u64,
    targets: u64,
    call_values: u64,
}

impl Count {
    fn values_in_blocks(&self, body: &Body) -> u64 {
        self.blocks.saturating_mul(body.frame_slots.into())
    }

    fn of(info: &ModuleInfo, index: u32, body: &Body) -> wasmparser::Result<Self> {
        let mut count = Self::default();
        let ops: Vec<Operator<'_>> = body
            .operators(&info.wasm)?
            .into_iter()
            .collect::<wasmparser::Result<_>>()?;
        // Calls that are never reached are asked about too, and may use up what is granted: then bodies of `TOGETHER`
        // bytes at most are compiled and not counted, which is nothing beside any limit.
        let mut inlining = Inlining::new();
        count.add(info, index, &ops, &mut |callee, in_loop| {
            inlining.of_call(info, index, callee, in_loop)
        });
        Ok(count)
    }

    /// Adds the operators of function `index`; `inlined` says what stands in place of a call, by callee and whether it is
    /// in a loop.
    fn add<'m>(
        &mut self,
        info: &'m ModuleInfo,
        index: u32,
        ops: &[Operator<'_>],
        inlined: &mut dyn FnMut(u32, bool) -> Option<Inlined<'m>>,
    ) {
        let count = self;
        // A branch carries at most as many values as the widest block there has been so far, or the function itself:
        // taking that for every target counts too much rather than too little.
        let mut widest = info.func_type(index).results().len() as u64;
        let of_type = |index: u32| info.types.get(index as usize).map_or(0, values);
        let mut copies = Copies::default();
        // Of each open block, whether it is a loop.
        let mut loops = Vec::new();
        for (at, op) in ops.iter().enumerate() {
            let times = copies.of(op, &ops[at + 1..]);
            match op {
                Operator::End => {
                    loops.pop();
                }
                Operator::Block { blockty } | Operator::Loop { blockty } | Operator::If { blockty } => {
                    loops.push(matches!(op, Operator::Loop { .. }));
                    count.blocks += times;
                    widest = widest.max(match blockty {
                        wasmparser::BlockType::Empty => 0,
                        wasmparser::BlockType::Type(_) => 1,
                        wasmparser::BlockType::FuncType(index) => of_type(*index),
                    });
                }
                Operator::Else | Operator::BrIf { .. } => count.blocks += times,
                Operator::BrTable { targets } => {
                    count.blocks += 1;
                    count.targets = count
                        .targets
                        .saturating_add((u64::from(targets.len()) + 1) * (1 + widest));
                }
                Operator::Call { function_index } | Operator::ReturnCall { function_index } => {
                    count.call_values += values(info.func_type(*function_index));
                    if let Operator::Call { .. } = op
                        && let Some(Inlined { ops, .. }) = inlined(*function_index, loops.contains(&true))
                    {
                        count.blocks += 1;
                        count.add(info, *function_index, &ops, &mut |_, _| None);
                    }
                }
                Operator::CallIndirect { type_index, .. }
                | Operator::ReturnCallIndirect { type_index, .. } => {
                    count.call_values += of_type(*type_index);
                }
                _ => {}
            }
        }
    }
}
