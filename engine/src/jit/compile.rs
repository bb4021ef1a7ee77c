//! One unit of code at a time: IR → machine code with its relocations and trap sites.

use cranelift_codegen::binemit::Reloc;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::{Block, ExternalName, Function, UserExternalName};
use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_codegen::settings::{self, Configurable};
use cranelift_codegen::{CodegenError, Context, FinalizedMachReloc, FinalizedRelocTarget};
use cranelift_frontend::FunctionBuilderContext;

use super::abi::{BYTES_PER_SLOT, Site};
use super::ledger::Debt;
use super::{arch, lower, peephole, reassociate, thunk};
use crate::module::info::ModuleInfo;
use crate::tier::inline::Inlining;

/// What can be compiled by itself.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Unit {
    /// The function with this index, which has a body.
    Function(u32),
    /// The way in for this distinct type.
    WayIn(u32),
    /// A way out for this distinct type, of which each function gets a copy.
    WayOut(Exit, u32),
}

/// Where a function leads that compiled code may call and that has no compiled code itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// To the host function that is imported.
    Host,
    /// To the interpreter, which runs the body.
    Interpreter,
}

impl Unit {
    /// Index of the function, if it is one.
    pub fn function(self) -> Option<u32> {
        match self {
            Self::Function(index) => Some(index),
            Self::WayIn(_) | Self::WayOut(..) => None,
        }
    }
}

/// Machine code of a unit, not yet in its place.
pub(crate) struct Compiled {
    pub bytes: Vec<u8>,
    pub align: u32,
    pub calls: Vec<Call>,
    /// Where the 8 bytes of the number of the function are that a copy of a way out stands for.
    pub numbers: Vec<u32>,
    pub sites: Vec<TrapSite>,
    /// What is due at sites, by number; the first is nothing.
    pub debts: Vec<Debt>,
}

/// An instruction that stops a run, or may.
pub(crate) struct TrapSite {
    /// Where in the unit it is.
    pub at: u32,
    pub site: Site,
    /// Number of its debt.
    pub debt: u32,
}

/// A call of another function of the module: 4 bytes that take the distance to it. The only thing in a unit that
/// depends on where it is, so that units which keep their distances may be anywhere.
pub(crate) struct Call {
    /// Where in the unit the 4 bytes are.
    pub at: u32,
    /// Index of the function called.
    pub callee: u32,
}

/// Bytes of the distance in a call. It counts from behind them.
pub(crate) const CALL_BYTES: usize = 4;

/// What a name that compiled code refers to stands for: the namespace of the code generator's user names.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Named {
    /// The code of a function of the module, by its index.
    Code = 0,
    /// The number of the function that a copy of a way out stands for.
    OwnNumber = 1,
}

impl Named {
    /// A name of this kind.
    pub fn name(self, index: u32) -> UserExternalName {
        UserExternalName {
            namespace: self as u32,
            index,
        }
    }
}

/// Reads what the code generator wants to have filled in: calls, and places of the function's own number. Anything else is
/// refused.
fn holes(relocs: &[FinalizedMachReloc], func: &Function) -> Result<(Vec<Call>, Vec<u32>), String> {
    const CODE: u32 = Named::Code as u32;
    const OWN_NUMBER: u32 = Named::OwnNumber as u32;
    const FROM_BEHIND: i64 = -(CALL_BYTES as i64);
    let (mut calls, mut numbers) = (Vec::new(), Vec::new());
    for reloc in relocs {
        let name = match &reloc.target {
            FinalizedRelocTarget::ExternalName(ExternalName::User(name)) => {
                func.params.user_named_funcs().get(*name)
            }
            _ => None,
        };
        let name = name.map(|name| (name.namespace, name.index));
        match (reloc.kind, name, reloc.addend) {
            (Reloc::X86CallPCRel4 | Reloc::X86PCRel4, Some((CODE, callee)), FROM_BEHIND) => {
                calls.push(Call {
                    at: reloc.offset,
                    callee,
                });
            }
            (Reloc::Abs8, Some((OWN_NUMBER, _)), 0) => numbers.push(reloc.offset),
            _ => return Err(format!("relocation {reloc:?}")),
        }
    }
    Ok((calls, numbers))
}

