//! Carries out a script, directive by directive.

use std::collections::{BTreeMap, BTreeSet};

use arwen_engine::{InstanceId, Trap, Value};
use wast::token::{Id, Span};
use wast::{QuoteWat, WastDirective, WastExecute, WastInvoke, WastRet, Wat};

use crate::classify::{Class, classify};
use crate::machine::{InstanceError, Machine, Setup, is_float_error};
use crate::matching;
use crate::record::{Check, FileRun, Outcome, Record};
use crate::strip;
use crate::suite::SpecFile;

/// Why assertions about a module with floats are not run.
const HAS_FLOATS: &str = "module with floats";

/// Runs a file.
///
/// # Errors
/// When the file is not a script or the engine cannot even make the module `spectest`, in words.
pub fn run(file: &SpecFile, setup: &Setup) -> Result<FileRun, String> {
    let mut lexer = wast::lexer::Lexer::new(file.text);
    lexer.allow_confusing_unicode(true);
    let buffer = wast::parser::ParseBuffer::new_with_lexer(lexer).map_err(|error| error.to_string())?;
    let directives = wast::parser::parse::<wast::Wast<'_>>(&buffer)
        .map_err(|error| error.to_string())?
        .directives;

    let mut script = Script {
        setup: *setup,
        text: file.text,
        machine: Machine::new(setup)?,
        current: Slot::Absent,
        named: BTreeMap::new(),
        definitions: BTreeMap::new(),
        astray: BTreeSet::new(),
        unavailable: BTreeSet::new(),
        records: Vec::new(),
    };
    for directive in directives {
        script.directive(directive);
    }
    Ok(FileRun {
        gas: script.machine.gas(),
        records: script.records,
    })
}

/// What a name of a module stands for.
#[derive(Debug, Clone)]
enum Slot {
    /// Nothing yet.
    Absent,
    /// An instance.
    Live(Instance),
    /// A module that was not to be run, and why.
    Skipped(String),
    /// A module that should have run and did not.
    Broken,
}

#[derive(Debug, Clone, Copy)]
struct Instance {
    id: InstanceId,
    /// What float-stripping lost, if it was stripped.
    stripped: Option<Losses>,
}

/// See [`strip::Stripped`].
#[derive(Debug, Clone, Copy)]
struct Losses {
    effects: bool,
    types: bool,
}

/// How an action ended that a directive then judges.
enum Action {
    Done(Result<Vec<Value>, Trap>),
    Judged(Outcome),
}

struct Script<'f> {
    setup: Setup,
    text: &'f str,
    machine: Machine,
    current: Slot,
    named: BTreeMap<String, Slot>,
    definitions: BTreeMap<Option<String>, Result<Vec<u8>, String>>,
    /// Float-stripped instances whose state is not what the script thinks any more.
    astray: BTreeSet<InstanceId>,
    /// Module names that scripts registered for modules that were not run.
    unavailable: BTreeSet<String>,
    records: Vec<Record>,
}

