//! What each instruction does: one function a row of the instruction set.
//!
//! What an instruction computes is in [`crate::semantics`]; what it may touch unchecked, and why, in `machine`. Handlers
//! stay short: everything that is long or rare is a call into `frame`, `state` or the shared runtime.

#![allow(non_snake_case)]

use super::calls::{call_import, call_other, callee, enter, go_on, leave};
use super::code::{Instr, Op, for_each_instruction};
use super::frame::Vm;
use super::machine::{Callee, Ip, Mem, Regs, Scalar};
use super::run::{Handler, dispatch, limit_reached, stop, transfer};
use super::seal::{FORMS, has_form};
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

/// Where the operands of one form of an instruction are: `FROM` is 0, or 1 more than the field in the accumulator.
#[derive(Clone, Copy)]
struct Operands<'i, const FROM: u8> {
    instr: &'i Instr,
    regs: Regs,
    acc: u64,
}

macro_rules! operands {
    ($($field:ident = $from:literal, $register:expr;)*) => {
        impl<const FROM: u8> Operands<'_, FROM> {
            $(
                #[inline(always)]
                fn $field<T: Slot>(&self) -> T {
                    let register: fn(&Instr) -> u16 = $register;
                    T::from_slot(if FROM == $from { self.acc } else { self.regs.get(register(self.instr)) })
                }
            )*
        }
    };
}
operands! {
    a = 1, |i| i.a;
    b = 2, |i| i.b;
    c = 3, |i| i.c;
    x = 4, |i| i.x as u16;
}

/// Declares handlers, of all forms. The body works on `vm`, the instruction `i`, and `ip`, `regs`, `mem`, `used`; its
/// operands are in `s`, and it may give a result with `put!`. After it the next instruction is executed, unless it
/// returned.
macro_rules! handlers {
    ($vm:ident $i:ident $s:ident $ip:ident $regs:ident $mem:ident $used:ident $acc:ident; $($name:ident $body:block)*) => {
        $(
            #[allow(unused_mut, unused_variables, unused_assignments)]
            fn $name<const FROM: u8, const TO: bool>(
                $vm: &mut Vm<'_>,
                mut $ip: Ip,
                mut $regs: Regs,
                mut $mem: Mem,
                mut $used: u64,
                mut $acc: u64,
            ) {
                let $i = $ip.next();
                let $s = Operands::<FROM> {
                    instr: $i,
                    regs: $regs,
                    acc: $acc,
                };
                $body
                #[allow(unreachable_code)]
                dispatch($vm, $ip, $regs, $mem, $used, $acc);
            }
        )*
    };
}