/// Scratch space of one compiling thread.
pub(crate) struct Scratch {
    context: Context,
    builder: FunctionBuilderContext,
    registers: regalloc2::Ctx,
}

impl Scratch {
    pub fn new() -> Self {
        Self {
            context: Context::new(),
            builder: FunctionBuilderContext::new(),
            registers: regalloc2::Ctx::default(),
        }
    }
}

/// The code generator for this machine.
///
/// `tail_calls`: may the code have tail calls? Cranelift's need every frame to have a frame pointer.
pub(crate) fn host_isa(tail_calls: bool) -> Result<OwnedTargetIsa, String> {
    let mut flags = settings::builder();
    let checks = if cfg!(debug_assertions) { "true" } else { "false" };
    for (name, value) in [
        ("opt_level", "speed"),
        ("enable_verifier", checks),
        ("is_pic", "false"),
        ("use_colocated_libcalls", "false"),
        // Stacks are sized by the logical limit.
        ("enable_probestack", "false"),
        // Any number of results.
        ("enable_multi_ret_implicit_sret", "true"),
        ("unwind_info", "false"),
        // The gas counter.
        ("enable_pinned_reg", "true"),
        (
            "preserve_frame_pointers",
            if tail_calls { "true" } else { "false" },
        ),
    ] {
        flags.set(name, value).map_err(|e| e.to_string())?;
    }
    let mut isa =
        cranelift_codegen::isa::lookup_by_name("x86_64-unknown-linux-gnu").map_err(|e| e.to_string())?;
    for (name, there) in processor() {
        if there {
            isa.enable(name).map_err(|e| e.to_string())?;
        }
    }
    isa.finish(settings::Flags::new(flags)).map_err(|e| e.to_string())
}

/// Extensions the code may use, and whether this processor has them.
#[cfg(target_arch = "x86_64")]
fn processor() -> impl Iterator<Item = (&'static str, bool)> {
    macro_rules! table {
        ($($flag:literal $feature:tt,)*) => { [$(($flag, std::is_x86_feature_detected!($feature)),)*] };
    }
    table! {
        "has_sse3" "sse3",
        "has_ssse3" "ssse3",
        "has_sse41" "sse4.1",
        "has_sse42" "sse4.2",
        "has_popcnt" "popcnt",
        "has_avx" "avx",
        "has_avx2" "avx2",
        "has_bmi1" "bmi1",
        "has_bmi2" "bmi2",
        "has_lzcnt" "lzcnt",
    }
    .into_iter()
}

#[cfg(not(target_arch = "x86_64"))]
fn processor() -> impl Iterator<Item = (&'static str, bool)> {
    std::iter::empty()
}

/// Compiles a unit. `Err` says why there is no native code for it.
pub(crate) fn unit(
    isa: &OwnedTargetIsa,
    guarded: bool,
    info: &ModuleInfo,
    unit: Unit,
    scratch: &mut Scratch,
) -> Result<Compiled, String> {
    // What a function has taken in may be what is too much, or parts of sums that wait for others.
    let mut refused = String::new();
    for (inlining, reassociate) in [
        (Inlining::new(), true),
        (Inlining::none(), true),
        (Inlining::none(), false),
    ] {
        let (compiled, frame) = unit_with(isa, guarded, info, unit, inlining, reassociate, scratch)?;
        let defined = unit
            .function()
            .and_then(|index| index.checked_sub(info.imported_funcs));
        match defined.and_then(|defined| excess(info, defined, frame)) {
            None => return Ok(compiled),
            Some(excess) => refused = excess,
        }
    }
    Err(refused)
}

