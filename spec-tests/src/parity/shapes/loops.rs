//! Loops: how they count, where they are left, and what is in them.
//!
//! A counted loop goes round as long as a test of its counter says so; how often that is is known here. A guarded loop
//! has a second counter that ends it, so that its tests may be wrong and its body may go back to its start anywhere.

use wasm_encoder::Instruction as I;

use super::body::{Body, Opening};
use super::outline::Signature;
use super::values::{Compare, I32, I64, Order, Ty, edge};

/// How often loops go round: about what a compiler might unroll, and more.
const TRIPS: [u32; 12] = [2, 1, 3, 4, 5, 6, 7, 8, 9, 15, 17, 33];

/// What counters are stepped by: the immediates of additions end at 16 and 32 bits.
const STEPS: [i64; 14] = [
    1,
    -1,
    2,
    -2,
    4,
    -8,
    0x7fff,
    -0x8000,
    0x8000,
    -0x8001,
    0x1_0000,
    0x7fff_ffff,
    0x1_0000_0000,
    -0x8000_0000,
];

/// How a loop counts.
#[derive(Debug, Clone)]
pub(super) struct Count {
    local: u32,
    ty: Ty,
    start: u64,
    step: u64,
    view: View,
    /// True of the viewed counter and the limit while the loop goes on.
    test: Compare,
    limit: u64,
    /// The local the limit is in, if it is no constant.
    limit_local: Option<u32>,
}

/// How a test sees a counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum View {
    Whole,
    Extended { signed: bool },
    Wrapped,
}

impl View {
    fn draw(body: &mut Body<'_, '_>, ty: Ty) -> Self {
        match (ty, body.draw.below(4)) {
            (I32, 1) => Self::Extended { signed: false },
            (I32, 2) => Self::Extended { signed: true },
            (I64, 1) => Self::Wrapped,
            _ => Self::Whole,
        }
    }

    fn ty(self, counter: Ty) -> Ty {
        match self {
            Self::Whole => counter,
            Self::Extended { .. } => I64,
            Self::Wrapped => I32,
        }
    }

    fn of(self, counter: u64) -> u64 {
        match self {
            Self::Whole | Self::Extended { signed: false } => counter,
            Self::Extended { signed: true } => i64::from(counter as i32) as u64,
            Self::Wrapped => counter & u64::from(u32::MAX),
        }
    }

    fn operator(self) -> Option<I<'static>> {
        Some(match self {
            Self::Whole => return None,
            Self::Extended { signed: false } => I::I64ExtendI32U,
            Self::Extended { signed: true } => I::I64ExtendI32S,
            Self::Wrapped => I::I32WrapI64,
        })
    }
}

impl Count {
    fn after(&self, counter: u64) -> u64 {
        self.ty.cut(counter.wrapping_add(self.step))
    }

    fn goes_on(&self, counter: u64) -> bool {
        self.test.holds(self.view.of(counter), self.limit)
    }

    /// The counter at each run of the body, if they are at most so many. `first` tells whether it is tested before the
    /// first.
    fn values(&self, first: bool, most: usize) -> Option<Vec<u64>> {
        let mut values = Vec::new();
        let mut counter = self.start;
        while !first || self.goes_on(counter) {
            if values.len() == most {
                return None;
            }
            values.push(counter);
            counter = self.after(counter);
            if !first && !self.goes_on(counter) {
                break;
            }
        }
        Some(values)
    }
}

impl Body<'_, '_> {
    /// A count with these numbers, however it ends.
    pub fn draw_count(&mut self, local: u32, ty: Ty, start: u64, step: u64, limit: u64) -> Count {
        let view = View::draw(self, ty);
        let mut test = Compare::draw(self.draw, view.ty(ty));
        if self.draw.one_in(2) {
            test.order = Order::Ne;
        }
        Count {
            local,
            ty,
            start: ty.cut(start),
            step: ty.cut(step),
            view,
            test,
            limit: test.ty.cut(view.of(ty.cut(limit))),
            limit_local: None,
        }
    }

    pub fn a_loop(&mut self) {
        let most = self.trips(16).max(1);
        let trips = self.draw.pick(&TRIPS).min(most);
        match self.draw.below(5) {
            0 | 1 => self.counted(trips, false),
            2 => self.counted(trips, true),
            _ => self.guarded(trips),
        }
    }