/// Gives the result: to the accumulator, and to the register `a` when it is wanted there.
macro_rules! put {
    ($regs:ident, $i:ident, $acc:ident, $value:expr) => {{
        $acc = $value.into_slot();
        if !TO {
            $regs.set($i.a, $acc);
        }
    }};
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

/// The handlers of those forms that an instruction has.
macro_rules! forms {
    ($name:ident) => {
        choose(
            Op::$name,
            [
                $name::<0, false>,
                $name::<0, true>,
                $name::<1, false>,
                $name::<1, true>,
                $name::<2, false>,
                $name::<2, true>,
                $name::<3, false>,
                $name::<3, true>,
                $name::<4, false>,
                $name::<4, true>,
            ],
        )
    };
}

const fn choose(op: Op, all: [Handler; FORMS]) -> [Option<Handler>; FORMS] {
    let mut forms = [None; FORMS];
    let mut form = 0;
    while form < FORMS {
        if has_form(op.fields(), form) {
            forms[form] = Some(all[form]);
        }
        form += 1;
    }
    forms
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
        /// The handlers of the forms of every instruction, by its number; see [`has_form`] for the order.
        pub(super) static HANDLERS: [[Option<Handler>; FORMS]; Op::COUNT] = [
            $(forms!($un),)* $(forms!($bin),)* $(forms!($bini),)* $(forms!($div),)* $(forms!($divi),)*
            $(forms!($cmp), forms!($br), forms!($brm),)* $(forms!($cmpi), forms!($bri), forms!($brim),)*
            $(forms!($ld), forms!($ldx), forms!($lda),)*
            $(forms!($st), forms!($sti), forms!($stx), forms!($sta),)* $(forms!($op),)*
        ];

        handlers! { vm i s ip regs mem used acc;
            $($un { put!(regs, i, acc, semantics::$un_f(s.b())) })*
            $($bin { put!(regs, i, acc, semantics::$bin_f(s.b(), s.c())) })*
            $($bini { put!(regs, i, acc, semantics::$bini_f(s.b(), Slot::from_slot(i.imm()))) })*
            $($div {
                let quotient = semantics::$div_f(s.b(), s.c());
                put!(regs, i, acc, value!(vm, used, quotient));
            })*
            $($divi {
                let quotient = semantics::$divi_f(s.b(), Slot::from_slot(i.imm()));
                put!(regs, i, acc, value!(vm, used, quotient));
            })*
            $(
                $cmp {
                    let truth = semantics::$cmp_f(s.b(), s.c());
                    put!(regs, i, acc, semantics::bool_slot(truth));
                }
                $br {
                    if semantics::$cmp_f(s.a(), s.b()) {
                        ip.jump(i.jump());
                        return transfer(vm, ip, regs, mem, used, acc);
                    }
                }
                $brm {
                    charge!(vm, used, i.y);
                    check!(vm, used);
                    if semantics::$cmp_f(s.a(), s.b()) {
                        ip.jump(i.jump());
                        return transfer(vm, ip, regs, mem, used, acc);
                    }
                }
            )*
            $(
                $cmpi {
                    let truth = semantics::$cmpi_f(s.b(), Slot::from_slot(i.imm()));
                    put!(regs, i, acc, semantics::bool_slot(truth));
                }
                $bri {
                    if semantics::$cmpi_f(s.a(), Slot::from_slot(i.bc())) {
                        ip.jump(i.jump());
                        return transfer(vm, ip, regs, mem, used, acc);
                    }
                }
                $brim {
                    charge!(vm, used, i.y);
                    check!(vm, used);
                    if semantics::$cmpi_f(s.a(), Slot::from_slot(i.bc())) {
                        ip.jump(i.jump());
                        return transfer(vm, ip, regs, mem, used, acc);
                    }
                }
            )*
            $(
                $ld {
                    let value: $ld_mem = in_memory!(vm, used, mem.load(vm.mem_size, address(s.b::<u64>(), i.y, i.x)));
                    put!(regs, i, acc, <$ld_slot>::from(value));
                }
                $ldx {
                    let at = indexed(s.b::<u64>(), s.c::<u64>(), i.y, i.x);
                    let value: $ld_mem = in_memory!(vm, used, mem.load(vm.mem_size, at));
                    put!(regs, i, acc, <$ld_slot>::from(value));
                }
                $lda {
                    let value: $ld_mem = in_memory!(vm, used, mem.load(vm.mem_size, i.imm()));
                    put!(regs, i, acc, <$ld_slot>::from(value));
                }
            )*
            $(
                $st {
                    let value = <$st_mem>::low(s.b::<u64>());
                    in_memory!(vm, used, mem.store(vm.mem_size, address(s.a::<u64>(), i.y, i.x), value));
                }
                $sti {
                    let value = <$st_mem>::low(extended(i.y));
                    in_memory!(vm, used, mem.store(vm.mem_size, address(s.a::<u64>(), i.bc() as u32, i.x), value));
                }
                $stx {
                    let at = indexed(s.a::<u64>(), s.c::<u64>(), i.y, i.x);
                    in_memory!(vm, used, mem.store(vm.mem_size, at, <$st_mem>::low(s.b::<u64>())));
                }
                $sta { in_memory!(vm, used, mem.store(vm.mem_size, i.imm(), <$st_mem>::low(s.a::<u64>()))) }
            )*
        }
    };
}
for_each_instruction!(families);

