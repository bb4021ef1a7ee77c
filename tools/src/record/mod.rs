//! Recordings: what runs did, with all their gas in one tree.

mod contract;
mod tree;

use std::collections::BTreeMap;

use arwen_eei::{CallBegin, CallEnd, GasUse, RunObserver, RunningCode};
use arwen_engine::{Observer, Place, Step, Trap};
use arwen_interface::{Bytes, ReturnCode};

pub use contract::{Contract, OperatorGas};
pub use tree::{Node, Part, Tree};

/// Records runs. The gas in its tree adds up to what the runs' outputs say was used.
#[derive(Default)]
pub struct Recorder {
    contracts: Vec<Contract>,
    by_hash: BTreeMap<Bytes, usize>,
    tree: Tree,
    /// The calls under way, innermost last.
    open: Vec<OpenCall>,
    /// Gas attributed since the current run began.
    in_run: i128,
    /// Gas of all runs, as their outputs say.
    total: i128,
    /// Traps of the current or last run, in order.
    traps: Vec<TrapPlace>,
}

/// Where code stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrapPlace {
    /// The contract that ran.
    pub address: Bytes,
    /// Which code, by its place in [`Recorder::contracts`].
    pub contract: usize,
    /// The operator at which each function of the invocation was, innermost first. There is at least one.
    pub frames: Vec<CodePlace>,
    /// Why.
    pub trap: Trap,
    /// The host function that stopped it, by number, if one did.
    pub host: Option<u32>,
    /// How its call ended, if it failed, and no call around it ended well. Contracts also stop to make an asynchronous
    /// call.
    pub failed: Option<ReturnCode>,
}

/// An operator of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodePlace {
    /// Index of its function, imports first.
    pub function: u32,
    /// Bytes from the start of the module.
    pub offset: u32,
}

impl From<Place> for CodePlace {
    fn from(place: Place) -> Self {
        Self {
            function: place.function,
            offset: place.offset,
        }
    }
}

/// A call under way.
struct OpenCall {
    node: usize,
    address: Bytes,
    code: Option<Running>,
    /// Its functions, innermost last.
    frames: Vec<Frame>,
    /// How many traps there were when it began.
    traps_before: usize,
    /// Where its own code stopped last, as a place in the list of traps.
    last_trap: Option<usize>,
    loading: i128,
    /// The part of its instance's counter that has been attributed.
    counted: i128,
    host: Option<OpenHost>,
    /// The host function called last.
    last_host: Option<u32>,
}

/// A function under way.
#[derive(Clone, Copy)]
struct Frame {
    node: usize,
    /// The operator it is at; none for a host function.
    place: Option<CodePlace>,
}

#[derive(Clone, Copy)]
struct Running {
    contract: usize,
    prices: usize,
}

/// A host function under way.
struct OpenHost {
    /// The counter when it was called.
    before: u64,
    /// What has been attributed since.
    inside: i128,
}

impl OpenCall {
    /// The node that is at work.
    fn current(&self) -> usize {
        self.frames.last().map_or(self.node, |frame| frame.node)
    }
}

impl Recorder {
    /// The code that ran, in order of first appearance.
    pub fn contracts(&self) -> &[Contract] {
        &self.contracts
    }

    /// Who called what, and the gas of each.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The gas of all runs: what was provided less what their outputs say remained.
    pub fn total(&self) -> i128 {
        self.total
    }

    /// Drops the traps of the last run.
    pub fn forget_traps(&mut self) {
        self.traps.clear();
    }

    /// Where the last run's contracts stopped before they returned, in order.
    pub fn traps(&self) -> &[TrapPlace] {
        &self.traps
    }

    /// The current run has ended without an output, so its gas is nobody's.
    pub fn abandon(&mut self) {
        while let Some(call) = self.open.pop() {
            self.settle_traps(&call, ReturnCode::ExecutionFailed);
        }
        let unbilled = -std::mem::take(&mut self.in_run);
        let node = self.tree.child(Tree::ROOT, Part::Unbilled);
        self.tree.enter(node);
        self.tree.add(node, unbilled);
    }

    /// Attributes gas to a node, without counting it.
    fn add(&mut self, node: usize, gas: i128) {
        self.in_run += gas;
        self.tree.add(node, gas);
    }

    /// Attributes gas to a part below a node, unless there is none.
    fn add_part(&mut self, node: usize, part: Part, gas: i128) {
        if gas != 0 {
            let node = self.tree.child(node, part);
            self.tree.enter(node);
            self.add(node, gas);
        }
    }

    /// Notes that the counter of the innermost call has changed by something attributed.
    fn count(&mut self, gas: i128) {
        if let Some(call) = self.open.last_mut() {
            call.counted += gas;
            if let Some(host) = &mut call.host {
                host.inside += gas;
            }
        }
    }

    fn enter_child(&mut self, part: Part, place: Option<CodePlace>) {
        let Some(call) = self.open.last_mut() else { return };
        let node = self.tree.child(call.current(), part);
        self.tree.enter(node);
        call.frames.push(Frame { node, place });
    }

    /// Notes with its traps how a call has ended.
    fn settle_traps(&mut self, call: &OpenCall, return_code: ReturnCode) {
        if return_code == ReturnCode::Ok {
            for trap in self.traps.iter_mut().skip(call.traps_before) {
                trap.failed = None;
            }
        } else if let Some(trap) = call.last_trap.and_then(|last| self.traps.get_mut(last)) {
            trap.failed = Some(return_code);
        }
    }
}

