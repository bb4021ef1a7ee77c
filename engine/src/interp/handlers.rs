//! What each instruction does: one function a row of the instruction set.
//!
//! What an instruction computes is in [`crate::semantics`]; what it may touch unchecked, and why, in `machine`. Handlers
//! stay short: everything that is long or rare is a call into `frame`, `state` or the shared runtime.

#![allow(non_snake_case)]

use super::code::{Op, for_each_instruction};
use super::frame::{Next, Vm};
use super::machine::{Callee, Ip, Mem, Regs, Scalar};
use super::run::{Exit, Handler, breathe, dispatch, done, limit_reached, stop, transfer};
use crate::runtime::store::FuncId;
use crate::semantics::{self, Slot};
use crate::trap::Trap;

/// Address of an access: index plus addend, wrapping as the `i32` it is, plus offset; below 2^33.
#[inline(always)]
fn address(index: u64, addend: u32, offset: u32) -> u64 {
    u64::from((index as u32).wrapping_add(addend)).wrapping_add(offset.into())
}

/// Address of an access by base and shifted index.
#[inline(always)]
fn indexed(base: u64, index: u64, shift: u32, offset: u32) -> u64 {
    u64::from((base as u32).wrapping_add((index as u32).wrapping_shl(shift))).wrapping_add(offset.into())
}

/// 32 bits as a slot, sign-extended.
#[inline(always)]
fn extended(bits: u32) -> u64 {
    i64::from(bits as i32) as u64
}

/// The step of an instruction that joins an addition with a jump.
#[inline(always)]
fn step(bits: u16) -> u32 {
    i32::from(bits as i16) as u32
}

/// Declares handlers. The body works on `vm`, the instruction `i`, and `ip`, `regs`, `mem`, `used`; after it the next
/// instruction is executed, unless it returned.
macro_rules! handlers {
    ($vm:ident $i:ident $ip:ident $regs:ident $mem:ident $used:ident; $($name:ident $body:block)*) => {
        $(
            #[allow(unused_mut, unused_variables, unused_assignments)]
            fn $name($vm: &mut Vm<'_>, mut $ip: Ip, mut $regs: Regs, mut $mem: Mem, mut $used: u64) {
                let $i = $ip.next();
                $body
                #[allow(unreachable_code)]
                dispatch($vm, $ip, $regs, $mem, $used);
            }
        )*
    };
}

/// An operand: a register as the type that is wanted.
macro_rules! get {
    ($regs:ident, $register:expr) => {
        Slot::from_slot($regs.get($register))
    };
}

macro_rules! charge {
    ($vm:ident, $used:ident, $id:expr) => {
        $used = $used.wrapping_add($vm.costs.get($id))
    };
}

macro_rules! check {
    ($vm:ident, $used:ident) => {
        if $used >= $vm.limit.get() {
            return limit_reached($vm, $used);
        }
    };
}

/// The value of a `Result`, or the trap that takes its place.
macro_rules! value {
    ($vm:ident, $used:ident, $outcome:expr) => {
        match $outcome {
            Ok(value) => value,
            Err(trap) => return stop($vm, $used, trap),
        }
    };
}

/// The value of a memory access.
macro_rules! in_memory {
    ($vm:ident, $used:ident, $outcome:expr) => {
        match $outcome {
            Some(value) => value,
            None => return out_of_memory($vm, $used),
        }
    };
}

#[cold]
#[inline(never)]
fn out_of_memory(vm: &mut Vm<'_>, used: u64) {
    stop(vm, used, Trap::MemoryOutOfBounds)
}

/// Enters a function of the current instance.
#[inline(always)]
fn enter(vm: &mut Vm<'_>, ip: Ip, regs: Regs, mem: Mem, used: u64, function: u32, up: u16) {
    if let Some(code) = vm.view.code(function)
        && let Some((ip, regs)) = vm.call(code, ip, regs, up)
    {
        return transfer(vm, ip, regs, mem, used);
    }
    enter_anew(vm, ip, regs, used, function, up)
}

/// The same for a function that has not been translated, or where a stack must grow first.
#[cold]
#[inline(never)]
fn enter_anew(vm: &mut Vm<'_>, ip: Ip, regs: Regs, used: u64, function: u32, up: u16) {
    let next = vm
        .translate(function)
        .and_then(|code| vm.call_anew(code, ip, regs, up, false));
    match next {
        Ok((ip, regs)) => breathe(vm, ip, regs, used),
        Err(trap) => stop(vm, used, trap),
    }
}

