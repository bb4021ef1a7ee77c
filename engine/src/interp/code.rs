//! The instruction set of the interpreter: one row an instruction.
//!
//! Register machine: the registers of a frame are its parameters, its locals, then one register per position of the
//! operand stack. An instruction has a number, three registers `a`, `b`, `c`, and two halves `x` (low) and `y` (high) of
//! an immediate of 64 bits.
//!
//! The string of a row says what each field is: for `a`, `b`, `c`, `x` in turn, `d` a register written, `s` a
//! register read, `j` a relative jump (in `x`), `-` anything else. `D` also leaves the value in the accumulator, and
//! need not write the register when nothing else reads it; `S` may be read from there (see `seal`).
//! [`Code::seal`](super::seal::Code::seal) holds every instruction to its row.

use std::fmt;

/// Calls a macro with the whole instruction set.
///
/// Groups differ in what the loop does with the operands; in the groups with a function, that is the name of the
/// meaning in [`crate::semantics`].
macro_rules! for_each_instruction {
    ($mac:ident) => {
        $mac! {
            // a = f(b)
            unary {
                I32Clz = i32_clz;
                I32Ctz = i32_ctz;
                I32Popcnt = i32_popcnt;
                I64Clz = i64_clz;
                I64Ctz = i64_ctz;
                I64Popcnt = i64_popcnt;
                Wrap = i32_wrap_i64;
                I32Extend8S = i32_extend8_s;
                I32Extend16S = i32_extend16_s;
                I64Extend8S = i64_extend8_s;
                I64Extend16S = i64_extend16_s;
                I64Extend32S = i64_extend32_s;
            }
            // a = f(b, c)
            binary {
                I32Add = i32_add;
                I32Sub = i32_sub;
                I32Mul = i32_mul;
                I32Shl = i32_shl;
                I32ShrS = i32_shr_s;
                I32ShrU = i32_shr_u;
                I32Rotl = i32_rotl;
                I32Rotr = i32_rotr;
                I64Add = i64_add;
                I64Sub = i64_sub;
                I64Mul = i64_mul;
                I64Shl = i64_shl;
                I64ShrS = i64_shr_s;
                I64ShrU = i64_shr_u;
                I64Rotl = i64_rotl;
                I64Rotr = i64_rotr;
                And = i64_and;
                Or = i64_or;
                Xor = i64_xor;
            }
            // a = f(b, imm)
            binary_imm {
                I32AddImm = i32_add;
                I32MulImm = i32_mul;
                I32ShlImm = i32_shl;
                I32ShrSImm = i32_shr_s;
                I32RotrImm = i32_rotr;
                I64AddImm = i64_add;
                I64MulImm = i64_mul;
                I64ShlImm = i64_shl;
                I64ShrSImm = i64_shr_s;
                I64RotrImm = i64_rotr;
                ShrUImm = i64_shr_u;
                AndImm = i64_and;
                OrImm = i64_or;
                XorImm = i64_xor;
            }
            // a = f(b, c), or a trap
            division {
                I32DivS = i32_div_s;
                I32DivU = i32_div_u;
                I32RemS = i32_rem_s;
                I32RemU = i32_rem_u;
                I64DivS = i64_div_s;
                I64DivU = i64_div_u;
                I64RemS = i64_rem_s;
                I64RemU = i64_rem_u;
            }
            // a = f(b, imm), or a trap
            division_imm {
                I32DivSImm = i32_div_s;
                I32DivUImm = i32_div_u;
                I32RemSImm = i32_rem_s;
                I32RemUImm = i32_rem_u;
                I64DivSImm = i64_div_s;
                I64DivUImm = i64_div_u;
                I64RemSImm = i64_rem_s;
                I64RemUImm = i64_rem_u;
            }
            // a = f(b, c); and: jump x if f(a, b); and: charge y, check, jump x if f(a, b)
            compare {
                Eq BrEq BrEqMetered = i64_eq;
                Ne BrNe BrNeMetered = i64_ne;
                LtU BrLtU BrLtUMetered = i64_lt_u;
                LeU BrLeU BrLeUMetered = i64_le_u;
                I32LtS BrI32LtS BrI32LtSMetered = i32_lt_s;
                I32LeS BrI32LeS BrI32LeSMetered = i32_le_s;
                I64LtS BrI64LtS BrI64LtSMetered = i64_lt_s;
                I64LeS BrI64LeS BrI64LeSMetered = i64_le_s;
            }
            // The same with an immediate: 64 bits in the first, 32 sign-extended bits in `b` and `c` in the others.
            compare_imm {
                I32EqImm BrI32EqImm BrI32EqImmMetered = i32_eq;
                I32NeImm BrI32NeImm BrI32NeImmMetered = i32_ne;
                I32LtSImm BrI32LtSImm BrI32LtSImmMetered = i32_lt_s;
                I32GtSImm BrI32GtSImm BrI32GtSImmMetered = i32_gt_s;
                I32LtUImm BrI32LtUImm BrI32LtUImmMetered = i32_lt_u;
                I32GtUImm BrI32GtUImm BrI32GtUImmMetered = i32_gt_u;
                I64EqImm BrI64EqImm BrI64EqImmMetered = i64_eq;
                I64NeImm BrI64NeImm BrI64NeImmMetered = i64_ne;
                I64LtSImm BrI64LtSImm BrI64LtSImmMetered = i64_lt_s;
                I64GtSImm BrI64GtSImm BrI64GtSImmMetered = i64_gt_s;
                I64LtUImm BrI64LtUImm BrI64LtUImmMetered = i64_lt_u;
                I64GtUImm BrI64GtUImm BrI64GtUImmMetered = i64_gt_u;
            }
            // a = memory[(b + y) mod 2^32 + x]; a = memory[(b + (c << y)) mod 2^32 + x]; a = memory[imm];
            // read as the first type, slot of the second
            load {
                Load8U LoadIdx8U LoadAt8U = u8, u64;
                Load16U LoadIdx16U LoadAt16U = u16, u64;
                Load32U LoadIdx32U LoadAt32U = u32, u64;
                Load64 LoadIdx64 LoadAt64 = u64, u64;
                I32Load8S I32LoadIdx8S I32LoadAt8S = i8, i32;
                I32Load16S I32LoadIdx16S I32LoadAt16S = i16, i32;
                I64Load8S I64LoadIdx8S I64LoadAt8S = i8, i64;
                I64Load16S I64LoadIdx16S I64LoadAt16S = i16, i64;
                I64Load32S I64LoadIdx32S I64LoadAt32S = i32, i64;
            }
            // memory[(a + y) mod 2^32 + x] = b; memory[(a + bc) mod 2^32 + x] = y sign-extended, where bc is the 32 bits in
            // `b` and `c`; memory[(a + (c << y)) mod 2^32 + x] = b; memory[imm] = a
            store {
                Store8 Store8Imm StoreIdx8 StoreAt8 = u8;
                Store16 Store16Imm StoreIdx16 StoreAt16 = u16;
                Store32 Store32Imm StoreIdx32 StoreAt32 = u32;
                Store64 Store64Imm StoreIdx64 StoreAt64 = u64;
            }
            // Everything else: name, fields, meaning.
            other {
                Trap = "----" "trap with the code x";
                Breathe = "----" "let the chain of handlers end and start anew";
                Charge = "----" "charge x";
                ChargeCheck = "----" "charge x, then check";
                Check = "----" "check";
                ChargeSpan = "----" "charge x and those after it, y in all";
                ChargeCheckSpan = "----" "charge x and those after it, y in all, with a check after each";
                ChargeUnits = "s---" "charge x, a times";
                Br = "---j" "jump x";
                BrMetered = "---j" "charge y, check, jump x";
                BrAndImm = "S--j" "jump x if a & (b, c sign-extended) is not zero";
                BrAndImmMetered = "S--j" "charge y, check, jump x if a & (b, c sign-extended) is not zero";
                BrNotAndImm = "S--j" "jump x if a & (b, c sign-extended) is zero";
                BrNotAndImmMetered = "S--j" "charge y, check, jump x if a & (b, c sign-extended) is zero";
                AddBrNeMetered = "ds-j" "charge y, check, a += c sign-extended (32 bits), jump x if a != b (64 bits)";
                AddBrNzMetered = "d--j" "charge y, check, a += c sign-extended (32 bits), jump x if a != 0";
                AddBrNeImmMetered = "d---" "charge y, check, a += b sign-extended, jump c (16 bits) if a != x (32 bits)";
                BrTableMetered = "S---" "charge y, check, and as BrTable";
                BrTable = "S---" "jump as the instruction min(a, x) after this one says, which is a Br";
                Copy = "DS--" "a = b";
                Copy2 = "dsds" "a = b, then c = x";
                Const = "D---" "a = imm";
                Zero = "----" "the x registers from a on become 0";
                Move = "ds--" "the x registers from a on become those from b on, as they were";
                Select = "DSSS" "a = if x then b else c, the register x";
                AddShl = "DSS-" "a = (b + (c << imm)) mod 2^32";
                I32Add3 = "DSSS" "a = b + c + x mod 2^32";
                I64Add3 = "DSSS" "a = b + c + x";
                Xor3 = "DSSS" "a = b ^ c ^ x";
                I32MulAdd = "DSSS" "a = b * c + x mod 2^32";
                I64MulAdd = "DSSS" "a = b * c + x";
                I32XorShl = "DSS-" "a = b ^ (c << imm) mod 2^32";
                I64XorShl = "DSS-" "a = b ^ (c << imm)";
                XorShrU = "DSS-" "a = b ^ (c >> imm)";
                I32XorRotr = "DSS-" "a = b ^ rotr32(c, imm)";
                I64XorRotr = "DSS-" "a = b ^ rotr64(c, imm)";
                GlobalGet = "D---" "a = global x, defined here";
                GlobalSet = "S---" "global x, defined here, = a";
                GlobalSetImm = "----" "global x, defined here, = y";
                GlobalGetImported = "d---" "a = imported global x";
                GlobalSetImported = "s---" "imported global x = a";
                MemorySize = "d---" "a = pages of the memory";
                MemoryGrow = "ds--" "a = pages before growing by b, or -1";
                MemoryFill = "sss-" "fill c bytes at a with b";
                MemoryCopy = "sss-" "copy c bytes from b to a";
                MemoryInit = "sss-" "copy c bytes from b of data segment x to a";
                DataDrop = "----" "drop data segment x";
                TableGet = "ds--" "a = table x at b";
                TableSet = "ss--" "table x at a = b";
                TableSize = "d---" "a = size of table x";
                TableGrow = "dss-" "a = size of table x before growing by c elements b, or -1";
                TableFill = "sss-" "fill c elements of table x at a with b";
                TableCopy = "sss-" "copy c elements from b of table y to a of table x";
                TableInit = "sss-" "copy c elements from b of element segment y to a of table x";
                ElemDrop = "----" "drop element segment x";
                RefFunc = "d---" "a = reference to function x";
                Call = "----" "call function x, defined here, arguments and results from a on";
                CallMetered = "----" "charge y, check, call function x, defined here, arguments and results from a on";
                CallImport = "----" "call imported function x, b arguments and c results from a on; bit n of y: result n is narrow";
                CallIndirect = "-S--" "call element b of table c, of type x, arguments and results from a on";
                CallIndirectMetered = "-S--" "charge y, check, and as CallIndirect";
                ReturnCall = "----" "return the results of function x, arguments from a on";
                ReturnCallIndirect = "-s--" "return the results of element b of table c, of type x, arguments from a on";
                Return = "----" "return; results are in the first registers";
                Return1 = "S---" "return a";
                ReturnImm = "----" "return imm";
                ReturnCharged = "----" "charge x, return";
                Return1Charged = "S---" "charge x, return a";
                ReturnMetered = "----" "charge x, check, return";
                Return1Metered = "S---" "charge x, check, return a";
            }
        }
    };
}
pub(super) use for_each_instruction;

