//! A disk that fails in the middle of a command: at each of its operations, in each way.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use arwen_interface::Bytes;
use arwen_scenario::run::VmMachine;
use arwen_world::{
    Account, Command, Deployment, Gas, LocalWorld, Settings, StorageBackend, Transaction, WorldError,
};

/// A file, as programs see it and as it is on the disk.
#[derive(Clone, Debug, Default)]
struct File {
    /// What programs read: all that was written.
    seen: Vec<u8>,
    /// What is on the disk for certain: all that was written before the last sync.
    safe: Vec<u8>,
    /// What was written since, in order.
    unsafe_writes: Vec<Write>,
    /// Operations until the disk fails for good.
    left: usize,
}

#[derive(Clone, Debug)]
enum Write {
    Bytes(usize, Vec<u8>),
    Length(usize),
}

impl Write {
    fn apply(&self, to: &mut Vec<u8>) {
        match self {
            Self::Length(length) => to.resize(*length, 0),
            Self::Bytes(offset, bytes) => {
                let end = offset + bytes.len();
                to.resize(to.len().max(end), 0);
                to[*offset..end].copy_from_slice(bytes);
            }
        }
    }
}

#[derive(Clone, Debug)]
struct Disk(Arc<Mutex<File>>);

impl Disk {
    fn new(contents: Vec<u8>, left: usize) -> Self {
        Self(Arc::new(Mutex::new(File {
            seen: contents.clone(),
            safe: contents,
            unsafe_writes: Vec::new(),
            left,
        })))
    }

    fn change(&self, change: impl FnOnce(&mut File)) -> io::Result<()> {
        let mut file = self.0.lock().expect("a lock");
        file.left = file
            .left
            .checked_sub(1)
            .ok_or_else(|| io::Error::other("the disk has failed"))?;
        change(&mut file);
        Ok(())
    }

    fn write(&self, write: Write) -> io::Result<()> {
        self.change(|file| {
            write.apply(&mut file.seen);
            file.unsafe_writes.push(write);
        })
    }

    /// What may be found on it afterwards: all writes, when only the process ended; none since the last sync; or some.
    fn leftovers(&self) -> [Vec<u8>; 4] {
        let file = self.0.lock().expect("a lock");
        let some = |wanted: fn(usize) -> bool| {
            let mut contents = file.safe.clone();
            let kept = file.unsafe_writes.iter().enumerate();
            kept.filter(|(index, _)| wanted(*index))
                .for_each(|(_, write)| write.apply(&mut contents));
            contents
        };
        [
            file.seen.clone(),
            file.safe.clone(),
            some(|index| index % 2 == 0),
            some(|index| index % 2 == 1),
        ]
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.lock().expect("a lock").seen.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let (file, offset) = (self.0.lock().expect("a lock"), offset as usize);
        let bytes = file.seen.get(offset..offset + out.len());
        out.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.write(Write::Length(len as usize))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.change(|file| {
            file.safe.clone_from(&file.seen);
            file.unsafe_writes.clear();
        })
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        Disk::write(self, Write::Bytes(offset as usize, data.to_vec()))
    }
}

/// Keeps a sum in storage; writes much else with it, so that a command takes many pages.
const SUM: &str = r#"(module
  (import "env" "int64getArgument" (func $argument (param i32) (result i64)))
  (import "env" "int64storageLoad" (func $load (param i32 i32) (result i64)))
  (import "env" "int64storageStore" (func $store (param i32 i32 i64) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "sum")
  (func (export "init"))
  (func (export "add") (local $i i32)
    (drop (call $store (i32.const 0) (i32.const 3)
      (i64.add (call $load (i32.const 0) (i32.const 3)) (call $argument (i32.const 0)))))
    (loop $more
      (i32.store (i32.const 16) (local.get $i))
      (drop (call $store (i32.const 16) (i32.const 200) (i64.const 77)))
      (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 40))))))"#;

fn open(disk: Disk) -> Result<LocalWorld, WorldError> {
    LocalWorld::in_storage(Path::new("disk"), disk, Settings::default())
}

fn machine() -> VmMachine {
    VmMachine::interpreter().expect("a VM")
}

/// Accounts and steps: everything there is.
fn contents(world: &LocalWorld) -> (Vec<(Bytes, arwen_scenario::Account)>, Vec<String>) {
    let state = world.state().expect("readable");
    let steps = world.steps().expect("readable");
    (state.world.accounts.into_iter().collect(), steps)
}

#[test]
fn a_command_happens_completely_or_not_at_all_wherever_the_disk_fails() {
    let gas = Gas {
        limit: 100_000_000,
        price: 0,
    };
    let disk = Disk::new(Vec::new(), usize::MAX);
    let world = open(disk.clone()).expect("a database");
    for command in [
        Command::CreateAccount(Account {
            address: "address:a".into(),
            ..Account::default()
        }),
        Command::Deploy(Deployment {
            from: "address:a".into(),
            code: wat::parse_str(SUM).expect("a module"),
            at: Some("sc:sum".into()),
            gas,
            ..Deployment::default()
        }),
    ] {
        world.execute(&mut machine(), &command).expect("carried out");
    }
    let before = contents(&world);
    drop(world);
    let image = disk.leftovers()[0].clone();

    let add = Command::Call(Transaction {
        id: Some("once".into()),
        from: "address:a".into(),
        to: "sc:sum".into(),
        function: "add".into(),
        arguments: vec!["5".into()],
        gas,
        ..Transaction::default()
    });
    let undisturbed = open(Disk::new(image.clone(), usize::MAX)).expect("a database");
    undisturbed.execute(&mut machine(), &add).expect("carried out");
    let after = contents(&undisturbed);
    assert_ne!(before, after);

    let (mut lost, mut kept) = (0, 0);
    for left in 0.. {
        let disk = Disk::new(image.clone(), left);
        let result = open(disk.clone())
            .ok()
            .map(|world| world.execute(&mut machine(), &add).map(|_| ()));
        for (way, leftover) in disk.leftovers().into_iter().enumerate() {
            let world = open(Disk::new(leftover, usize::MAX)).expect("a database, repaired if need be");
            let found = contents(&world);
            if found == after {
                kept += 1;
            } else {
                assert!(
                    found == before,
                    "failing after {left} operations, way {way}: half a command"
                );
                assert!(
                    !matches!(result, Some(Ok(()))),
                    "failing after {left} operations, way {way}: a command was reported done and is lost"
                );
                lost += 1;
            }
            // Whoever does not know tries again, and it happens once.
            match world.execute(&mut machine(), &add) {
                Ok(_) => assert!(found == before),
                Err(WorldError::IdExists(_)) => assert!(found == after),
                Err(error) => panic!("failing after {left} operations, way {way}: {error}"),
            }
            assert!(
                contents(&world) == after,
                "failing after {left} operations, way {way}"
            );
        }
        if disk.0.lock().expect("a lock").left > 0 {
            break;
        }
    }
    assert!(lost > 0 && kept > 0, "{lost} {kept}");
}