impl Observer for Recorder {
    fn enter(&mut self, place: Place) {
        let code = self.open.last().and_then(|call| call.code);
        if let Some(Running { contract, .. }) = code {
            let function = Part::Function {
                contract,
                index: place.function,
            };
            self.enter_child(function, Some(place.into()));
        }
    }

    fn operator(&mut self, step: &Step<'_>) {
        let Some(call) = self.open.last_mut() else { return };
        let Some(Running { contract, prices }) = call.code else {
            return;
        };
        if let Some(frame) = call.frames.last_mut() {
            frame.place = Some(step.place.into());
        }
        let gas = self.contracts[contract].step(prices, step);
        if gas != 0 {
            call.counted += gas;
            let node = call.current();
            self.add(node, gas);
        }
    }

    fn leave(&mut self, _: Place) {
        if let Some(call) = self.open.last_mut() {
            call.frames.pop();
        }
    }

    fn host_enter(&mut self, _: Place, id: u32, used: u64) {
        self.enter_child(Part::Host(id), None);
        if let Some(call) = self.open.last_mut() {
            call.last_host = Some(id);
            call.host = Some(OpenHost {
                before: used,
                inside: 0,
            });
        }
    }

    fn host_leave(&mut self, _: Place, _: u32, used: u64) {
        let Some(call) = self.open.last_mut() else { return };
        let (Some(host), Some(Frame { node, .. })) = (call.host.take(), call.frames.pop()) else {
            return;
        };
        let own = i128::from(used) - i128::from(host.before) - host.inside;
        call.counted += own;
        self.add(node, own);
    }

    fn trap(&mut self, place: Place, trap: Trap) {
        let Some(call) = self.open.last_mut() else { return };
        let mut frames: Vec<CodePlace> = call
            .frames
            .drain(..)
            .rev()
            .filter_map(|frame| frame.place)
            .collect();
        match frames.first_mut() {
            Some(innermost) => *innermost = place.into(),
            // Its first frame was not made.
            None => frames.push(place.into()),
        }
        if let Some(Running { contract, .. }) = call.code {
            call.last_trap = Some(self.traps.len());
            self.traps.push(TrapPlace {
                address: call.address.clone(),
                contract,
                frames,
                trap,
                host: call.last_host.filter(|_| trap == Trap::Host),
                failed: None,
            });
        }
    }
}

impl RunObserver for Recorder {
    fn call_begin(&mut self, call: &CallBegin<'_>) {
        let parent = match self.open.last() {
            Some(open) => open.current(),
            None => {
                self.in_run = 0;
                self.traps.clear();
                Tree::ROOT
            }
        };
        let part = Part::Call {
            address: call.address.to_vec(),
            function: call.function.to_vec(),
        };
        let node = self.tree.child(parent, part);
        self.tree.enter(node);
        self.open.push(OpenCall {
            node,
            address: call.address.to_vec(),
            code: None,
            frames: Vec::new(),
            traps_before: self.traps.len(),
            last_trap: None,
            loading: 0,
            counted: 0,
            host: None,
            last_host: None,
        });
    }

    fn code(&mut self, code: &RunningCode<'_>) {
        let contract = match self.by_hash.get(code.hash) {
            Some(contract) => *contract,
            None => {
                self.contracts
                    .push(Contract::new(code.address, code.hash, code.module));
                let contract = self.contracts.len() - 1;
                self.by_hash.insert(code.hash.to_vec(), contract);
                contract
            }
        };
        let prices = self.contracts[contract].prices(code.prices);
        let Some(call) = self.open.last_mut() else { return };
        call.code = Some(Running { contract, prices });
        call.address = code.address.to_vec();
        let node = call.node;
        self.add_part(node, Part::Start, code.used.into());
        self.count(code.used.into());
    }

    fn gas(&mut self, what: GasUse<'_>, amount: i128) {
        let Some(call) = self.open.last_mut() else { return };
        let (part, node) = match what {
            GasUse::Loading => {
                call.loading = amount;
                return;
            }
            // Given back elsewhere than set aside, so both are noted where they cancel out.
            GasUse::Locked => (Part::Locked, call.node),
            GasUse::Sent => (Part::Sent, call.current()),
            GasUse::Lost => (Part::Lost, call.current()),
            GasUse::Builtin(name) => (Part::Builtin(name.to_vec()), call.current()),
        };
        self.add_part(node, part, amount);
        self.count(amount);
    }

    fn call_end(&mut self, end: &CallEnd) {
        let Some(call) = self.open.pop() else { return };
        self.settle_traps(&call, end.return_code);
        let used = call.code.map_or(0, |_| i128::from(end.used));
        self.add_part(call.node, Part::Loading, call.loading);
        let failed = end.return_code != ReturnCode::Ok;
        // Who is out of gas has used what there was, though the last charge may have been more than that.
        let used = if failed { used.max(call.counted) } else { used };
        let rest = if failed { Part::Lost } else { Part::Kept };
        let outside = if call.code.is_some() {
            used - call.counted
        } else {
            0
        };
        self.add_part(call.node, Part::Outside, outside);
        self.add_part(call.node, rest, end.gas - call.loading - used);
        match self.open.is_empty() {
            true => self.total += end.gas,
            false => self.count(end.gas),
        }
    }
}