macro_rules! define {
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
        /// Number of an instruction.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u16)]
        #[allow(missing_docs)]
        pub enum Op {
            $($un,)* $($bin,)* $($bini,)* $($div,)* $($divi,)*
            $($cmp, $br, $brm,)* $($cmpi, $bri, $brim,)*
            $($ld, $ldx, $lda,)* $($st, $sti, $stx, $sta,)* $($op,)*
        }

        /// What the fields `a`, `b`, `c`, `x` of each instruction are; see the module's text.
        const FIELDS: &[&[u8; 4]] = &[
            $({ let _ = Op::$un; b"DS--" },)*
            $({ let _ = Op::$bin; b"DSS-" },)*
            $({ let _ = Op::$bini; b"DS--" },)*
            $({ let _ = Op::$div; b"DSS-" },)*
            $({ let _ = Op::$divi; b"DS--" },)*
            $({ let _ = Op::$cmp; b"DSS-" }, b"SS-j", b"SS-j",)*
            $({ let _ = Op::$cmpi; b"DS--" }, b"S--j", b"S--j",)*
            $({ let _ = Op::$ld; b"DS--" }, b"DSS-", b"D---",)*
            $({ let _ = Op::$st; b"SS--" }, b"S---", b"SSS-", b"S---",)*
            $(fields($fields),)*
        ];

        impl Op {
            /// How many instructions there are.
            pub const COUNT: usize = FIELDS.len();

            /// The compare-and-branch of a comparison: plain, and with charge and check; `None` for other instructions.
            #[inline]
            pub fn branch(self) -> Option<(Op, Op)> {
                Some(match self {
                    $(Op::$cmp => (Op::$br, Op::$brm),)*
                    $(Op::$cmpi => (Op::$bri, Op::$brim),)*
                    _ => return None,
                })
            }

            /// The forms of a load with an index and with a constant address; `None` for other instructions.
            #[inline]
            pub fn load_forms(self) -> Option<(Op, Op)> {
                Some(match self {
                    $(Op::$ld => (Op::$ldx, Op::$lda),)*
                    _ => return None,
                })
            }

            /// The forms of a store with an immediate value, with an index and with a constant address; `None` for other
            /// instructions.
            #[inline]
            pub fn store_forms(self) -> Option<(Op, Op, Op)> {
                Some(match self {
                    $(Op::$st => (Op::$sti, Op::$stx, Op::$sta),)*
                    _ => return None,
                })
            }
        }
    };
}
for_each_instruction!(define);