/// Goes on after a call that may have gone anywhere.
fn go_on(vm: &mut Vm<'_>, next: Result<Next, Trap>) {
    let used = vm.used();
    match next {
        Ok(Some((ip, regs))) => {
            let mem = vm.memory();
            transfer(vm, ip, regs, mem, used)
        }
        Ok(None) => vm.exit = Exit::Done,
        Err(trap) => stop(vm, used, trap),
    }
}

/// Goes back to the caller.
#[inline(always)]
fn leave(vm: &mut Vm<'_>, regs: Regs, mem: Mem, used: u64) {
    match vm.leave(regs) {
        Some((ip, regs)) => transfer(vm, ip, regs, mem, used),
        None => leave_far(vm, regs, used),
    }
}

/// Goes back to another instance, or out.
#[cold]
#[inline(never)]
fn leave_far(vm: &mut Vm<'_>, regs: Regs, used: u64) {
    match vm.leave_far(regs) {
        Some((ip, regs)) => breathe(vm, ip, regs, used),
        None => done(vm, regs, used),
    }
}

/// The function an indirect call goes to.
#[inline(always)]
fn callee(vm: &Vm<'_>, table: u16, index: u32, ty: u32) -> Result<Callee, Trap> {
    match vm.view.element(table, index) {
        None => Err(Trap::UndefinedElement),
        Some(0) => Err(Trap::IndirectCallToNull),
        Some(reference) => vm.view.function_of_type(reference, ty).ok_or(Trap::BadSignature),
    }
}

#[cold]
#[inline(never)]
fn call_other(vm: &mut Vm<'_>, ip: Ip, regs: Regs, used: u64, function: FuncId, up: u16) {
    let next = vm.call_any(function, ip, regs, up, used);
    go_on(vm, next)
}

macro_rules! families {
    (
        unary { $($un:ident = $un_f:ident;)* }
        binary { $($bin:ident = $bin_f:ident;)* }
        binary_imm { $($bini:ident = $bini_f:ident;)* }
        division { $($div:ident = $div_f:ident;)* }
        division_imm { $($divi:ident = $divi_f:ident;)* }
        compare { $($cmp:ident $br:ident $brm:ident = $cmp_f:ident;)* }
        compare_imm { $($cmpi:ident $bri:ident $brim:ident = $cmpi_f:ident;)* }
        load { $($ld:ident $ldx:ident $lda:ident = $ld_mem:ty, $ld_slot:ty;)* }
        store { $($st:ident $sti:ident $stx:ident $sta:ident = $st_mem:ty;)* }
        other { $($op:ident = $fields:literal $text:literal;)* }
    ) => {
        /// The handler of every instruction, by number.
        pub(super) static HANDLERS: [Handler; Op::COUNT] = [
            $($un,)* $($bin,)* $($bini,)* $($div,)* $($divi,)*
            $($cmp, $br, $brm,)* $($cmpi, $bri, $brim,)*
            $($ld, $ldx, $lda,)* $($st, $sti, $stx, $sta,)* $($op,)*
        ];

        handlers! { vm i ip regs mem used;
            $($un { regs.set(i.a, semantics::$un_f(get!(regs, i.b)).into_slot()) })*
            $($bin { regs.set(i.a, semantics::$bin_f(get!(regs, i.b), get!(regs, i.c)).into_slot()) })*
            $($bini { regs.set(i.a, semantics::$bini_f(get!(regs, i.b), Slot::from_slot(i.imm)).into_slot()) })*
            $($div {
                let quotient = semantics::$div_f(get!(regs, i.b), get!(regs, i.c));
                regs.set(i.a, value!(vm, used, quotient).into_slot());
            })*
            $($divi {
                let quotient = semantics::$divi_f(get!(regs, i.b), Slot::from_slot(i.imm));
                regs.set(i.a, value!(vm, used, quotient).into_slot());
            })*
            $(
                $cmp {
                    let truth = semantics::$cmp_f(get!(regs, i.b), get!(regs, i.c));
                    regs.set(i.a, semantics::bool_slot(truth));
                }
                $br {
                    if semantics::$cmp_f(get!(regs, i.a), get!(regs, i.b)) {
                        ip.jump(i.jump());
                        return transfer(vm, ip, regs, mem, used);
                    }
                }
                $brm {
                    charge!(vm, used, i.y());
                    check!(vm, used);
                    if semantics::$cmp_f(get!(regs, i.a), get!(regs, i.b)) {
                        ip.jump(i.jump());
                        return transfer(vm, ip, regs, mem, used);
                    }
                }
            )*
            $(
                $cmpi {
                    let truth = semantics::$cmpi_f(get!(regs, i.b), Slot::from_slot(i.imm));
                    regs.set(i.a, semantics::bool_slot(truth));
                }
                $bri {
                    if semantics::$cmpi_f(get!(regs, i.a), Slot::from_slot(i.bc())) {
                        ip.jump(i.jump());
                        return transfer(vm, ip, regs, mem, used);
                    }
                }
                $brim {
                    charge!(vm, used, i.y());
                    check!(vm, used);
                    if semantics::$cmpi_f(get!(regs, i.a), Slot::from_slot(i.bc())) {
                        ip.jump(i.jump());
                        return transfer(vm, ip, regs, mem, used);
                    }
                }
            )*
            $(
                $ld {
                    let value: $ld_mem = in_memory!(vm, used, mem.load(vm.mem_size, address(regs.get(i.b), i.y(), i.x())));
                    regs.set(i.a, <$ld_slot>::from(value).into_slot());
                }
                $ldx {
                    let at = indexed(regs.get(i.b), regs.get(i.c), i.y(), i.x());
                    let value: $ld_mem = in_memory!(vm, used, mem.load(vm.mem_size, at));
                    regs.set(i.a, <$ld_slot>::from(value).into_slot());
                }
                $lda {
                    let value: $ld_mem = in_memory!(vm, used, mem.load(vm.mem_size, i.imm));
                    regs.set(i.a, <$ld_slot>::from(value).into_slot());
                }
            )*
            $(
                $st {
                    let value = <$st_mem>::low(regs.get(i.b));
                    in_memory!(vm, used, mem.store(vm.mem_size, address(regs.get(i.a), i.y(), i.x()), value));
                }
                $sti {
                    let value = <$st_mem>::low(extended(i.y()));
                    in_memory!(vm, used, mem.store(vm.mem_size, address(regs.get(i.a), i.bc() as u32, i.x()), value));
                }
                $stx {
                    let at = indexed(regs.get(i.a), regs.get(i.c), i.y(), i.x());
                    in_memory!(vm, used, mem.store(vm.mem_size, at, <$st_mem>::low(regs.get(i.b))));
                }
                $sta { in_memory!(vm, used, mem.store(vm.mem_size, i.imm, <$st_mem>::low(regs.get(i.a)))) }
            )*
        }
    };
}
for_each_instruction!(families);