    /// What is counted so many times from or to an edge.
    fn drawn_count(&mut self, trips: u32) -> Count {
        let ty = self.draw.pick(&[I32, I64]);
        let local = self.free_local(ty);
        let step = self.draw.pick(&STEPS) as u64;
        let way = step.wrapping_mul(trips.into());
        let edge = edge(self.draw);
        let (start, limit) = if self.draw.one_in(2) {
            (edge, edge.wrapping_add(way))
        } else {
            (edge.wrapping_sub(way), edge)
        };
        self.draw_count(local, ty, start, step, limit)
    }

    /// A loop that goes round about so many times, tested at its end or at its start.
    fn counted(&mut self, trips: u32, at_start: bool) {
        let mut count = self.drawn_count(trips);
        let values = match count.values(at_start, trips as usize + 2) {
            Some(values) => values,
            None => {
                count.test.order = Order::Ne;
                count.values(at_start, trips as usize).unwrap_or_default()
            }
        };
        self.begin(&mut count);
        let exit = (at_start || self.draw.one_in(2)).then(|| {
            self.open_plain(Opening::Block);
            self.innermost()
        });
        self.open_plain(Opening::Loop);
        let head = self.innermost();
        self.repeated(values.len() as u32, |body| {
            if at_start {
                body.test(&count, false, true);
                body.emit(I::BrIf(1));
            }
            // The step may also come first; then the test at the end sees what the body saw.
            let step_first = !at_start && body.draw.one_in(4);
            if step_first {
                body.step(&count, false);
            }
            let kept: Vec<u32> = [count.local].into_iter().chain(count.limit_local).collect();
            body.keeping(&kept, |body| {
                body.loop_body(&count, &values);
                if let Some(exit) = exit.filter(|_| !at_start && !step_first && body.draw.one_in(3)) {
                    body.go_round_early(&count, head, exit);
                }
            });
            if at_start {
                body.step(&count, false);
                body.emit(I::Br(0));
            } else if step_first {
                body.test(&count, false, false);
                body.emit(I::BrIf(0));
            } else {
                body.step_and_go_on(&count);
                body.emit(I::BrIf(0));
            }
        });
        self.close();
        if exit.is_some() {
            self.close();
        }
    }

    /// A second back edge, or out.
    fn go_round_early(&mut self, count: &Count, head: usize, exit: usize) {
        self.condition(1);
        self.open_plain(Opening::If);
        self.step_and_go_on(count);
        self.emit(I::BrIf(self.depth(head)));
        self.emit(I::Br(self.depth(exit)));
        self.close();
        self.statements(1);
    }

    fn loop_body(&mut self, count: &Count, values: &[u64]) {
        let hazard = !values.is_empty() && self.draw.one_in(3);
        if hazard && self.draw.one_in(2) {
            self.statements(2);
        }
        if hazard {
            // Most often in the last round, sometimes one later.
            let last = values[values.len() - 1];
            let at = match self.draw.below(4) {
                0 | 1 => last,
                2 => count.after(last),
                _ => self.draw.pick(values),
            };
            self.hazard(count.local, count.ty, at);
            if self.draw.one_in(2) {
                return;
            }
        }
        self.statements(3);
    }

    /// A loop that a counter of its own ends, or a trap when that is at its end.
    fn guarded(&mut self, trips: u32) {
        let guard_type = self.draw.pick(&[I32, I64]);
        let guard = self.new_local(guard_type);
        self.constant(guard_type, trips.into());
        self.emit(I::LocalSet(guard));
        let mut count = self.drawn_count(trips);
        if count.view != View::Whole && self.draw.one_in(2) {
            // Equal in the low half alone.
            let high = 1 << (32 + self.draw.below(32));
            count.limit = count.test.ty.cut(count.limit ^ high);
        }
        self.begin(&mut count);
        self.open_plain(Opening::Block);
        let carried = match (self.outline.recent, self.draw.below(4)) {
            (true, 1) => self.types(1),
            (true, 2) => self.types(3),
            (true, 3) => self.types(6),
            _ => Vec::new(),
        };
        self.bring(&carried);
        let signature = Signature {
            params: carried.clone(),
            results: Vec::new(),
        };
        self.open(Opening::Loop, &signature, true);
        let head = self.innermost();
        self.repeated(trips + 1, |body| {
            body.dispose(&carried);
            let kept: Vec<u32> = [guard].into_iter().chain(count.limit_local).collect();
            body.keeping(&kept, |body| {
                body.guard(guard, guard_type);
                for _ in 0..=body.draw.below(3) {
                    body.statements(2);
                    body.bring(&carried);
                    body.step_and_go_on(&count);
                    body.emit(I::BrIf(body.depth(head)));
                    body.dispose(&carried);
                }
            });
            if body.draw.one_in(2) {
                body.bring(&carried);
                body.emit(I::Br(0));
            }
        });
        self.close();
        self.close();
    }