impl Script<'_> {
    fn directive(&mut self, directive: WastDirective<'_>) {
        let span = directive.span();
        match directive {
            WastDirective::Module(mut module) => {
                let name = module.name().map(|id| id.name().to_owned());
                let encoded = module.encode().map_err(|error| error.to_string());
                self.module(span, name, encoded);
            }
            WastDirective::ModuleDefinition(mut module) => {
                let name = module.name().map(|id| id.name().to_owned());
                let encoded = module.encode().map_err(|error| error.to_string());
                self.definitions.insert(name, encoded);
            }
            WastDirective::ModuleInstance { instance, module, .. } => {
                let module = module.map(|id| id.name().to_owned());
                let instance = instance.map(|id| id.name().to_owned());
                let encoded = self.definitions.get(&module).cloned();
                self.module(
                    span,
                    instance,
                    encoded.unwrap_or_else(|| Err("no such definition".to_owned())),
                );
            }
            WastDirective::Register { name, module, .. } => self.register(span, name, module),
            WastDirective::Invoke(invoke) => {
                let judge = |done: Result<Vec<Value>, Trap>| match done {
                    Ok(_) => Outcome::Passed,
                    Err(trap) => Outcome::Failed(format!("trapped: {trap}")),
                };
                self.action(span, &WastExecute::Invoke(invoke), &[], judge);
            }
            WastDirective::AssertReturn { exec, results, .. } => self.assert_return(span, exec, &results),
            WastDirective::AssertTrap { exec, message, .. } => self.assert_trap(span, exec, message),
            WastDirective::AssertExhaustion { call, message, .. } => {
                self.assert_trap(span, WastExecute::Invoke(call), message);
            }
            WastDirective::AssertInvalid { module, .. } => self.assert_rejected(span, Check::Invalid, module),
            WastDirective::AssertMalformed { module, .. } => {
                self.assert_rejected(span, Check::Malformed, module)
            }
            WastDirective::AssertUnlinkable { module, .. } => self.assert_unlinkable(span, module),
            WastDirective::AssertException { .. } => self.other(span, "exceptions"),
            WastDirective::AssertSuspension { .. } => self.other(span, "stack switching"),
            WastDirective::Thread(_) | WastDirective::Wait { .. } => self.other(span, "threads"),
            WastDirective::AssertInvalidCustom { .. } | WastDirective::AssertMalformedCustom { .. } => {
                self.other(span, "annotations");
            }
        }
    }

    fn record(&mut self, span: Span, check: Check, outcome: Outcome) {
        let line = span.linecol_in(self.text).0 + 1;
        self.records.push(Record { line, check, outcome });
    }

    /// Records a directive that the float-stripped pass has no part in.
    fn record_plain(&mut self, span: Span, check: Check, outcome: Outcome) {
        if !self.setup.stripped {
            self.record(span, check, outcome);
        }
    }

    fn other(&mut self, span: Span, feature: &str) {
        self.record_plain(span, Check::Other, Outcome::Skipped(format!("needs {feature}")));
    }

    // ---- Modules --------------------------------------------------------------------------------------------

    fn module(&mut self, span: Span, name: Option<String>, encoded: Result<Vec<u8>, String>) {
        let (check, outcome, slot) = match encoded {
            Ok(wasm) => self.make(&wasm),
            Err(error) => (Check::Module, Outcome::Failed(error), Slot::Broken),
        };
        if self.setup.stripped {
            // Only what went wrong with a stripped module is news here.
            if matches!(outcome, Outcome::Failed(_)) && check == Check::Stripped {
                self.record(span, check, outcome);
            }
        } else {
            self.record(span, check, outcome);
        }
        if let Some(name) = name {
            self.named.insert(name, slot.clone());
        }
        self.current = slot;
    }

    /// Turns a module into what its name will stand for.
    fn make(&mut self, wasm: &[u8]) -> (Check, Outcome, Slot) {
        match classify(wasm) {
            Class::Ours => {
                let (outcome, slot) = self.instantiate(wasm, None);
                (Check::Module, outcome, slot)
            }
            Class::Floats if self.setup.stripped => {
                let (outcome, slot) = match strip::strip(wasm) {
                    Ok(stripped) => {
                        let losses = Losses {
                            effects: stripped.loses_effects,
                            types: stripped.merges_types,
                        };
                        self.instantiate(&stripped.wasm, Some(losses))
                    }
                    Err(error) => (
                        Outcome::Failed(format!("cannot be stripped: {error}")),
                        Slot::Broken,
                    ),
                };
                (Check::Stripped, outcome, slot)
            }
            Class::Floats => {
                let outcome = self.float_rejection(wasm);
                (Check::FloatModule, outcome, Slot::Skipped(HAS_FLOATS.to_owned()))
            }
            Class::Needs(features) => {
                let reason = format!("needs {features}");
                let outcome = match self.machine.compile(wasm) {
                    Ok(_) => Outcome::Failed(format!("accepted, though it {reason}")),
                    Err(_) => Outcome::Skipped(reason.clone()),
                };
                (Check::Module, outcome, Slot::Skipped(reason))
            }
            Class::Never(error) => {
                let outcome = Outcome::Failed(format!("no feature set accepts it: {error}"));
                (Check::Module, outcome, Slot::Broken)
            }
        }
    }

    fn instantiate(&mut self, wasm: &[u8], stripped: Option<Losses>) -> (Outcome, Slot) {
        match self.machine.instantiate(wasm) {
            Ok(id) => (Outcome::Passed, Slot::Live(Instance { id, stripped })),
            Err(InstanceError::UnknownImport(name)) if self.is_unavailable(&name) => {
                let reason = "imports from a module that is not run".to_owned();
                (Outcome::Skipped(reason.clone()), Slot::Skipped(reason))
            }
            // Float-stripping is the only pass with modules of such sizes.
            Err(InstanceError::NotNative(refusal)) if stripped.is_some() => {
                let reason = format!("float-stripped: {refusal}");
                (Outcome::Skipped(reason.clone()), Slot::Skipped(reason))
            }
            Err(error) => (Outcome::Failed(error.to_string()), Slot::Broken),
        }
    }

    fn is_unavailable(&self, import: &str) -> bool {
        let module = import.split('.').next().unwrap_or_default();
        self.unavailable.contains(module)
    }

    fn float_rejection(&self, wasm: &[u8]) -> Outcome {
        match self.machine.compile(wasm) {
            Ok(_) => Outcome::Failed("accepted, though it has floats".to_owned()),
            Err(error) if is_float_error(&error) => Outcome::Passed,
            Err(error) => Outcome::Failed(format!("rejected, but not for its floats: {error}")),
        }
    }

    fn register(&mut self, span: Span, name: &str, module: Option<Id<'_>>) {
        let outcome = match self.slot(module) {
            Slot::Live(instance) => {
                self.machine.register(name, instance.id);
                self.unavailable.remove(name);
                Outcome::Passed
            }
            Slot::Skipped(reason) => {
                self.unavailable.insert(name.to_owned());
                Outcome::Skipped(reason)
            }
            Slot::Broken => Outcome::Failed("its module failed".to_owned()),
            Slot::Absent => Outcome::Failed("no such module".to_owned()),
        };
        self.record_plain(span, Check::Register, outcome);
    }

    fn slot(&self, module: Option<Id<'_>>) -> Slot {
        match module {
            None => self.current.clone(),
            Some(id) => self.named.get(id.name()).cloned().unwrap_or(Slot::Absent),
        }
    }

    // ---- Modules that must be refused -----------------------------------------------------------------------

    fn assert_rejected(&mut self, span: Span, check: Check, mut module: QuoteWat<'_>) {
        let outcome = match module.encode() {
            // What is wrong with the text is found before there is a binary.
            Err(error) if check == Check::Invalid => Outcome::Failed(format!("cannot be encoded: {error}")),
            Err(_) => Outcome::Passed,
            Ok(wasm) => match self.machine.compile(&wasm) {
                Ok(_) => Outcome::Failed("accepted".to_owned()),
                Err(_) => Outcome::Passed,
            },
        };
        self.record_plain(span, check, outcome);
    }

    fn assert_unlinkable(&mut self, span: Span, mut module: Wat<'_>) {
        let outcome = match module.encode() {
            Err(error) => Outcome::Failed(format!("cannot be encoded: {error}")),
            Ok(wasm) => match classify(&wasm) {
                Class::Floats => self.float_rejection(&wasm),
                Class::Needs(features) => Outcome::Skipped(format!("needs {features}")),
                Class::Never(error) => Outcome::Failed(format!("no feature set accepts it: {error}")),
                Class::Ours => match self.machine.instantiate(&wasm) {
                    Ok(_) => Outcome::Failed("linked".to_owned()),
                    Err(error) if error.is_link_error() => Outcome::Passed,
                    Err(error) => Outcome::Failed(error.to_string()),
                },
            },
        };
        self.record_plain(span, Check::Unlinkable, outcome);
    }

    // ---- Actions --------------------------------------------------------------------------------------------

    fn assert_return(&mut self, span: Span, exec: WastExecute<'_>, wanted: &[WastRet<'_>]) {
        let judge = |done: Result<Vec<Value>, Trap>| match done {
            Ok(given) if matching::all_match(wanted, &given) => Outcome::Passed,
            Ok(given) => Outcome::Failed(format!("gave {given:?}, wanted {wanted:?}")),
            Err(trap) => Outcome::Failed(format!("trapped: {trap}, wanted {wanted:?}")),
        };
        self.action(span, &exec, wanted, judge);
    }

    fn assert_trap(&mut self, span: Span, exec: WastExecute<'_>, message: &str) {
        if let WastExecute::Wat(module) = exec {
            return self.assert_instantiation_trap(span, module, message);
        }
        if message == "indirect call type mismatch" && self.types_are_merged(&exec) {
            let reason = "float-stripped: types that differed in floats only are one".to_owned();
            return self.record(span, Check::Stripped, Outcome::Skipped(reason));
        }
        let judge = |done: Result<Vec<Value>, Trap>| match done {
            Ok(given) => Outcome::Failed(format!("gave {given:?}, wanted the trap `{message}`")),
            Err(trap) => judge_trap(trap, message),
        };
        self.action(span, &exec, &[], judge);
    }

    fn types_are_merged(&self, exec: &WastExecute<'_>) -> bool {
        let WastExecute::Invoke(invoke) = exec else {
            return false;
        };
        match self.slot(invoke.module) {
            Slot::Live(instance) => instance.stripped.is_some_and(|losses| losses.types),
            _ => false,
        }
    }

    fn assert_instantiation_trap(&mut self, span: Span, mut module: Wat<'_>, message: &str) {
        let outcome = match module.encode() {
            Err(error) => Outcome::Failed(format!("cannot be encoded: {error}")),
            Ok(wasm) => match classify(&wasm) {
                Class::Floats => Outcome::Skipped(HAS_FLOATS.to_owned()),
                Class::Needs(features) => Outcome::Skipped(format!("needs {features}")),
                Class::Never(error) => Outcome::Failed(format!("no feature set accepts it: {error}")),
                Class::Ours => match self.machine.instantiate(&wasm) {
                    Ok(_) => Outcome::Failed(format!("instantiated, wanted the trap `{message}`")),
                    Err(error) => match error.trap() {
                        Some(trap) => judge_trap(trap, message),
                        None => Outcome::Failed(error.to_string()),
                    },
                },
            },
        };
        self.record_plain(span, Check::Executed, outcome);
    }

    /// Does what `exec` says, judges it and records it.
    fn action(
        &mut self,
        span: Span,
        exec: &WastExecute<'_>,
        wanted: &[WastRet<'_>],
        judge: impl FnOnce(Result<Vec<Value>, Trap>) -> Outcome,
    ) {
        let module = match exec {
            WastExecute::Invoke(invoke) => invoke.module,
            WastExecute::Get { module, .. } => *module,
            WastExecute::Wat(_) => {
                let outcome = Outcome::Failed("a module where an action was expected".to_owned());
                return self.record_plain(span, Check::Executed, outcome);
            }
        };
        let instance = match self.slot(module) {
            Slot::Live(instance) => instance,
            Slot::Skipped(reason) => {
                return self.record_plain(span, Check::Executed, Outcome::Skipped(reason));
            }
            Slot::Broken => {
                let outcome = Outcome::Failed("its module failed".to_owned());
                return self.record_plain(span, Check::Executed, outcome);
            }
            Slot::Absent => {
                let outcome = Outcome::Failed("no such module".to_owned());
                return self.record_plain(span, Check::Executed, outcome);
            }
        };
        if let Some(losses) = instance.stripped {
            let outcome = self.stripped_action(instance, losses, exec, wanted, judge);
            return self.record(span, Check::Stripped, outcome);
        }
        let outcome = match self.perform(instance.id, exec) {
            Action::Done(done) => judge(done),
            Action::Judged(outcome) => outcome,
        };
        self.record_plain(span, Check::Executed, outcome);
    }

    fn perform(&mut self, instance: InstanceId, exec: &WastExecute<'_>) -> Action {
        let failed = |text: String| Action::Judged(Outcome::Failed(text));
        match exec {
            WastExecute::Invoke(WastInvoke { name, args, .. }) => {
                let values: Option<Vec<Value>> = args.iter().map(matching::argument).collect();
                let Some(values) = values else {
                    return failed(format!("argument of a type we do not have: {args:?}"));
                };
                match self.machine.invoke(instance, name, &values) {
                    Some(done) => Action::Done(done),
                    None => failed(format!("no function `{name}` is exported")),
                }
            }
            WastExecute::Get { global, .. } => match self.machine.global(instance, global) {
                Some(value) => Action::Done(Ok(vec![value])),
                None => failed(format!("no global `{global}` is exported")),
            },
            WastExecute::Wat(_) => failed("a module where an action was expected".to_owned()),
        }
    }

    /// An action on a float-stripped instance, judged when it reached no body that was taken out.
    fn stripped_action(
        &mut self,
        instance: Instance,
        losses: Losses,
        exec: &WastExecute<'_>,
        wanted: &[WastRet<'_>],
        judge: impl FnOnce(Result<Vec<Value>, Trap>) -> Outcome,
    ) -> Outcome {
        let skipped = |why: &str| Outcome::Skipped(format!("float-stripped: {why}"));
        if wanted.iter().any(matching::is_nan_pattern) {
            return skipped("a NaN with open bits");
        }
        if self.astray.contains(&instance.id) {
            return skipped("state that a float operator was to change");
        }
        let before = self.stripped_calls(instance);
        let action = self.perform(instance.id, exec);
        if self.stripped_calls(instance) != before {
            if losses.effects {
                self.astray.insert(instance.id);
            }
            return skipped("reaches a float operator");
        }
        match action {
            Action::Done(done) => judge(done),
            Action::Judged(outcome) => outcome,
        }
    }

    fn stripped_calls(&self, instance: Instance) -> Option<Value> {
        self.machine.global(instance.id, strip::COUNTER)
    }
}

/// Is it the trap that the script means? Scripts shorten some texts and lengthen others.
fn judge_trap(trap: Trap, message: &str) -> Outcome {
    let text = trap.to_string();
    if text.starts_with(message) || message.starts_with(&text) {
        return Outcome::Passed;
    }
    Outcome::Failed(format!("trapped: {text}, wanted `{message}`"))
}