// Gas and jumps.
handlers! { vm i ip regs mem used;
    Trap { return stop(vm, used, Trap::from_code(i.x() as u8).unwrap_or(Trap::Internal)) }
    Breathe { return transfer(vm, ip, regs, mem, used) }
    Charge { charge!(vm, used, i.x()) }
    ChargeCheck {
        charge!(vm, used, i.x());
        check!(vm, used);
    }
    Check { check!(vm, used) }
    ChargeSpan {
        for charge in i.x()..i.x().wrapping_add(i.y()) {
            charge!(vm, used, charge);
        }
    }
    ChargeCheckSpan {
        for charge in i.x()..i.x().wrapping_add(i.y()) {
            charge!(vm, used, charge);
            check!(vm, used);
        }
    }
    ChargeUnits {
        // Below 2^63, as the price of a unit is below 2^31.
        let units = u64::from(regs.get(i.a) as u32).wrapping_mul(vm.costs.get(i.x()));
        used = used.wrapping_add(units);
    }
    Br {
        ip.jump(i.jump());
        return transfer(vm, ip, regs, mem, used);
    }
    BrMetered {
        charge!(vm, used, i.y());
        check!(vm, used);
        ip.jump(i.jump());
        return transfer(vm, ip, regs, mem, used);
    }
    BrAndImm {
        if regs.get(i.a) & i.bc() != 0 {
            ip.jump(i.jump());
            return transfer(vm, ip, regs, mem, used);
        }
    }
    BrAndImmMetered {
        charge!(vm, used, i.y());
        check!(vm, used);
        if regs.get(i.a) & i.bc() != 0 {
            ip.jump(i.jump());
            return transfer(vm, ip, regs, mem, used);
        }
    }
    BrNotAndImm {
        if regs.get(i.a) & i.bc() == 0 {
            ip.jump(i.jump());
            return transfer(vm, ip, regs, mem, used);
        }
    }
    BrNotAndImmMetered {
        charge!(vm, used, i.y());
        check!(vm, used);
        if regs.get(i.a) & i.bc() == 0 {
            ip.jump(i.jump());
            return transfer(vm, ip, regs, mem, used);
        }
    }
    AddBrNeMetered {
        charge!(vm, used, i.y());
        check!(vm, used);
        let sum = semantics::i32_add(get!(regs, i.a), step(i.c));
        regs.set(i.a, sum.into_slot());
        if semantics::i32_ne(sum, get!(regs, i.b)) {
            ip.jump(i.jump());
            return transfer(vm, ip, regs, mem, used);
        }
    }
    AddBrNzMetered {
        charge!(vm, used, i.y());
        check!(vm, used);
        let sum = semantics::i32_add(get!(regs, i.a), step(i.c));
        regs.set(i.a, sum.into_slot());
        if sum != 0 {
            ip.jump(i.jump());
            return transfer(vm, ip, regs, mem, used);
        }
    }
    AddBrNeImmMetered {
        charge!(vm, used, i.y());
        check!(vm, used);
        let sum = semantics::i32_add(get!(regs, i.a), step(i.b));
        regs.set(i.a, sum.into_slot());
        if sum != i.x() {
            ip.jump(i.short_jump());
            return transfer(vm, ip, regs, mem, used);
        }
    }
    BrTableMetered {
        charge!(vm, used, i.y());
        check!(vm, used);
        ip.jump(i.x().min(get!(regs, i.a)) as i32);
        let chosen = ip.next();
        ip.jump(chosen.jump());
        return transfer(vm, ip, regs, mem, used);
    }
    BrTable {
        // The chosen Br stands as many instructions further on, and jumps from the one after it.
        ip.jump(i.x().min(get!(regs, i.a)) as i32);
        let chosen = ip.next();
        ip.jump(chosen.jump());
        return transfer(vm, ip, regs, mem, used);
    }
}

