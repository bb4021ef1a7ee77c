//! The walk: one operator after the other.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use arwen_metering::Point;

use super::code::{FuncCode, Site};
use super::control::Label;
use super::frame::Frame;
use super::observer::{Charge, Place, Step};
use crate::host::Host;
use crate::module::info::ModuleInfo;
use crate::runtime::instance::Instance;
use crate::runtime::invocation::Invocation;
use crate::runtime::store::{InstanceId, Store};
use crate::trap::Trap;

/// An invocation under way.
pub(super) struct Machine<'m, 's> {
    /// The modules of the instances, by instance.
    pub modules: &'m [Arc<ModuleInfo>],
    pub store: &'s mut Store,
    pub host: &'s mut dyn Host,
    /// Slots of the logical stack the invocation started with.
    pub budget: u32,
    /// Functions that have been called, by instance and body.
    pub codes: BTreeMap<(InstanceId, u32), Rc<FuncCode<'m>>>,
    /// Locals and operands of all frames.
    pub stack: Vec<u64>,
    /// Open blocks of all frames.
    pub labels: Vec<Label>,
    pub frames: Vec<Frame<'m>>,
}

impl<'m, 's> Machine<'m, 's> {
    pub fn new(
        modules: &'m [Arc<ModuleInfo>],
        store: &'s mut Store,
        host: &'s mut dyn Host,
        budget: u32,
    ) -> Self {
        Self {
            modules,
            store,
            host,
            budget,
            codes: BTreeMap::new(),
            stack: Vec::new(),
            labels: Vec::new(),
            frames: Vec::new(),
        }
    }

    /// Calls a function of an instance.
    pub fn invoke(mut self, call: Invocation<'_>) -> Result<(), Trap> {
        let Invocation {
            instance,
            body,
            slots,
            params,
            results,
            ..
        } = call;
        self.stack.extend_from_slice(&slots[..params]);
        let done = self.enter(instance, body, self.budget).and_then(|()| self.run());
        if let Err(trap) = done {
            let place = match self.frames.last() {
                Some(frame) => frame.place(),
                // The first frame was not made.
                None => self.body(instance, body)?,
            };
            if let Some(observer) = self.host.observer() {
                observer.trap(place, trap);
            }
            return Err(trap);
        }
        if self.stack.len() != results {
            return Err(Trap::Internal);
        }
        slots[..results].copy_from_slice(&self.stack);
        Ok(())
    }

    fn body(&self, instance: InstanceId, body: u32) -> Result<Place, Trap> {
        let module = self.modules.get(instance.0 as usize).ok_or(Trap::Internal)?;
        let range = &module.bodies().get(body as usize).ok_or(Trap::Internal)?.range;
        Ok(Place {
            instance,
            function: module.imported_funcs + body,
            offset: range.start as u32,
        })
    }

    fn run(&mut self) -> Result<(), Trap> {
        while let Some(frame) = self.frames.last_mut() {
            let code = frame.code.clone();
            let site = code.sites.get(frame.next).ok_or(Trap::Internal)?;
            frame.next += 1;
            self.begin(site)?;
            self.execute(site)?;
        }
        Ok(())
    }

    /// Charges, tells, and checks the limit.
    fn begin(&mut self, site: &Site<'_>) -> Result<(), Trap> {
        let (charge, units) = match site.point {
            Some(point) => self.charge(point)?,
            None => (None, None),
        };
        let used = self.store.meter_ref().used();
        if let Some(observer) = self.host.observer() {
            let depth = self.frames.len();
            let frame = self.frames.last().ok_or(Trap::Internal)?;
            observer.operator(&Step {
                place: frame.place(),
                op: site.op,
                charge,
                units,
                used,
                depth,
                locals: self.stack.get(frame.locals..frame.operands).unwrap_or_default(),
                operands: self.stack.get(frame.operands..).unwrap_or_default(),
                store: self.store,
            });
        }
        let cells = self.store.meter_ref().cells();
        match site.point.is_some_and(|point| point.check) && used >= cells.limit.load(Ordering::Relaxed) {
            false => Ok(()),
            true => Err(cells.why_stopped()),
        }
    }

    /// Adds the charges of a point to the gas used.
    fn charge(&mut self, point: &Point) -> Result<(Option<Charge>, Option<Charge>), Trap> {
        let costs = &self.instance()?.costs;
        let price = |id: arwen_metering::ChargeId| costs.get(id.index()).copied().ok_or(Trap::Internal);
        let charge = match point.charge {
            Some(id) => Some(Charge { id, gas: price(id)? }),
            None => None,
        };
        let units = match point.units {
            Some(id) => {
                let amount = self.stack.last().map_or(0, |slot| u64::from(*slot as u32));
                let gas = price(id)?.wrapping_mul(amount);
                Some(Charge { id, gas })
            }
            None => None,
        };
        let meter = self.store.meter_ref();
        let used = [charge, units]
            .iter()
            .flatten()
            .fold(meter.used(), |used, charge| used.wrapping_add(charge.gas));
        meter.set_used(used);
        Ok((charge, units))
    }

    fn execute(&mut self, site: &Site<'_>) -> Result<(), Trap> {
        if let Some(meaning) = site.meaning {
            let first = self.stack.len().checked_sub(meaning.params.len());
            let first = first.ok_or(Trap::Internal)?;
            let slot = (meaning.eval)(&self.stack[first..])?;
            self.stack.truncate(first);
            self.stack.push(slot);
            return Ok(());
        }
        if self.control(site)?
            || self.call(site)?
            || self.variable(site)?
            || self.memory(site)?
            || self.bulk(site)?
        {
            return Ok(());
        }
        Err(Trap::Internal)
    }

    /// The innermost frame.
    pub fn frame(&self) -> Result<&Frame<'m>, Trap> {
        self.frames.last().ok_or(Trap::Internal)
    }

    /// The instance that runs.
    pub fn instance(&self) -> Result<&Instance, Trap> {
        let id = self.frame()?.instance;
        self.store.instances.get(id.0 as usize).ok_or(Trap::Internal)
    }

    /// The module that runs.
    pub fn module(&self) -> Result<&'m ModuleInfo, Trap> {
        let id = self.frame()?.instance;
        self.modules
            .get(id.0 as usize)
            .map(|module| &**module)
            .ok_or(Trap::Internal)
    }

    /// Takes the operand on top.
    pub fn pop(&mut self) -> Result<u64, Trap> {
        self.stack.pop().ok_or(Trap::Internal)
    }

    /// Takes what is between `height` and the `count` topmost operands away.
    pub fn keep_top(&mut self, height: usize, count: usize) -> Result<(), Trap> {
        let top = self.stack.len().checked_sub(count).filter(|top| *top >= height);
        self.stack.drain(height..top.ok_or(Trap::Internal)?);
        Ok(())
    }
}
