//! The instructions Rust has no words for, per processor: saving registers and switching stacks.
//!
//! Another processor needs a module with the same three items; until then the engine says it has no native tier.

#![allow(unsafe_code)]

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod imp {
    use std::arch::naked_asm;

    use crate::jit::enter::Activation;
    use crate::runtime::context::VmContext;

    /// Can this build run compiled code?
    pub const SUPPORTED: bool = true;

    /// Calls `way_in(ctx, code, budget, values)` on the stack whose end is `stack_top` (0: the current one). Gives 0
    /// when it returned, 1 when `leave` was called instead.
    ///
    /// # Safety
    /// `way_in` must be compiled code of `abi::entry_signature` and the other arguments what it expects.
    /// `stack_top` must be 0 or the 16-byte aligned end of a stack nobody uses.
    #[unsafe(naked)]
    pub unsafe extern "C" fn enter(
        activation: *mut Activation,
        stack_top: usize,
        way_in: *const u8,
        ctx: *mut VmContext,
        code: *const u8,
        budget: u32,
        values: *mut u64,
    ) -> u32 {
        naked_asm!(
            "push rbp",
            "mov rbp, rsp",
            "push rbx",
            "push r12",
            "push r13",
            "push r14",
            "push r15",
            "sub rsp, 8",
            // The first field of the activation.
            "mov [rdi], rsp",
            "mov rbx, rdi",
            "mov r11, rsi",
            "mov rax, rdx",
            "mov rdi, rcx",
            "mov rsi, r8",
            "mov edx, r9d",
            // The seventh argument: above the return address and the saved rbp.
            "mov rcx, [rbp + 16]",
            "test r11, r11",
            "jz 2f",
            "mov rsp, r11",
            "2:",
            "call rax",
            "mov rsp, [rbx]",
            "xor eax, eax",
            "add rsp, 8",
            "pop r15",
            "pop r14",
            "pop r13",
            "pop r12",
            "pop rbx",
            "pop rbp",
            "ret",
        )
    }

    /// Makes `enter` of an activation return 1. Jumped to by the signal handler, never called.
    #[unsafe(naked)]
    pub unsafe extern "C" fn leave(activation: *mut Activation) -> ! {
        naked_asm!(
            "mov rsp, [rdi]",
            "mov eax, 1",
            "add rsp, 8",
            "pop r15",
            "pop r14",
            "pop r13",
            "pop r12",
            "pop rbx",
            "pop rbp",
            "ret",
        )
    }

    /// Puts an instruction that is as good in the place of an undefined one, where the code has one at this offset. A
    /// hypervisor looks at undefined instructions itself, which takes ten times as long as the rest of a trap; it does
    /// not look at privileged ones.
    pub fn make_cheap(code: &mut [u8], offset: usize) {
        const UD2: [u8; 2] = [0x0f, 0x0b];
        const HLT: u8 = 0xf4;
        if let Some(instruction) = code.get_mut(offset..offset + UD2.len())
            && instruction == UD2
        {
            instruction.fill(HLT);
        }
    }

    /// Program counter of the interrupted code.
    pub fn pc(context: &libc::ucontext_t) -> usize {
        context.uc_mcontext.gregs[libc::REG_RIP as usize] as usize
    }

    /// The pinned register of the interrupted code: the gas counter.
    pub fn counter(context: &libc::ucontext_t) -> u64 {
        context.uc_mcontext.gregs[libc::REG_R15 as usize] as u64
    }

    /// Makes the interrupted thread go on in `leave(activation)`.
    pub fn redirect(context: &mut libc::ucontext_t, activation: *mut Activation) {
        let leave: unsafe extern "C" fn(*mut Activation) -> ! = leave;
        context.uc_mcontext.gregs[libc::REG_RIP as usize] = leave as usize as i64;
        context.uc_mcontext.gregs[libc::REG_RDI as usize] = activation as usize as i64;
    }
}

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
mod imp {
    use crate::jit::enter::Activation;
    use crate::runtime::context::VmContext;

    /// Can this build run compiled code?
    pub const SUPPORTED: bool = false;

    /// Never called: no compiler is made where this is all there is.
    pub unsafe extern "C" fn enter(
        _: *mut Activation,
        _: usize,
        _: *const u8,
        _: *mut VmContext,
        _: *const u8,
        _: u32,
        _: *mut u64,
    ) -> u32 {
        1
    }

    /// Never called.
    pub fn make_cheap(_: &mut [u8], _: usize) {}

    /// Never called.
    pub fn pc(_: &libc::ucontext_t) -> usize {
        0
    }

    /// Never called.
    pub fn counter(_: &libc::ucontext_t) -> u64 {
        0
    }

    /// Never called.
    pub fn redirect(_: &mut libc::ucontext_t, _: *mut Activation) {}
}

pub(crate) use imp::{SUPPORTED, counter, enter, make_cheap, pc, redirect};