// Registers.
handlers! { vm i ip regs mem used;
    Copy { regs.set(i.a, regs.get(i.b)) }
    Copy2 {
        regs.set(i.a, regs.get(i.b));
        regs.set(i.c, regs.get(i.x() as u16));
    }
    Const { regs.set(i.a, i.imm) }
    Move { vm.move_registers(regs, i.a, i.b, i.x()) }
    Select {
        let (first, second) = (regs.get(i.b), regs.get(i.c));
        let condition: u32 = get!(regs, i.x() as u16);
        regs.set(i.a, if condition != 0 { first } else { second });
    }
    AddShl {
        let shifted = semantics::i32_shl(get!(regs, i.c), i.x());
        regs.set(i.a, semantics::i32_add(get!(regs, i.b), shifted).into_slot());
    }
    I32Add3 {
        let sum = semantics::i32_add(get!(regs, i.b), get!(regs, i.c));
        regs.set(i.a, semantics::i32_add(sum, get!(regs, i.x() as u16)).into_slot());
    }
    I64Add3 {
        let sum = semantics::i64_add(get!(regs, i.b), get!(regs, i.c));
        regs.set(i.a, semantics::i64_add(sum, get!(regs, i.x() as u16)));
    }
    Xor3 { regs.set(i.a, regs.get(i.b) ^ regs.get(i.c) ^ regs.get(i.x() as u16)) }
    I32MulAdd {
        let product = semantics::i32_mul(get!(regs, i.b), get!(regs, i.c));
        regs.set(i.a, semantics::i32_add(product, get!(regs, i.x() as u16)).into_slot());
    }
    I64MulAdd {
        let product = semantics::i64_mul(get!(regs, i.b), get!(regs, i.c));
        regs.set(i.a, semantics::i64_add(product, get!(regs, i.x() as u16)));
    }
    I32XorShl {
        let shifted = semantics::i32_shl(get!(regs, i.c), i.x()).into_slot();
        regs.set(i.a, regs.get(i.b) ^ shifted);
    }
    I64XorShl { regs.set(i.a, regs.get(i.b) ^ semantics::i64_shl(get!(regs, i.c), i.imm)) }
    XorShrU { regs.set(i.a, regs.get(i.b) ^ semantics::i64_shr_u(get!(regs, i.c), i.imm)) }
    I32XorRotr {
        let rotated = semantics::i32_rotr(get!(regs, i.c), i.x()).into_slot();
        regs.set(i.a, regs.get(i.b) ^ rotated);
    }
    I64XorRotr { regs.set(i.a, regs.get(i.b) ^ semantics::i64_rotr(get!(regs, i.c), i.imm)) }
    GlobalGet { regs.set(i.a, vm.view.global_get(i.x())) }
    GlobalSet { vm.view.global_set(i.x(), regs.get(i.a)) }
    GlobalSetImm { vm.view.global_set(i.x(), i.y().into()) }
    GlobalGetImported { regs.set(i.a, vm.view.imported_global_get(i.x())) }
    GlobalSetImported { vm.view.imported_global_set(i.x(), regs.get(i.a)) }
}

