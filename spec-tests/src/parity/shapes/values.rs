//! Types, the constants at which operators change their ways, and comparisons.

use wasm_encoder::{Instruction, ValType};

use super::draw::Draw;

/// Bytes of a page.
pub(super) const PAGE: u32 = 65_536;

/// A type of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ty {
    I32,
    I64,
}

pub(super) use Ty::{I32, I64};

impl Ty {
    /// As the encoder has it.
    pub fn encoded(self) -> ValType {
        match self {
            I32 => ValType::I32,
            I64 => ValType::I64,
        }
    }

    /// A number cut to the bits of the type.
    pub fn cut(self, value: u64) -> u64 {
        match self {
            I32 => value & u64::from(u32::MAX),
            I64 => value,
        }
    }

    /// The instruction that pushes a constant.
    pub fn constant(self, value: u64) -> Instruction<'static> {
        match self {
            I32 => Instruction::I32Const(value as i32),
            I64 => Instruction::I64Const(value as i64),
        }
    }
}

/// Edges of bytes, of 16 bits, of immediates, of both widths and of pages; the simplest first.
const EDGES: [i64; 48] = [
    0,
    1,
    -1,
    2,
    -2,
    3,
    4,
    7,
    8,
    16,
    31,
    32,
    33,
    63,
    64,
    65,
    0x7f,
    0x80,
    -0x80,
    -0x81,
    0xff,
    0x100,
    0x7fff,
    0x8000,
    -0x8000,
    -0x8001,
    0xffff,
    0x1_0000,
    0x1_0001,
    0x1_fff8,
    0x2_0000,
    0x7fff_ffff,
    0x7fff_fffe,
    0x8000_0000,
    -0x8000_0000,
    -0x8000_0001,
    -0x7fff_ffff,
    0xffff_fffe,
    0xffff_ffff,
    0x1_0000_0000,
    0x1_0000_0001,
    0x1_7fff_ffff,
    0x1_8000_0000,
    -0x1_0000_0000,
    i64::MAX,
    i64::MAX - 1,
    i64::MIN,
    i64::MIN + 1,
];

/// An interesting number, of any width.
pub(super) fn edge(draw: &mut Draw<'_>) -> u64 {
    if draw.one_in(8) {
        draw.bits()
    } else {
        draw.pick(&EDGES) as u64
    }
}

/// A comparison of two numbers of one type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Compare {
    pub ty: Ty,
    pub order: Order,
    pub signed: bool,
}

/// What is asked of two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Ne,
    Eq,
    Lt,
    Gt,
    Le,
    Ge,
}

impl Compare {
    /// Any.
    pub fn draw(draw: &mut Draw<'_>, ty: Ty) -> Self {
        let order = draw.pick(&[Order::Ne, Order::Eq, Order::Lt, Order::Gt, Order::Le, Order::Ge]);
        let signed = draw.one_in(2);
        Self { ty, order, signed }
    }

    /// The one that is true when this one is not.
    pub fn opposite(self) -> Self {
        let order = match self.order {
            Order::Ne => Order::Eq,
            Order::Eq => Order::Ne,
            Order::Lt => Order::Ge,
            Order::Ge => Order::Lt,
            Order::Gt => Order::Le,
            Order::Le => Order::Gt,
        };
        Self { order, ..self }
    }

    /// The one that says the same of the operands in the other order.
    pub fn swapped(self) -> Self {
        let order = match self.order {
            Order::Lt => Order::Gt,
            Order::Gt => Order::Lt,
            Order::Le => Order::Ge,
            Order::Ge => Order::Le,
            same => same,
        };
        Self { order, ..self }
    }

    /// Is it true of two numbers?
    pub fn holds(self, a: u64, b: u64) -> bool {
        let ordering = match (self.ty, self.signed) {
            (I32, false) => (a as u32).cmp(&(b as u32)),
            (I32, true) => (a as i32).cmp(&(b as i32)),
            (I64, false) => a.cmp(&b),
            (I64, true) => (a as i64).cmp(&(b as i64)),
        };
        match self.order {
            Order::Ne => ordering.is_ne(),
            Order::Eq => ordering.is_eq(),
            Order::Lt => ordering.is_lt(),
            Order::Gt => ordering.is_gt(),
            Order::Le => ordering.is_le(),
            Order::Ge => ordering.is_ge(),
        }
    }

    /// The operator.
    pub fn operator(self) -> Instruction<'static> {
        use Instruction as I;
        use Order as O;
        match (self.ty, self.order, self.signed) {
            (I32, O::Ne, _) => I::I32Ne,
            (I32, O::Eq, _) => I::I32Eq,
            (I32, O::Lt, true) => I::I32LtS,
            (I32, O::Lt, false) => I::I32LtU,
            (I32, O::Gt, true) => I::I32GtS,
            (I32, O::Gt, false) => I::I32GtU,
            (I32, O::Le, true) => I::I32LeS,
            (I32, O::Le, false) => I::I32LeU,
            (I32, O::Ge, true) => I::I32GeS,
            (I32, O::Ge, false) => I::I32GeU,
            (I64, O::Ne, _) => I::I64Ne,
            (I64, O::Eq, _) => I::I64Eq,
            (I64, O::Lt, true) => I::I64LtS,
            (I64, O::Lt, false) => I::I64LtU,
            (I64, O::Gt, true) => I::I64GtS,
            (I64, O::Gt, false) => I::I64GtU,
            (I64, O::Le, true) => I::I64LeS,
            (I64, O::Le, false) => I::I64LeU,
            (I64, O::Ge, true) => I::I64GeS,
            (I64, O::Ge, false) => I::I64GeU,
        }
    }
}
