//! Who called what, and the gas of each.

use std::collections::BTreeMap;

use arwen_interface::Bytes;

/// Something that uses gas.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// All runs together.
    Root,
    /// A call of a contract: by a node or by another contract.
    Call {
        /// The contract; empty when a deployment has not come to an address.
        address: Bytes,
        /// The called function.
        function: Bytes,
    },
    /// A function of a contract. Its own gas is that of its operators.
    Function {
        /// Which code, by its place in [`super::Recorder::contracts`].
        contract: usize,
        /// Index in the module, imports first.
        index: u32,
    },
    /// A host function, by number.
    Host(u32),
    /// A built-in function, by name.
    Builtin(Bytes),
    /// Loading or compiling code.
    Loading,
    /// The start function of a module.
    Start,
    /// Set aside for a callback. Given back, it is less than nothing.
    Locked,
    /// Sent on to another shard.
    Sent,
    /// Of a failed call: all that was left. Less than nothing when the call had used more than there was, which nobody
    /// is billed for.
    Lost,
    /// Of a call that ended well: what was neither used nor given back.
    Kept,
    /// What the counter of an instance grew by outside of operators and of host functions that operators call: an
    /// export that is itself a host function.
    Outside,
    /// What the runs without an output had used, taken off again: nobody is billed for it.
    Unbilled,
}

/// A node of the tree.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is.
    pub part: Part,
    /// How often it was entered.
    pub count: u64,
    /// Its own gas, without that of what it called.
    pub gas: i128,
    /// What it called, by part: places in the tree.
    children: BTreeMap<Part, usize>,
}

impl Node {
    /// Places in the tree of what it called.
    pub fn children(&self) -> impl Iterator<Item = usize> {
        self.children.values().copied()
    }
}

/// The calls of all runs. Equal calls from the same place are one node.
#[derive(Clone, Debug)]
pub struct Tree {
    nodes: Vec<Node>,
}

impl Default for Tree {
    fn default() -> Self {
        Self {
            nodes: vec![Node::new(Part::Root)],
        }
    }
}

impl Node {
    fn new(part: Part) -> Self {
        Self {
            part,
            count: 0,
            gas: 0,
            children: BTreeMap::new(),
        }
    }
}

impl Tree {
    /// The place of the root.
    pub const ROOT: usize = 0;

    /// The node at a place that this tree gave.
    pub fn node(&self, place: usize) -> &Node {
        &self.nodes[place]
    }

    /// The gas of a node and of all below it.
    pub fn total(&self, place: usize) -> i128 {
        let mut total = 0;
        self.walk(place, &mut |_, node| total += node.gas);
        total
    }

    /// Visits a node and all below it, each with the path that leads to it from the start, itself last.
    pub fn walk<'t>(&'t self, start: usize, visit: &mut dyn FnMut(&[usize], &'t Node)) {
        let mut path = vec![start];
        // What is still to be visited: places, and how long the path above them is.
        let mut open: Vec<(usize, usize)> = Vec::new();
        visit(&path, self.node(start));
        open.extend(self.node(start).children().map(|child| (child, 1)));
        while let Some((place, above)) = open.pop() {
            path.truncate(above);
            path.push(place);
            visit(&path, self.node(place));
            open.extend(self.node(place).children().map(|child| (child, above + 1)));
        }
    }

    /// The place of a part below a node, made when it is not there.
    pub(super) fn child(&mut self, place: usize, part: Part) -> usize {
        if let Some(child) = self.nodes[place].children.get(&part) {
            return *child;
        }
        let child = self.nodes.len();
        self.nodes.push(Node::new(part.clone()));
        self.nodes[place].children.insert(part, child);
        child
    }

    pub(super) fn enter(&mut self, place: usize) {
        self.nodes[place].count += 1;
    }

    pub(super) fn add(&mut self, place: usize, gas: i128) {
        self.nodes[place].gas += gas;
    }
}