// Memories, tables, segments.
handlers! { vm i ip regs mem used;
    MemorySize { regs.set(i.a, vm.mem_size.pages()) }
    MemoryGrow {
        let before = vm.memory_grow(get!(regs, i.b));
        regs.set(i.a, before.into_slot());
        mem = vm.memory();
    }
    MemoryFill {
        let byte: u32 = get!(regs, i.b);
        value!(vm, used, vm.memory_fill(get!(regs, i.a), byte as u8, get!(regs, i.c)));
    }
    MemoryCopy { value!(vm, used, vm.memory_copy(get!(regs, i.a), get!(regs, i.b), get!(regs, i.c))) }
    MemoryInit { value!(vm, used, vm.memory_init(i.x(), get!(regs, i.a), get!(regs, i.b), get!(regs, i.c))) }
    DataDrop { vm.data_drop(i.x()) }
    TableGet {
        match vm.view.element(i.x() as u16, get!(regs, i.b)) {
            Some(slot) => regs.set(i.a, slot),
            None => return stop(vm, used, Trap::TableOutOfBounds),
        }
    }
    TableSet { value!(vm, used, vm.table_set(i.x(), get!(regs, i.a), regs.get(i.b))) }
    TableSize { regs.set(i.a, vm.table_size(i.x())) }
    TableGrow {
        let before = vm.table_grow(i.x(), regs.get(i.b), get!(regs, i.c));
        regs.set(i.a, before.into_slot());
    }
    TableFill { value!(vm, used, vm.table_fill(i.x(), get!(regs, i.a), regs.get(i.b), get!(regs, i.c))) }
    TableCopy {
        let (to, from) = ((i.x(), get!(regs, i.a)), (i.y(), get!(regs, i.b)));
        value!(vm, used, vm.table_copy(to, from, get!(regs, i.c)));
    }
    TableInit {
        let (to, from, len) = (get!(regs, i.a), get!(regs, i.b), get!(regs, i.c));
        value!(vm, used, vm.table_init(i.x(), i.y(), to, from, len));
    }
    ElemDrop { vm.elem_drop(i.x()) }
    RefFunc { regs.set(i.a, vm.view.reference(i.x())) }
}

// Calls and returns.
handlers! { vm i ip regs mem used;
    Call { return enter(vm, ip, regs, mem, used, i.x(), i.a) }
    CallMetered {
        charge!(vm, used, i.y());
        check!(vm, used);
        return enter(vm, ip, regs, mem, used, i.x(), i.a);
    }
    CallImport {
        let next = vm.call_import(i.x(), ip, regs, i.a, used);
        return go_on(vm, next);
    }
    CallIndirect {
        match value!(vm, used, callee(vm, i.c, get!(regs, i.b), i.x())) {
            Callee::Own(body) => return enter(vm, ip, regs, mem, used, body, i.a),
            Callee::Other(function) => return call_other(vm, ip, regs, used, function, i.a),
        }
    }
    CallIndirectMetered {
        charge!(vm, used, i.y());
        check!(vm, used);
        match value!(vm, used, callee(vm, i.c, get!(regs, i.b), i.x())) {
            Callee::Own(body) => return enter(vm, ip, regs, mem, used, body, i.a),
            Callee::Other(function) => return call_other(vm, ip, regs, used, function, i.a),
        }
    }
    ReturnCall {
        let next = vm.return_call(i.x(), regs, i.a, used);
        return go_on(vm, next);
    }
    ReturnCallIndirect {
        let callee = value!(vm, used, callee(vm, i.c, get!(regs, i.b), i.x()));
        let next = vm.return_call_any(vm.view.function(callee), regs, i.a, used);
        return go_on(vm, next);
    }
    Return { return leave(vm, regs, mem, used) }
    Return1 {
        regs.set(0, regs.get(i.a));
        return leave(vm, regs, mem, used);
    }
    ReturnImm {
        regs.set(0, i.imm);
        return leave(vm, regs, mem, used);
    }
    ReturnCharged {
        charge!(vm, used, i.x());
        return leave(vm, regs, mem, used);
    }
    Return1Charged {
        charge!(vm, used, i.x());
        regs.set(0, regs.get(i.a));
        return leave(vm, regs, mem, used);
    }
    ReturnMetered {
        charge!(vm, used, i.x());
        check!(vm, used);
        return leave(vm, regs, mem, used);
    }
    Return1Metered {
        charge!(vm, used, i.x());
        check!(vm, used);
        regs.set(0, regs.get(i.a));
        return leave(vm, regs, mem, used);
    }
}
