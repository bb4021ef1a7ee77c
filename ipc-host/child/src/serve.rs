//! The loop: a request, its run, its reply.

use std::any::Any;
use std::io::{Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use arwen_interface::{BlockchainHook, INTERRUPTED, VmOutput};
use arwen_ipc_host::binary;
use arwen_ipc_host::channel::{Channel, Received};
use arwen_ipc_host::error::{WireError, critical};
use arwen_ipc_host::gas_line;
use arwen_ipc_host::known::{KnownAnswers, Shelf};
use arwen_ipc_host::log::LogLevel;
use arwen_ipc_host::marshalizer::Marshalizer;
use arwen_ipc_host::messages::*;

use crate::hooks::PipeHooks;
use crate::interrupt::Interrupts;
use crate::logger::Logger;
use crate::machine::Machine;

/// The logger of the loop.
const LOGGER: &str = "arwen/part";

/// Why the loop ended.
#[derive(Debug, thiserror::Error)]
pub enum LoopEnd {
    /// The node asked for it.
    #[error("{}", critical::STOP)]
    Stop,
    /// The pipe ended, or brought something that is no message.
    #[error("{0}")]
    Wire(#[from] WireError),
    /// The VM panicked and cannot start again.
    #[error("{0}")]
    Machine(String),
}

/// Serves requests until the node stops it or the pipe ends.
pub fn serve<T: Read + Write>(
    channel: &mut Channel<T>,
    machine: &mut dyn Machine,
    delegate: bool,
    version: &str,
    logger: &Logger,
    interrupts: &Interrupts,
) -> LoopEnd {
    let mut server = Server {
        channel,
        machine,
        delegate,
        version,
        logger,
        interrupts,
        dialogue: 0,
        shelf: Shelf::default(),
    };
    loop {
        if let Err(end) = server.turn() {
            logger.log(
                LogLevel::Info,
                LOGGER,
                "end of loop",
                &[("err", &end.to_string())],
            );
            return end;
        }
        server.machine.give_back();
    }
}

struct Server<'a, T> {
    channel: &'a mut Channel<T>,
    machine: &'a mut dyn Machine,
    delegate: bool,
    version: &'a str,
    logger: &'a Logger,
    interrupts: &'a Interrupts,
    /// Counts requests, so that orders to stop one find it.
    dialogue: u64,
    shelf: Shelf,
}

impl<T: Read + Write> Server<'_, T> {
    /// One dialogue.
    fn turn(&mut self) -> Result<(), LoopEnd> {
        self.channel.reset();
        let Received { body, dialect, .. } = self.channel.receive()?;
        self.dialogue += 1;
        match &body {
            Body::ContractDeployRequest(ContractDeployRequest { profiles, .. })
            | Body::ContractCallRequest(ContractCallRequest { profiles, .. })
                if *profiles != 0 =>
            {
                self.logger.follow_to(*profiles);
            }
            _ => self.logger.follow(),
        }
        if let Some(dialect) = dialect {
            self.channel.dialect = dialect;
        }
        match body {
            Body::Stop(_) => Err(LoopEnd::Stop),
            Body::ContractDeployRequest(ContractDeployRequest {
                create_input, known, ..
            }) => {
                let Some(input) = create_input else {
                    return self.reply_output(Err(no_input()), vec![]);
                };
                let (result, unused) = self.run(&known, |machine, hook| machine.create(hook, &input))?;
                self.reply_output(result, unused)
            }
            Body::ContractCallRequest(ContractCallRequest {
                call_input, known, ..
            }) => {
                let Some(input) = call_input else {
                    return self.reply_output(Err(no_input()), vec![]);
                };
                let (result, unused) = self.run(&known, |machine, hook| machine.call(hook, &input))?;
                self.reply_output(result, unused)
            }
            Body::GasScheduleChangeRequest(GasScheduleChangeRequest { gas_schedule }) => {
                let error = match self.machine.set_schedule(&gas_schedule) {
                    Ok(unknown) => {
                        log_unknown_prices(self.logger, &unknown);
                        String::new()
                    }
                    Err(error) => error,
                };
                self.reply(&GasScheduleChangeResponse {}, &error)
            }
            Body::DiagnoseWaitRequest(DiagnoseWaitRequest { milliseconds }) => {
                let time = Duration::from_millis(u64::from(milliseconds));
                let error = match self.interrupts.wait(self.dialogue, time) {
                    true => INTERRUPTED,
                    false => "",
                };
                self.reply(&DiagnoseWaitResponse {}, error)
            }
            Body::VersionRequest(VersionRequest { binary_tables }) => {
                let agreed = binary_tables == binary::fingerprint();
                let reply = VersionResponse {
                    version: self.version.to_owned(),
                    binary_tables: if agreed { binary_tables } else { 0 },
                };
                self.reply(&reply, "")?;
                if agreed {
                    self.channel.marshalizer = Marshalizer::Binary;
                }
                Ok(())
            }
            other => {
                let kind = other.kind().to_string();
                self.logger
                    .log(LogLevel::Error, LOGGER, "noopReplier called", &[("kind", &kind)]);
                self.reply(&UndefinedRequestOrResponse {}, "")
            }
        }
    }

    /// Runs the VM. A panic is a bug of ours that must cost one call and no more. Returns the result, and which of the
    /// known answers were of no use.
    fn run(
        &mut self,
        known: &[u8],
        work: impl FnOnce(&mut dyn Machine, &mut dyn BlockchainHook) -> Result<VmOutput, String>,
    ) -> Result<(Result<VmOutput, String>, Vec<u32>), LoopEnd> {
        let interrupt = self.machine.interrupt();
        let known = KnownAnswers::new(known, &mut self.shelf);
        let raise = || interrupt.raise();
        let mut hooks = PipeHooks::new(self.channel, self.delegate, &raise, known);
        let running = self.interrupts.begin(self.dialogue, interrupt.clone());
        let result = catch_unwind(AssertUnwindSafe(|| work(self.machine, &mut hooks)));
        drop(running);
        let unused = hooks.finish()?;
        match result {
            Ok(result) => {
                if let Some(gas) = self.machine.last_run_gas().filter(|_| self.logger.wants_gas()) {
                    let values = [gas.loading, gas.operators, gas.api].map(|value| value.to_string());
                    let args = std::iter::zip(gas_line::KEYS, values.iter().map(String::as_str));
                    let args: Vec<_> = args.collect();
                    self.logger
                        .log(LogLevel::Trace, gas_line::LOGGER, gas_line::MESSAGE, &args);
                    // The driver looks for the line when the reply is there.
                    self.logger.flush();
                }
                Ok((result, unused))
            }
            Err(panic) => {
                let text = format!("internal error: {}", panic_text(&*panic));
                self.logger
                    .log(LogLevel::Error, LOGGER, "the VM panicked", &[("err", &text)]);
                self.machine.recover().map_err(LoopEnd::Machine)?;
                Ok((Err(text), unused))
            }
        }
    }

    fn reply_output(&mut self, result: Result<VmOutput, String>, unused: Vec<u32>) -> Result<(), LoopEnd> {
        let (output, error) = match result {
            Ok(output) => (Some(output), String::new()),
            Err(error) => (None, error),
        };
        self.reply(&ContractResponse { output, unused }, &error)
    }

    fn reply<M: Message>(&mut self, message: &M, error: &str) -> Result<(), LoopEnd> {
        match self.channel.send(message, error) {
            // Nothing was written: the node can still be told why.
            Err(unsent) if unsent.is_unsent() => Ok(self
                .channel
                .send_body(&Body::empty(M::KIND), &unsent.to_string())?),
            result => Ok(result?),
        }
    }
}

fn no_input() -> String {
    "the request has no input".to_owned()
}

/// Prices nobody reads may be misspelled ones.
pub fn log_unknown_prices(logger: &Logger, unknown: &[String]) {
    for text in unknown {
        logger.log(LogLevel::Debug, LOGGER, "gas schedule", &[("unknown", text)]);
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (_, Some(text)) => text,
        _ => "panic",
    }
}
