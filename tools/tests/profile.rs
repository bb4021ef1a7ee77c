//! Profiles add up to the gas of the VM's outputs, and recording changes no output.

use std::path::{Path, PathBuf};

use arwen_interface::{BlockchainHook, CallInput, CreateInput, ReturnCode, VmOutput};
use arwen_scenario::model::GasSchedule;
use arwen_scenario::run::{MachineError, VmMachine};
use arwen_scenario::{Machine, Runner, suite};
use arwen_tools::machine::RecordingMachine;
use arwen_tools::profile::{Profile, Row};
use arwen_tools::record::{Part, Tree};

/// Records, and compares every output with that of compiled code.
struct Compared {
    recording: RecordingMachine,
    plain: VmMachine,
    /// Gas of all outputs.
    used: i128,
    /// Whether a callback was among the runs: then the reference's rule loses the gas locked for it.
    failed: u64,
}

impl Compared {
    fn new() -> Self {
        Self {
            recording: RecordingMachine::new().expect("a VM"),
            plain: VmMachine::jit().expect("a VM"),
            used: 0,
            failed: 0,
        }
    }

    fn check(
        &mut self,
        provided: u64,
        outputs: [Result<VmOutput, MachineError>; 2],
    ) -> Result<VmOutput, MachineError> {
        let [recorded, plain] = outputs;
        assert_eq!(recorded, plain, "recording changes the output");
        if let Ok(output) = &plain {
            self.used += i128::from(provided) - i128::from(output.gas_remaining);
            self.failed += u64::from(output.return_code != ReturnCode::Ok);
        }
        plain
    }
}

impl Machine for Compared {
    fn set_schedule(&mut self, schedule: GasSchedule) -> Result<(), MachineError> {
        self.plain.set_schedule(schedule)?;
        self.recording.set_schedule(schedule)
    }

    fn create(
        &mut self,
        node: &mut dyn BlockchainHook,
        input: &CreateInput,
    ) -> Result<VmOutput, MachineError> {
        let outputs = [self.recording.create(node, input), self.plain.create(node, input)];
        self.check(input.vm_input.gas_provided, outputs)
    }

    fn call(&mut self, node: &mut dyn BlockchainHook, input: &CallInput) -> Result<VmOutput, MachineError> {
        let outputs = [self.recording.call(node, input), self.plain.call(node, input)];
        self.check(input.vm_input.gas_provided, outputs)
    }
}

/// Runs every scenario below a folder on its own and checks its profile; gives how many used gas.
fn profiles_of(folder: &Path) -> usize {
    let cases = suite::discover(&[folder.to_owned()]).expect("scenarios");
    let mut with_gas = 0;
    for case in &cases {
        let mut runner = Runner::new(Compared::new());
        // Some of the shared scenarios are there to fail.
        let _ = runner.run_file(&case.path, case.schedule);
        let machine = runner.machine();
        let recorder = machine.recording.recorder();
        assert_eq!(recorder.total(), machine.used, "{}: total", case.name);
        let tree = recorder.tree();
        assert_eq!(tree.total(Tree::ROOT), machine.used, "{}: tree", case.name);
        let mut unexplained = Vec::new();
        tree.walk(Tree::ROOT, &mut |_, node| {
            if matches!(node.part, Part::Outside | Part::Kept) {
                unexplained.push((node.part.clone(), node.gas));
            }
        });
        assert!(unexplained.is_empty(), "{}: {unexplained:?}", case.name);
        sums(&Profile::of(recorder), &case.name);
        with_gas += usize::from(machine.used > 0);
    }
    with_gas
}

fn sums(profile: &Profile, name: &str) {
    let sum = |rows: &[Row]| rows.iter().map(|row| row.gas).sum::<i128>();
    let of = |what: &str| {
        let row = profile.uses.iter().find(|row| row.name == what);
        row.map_or(0, |row| row.gas)
    };
    assert_eq!(sum(&profile.uses), profile.total, "{name}: uses");
    let operators = of("operators");
    assert_eq!(sum(&profile.functions), operators, "{name}: functions");
    assert_eq!(sum(&profile.operator_groups), operators, "{name}: groups");
    assert_eq!(sum(&profile.operators), operators, "{name}: operators");
    assert_eq!(sum(&profile.lines), operators, "{name}: lines");
    assert_eq!(
        sum(&profile.host_functions),
        of("host functions"),
        "{name}: host functions"
    );
    assert_eq!(
        of("calls"),
        0,
        "{name}: gas of a call that is nothing in particular"
    );
    let text = profile.to_json().expect("JSON");
    assert_eq!(Profile::from_json(&text).as_ref(), Ok(profile), "{name}: JSON");
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn profiles_of_the_examples_add_up() {
    assert!(profiles_of(&root().join("examples")) > 5);
}

#[test]
fn profiles_of_shared_scenarios_add_up() {
    let shared = root().join("../shared/conformance/scenarios");
    // The data are not part of the project; without them the examples must do.
    if shared.is_dir() {
        let with_gas = profiles_of(&shared);
        assert!(with_gas > 200, "{with_gas} scenarios used gas");
    }
}