/// A row's field string as bytes.
const fn fields(text: &'static str) -> &'static [u8; 4] {
    match text.as_bytes().first_chunk::<4>() {
        Some(bytes) => bytes,
        None => b"----",
    }
}

impl Op {
    /// What the fields `a`, `b`, `c`, `x` are.
    #[inline]
    pub const fn fields(self) -> &'static [u8; 4] {
        FIELDS[self as usize]
    }

    /// Does the instruction write the register `a`, and no other?
    #[inline]
    pub fn defines_a(self) -> bool {
        matches!(self.fields()[0], b'd' | b'D') && self != Op::Copy2 && self != Op::Move
    }
}

/// One instruction.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub struct Instr {
    /// What to do.
    pub op: Op,
    /// First register.
    pub a: u16,
    /// Second register.
    pub b: u16,
    /// Third register.
    pub c: u16,
    /// Low half of the immediate.
    pub x: u32,
    /// High half of the immediate.
    pub y: u32,
}

impl Instr {
    /// An instruction with three registers and an immediate of 64 bits.
    #[inline]
    pub fn new(op: Op, a: u16, b: u16, c: u16, imm: u64) -> Self {
        Self::halves(op, a, b, c, imm as u32, (imm >> 32) as u32)
    }

    /// An instruction whose immediate is two halves.
    #[inline]
    pub fn halves(op: Op, a: u16, b: u16, c: u16, x: u32, y: u32) -> Self {
        Self { op, a, b, c, x, y }
    }