/// Compiles a unit with what it may have in place of calls, its sums in another order or not; gives the bytes of its frame
/// as well.
fn unit_with(
    isa: &OwnedTargetIsa,
    guarded: bool,
    info: &ModuleInfo,
    unit: Unit,
    inlining: Inlining,
    reassociate: bool,
    scratch: &mut Scratch,
) -> Result<(Compiled, u32), String> {
    let Scratch {
        context,
        builder,
        registers,
    } = scratch;
    context.clear();
    let target = isa.frontend_config();
    let func = &mut context.func;
    let mut debts = Vec::new();
    match unit {
        Unit::WayIn(ty) => thunk::way_in(info, ty, guarded, target, builder, func),
        Unit::WayOut(exit, ty) => thunk::way_out(info, exit, ty, guarded, target, builder, func),
        Unit::Function(index) => {
            let lowered = lower::body(info, index, guarded, inlining, target, builder, func);
            debts = lowered.map_err(|e| e.to_string())?;
        }
    }
    let control = &mut ControlPlane::default();
    // Not a formatted function: that text can be as long as the code.
    let failed = |e: CodegenError| e.to_string();
    context.optimize(&**isa, control).map_err(failed)?;
    peephole::rewrite(&mut context.func);
    if reassociate {
        reassociate::rewrite(context);
    }
    context.verify_if(&**isa).map_err(failed)?;
    keep_places(&mut context.func);
    let code = isa.compile_function(&context.func, &context.domtree, registers, false, control);
    let code = code.map_err(failed)?.apply_params(&context.func.params);
    let mut bytes = code.buffer.data().to_vec();
    let align = code.buffer.alignment;
    let frame = code
        .buffer
        .frame_layout()
        .map_or(u32::MAX, |layout| layout.frame_to_fp_offset);
    let places = code.buffer.get_srclocs_sorted();
    let debt_at = |at: u32| {
        let after = places.partition_point(|place| place.start <= at);
        let place = places[..after].last().filter(|place| at < place.end)?;
        lower::debt_at(place.loc)
    };
    let mut sites = Vec::with_capacity(code.buffer.traps().len());
    for trap in code.buffer.traps() {
        arch::make_cheap(&mut bytes, trap.offset as usize);
        let site = Site::of(trap.code).ok_or_else(|| format!("trap code {}", trap.code))?;
        let debt = match site {
            Site::Trap(_) if !debts.is_empty() => {
                debt_at(trap.offset).ok_or_else(|| format!("no debt known at {:#x}", trap.offset))?
            }
            // These are asked for when everything is paid, and ways in and out owe nothing.
            Site::Trap(_) | Site::Limit | Site::Stored => 0,
        };
        sites.push(TrapSite {
            at: trap.offset,
            site,
            debt,
        });
    }
    let (calls, numbers) = holes(code.buffer.relocs(), &context.func)?;
    let compiled = Compiled {
        bytes,
        align,
        calls,
        numbers,
        sites,
        debts,
    };
    Ok((compiled, frame))
}

/// Lets every instruction that only computes stand where the one before it stands that does more. Such an instruction
/// was moved to where it is by the code generator, and may take a load just before it into itself: what is due then is
/// what is due at the load.
fn keep_places(func: &mut Function) {
    let blocks: Vec<Block> = func.layout.blocks().collect();
    for block in blocks {
        let mut place = None;
        let mut next = func.layout.first_inst(block);
        while let Some(inst) = next {
            let opcode = func.dfg.insts[inst].opcode();
            let stays = opcode.can_load()
                || opcode.can_store()
                || opcode.can_trap()
                || opcode.other_side_effects()
                || opcode.is_call()
                || opcode.is_terminator();
            match place {
                _ if stays => place = Some(func.srcloc(inst)),
                Some(place) => func.set_srcloc(inst, place),
                None => {}
            }
            next = func.layout.next_inst(inst);
        }
    }
}

/// What is wrong with a native frame larger than the logical frame stands for, if it is: the native stack is sized by the
/// latter.
fn excess(info: &ModuleInfo, defined: u32, frame: u32) -> Option<String> {
    let body = &info.bodies()[defined as usize];
    let params = info.func_type(info.imported_funcs + defined).params().len();
    // Return address and frame pointer; parameters on the stack, which for a tail call nobody else accounts for.
    let bytes = u64::from(frame) + 16 + 8 * params as u64;
    let allowed = u64::from(body.frame_slots) * u64::from(BYTES_PER_SLOT);
    (bytes > allowed).then(|| format!("a native frame takes {bytes} bytes, {allowed} are allowed"))
}
