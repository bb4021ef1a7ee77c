//! The loop.
//!
//! What an instruction computes is in [`crate::semantics`]; what it may touch unchecked, and why, in `machine`. Arms
//! stay short: everything that is long or rare is a call into `frame` or the shared runtime.

use super::code::{Op, for_each_instruction};
use super::frame::Vm;
use super::machine::{Ip, Limit, Regs, Scalar};
use crate::runtime::store::FuncId;
use crate::semantics::{self, Slot};
use crate::trap::Trap;

/// Address of an access with a constant offset; below 2^33.
#[inline(always)]
fn address(index: u64, offset: u64) -> u64 {
    u64::from(index as u32) + offset
}

/// Address of an access by base and shifted index.
#[inline(always)]
fn indexed(base: u64, index: u64, shift: u32, offset: u32) -> u64 {
    u64::from((base as u32).wrapping_add((index as u32).wrapping_shl(shift))) + u64::from(offset)
}

/// 32 bits as a slot, sign-extended.
#[inline(always)]
fn extended(bits: u32) -> u64 {
    i64::from(bits as i32) as u64
}

macro_rules! the_loop {
    (
        unary { $($un:ident = $un_f:ident;)* }
        binary { $($bin:ident = $bin_f:ident;)* }
        binary_imm { $($bini:ident = $bini_f:ident;)* }
        division { $($div:ident = $div_f:ident;)* }
        division_imm { $($divi:ident = $divi_f:ident;)* }
        compare { $($cmp:ident $br:ident $brm:ident = $cmp_f:ident;)* }
        compare_imm { $($cmpi:ident $bri:ident $brim:ident = $cmpi_f:ident;)* }
        load { $($ld:ident $ldx:ident = $ld_mem:ty, $ld_slot:ty;)* }
        store { $($st:ident $sti:ident $stx:ident = $st_mem:ty;)* }
        other { $($op:ident = $fields:literal $text:literal;)* }
    ) => {
        /// Runs from an instruction until the first frame returns; gives that frame's registers.
        ///
        /// Gas used is in the meter when it is done, whatever the outcome.
        pub(super) fn run(vm: &mut Vm<'_>, mut ip: Ip, mut regs: Regs) -> Result<Regs, Trap> {
            let limit = Limit::of(vm.store.meter_ref().cells());
            let mut used = vm.used();
            let mut mem = vm.view.memory();
            let mut costs = vm.view.costs();

            let outcome = 'run: loop {
                let i = ip.next();

                macro_rules! get { ($r:expr) => { Slot::from_slot(regs.get($r)) }; }
                macro_rules! stop { ($trap:expr) => { break 'run Err($trap) }; }
                macro_rules! charge { ($id:expr) => { used = used.wrapping_add(costs.get($id)) }; }
                macro_rules! check {
                    () => { if used >= limit.get() { stop!(vm.limit_reached(used)) } };
                }
                // A value, or the trap that takes its place.
                macro_rules! value {
                    ($outcome:expr) => { match $outcome { Ok(value) => value, Err(trap) => stop!(trap) } };
                }
                macro_rules! in_memory {
                    ($outcome:expr) => {
                        match $outcome { Some(value) => value, None => stop!(Trap::MemoryOutOfBounds) }
                    };
                }
                macro_rules! enter {
                    ($function:expr, $up:expr) => {{
                        let code = match vm.view.code($function) {
                            Some(code) => code,
                            None => value!(vm.translate($function)),
                        };
                        match vm.call(code, ip, regs, $up, false) {
                            Some(next) => (ip, regs) = next,
                            None => stop!(Trap::StackOverflow),
                        }
                    }};
                }
                // After a call that may have gone anywhere.
                macro_rules! go_on {
                    ($next:expr) => {{
                        let next = $next;
                        // Also when the call has stopped: a host function may have charged before.
                        used = vm.used();
                        match value!(next) {
                            Some(next) => (ip, regs) = next,
                            None => break 'run Ok(vm.last),
                        }
                        mem = vm.view.memory();
                        costs = vm.view.costs();
                    }};
                }
                macro_rules! leave {
                    () => {
                        match vm.leave(regs) {
                            None => break 'run Ok(regs),
                            Some((back, below, changed)) => {
                                (ip, regs) = (back, below);
                                if changed {
                                    mem = vm.view.memory();
                                    costs = vm.view.costs();
                                }
                            }
                        }
                    };
                }
                macro_rules! element {
                    () => {
                        match vm.view.element(i.c, get!(i.b)) {
                            None => stop!(Trap::UndefinedElement),
                            Some(0) => stop!(Trap::IndirectCallToNull),
                            Some(reference) => match vm.view.function_of_type(reference, i.x()) {
                                None => stop!(Trap::BadSignature),
                                Some(function) => FuncId(function),
                            },
                        }
                    };
                }

                match i.op {
                    $(Op::$un => regs.set(i.a, semantics::$un_f(get!(i.b)).into_slot()),)*
                    $(Op::$bin => regs.set(i.a, semantics::$bin_f(get!(i.b), get!(i.c)).into_slot()),)*
                    $(Op::$bini => regs.set(i.a, semantics::$bini_f(get!(i.b), Slot::from_slot(i.imm)).into_slot()),)*
                    $(Op::$div => regs.set(i.a, value!(semantics::$div_f(get!(i.b), get!(i.c))).into_slot()),)*
                    $(Op::$divi => {
                        regs.set(i.a, value!(semantics::$divi_f(get!(i.b), Slot::from_slot(i.imm))).into_slot());
                    })*
                    $(
                        Op::$cmp => regs.set(i.a, semantics::bool_slot(semantics::$cmp_f(get!(i.b), get!(i.c)))),
                        Op::$br => if semantics::$cmp_f(get!(i.a), get!(i.b)) { ip.jump(i.jump()) },
                        Op::$brm => {
                            charge!(i.y());
                            check!();
                            if semantics::$cmp_f(get!(i.a), get!(i.b)) { ip.jump(i.jump()) }
                        }
                    )*
                    $(
                        Op::$cmpi => {
                            let truth = semantics::$cmpi_f(get!(i.b), Slot::from_slot(i.imm));
                            regs.set(i.a, semantics::bool_slot(truth));
                        }
                        Op::$bri => if semantics::$cmpi_f(get!(i.a), Slot::from_slot(i.bc())) { ip.jump(i.jump()) },
                        Op::$brim => {
                            charge!(i.y());
                            check!();
                            if semantics::$cmpi_f(get!(i.a), Slot::from_slot(i.bc())) { ip.jump(i.jump()) }
                        }
                    )*
                    $(
                        Op::$ld => {
                            let value: $ld_mem = in_memory!(mem.load(address(regs.get(i.b), i.imm)));
                            regs.set(i.a, <$ld_slot>::from(value).into_slot());
                        }
                        Op::$ldx => {
                            let at = indexed(regs.get(i.b), regs.get(i.c), i.y(), i.x());
                            let value: $ld_mem = in_memory!(mem.load(at));
                            regs.set(i.a, <$ld_slot>::from(value).into_slot());
                        }
                    )*
                    $(
                        Op::$st => {
                            let value = <$st_mem>::low(regs.get(i.b));
                            in_memory!(mem.store(address(regs.get(i.a), i.imm), value));
                        }
                        Op::$sti => {
                            let value = <$st_mem>::low(extended(i.y()));
                            in_memory!(mem.store(address(regs.get(i.a), i.x().into()), value));
                        }
                        Op::$stx => {
                            let at = indexed(regs.get(i.a), regs.get(i.c), i.y(), i.x());
                            in_memory!(mem.store(at, <$st_mem>::low(regs.get(i.b))));
                        }
                    )*

                    Op::Trap => stop!(Trap::from_code(i.x() as u8).unwrap_or(Trap::Internal)),
                    Op::Charge => charge!(i.x()),
                    Op::ChargeCheck => { charge!(i.x()); check!() }
                    Op::Check => check!(),
                    Op::ChargeUnits => {
                        // Below 2^63, as a price of units is below 2^31.
                        let units = u64::from(regs.get(i.a) as u32).wrapping_mul(costs.get(i.x()));
                        used = used.wrapping_add(units);
                    }
                    Op::Br => ip.jump(i.jump()),
                    Op::BrMetered => { charge!(i.y()); check!(); ip.jump(i.jump()) }
                    Op::BrAndImm => if regs.get(i.a) & i.bc() != 0 { ip.jump(i.jump()) },
                    Op::BrAndImmMetered => {
                        charge!(i.y());
                        check!();
                        if regs.get(i.a) & i.bc() != 0 { ip.jump(i.jump()) }
                    }
                    Op::BrNotAndImm => if regs.get(i.a) & i.bc() == 0 { ip.jump(i.jump()) },
                    Op::BrNotAndImmMetered => {
                        charge!(i.y());
                        check!();
                        if regs.get(i.a) & i.bc() == 0 { ip.jump(i.jump()) }
                    }
                    Op::AddBrNeMetered => {
                        charge!(i.y());
                        check!();
                        let sum = semantics::i32_add(get!(i.a), i32::from(i.c as i16) as u32);
                        regs.set(i.a, sum.into_slot());
                        if semantics::i32_ne(sum, get!(i.b)) { ip.jump(i.jump()) }
                    }
                    Op::AddBrNzMetered => {
                        charge!(i.y());
                        check!();
                        let sum = semantics::i32_add(get!(i.a), i32::from(i.c as i16) as u32);
                        regs.set(i.a, sum.into_slot());
                        if sum != 0 { ip.jump(i.jump()) }
                    }
                    Op::BrTable => {
                        // The chosen Br stands as many instructions further on, and jumps from the one after it.
                        ip.jump(i.x().min(get!(i.a)) as i32);
                        let chosen = ip.next();
                        ip.jump(chosen.jump());
                    }

                    Op::Copy => regs.set(i.a, regs.get(i.b)),
                    Op::Copy2 => {
                        regs.set(i.a, regs.get(i.b));
                        regs.set(i.c, regs.get(i.x() as u16));
                    }
                    Op::Const => regs.set(i.a, i.imm),
                    Op::Move => regs.copy(i.a, i.b, i.x() as usize),
                    Op::Select => {
                        let (first, second) = (regs.get(i.b), regs.get(i.c));
                        let condition: u32 = get!(i.x() as u16);
                        regs.set(i.a, if condition != 0 { first } else { second });
                    }
                    Op::AddShl => {
                        let shifted = semantics::i32_shl(get!(i.c), i.x());
                        regs.set(i.a, semantics::i32_add(get!(i.b), shifted).into_slot());
                    }
                    Op::I32Add3 => {
                        let sum = semantics::i32_add(get!(i.b), get!(i.c));
                        regs.set(i.a, semantics::i32_add(sum, get!(i.x() as u16)).into_slot());
                    }
                    Op::I64Add3 => {
                        let sum = semantics::i64_add(get!(i.b), get!(i.c));
                        regs.set(i.a, semantics::i64_add(sum, get!(i.x() as u16)));
                    }
                    Op::Xor3 => regs.set(i.a, regs.get(i.b) ^ regs.get(i.c) ^ regs.get(i.x() as u16)),
                    Op::I32XorRotr => {
                        regs.set(i.a, regs.get(i.b) ^ semantics::i32_rotr(get!(i.c), i.x()).into_slot());
                    }
                    Op::I64XorRotr => regs.set(i.a, regs.get(i.b) ^ semantics::i64_rotr(get!(i.c), i.imm)),

                    Op::GlobalGet => regs.set(i.a, vm.view.global_get(i.x())),
                    Op::GlobalSet => vm.view.global_set(i.x(), regs.get(i.a)),
                    Op::GlobalSetImm => vm.view.global_set(i.x(), i.y().into()),
                    Op::GlobalGetImported => regs.set(i.a, vm.view.imported_global_get(i.x())),
                    Op::GlobalSetImported => vm.view.imported_global_set(i.x(), regs.get(i.a)),

                    Op::MemorySize => regs.set(i.a, mem.pages()),
                    Op::MemoryGrow => {
                        let before = vm.store.op_memory_grow(vm.view.instance, get!(i.b));
                        regs.set(i.a, before.into_slot());
                        mem = vm.view.memory();
                    }
                    Op::MemoryFill => {
                        let byte: u32 = get!(i.b);
                        value!(vm.store.memory_fill(vm.view.instance, get!(i.a), byte as u8, get!(i.c)));
                    }
                    Op::MemoryCopy => value!(vm.store.memory_copy(vm.view.instance, get!(i.a), get!(i.b), get!(i.c))),
                    Op::MemoryInit => {
                        let (to, from, len) = (get!(i.a), get!(i.b), get!(i.c));
                        value!(vm.store.memory_init(vm.view.instance, i.x(), to, from, len));
                    }
                    Op::DataDrop => vm.store.data_drop(vm.view.instance, i.x()),
                    Op::TableGet => match vm.view.element(i.x() as u16, get!(i.b)) {
                        Some(slot) => regs.set(i.a, slot),
                        None => stop!(Trap::TableOutOfBounds),
                    },
                    Op::TableSet => value!(vm.table_set(i.x(), get!(i.a), regs.get(i.b))),
                    Op::TableSize => regs.set(i.a, vm.table_size(i.x())),
                    Op::TableGrow => {
                        let (slot, count) = (regs.get(i.b), get!(i.c));
                        let before = vm.store.op_table_grow(vm.view.instance, i.x(), slot, count);
                        regs.set(i.a, before.into_slot());
                    }
                    Op::TableFill => {
                        let (at, slot, count) = (get!(i.a), regs.get(i.b), get!(i.c));
                        value!(vm.store.op_table_fill(vm.view.instance, i.x(), at, slot, count));
                    }
                    Op::TableCopy => {
                        let (to, from) = ((i.x(), get!(i.a)), (i.y(), get!(i.b)));
                        value!(vm.store.op_table_copy(vm.view.instance, to, from, get!(i.c)));
                    }
                    Op::TableInit => {
                        let (to, from, len) = (get!(i.a), get!(i.b), get!(i.c));
                        value!(vm.store.table_init(vm.view.instance, i.x(), i.y(), to, from, len));
                    }
                    Op::ElemDrop => vm.store.elem_drop(vm.view.instance, i.x()),
                    Op::RefFunc => regs.set(i.a, vm.view.reference(i.x())),

                    Op::Call => enter!(i.x(), i.a),
                    Op::CallMetered => { charge!(i.y()); check!(); enter!(i.x(), i.a) }
                    Op::CallImport => go_on!(vm.call_import(i.x(), ip, regs, i.a, used)),
                    Op::CallIndirect => {
                        let function = element!();
                        match vm.own_body(function) {
                            Some(body) => enter!(body, i.a),
                            None => go_on!(vm.call_any(function, ip, regs, i.a, used)),
                        }
                    }
                    Op::ReturnCall => go_on!(vm.return_call(i.x(), regs, i.a, used)),
                    Op::ReturnCallIndirect => {
                        let function = element!();
                        go_on!(vm.return_call_any(function, regs, i.a, used))
                    }
                    Op::Return => leave!(),
                    Op::Return1 => { regs.set(0, regs.get(i.a)); leave!() }
                    Op::ReturnImm => { regs.set(0, i.imm); leave!() }
                    Op::ReturnCharged => { charge!(i.x()); leave!() }
                    Op::Return1Charged => { charge!(i.x()); regs.set(0, regs.get(i.a)); leave!() }
                    Op::ReturnMetered => { charge!(i.x()); check!(); leave!() }
                    Op::Return1Metered => { charge!(i.x()); check!(); regs.set(0, regs.get(i.a)); leave!() }
                }
            };
            vm.set_used(used);
            outcome
        }
    };
}
for_each_instruction!(the_loop);
