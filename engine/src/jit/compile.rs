//! One unit of code at a time: IR → machine code with its relocations and trap sites.

use cranelift_codegen::Context;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_codegen::settings::{self, Configurable};
use cranelift_frontend::FunctionBuilderContext;
use cranelift_module::{FuncId, ModuleReloc};

use super::abi::{BYTES_PER_SLOT, Site};
use super::{lower, thunk};
use crate::module::info::ModuleInfo;

/// What can be compiled by itself.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Unit {
    /// The function with this index: its body, or the way out if it is imported.
    Function(u32),
    /// The way in for this distinct type.
    WayIn(u32),
}

impl Unit {
    /// Index of the function, if it is one.
    pub fn function(self) -> Option<u32> {
        match self {
            Self::Function(index) => Some(index),
            Self::WayIn(_) => None,
        }
    }
}

/// Machine code of a unit, not yet in its place.
pub(crate) struct Compiled {
    pub bytes: Vec<u8>,
    pub align: u64,
    pub relocs: Vec<ModuleReloc>,
    pub sites: Vec<(u32, Site)>,
}

/// Scratch space of one compiling thread.
pub(crate) struct Scratch {
    context: Context,
    builder: FunctionBuilderContext,
}

impl Scratch {
    pub fn new() -> Self {
        Self {
            context: Context::new(),
            builder: FunctionBuilderContext::new(),
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
    let Scratch { context, builder } = scratch;
    context.clear();
    let target = isa.frontend_config();
    let func = &mut context.func;
    match unit {
        Unit::WayIn(ty) => thunk::way_in(info, ty, guarded, target, builder, func),
        Unit::Function(index) => match index.checked_sub(info.imported_funcs) {
            None => thunk::way_out(info, index, guarded, target, builder, func),
            Some(body) => {
                let body = &info.bodies[body as usize];
                lower::body(info, index, body, guarded, target, builder, func).map_err(|e| e.to_string())?;
            }
        },
    }
    // Not a formatted function: that text can be as long as the code.
    let code = context
        .compile(&**isa, &mut ControlPlane::default())
        .map_err(|e| e.inner.to_string())?;
    let bytes = code.buffer.data().to_vec();
    let align = u64::from(code.buffer.alignment);
    let frame = code
        .buffer
        .frame_layout()
        .map_or(u32::MAX, |layout| layout.frame_to_fp_offset);
    let mut sites = Vec::with_capacity(code.buffer.traps().len());
    for trap in code.buffer.traps() {
        sites.push((
            trap.offset,
            Site::of(trap.code).ok_or_else(|| format!("trap code {}", trap.code))?,
        ));
    }
    let relocs: Vec<_> = code.buffer.relocs().to_vec();
    let relocs = relocs
        .iter()
        .map(|reloc| ModuleReloc::from_mach_reloc(reloc, &context.func, FuncId::from_u32(0)))
        .collect();
    if let Unit::Function(index) = unit
        && index >= info.imported_funcs
    {
        check_frame(info, index, frame)?;
    }
    Ok(Compiled {
        bytes,
        align,
        relocs,
        sites,
    })
}

/// Refuses a native frame larger than the logical frame stands for: the native stack is sized by the latter.
fn check_frame(info: &ModuleInfo, index: u32, frame: u32) -> Result<(), String> {
    let body = &info.bodies[(index - info.imported_funcs) as usize];
    // Return address and frame pointer; parameters on the stack, which for a tail call nobody else accounts for.
    let bytes = u64::from(frame) + 16 + 8 * info.func_type(index).params().len() as u64;
    let allowed = u64::from(body.frame_slots) * u64::from(BYTES_PER_SLOT);
    if bytes > allowed {
        return Err(format!(
            "a native frame takes {bytes} bytes, {allowed} are allowed"
        ));
    }
    Ok(())
}