    /// Its operands for another instruction.
    #[inline]
    pub fn with_op(self, op: Op) -> Self {
        Self { op, ..self }
    }

    /// The same with another immediate.
    #[inline]
    pub fn with_imm(self, imm: u64) -> Self {
        Self::new(self.op, self.a, self.b, self.c, imm)
    }

    /// The immediate.
    #[inline(always)]
    pub fn imm(&self) -> u64 {
        u64::from(self.x) | u64::from(self.y) << 32
    }

    /// The immediate in `b` and `c`, sign-extended.
    #[inline(always)]
    pub fn bc(&self) -> u64 {
        i64::from((u32::from(self.b) | u32::from(self.c) << 16) as i32) as u64
    }

    /// The jump in `x`: instructions from the next one.
    #[inline(always)]
    pub fn jump(&self) -> i32 {
        self.x as i32
    }

    /// The jump in `c`, of the one instruction that has it there.
    #[inline(always)]
    pub fn short_jump(&self) -> i32 {
        i32::from(self.c as i16)
    }
}

impl fmt::Debug for Instr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.op)?;
        let fields = self.op.fields();
        for (field, value) in fields.iter().zip([self.a, self.b, self.c]) {
            match field {
                b'd' | b'D' => write!(f, " →r{value}")?,
                b's' | b'S' => write!(f, " r{value}")?,
                _ if value != 0 => write!(f, " {value}")?,
                _ => {}
            }
        }
        match fields[3] {
            b'j' => write!(f, " {:+} {}", self.jump(), self.y),
            _ => write!(f, " {:#x}", self.imm()),
        }
    }
}

impl Op {
    /// Does control never reach the instruction after this one?
    pub fn ends_code(self) -> bool {
        matches!(
            self,
            Op::Trap
                | Op::Br
                | Op::BrMetered
                | Op::BrTable
                | Op::BrTableMetered
                | Op::ReturnCall
                | Op::ReturnCallIndirect
                | Op::Return
                | Op::Return1
                | Op::ReturnImm
                | Op::Return1Charged
                | Op::ReturnCharged
                | Op::ReturnMetered
                | Op::Return1Metered
        )
    }
}
