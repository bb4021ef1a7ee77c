//! What to run: `run.toml`.

use std::fs;
use std::path::{Path, PathBuf};

use arwen_interface::{ADDRESS_LEN, BigInt, Bytes};
use arwen_ipc_host::records::GasSchedule;
use arwen_metering::Schedule;
use arwen_scenario::expr::Interpreter;
use arwen_scenario::files::{Directory, Files};
use num_bigint::Sign;
use serde::Deserialize;

/// The file a folder's job is in.
const FILE_NAME: &str = "run.toml";

/// Who acts when a step does not say.
const DEFAULT_CALLER: &str = "address:owner";

/// Upgradeable and readable, and payable; what deployed code may be unless a job says otherwise.
const CODE_METADATA: [u8; 2] = [5, 2];

/// Why a job cannot be run: which file, what in it.
#[derive(Debug, thiserror::Error)]
#[error("{}: {what}", path.display())]
pub struct JobError {
    path: PathBuf,
    what: String,
}

/// A job, with all its values evaluated.
#[derive(Debug)]
pub struct Job {
    /// The contract's name.
    pub wasm_name: String,
    /// The contract.
    pub code: Bytes,
    /// The prices' name.
    pub schedule_name: String,
    /// The prices.
    pub schedule: GasSchedule,
    /// The deployment.
    pub deploy: Step,
    /// The calls.
    pub calls: Vec<Step>,
}

/// A deployment or a call.
#[derive(Debug)]
pub struct Step {
    /// The function; none for a deployment.
    pub function: Option<String>,
    /// Who acts, as the file says it.
    pub caller_text: String,
    /// Who acts.
    pub caller: Bytes,
    /// The arguments, as the file says them.
    pub argument_texts: Vec<String>,
    /// The arguments.
    pub arguments: Vec<Bytes>,
    /// The EGLD that comes with it, in its smallest unit.
    pub value: BigInt,
    /// The gas it may use.
    pub gas_limit: u64,
    /// The metadata of deployed code.
    pub code_metadata: Bytes,
    /// What must come out.
    pub expect: Expect,
}

/// What must come out of a step.
#[derive(Debug, Default)]
pub struct Expect {
    /// The return code.
    pub status: u64,
    /// The return data, when it matters.
    pub out: Option<Vec<Bytes>>,
    /// The return message, when it matters.
    pub message: Option<Bytes>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    wasm: String,
    gas_schedule: Option<String>,
    gas_limit: u64,
    #[serde(default)]
    deploy: StepFile,
    #[serde(default)]
    call: Vec<StepFile>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct StepFile {
    function: Option<String>,
    caller: Option<String>,
    #[serde(default)]
    arguments: Vec<String>,
    value: Option<String>,
    gas_limit: Option<u64>,
    code_metadata: Option<String>,
    expect: Option<ExpectFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectFile {
    status: Option<String>,
    out: Option<Vec<String>>,
    message: Option<String>,
}

impl Job {
    /// Reads the job at `path`, a folder or a file.
    ///
    /// # Errors
    /// A file cannot be read, or a value in it cannot be understood.
    pub fn read(path: &Path) -> Result<Self, JobError> {
        let path = if path.is_dir() {
            path.join(FILE_NAME)
        } else {
            path.to_owned()
        };
        let fail = |what: String| JobError {
            path: path.clone(),
            what,
        };
        let text = fs::read_to_string(&path).map_err(|error| fail(error.to_string()))?;
        let file: File = toml::from_str(&text).map_err(|error| fail(error.to_string()))?;
        let files = Directory::of_file(&path);
        let code = files.read(&file.wasm).map_err(&fail)?;
        let schedule_name = file.gas_schedule.unwrap_or_else(|| "v3".into());
        let schedule = Schedule::bundled_raw(&schedule_name).ok_or_else(|| {
            let known: Vec<_> = Schedule::bundled_names().collect();
            fail(format!(
                "no gas schedule {schedule_name:?}; there are {}",
                known.join(", ")
            ))
        })?;
        let reader = Reader {
            interpreter: Interpreter::new(&files),
            gas_limit: file.gas_limit,
        };
        let deploy = reader
            .step(&file.deploy, true)
            .map_err(|what| fail(format!("deploy: {what}")))?;
        let calls = file.call.iter().enumerate().map(|(index, step)| {
            reader
                .step(step, false)
                .map_err(|what| fail(format!("call {}: {what}", index + 1)))
        });
        let calls = calls.collect::<Result<_, _>>()?;
        Ok(Self {
            wasm_name: file.wasm,
            code,
            schedule_name,
            schedule,
            deploy,
            calls,
        })
    }
}

struct Reader<'a> {
    interpreter: Interpreter<'a>,
    gas_limit: u64,
}

impl Reader<'_> {
    fn value(&self, what: &str, text: &str) -> Result<Bytes, String> {
        self.interpreter
            .string(text)
            .map_err(|error| format!("{what} {text:?}: {error}"))
    }

    fn values(&self, what: &str, texts: &[String]) -> Result<Vec<Bytes>, String> {
        texts.iter().map(|text| self.value(what, text)).collect()
    }

    fn step(&self, file: &StepFile, deployment: bool) -> Result<Step, String> {
        if deployment && file.function.is_some() {
            return Err("a deployment calls no function but init".into());
        }
        if !deployment && file.function.is_none() {
            return Err("function is missing".into());
        }
        let caller_text = file.caller.as_deref().unwrap_or(DEFAULT_CALLER);
        let caller = self.value("caller", caller_text)?;
        if caller.len() != ADDRESS_LEN {
            return Err(format!(
                "caller {caller_text:?} has {} bytes, not {ADDRESS_LEN}",
                caller.len()
            ));
        }
        let value = self.value("value", file.value.as_deref().unwrap_or_default())?;
        let code_metadata = match &file.code_metadata {
            Some(text) => self.value("code-metadata", text)?,
            None => CODE_METADATA.to_vec(),
        };
        Ok(Step {
            function: file.function.clone(),
            caller_text: caller_text.to_owned(),
            caller,
            argument_texts: file.arguments.clone(),
            arguments: self.values("argument", &file.arguments)?,
            value: BigInt::from_bytes_be(Sign::Plus, &value),
            gas_limit: file.gas_limit.unwrap_or(self.gas_limit),
            code_metadata,
            expect: file
                .expect
                .as_ref()
                .map(|expect| self.expect(expect))
                .transpose()?
                .unwrap_or_default(),
        })
    }

    fn expect(&self, file: &ExpectFile) -> Result<Expect, String> {
        let status = self.value("status", file.status.as_deref().unwrap_or_default())?;
        let status = u64::try_from(BigInt::from_bytes_be(Sign::Plus, &status))
            .map_err(|_| "status is no return code".to_owned())?;
        Ok(Expect {
            status,
            out: file
                .out
                .as_ref()
                .map(|texts| self.values("out", texts))
                .transpose()?,
            message: file
                .message
                .as_ref()
                .map(|text| self.value("message", text))
                .transpose()?,
        })
    }
}
