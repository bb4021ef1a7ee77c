//! What every test of the engine needs: a module from text, a host, a call.

#![allow(dead_code, reason = "each test file uses its part")]

use arwen_engine::{
    Caller, CompileError, Config, Engine, Extern, ExternType, Host, HostStop, InstanceId, InstantiateError,
    Interrupt, MemoryBounds, Module, Ruleset, Store, Tier, Trap, Value,
};
use arwen_metering::Schedule;

/// Every configuration whose outcomes must be the same.
pub fn configs(rules: &'static Ruleset) -> Vec<Config> {
    let base = || Config::new(rules);
    vec![
        base().tier(Tier::Interpreter),
        base().tier(Tier::Jit),
        base().tier(Tier::Jit).memory_bounds(MemoryBounds::Explicit),
        base().tier(Tier::Tiered).promote_after(2, u64::MAX),
        base().tier(Tier::Observed),
    ]
}

/// A host of closures: function `id` of every import `host.<id>` or of any import in order.
pub struct Fns<'a>(pub Vec<HostFn<'a>>);

pub type HostFn<'a> = Box<dyn FnMut(&mut Caller<'_>, &[u64], &mut [u64]) -> Result<(), HostStop> + 'a>;

impl Host for Fns<'_> {
    fn call(
        &mut self,
        id: u32,
        caller: &mut Caller<'_>,
        args: &[u64],
        results: &mut [u64],
    ) -> Result<(), HostStop> {
        (self.0[id as usize])(caller, args, results)
    }
}

pub fn wasm(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|e| panic!("{e}"))
}

pub fn compile(config: Config, text: &str) -> Result<Module, CompileError> {
    Module::new(&Engine::new(config), &wasm(text))
}

/// A store with one instance.
pub struct Run {
    pub store: Store,
    pub instance: InstanceId,
    pub interrupt: Interrupt,
}

/// All imports as host functions numbered in order.
pub fn host_imports(module: &Module) -> Vec<Extern> {
    let func = |(id, ty)| match ty {
        ExternType::Func(ty) => Extern::HostFunc { id, ty },
        other => panic!("not a function: {other:?}"),
    };
    (0..)
        .zip(module.imports().map(|import| import.ty))
        .map(func)
        .collect()
}

impl Run {
    pub fn try_new(config: Config, text: &str, host: &mut dyn Host) -> Result<Self, InstantiateError> {
        let module = compile(config, text).unwrap_or_else(|e| panic!("{e}"));
        let interrupt = Interrupt::new();
        let mut store = Store::new(module.engine(), &interrupt);
        store.meter().set_limit(u64::MAX);
        let prices = Schedule::bundled("dummy").expect("bundled").op_costs();
        let instance = store.instantiate(&module, &host_imports(&module), &module.costs(prices), host)?;
        Ok(Self {
            store,
            instance,
            interrupt,
        })
    }

    pub fn new(config: Config, text: &str) -> Self {
        Self::try_new(config, text, &mut Fns(Vec::new())).unwrap_or_else(|e| panic!("{e}"))
    }

    pub fn call_with(&mut self, name: &str, host: &mut dyn Host, args: &[Value]) -> Result<Vec<Value>, Trap> {
        match self.store.export(self.instance, name) {
            Some(Extern::Func(func)) => self.store.invoke(func, host, args),
            other => panic!("{name} is {other:?}"),
        }
    }

    pub fn call(&mut self, name: &str, args: &[Value]) -> Result<Vec<Value>, Trap> {
        self.call_with(name, &mut Fns(Vec::new()), args)
    }
}

pub fn i32s(values: &[i32]) -> Vec<Value> {
    values.iter().copied().map(Value::I32).collect()
}

/// Nests stores until the stack ends.
pub struct Endless {
    pub module: Module,
    pub levels: u32,
}

impl Endless {
    pub fn enter(&mut self) -> Result<(), Trap> {
        let module = self.module.clone();
        let mut store = Store::new(module.engine(), &Interrupt::new());
        store.meter().set_limit(u64::MAX);
        let costs = module.costs(Schedule::bundled("dummy").unwrap().op_costs());
        let instance = store
            .instantiate(&module, &host_imports(&module), &costs, self)
            .unwrap();
        let Some(Extern::Func(f)) = store.export(instance, "f") else {
            panic!("f")
        };
        store.invoke(f, self, &[]).map(|_| ())
    }
}

impl Host for Endless {
    fn call(&mut self, _: u32, _: &mut Caller<'_>, _: &[u64], _: &mut [u64]) -> Result<(), HostStop> {
        // As much native stack as a host function that calls guests again may take.
        std::hint::black_box(&[0u8; 16 << 10]);
        self.levels += 1;
        match self.enter() {
            Ok(()) | Err(Trap::StackOverflow) => Ok(()),
            Err(trap) => panic!("{trap}"),
        }
    }
}
