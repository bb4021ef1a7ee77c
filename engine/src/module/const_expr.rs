//! Constant expressions: initialisers of globals, offsets and items of segments.

use wasmparser::{HeapType, Operator};

use crate::error::CompileErrorKind;
use crate::module::operator;
use crate::value::ValType;

/// One operator of a constant expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ConstOp {
    /// A constant of any type as a slot; `f32` and `f64` as their bits, a null reference as 0.
    Const(u64),
    /// Value of an imported global.
    GlobalGet(u32),
    /// Reference to a function of the module.
    RefFunc(u32),
    I32Add,
    I32Sub,
    I32Mul,
    I64Add,
    I64Sub,
    I64Mul,
}

/// A validated constant expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ConstExpr {
    /// One operator, as nearly all have.
    One(ConstOp),
    /// Any other number, in stack order.
    Many(Box<[ConstOp]>),
}

impl ConstExpr {
    /// The expression that gives `ref.func index`.
    pub fn ref_func(index: u32) -> Self {
        Self::One(ConstOp::RefFunc(index))
    }

    /// Reads an expression that the validator has accepted, or will be shown next.
    pub fn parse(expr: &wasmparser::ConstExpr<'_>) -> Result<Self, (u64, CompileErrorKind)> {
        let invalid = |e: wasmparser::Error| (e.offset(), CompileErrorKind::Invalid(e.message().to_string()));
        let mut reader = expr.get_operators_reader();
        let (mut first, mut others) = (None, Vec::new());
        loop {
            let (op, offset) = reader.read_with_offset().map_err(invalid)?;
            let op = match op {
                Operator::I32Const { value } => ConstOp::Const(u64::from(value as u32)),
                Operator::I64Const { value } => ConstOp::Const(value as u64),
                Operator::F32Const { value } => ConstOp::Const(value.bits().into()),
                Operator::F64Const { value } => ConstOp::Const(value.bits()),
                Operator::RefNull {
                    hty: HeapType::Abstract { .. },
                } => ConstOp::Const(0),
                Operator::GlobalGet { global_index } => ConstOp::GlobalGet(global_index),
                Operator::RefFunc { function_index } => ConstOp::RefFunc(function_index),
                Operator::I32Add => ConstOp::I32Add,
                Operator::I32Sub => ConstOp::I32Sub,
                Operator::I32Mul => ConstOp::I32Mul,
                Operator::I64Add => ConstOp::I64Add,
                Operator::I64Sub => ConstOp::I64Sub,
                Operator::I64Mul => ConstOp::I64Mul,
                Operator::End => break,
                other if operator::is_float(&other) => {
                    return Err((offset, CompileErrorKind::FloatOperator(operator::name(&other))));
                }
                other => {
                    return Err((
                        offset,
                        CompileErrorKind::Unsupported {
                            operator: operator::name(&other),
                            feature: "non-constant initialiser",
                        },
                    ));
                }
            };
            match first {
                None => first = Some(op),
                Some(_) => others.push(op),
            }
        }
        Ok(match (first, others.is_empty()) {
            (Some(op), true) => Self::One(op),
            (first, _) => Self::Many(first.into_iter().chain(others).collect()),
        })
    }

    /// The value as a slot. `global` and `func` give the slots of imported globals and of function references.
    pub fn eval(&self, global: impl Fn(u32) -> u64, func: impl Fn(u32) -> u64) -> u64 {
        let operand = |op| match op {
            ConstOp::Const(slot) => Some(slot),
            ConstOp::GlobalGet(index) => Some(global(index)),
            ConstOp::RefFunc(index) => Some(func(index)),
            _ => None,
        };
        let ops = match self {
            // Nearly all, thousands in an element segment: without a stack.
            Self::One(op) => return operand(*op).unwrap_or_default(),
            Self::Many(ops) => ops,
        };
        // The validator has checked the stack; a missing operand cannot happen and reads as zero.
        let mut stack: Vec<u64> = Vec::with_capacity(2);
        for op in ops {
            let value = match *op {
                ConstOp::Const(_) | ConstOp::GlobalGet(_) | ConstOp::RefFunc(_) => {
                    operand(*op).unwrap_or_default()
                }
                ConstOp::I32Add | ConstOp::I32Sub | ConstOp::I32Mul => {
                    let rhs = stack.pop().unwrap_or_default() as u32;
                    let lhs = stack.pop().unwrap_or_default() as u32;
                    u64::from(match op {
                        ConstOp::I32Add => lhs.wrapping_add(rhs),
                        ConstOp::I32Sub => lhs.wrapping_sub(rhs),
                        _ => lhs.wrapping_mul(rhs),
                    })
                }
                ConstOp::I64Add | ConstOp::I64Sub | ConstOp::I64Mul => {
                    let rhs = stack.pop().unwrap_or_default();
                    let lhs = stack.pop().unwrap_or_default();
                    match op {
                        ConstOp::I64Add => lhs.wrapping_add(rhs),
                        ConstOp::I64Sub => lhs.wrapping_sub(rhs),
                        _ => lhs.wrapping_mul(rhs),
                    }
                }
            };
            stack.push(value);
        }
        stack.pop().unwrap_or_default()
    }

    /// The function that it refers to, if that is what it does.
    pub fn func(&self) -> Option<u32> {
        match self {
            Self::One(ConstOp::RefFunc(index)) => Some(*index),
            // No operator computes with references.
            _ => None,
        }
    }

    /// The value, when it is a constant; as a slot.
    pub fn constant(&self) -> Option<u64> {
        match self {
            Self::One(ConstOp::Const(slot)) => Some(*slot),
            _ => None,
        }
    }

    /// The first float type named by a constant of the expression, and where.
    pub fn float(expr: &wasmparser::ConstExpr<'_>) -> Option<(u64, ValType)> {
        let mut reader = expr.get_operators_reader();
        while let Ok((op, offset)) = reader.read_with_offset() {
            match op {
                Operator::F32Const { .. } => return Some((offset, ValType::F32)),
                Operator::F64Const { .. } => return Some((offset, ValType::F64)),
                Operator::End => return None,
                _ => {}
            }
        }
        None
    }
}