// Gas and jumps.
handlers! { vm i s ip regs mem used acc;
    Trap { return stop(vm, used, Trap::from_code(i.x as u8).unwrap_or(Trap::Internal)) }
    Breathe { return transfer(vm, ip, regs, mem, used, acc) }
    Charge { charge!(vm, used, i.x) }
    ChargeCheck {
        charge!(vm, used, i.x);
        check!(vm, used);
    }
    Check { check!(vm, used) }
    ChargeSpan {
        for charge in i.x..i.x.wrapping_add(i.y) {
            charge!(vm, used, charge);
        }
    }
    ChargeCheckSpan {
        for charge in i.x..i.x.wrapping_add(i.y) {
            charge!(vm, used, charge);
            check!(vm, used);
        }
    }
    ChargeUnits {
        // Below 2^63, as the price of a unit is below 2^31.
        let units = u64::from(s.a::<u64>() as u32).wrapping_mul(vm.costs.get(i.x));
        used = used.wrapping_add(units);
    }
    Br {
        ip.jump(i.jump());
        return transfer(vm, ip, regs, mem, used, acc);
    }
    BrMetered {
        charge!(vm, used, i.y);
        check!(vm, used);
        ip.jump(i.jump());
        return transfer(vm, ip, regs, mem, used, acc);
    }
    BrAndImm {
        if s.a::<u64>() & i.bc() != 0 {
            ip.jump(i.jump());
            return transfer(vm, ip, regs, mem, used, acc);
        }
    }
    BrAndImmMetered {
        charge!(vm, used, i.y);
        check!(vm, used);
        if s.a::<u64>() & i.bc() != 0 {
            ip.jump(i.jump());
            return transfer(vm, ip, regs, mem, used, acc);
        }
    }
    BrNotAndImm {
        if s.a::<u64>() & i.bc() == 0 {
            ip.jump(i.jump());
            return transfer(vm, ip, regs, mem, used, acc);
        }
    }
    BrNotAndImmMetered {
        charge!(vm, used, i.y);
        check!(vm, used);
        if s.a::<u64>() & i.bc() == 0 {
            ip.jump(i.jump());
            return transfer(vm, ip, regs, mem, used, acc);
        }
    }
    AddBrNeMetered {
        charge!(vm, used, i.y);
        check!(vm, used);
        let sum = semantics::i32_add(s.a(), step(i.c));
        put!(regs, i, acc, sum);
        // Whole slots, as `i64.ne` has an extended sum on one side; of two i32 the upper halves are zero.
        if u64::from(sum) != s.b::<u64>() {
            ip.jump(i.jump());
            return transfer(vm, ip, regs, mem, used, acc);
        }
    }
    AddBrNzMetered {
        charge!(vm, used, i.y);
        check!(vm, used);
        let sum = semantics::i32_add(s.a(), step(i.c));
        put!(regs, i, acc, sum);
        if sum != 0 {
            ip.jump(i.jump());
            return transfer(vm, ip, regs, mem, used, acc);
        }
    }
    AddBrNeImmMetered {
        charge!(vm, used, i.y);
        check!(vm, used);
        let sum = semantics::i32_add(s.a(), step(i.b));
        put!(regs, i, acc, sum);
        if sum != i.x {
            ip.jump(i.short_jump());
            return transfer(vm, ip, regs, mem, used, acc);
        }
    }
    BrTableMetered {
        charge!(vm, used, i.y);
        check!(vm, used);
        ip.jump(i.x.min(s.a()) as i32);
        let chosen = ip.next();
        ip.jump(chosen.jump());
        return transfer(vm, ip, regs, mem, used, acc);
    }
    BrTable {
        // The chosen Br stands as many instructions further on, and jumps from the one after it.
        ip.jump(i.x.min(s.a()) as i32);
        let chosen = ip.next();
        ip.jump(chosen.jump());
        return transfer(vm, ip, regs, mem, used, acc);
    }
}

// Registers.
handlers! { vm i s ip regs mem used acc;
    Copy { put!(regs, i, acc, s.b::<u64>()) }
    Copy2 {
        put!(regs, i, acc, s.b::<u64>());
        regs.set(i.c, s.x::<u64>());
    }
    Const { put!(regs, i, acc, i.imm()) }
    Zero { regs.zero(i.a, i.x) }
    Move { vm.move_registers(regs, i.a, i.b, i.x) }
    Select {
        let (first, second) = (s.b::<u64>(), s.c::<u64>());
        let condition: u32 = s.x();
        put!(regs, i, acc, if condition != 0 { first } else { second });
    }
    AddShl {
        let shifted = semantics::i32_shl(s.c(), i.x);
        put!(regs, i, acc, semantics::i32_add(s.b(), shifted));
    }
    I32Add3 {
        let sum = semantics::i32_add(s.b(), s.c());
        put!(regs, i, acc, semantics::i32_add(sum, s.x()));
    }
    I64Add3 {
        let sum = semantics::i64_add(s.b(), s.c());
        put!(regs, i, acc, semantics::i64_add(sum, s.x()));
    }
    Xor3 { put!(regs, i, acc, s.b::<u64>() ^ s.c::<u64>() ^ s.x::<u64>()) }
    I32MulAdd {
        let product = semantics::i32_mul(s.b(), s.c());
        put!(regs, i, acc, semantics::i32_add(product, s.x()));
    }
    I64MulAdd {
        let product = semantics::i64_mul(s.b(), s.c());
        put!(regs, i, acc, semantics::i64_add(product, s.x()));
    }
    I32XorShl {
        let shifted = semantics::i32_shl(s.c(), i.x).into_slot();
        put!(regs, i, acc, s.b::<u64>() ^ shifted);
    }
    I64XorShl { put!(regs, i, acc, s.b::<u64>() ^ semantics::i64_shl(s.c(), i.imm())) }
    XorShrU { put!(regs, i, acc, s.b::<u64>() ^ semantics::i64_shr_u(s.c(), i.imm())) }
    I32XorRotr {
        let rotated = semantics::i32_rotr(s.c(), i.x).into_slot();
        put!(regs, i, acc, s.b::<u64>() ^ rotated);
    }
    I64XorRotr { put!(regs, i, acc, s.b::<u64>() ^ semantics::i64_rotr(s.c(), i.imm())) }
    GlobalGet { put!(regs, i, acc, vm.view.global_get(i.x)) }
    GlobalSet { vm.view.global_set(i.x, s.a::<u64>()) }
    GlobalSetImm { vm.view.global_set(i.x, i.y.into()) }
    GlobalGetImported { put!(regs, i, acc, vm.view.imported_global_get(i.x)) }
    GlobalSetImported { vm.view.imported_global_set(i.x, s.a::<u64>()) }
}