    /// Ends the loop, whose exit is one block out, when the guard has come to its end; else takes one from the guard.
    fn guard(&mut self, guard: u32, ty: Ty) {
        let (eqz, sub, below) = match ty {
            I32 => (I::I32Eqz, I::I32Sub, I::I32LtS),
            I64 => (I::I64Eqz, I::I64Sub, I::I64LtS),
        };
        match self.draw.below(4) {
            0 | 1 => {
                self.emit(I::LocalGet(guard));
                self.emit(eqz);
                self.emit(I::BrIf(1));
            }
            2 => {
                // The test comes with the step.
                self.emit(I::LocalGet(guard));
                self.constant(ty, 1);
                self.emit(sub);
                self.emit(I::LocalTee(guard));
                self.constant(ty, 0);
                self.emit(below);
                self.emit(I::BrIf(1));
                return;
            }
            _ => self.certain_trap(guard, ty, 0),
        }
        self.emit(I::LocalGet(guard));
        self.constant(ty, 1);
        self.emit(sub);
        self.emit(I::LocalSet(guard));
    }

    /// Gives a counter its start and, perhaps, a local its limit.
    fn begin(&mut self, count: &mut Count) {
        if self.draw.one_in(2) {
            let local = self.new_local(count.test.ty);
            self.constant(count.test.ty, count.limit);
            self.emit(I::LocalSet(local));
            count.limit_local = Some(local);
        }
        self.constant(count.ty, count.start);
        self.emit(I::LocalSet(count.local));
    }

    /// Adds the step; leaves the counter on the stack if it is `wanted`.
    fn step(&mut self, count: &Count, wanted: bool) {
        let (add, sub) = match count.ty {
            I32 => (I::I32Add, I::I32Sub),
            I64 => (I::I64Add, I::I64Sub),
        };
        match self.draw.below(4) {
            0 | 1 => {
                self.emit(I::LocalGet(count.local));
                self.constant(count.ty, count.step);
                self.emit(add);
            }
            2 => {
                self.emit(I::LocalGet(count.local));
                self.constant(count.ty, count.step.wrapping_neg());
                self.emit(sub);
            }
            _ => {
                self.constant(count.ty, count.step);
                self.emit(I::LocalGet(count.local));
                self.emit(add);
            }
        }
        if wanted {
            self.emit(I::LocalTee(count.local));
        } else {
            self.emit(I::LocalSet(count.local));
        }
    }

    /// Steps, and pushes whether the loop goes on.
    pub fn step_and_go_on(&mut self, count: &Count) {
        let wanted = self.draw.one_in(2);
        self.step(count, wanted);
        self.test(count, wanted, false);
    }

    /// Pushes whether a loop goes on, or `ended` whether it does not; the counter may be `pushed` already.
    fn test(&mut self, count: &Count, pushed: bool, ended: bool) {
        let limit = |body: &mut Self| match count.limit_local {
            Some(local) => body.emit(I::LocalGet(local)),
            None => body.constant(count.test.ty, count.limit),
        };
        let limit_first = !pushed && self.draw.one_in(4);
        if limit_first {
            limit(self);
        }
        if !pushed {
            self.emit(I::LocalGet(count.local));
        }
        if let Some(operator) = count.view.operator() {
            self.emit(operator);
        }
        // Not zero: the number itself says so, or its being zero does not.
        let plain = count.test.order == Order::Ne && count.limit == 0 && count.limit_local.is_none();
        if plain && !limit_first && self.draw.one_in(2) {
            let eqz = match count.test.ty {
                I32 if !ended && self.draw.one_in(2) => return,
                I32 => I::I32Eqz,
                I64 => I::I64Eqz,
            };
            self.emit(eqz);
            if !ended {
                self.emit(I::I32Eqz);
            }
            return;
        }
        if !limit_first {
            limit(self);
        }
        let mut compare = if limit_first {
            count.test.swapped()
        } else {
            count.test
        };
        let negated = self.draw.one_in(4);
        if negated != ended {
            compare = compare.opposite();
        }
        self.emit(compare.operator());
        if negated {
            self.emit(I::I32Eqz);
        }
    }
}