// Memories, tables, segments.
handlers! { vm i s ip regs mem used acc;
    MemorySize { put!(regs, i, acc, vm.mem_size.pages()) }
    MemoryGrow {
        let before = vm.memory_grow(s.b());
        put!(regs, i, acc, before);
        mem = vm.memory();
    }
    MemoryFill {
        let byte: u32 = s.b();
        value!(vm, used, vm.memory_fill(s.a(), byte as u8, s.c()));
    }
    MemoryCopy { value!(vm, used, vm.memory_copy(s.a(), s.b(), s.c())) }
    MemoryInit { value!(vm, used, vm.memory_init(i.x, s.a(), s.b(), s.c())) }
    DataDrop { vm.data_drop(i.x) }
    TableGet {
        match vm.view.element(i.x as u16, s.b()) {
            Some(slot) => put!(regs, i, acc, slot),
            None => return stop(vm, used, Trap::TableOutOfBounds),
        }
    }
    TableSet { value!(vm, used, vm.table_set(i.x, s.a(), s.b::<u64>())) }
    TableSize { put!(regs, i, acc, vm.table_size(i.x)) }
    TableGrow {
        let before = vm.table_grow(i.x, s.b::<u64>(), s.c());
        put!(regs, i, acc, before);
    }
    TableFill { value!(vm, used, vm.table_fill(i.x, s.a(), s.b::<u64>(), s.c())) }
    TableCopy {
        let (to, from) = ((i.x, s.a()), (i.y, s.b()));
        value!(vm, used, vm.table_copy(to, from, s.c()));
    }
    TableInit {
        let (to, from, len) = (s.a(), s.b(), s.c());
        value!(vm, used, vm.table_init(i.x, i.y, to, from, len));
    }
    ElemDrop { vm.elem_drop(i.x) }
    RefFunc { put!(regs, i, acc, vm.view.reference(i.x)) }
}

// Calls and returns.
handlers! { vm i s ip regs mem used acc;
    Call { return enter(vm, ip, regs, mem, used, i.x, i.a) }
    CallMetered {
        charge!(vm, used, i.y);
        check!(vm, used);
        return enter(vm, ip, regs, mem, used, i.x, i.a);
    }
    CallImport {
        return call_import(vm, i, ip, regs, used);
    }
    CallIndirect {
        match value!(vm, used, callee(vm, i.c, s.b(), i.x)) {
            Callee::Own(body) => return enter(vm, ip, regs, mem, used, body, i.a),
            Callee::Other(function) => return call_other(vm, ip, regs, used, function, i.a),
        }
    }
    CallIndirectMetered {
        charge!(vm, used, i.y);
        check!(vm, used);
        match value!(vm, used, callee(vm, i.c, s.b(), i.x)) {
            Callee::Own(body) => return enter(vm, ip, regs, mem, used, body, i.a),
            Callee::Other(function) => return call_other(vm, ip, regs, used, function, i.a),
        }
    }
    ReturnCall {
        let next = vm.return_call(i.x, regs, i.a, used);
        return go_on(vm, next);
    }
    ReturnCallIndirect {
        let callee = value!(vm, used, callee(vm, i.c, s.b(), i.x));
        let next = vm.return_call_any(vm.view.function(callee), regs, i.a, used);
        return go_on(vm, next);
    }
    Return { return leave(vm, regs, mem, used) }
    Return1 {
        regs.set(0, s.a::<u64>());
        return leave(vm, regs, mem, used);
    }
    ReturnImm {
        regs.set(0, i.imm());
        return leave(vm, regs, mem, used);
    }
    ReturnCharged {
        charge!(vm, used, i.x);
        return leave(vm, regs, mem, used);
    }
    Return1Charged {
        charge!(vm, used, i.x);
        regs.set(0, s.a::<u64>());
        return leave(vm, regs, mem, used);
    }
    ReturnMetered {
        charge!(vm, used, i.x);
        check!(vm, used);
        return leave(vm, regs, mem, used);
    }
    Return1Metered {
        charge!(vm, used, i.x);
        check!(vm, used);
        regs.set(0, s.a::<u64>());
        return leave(vm, regs, mem, used);
    }
}
