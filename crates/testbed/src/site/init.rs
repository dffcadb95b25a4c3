//! The init of a site starts processes, sends them signals, passes on what they say, and tells how they ended.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{SyncSender, TrySendError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use rustix::io::Errno;
use rustix::mount::{MountFlags, mount};
use rustix::process::{Pid, Signal as Sent, WaitId, WaitIdOptions, kill_process, waitid};

use super::logs::Logs;
use super::{ARGUMENT, SELF, control, monotonic_ns, pipes, sibling, tree};
use crate::protocol::{Exit, Order, OutputEnd, Report, Signal, Spawn, User, read_frame, write_frame};

/// A process that runs, as far as is known.
struct Running {
    pid: u32,
    input: Option<SyncSender<Vec<u8>>>,
}

/// What the threads of an init share.
#[derive(Clone)]
struct Init {
    to_testbed: Arc<Mutex<UnixStream>>,
    running: Arc<Mutex<BTreeMap<u32, Running>>>,
    logs: Logs,
    is_machine: Machine,
}

/// Whether the site is the machine itself, where nobody kills what is left behind but we.
#[derive(Clone, Copy, PartialEq)]
enum Machine {
    Yes,
    No,
}

pub(super) fn main(arguments: &[OsString]) -> io::Result<()> {
    let is_machine =
        if arguments.first().is_some_and(|ground| ground == "machine") { Machine::Yes } else { Machine::No };
    rustix::process::set_parent_process_death_signal(Some(Sent::KILL))?;
    let mut keeper = sibling()?;
    keeper.write_all(&[1])?;
    keeper.read_exact(&mut [0])?; // If the keeper ended before it could take us with it, this fails.
    if is_machine == Machine::Yes {
        rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
    } else {
        // So that processes see themselves as they are numbered here. A container may refuse it.
        let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
        let _ = mount("proc", "/proc", "proc", flags, None);
        // What servers share there would be left behind by a kill.
        let _ = mount("tmpfs", "/dev/shm", "tmpfs", flags, None);
    }
    let orders = control()?;
    let to_testbed = Arc::new(Mutex::new(orders.try_clone()?));
    let init = Init { to_testbed, running: Arc::default(), logs: Logs::looked_after(), is_machine };
    init.report(&Report::Ready { tree: tree::kind() });
    while let Ok(Some(frame)) = read_frame(&orders) {
        let Some(order) = Order::decode(&frame) else { break };
        init.obey(order);
    }
    if is_machine == Machine::Yes {
        tree::kill_descendants();
    }
    Ok(())
}

impl Init {
    fn obey(&self, order: Order) {
        match order {
            Order::Spawn(spawn) => {
                let process = spawn.process;
                if let Err(error) = self.spawn(spawn) {
                    let reason = error.to_string().into_bytes();
                    self.report(&Report::NotStarted { process, reason });
                }
            }
            Order::Signal { process, signal } => self.signal(process, signal),
            Order::Input { process, bytes } => self.input(process, bytes),
            Order::EndInput { process } => {
                if let Some(running) = self.running().get_mut(&process) {
                    running.input = None;
                }
            }
            Order::PowerOff => self.power_off(),
        }
    }

    fn spawn(&self, spawn: Spawn) -> io::Result<()> {
        let folder = Path::new(OsStr::from_bytes(&spawn.folder));
        fs::create_dir_all(folder)?;
        let log = self.logs.open(Path::new(OsStr::from_bytes(&spawn.log)))?;
        let mut command = self.command(&spawn);
        command.current_dir(folder).process_group(0).stderr(log.try_clone()?);
        match spawn.lines {
            Some(_) => command.stdin(Stdio::piped()).stdout(Stdio::piped()),
            None => command.stdin(Stdio::null()).stdout(log),
        };
        let process = spawn.process;
        // Held until the start is told, so that the end is told after it.
        let mut running = self.running();
        let mut child = command.spawn()?;
        let input = child.stdin.take().map(pipes::feed);
        let output = child.stdout.take();
        running.insert(process, Running { pid: child.id(), input });
        self.report(&Report::Started { process, pid: child.id() });
        drop(running);
        if let (Some(output), Some(most)) = (output, spawn.lines) {
            let init = self.clone();
            thread::spawn(move || {
                let line = |at_ns, bytes| init.report(&Report::Line { process, at_ns, bytes });
                let why = pipes::listen(output, most, line);
                init.report(&Report::OutputEnded { process, why });
            });
        }
        let init = self.clone();
        thread::spawn(move || init.wait(process, child));
        Ok(())
    }

    /// The program, or what becomes the program.
    fn command(&self, spawn: &Spawn) -> Command {
        let program = OsStr::from_bytes(&spawn.program);
        let mut command = match (spawn.user, self.is_machine) {
            (User::Same, Machine::No) => Command::new(program),
            (user, is_machine) => {
                let mut command = Command::new(SELF);
                let ground = if is_machine == Machine::Yes { "machine" } else { "namespaces" };
                let user = if user == User::NotRoot { "notroot" } else { "same" };
                command.args([ARGUMENT, "exec", ground, user]).arg(program);
                command
            }
        };
        command.args(spawn.arguments.iter().map(|argument| OsStr::from_bytes(argument)));
        command.env_clear();
        let pairs = spawn.environment.iter();
        command.envs(pairs.map(|(name, value)| (OsStr::from_bytes(name), OsStr::from_bytes(value))));
        command
    }

    /// Until a process ends.
    fn wait(&self, process: u32, mut child: Child) {
        // Its number is its own until it is taken off the list: who signals looks there, and must not meet another process.
        if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
            let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            while matches!(waitid(WaitId::Pid(pid), options), Err(Errno::INTR)) {}
        }
        let at_ns = monotonic_ns();
        let mut running = self.running();
        let status = child.wait();
        let exit = match status.ok().map(|status| (status.code(), status.signal())) {
            Some((Some(code), _)) => Exit::Status(u8::try_from(code).unwrap_or(u8::MAX)),
            Some((None, Some(signal))) => Exit::Signal(u8::try_from(signal).unwrap_or(u8::MAX)),
            _ => Exit::Status(u8::MAX),
        };
        let ended = running.remove(&process);
        if let (Some(Running { pid, .. }), Machine::Yes) = (ended, self.is_machine) {
            // What libfaketime leaves behind at a kill; where there are namespaces it goes with the site.
            for name in ["faketime_shm", "sem.faketime_sem"] {
                let _ = fs::remove_file(format!("/dev/shm/{name}_{pid}"));
            }
        }
        let known: BTreeSet<u32> = running.values().map(|running| running.pid).collect();
        tree::reap_orphans(&known);
        self.report(&Report::Ended { process, at_ns, exit });
    }

    fn signal(&self, process: u32, signal: Signal) {
        // A process whose number may be another's is no longer in the table.
        let running = self.running();
        let Some(pid) = running.get(&process).map(|running| running.pid) else { return };
        let alone = |signal| {
            if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
                let _ = kill_process(pid, signal);
            }
        };
        match signal {
            Signal::Kill => tree::send(pid, Sent::KILL),
            Signal::Pause => tree::send(pid, Sent::STOP),
            Signal::Resume => tree::send(pid, Sent::CONT),
            Signal::Terminate => alone(Sent::TERM),
            Signal::Interrupt => alone(Sent::INT),
        }
    }

    fn input(&self, process: u32, bytes: Vec<u8>) {
        let mut all = self.running();
        let Some(running) = all.get_mut(&process) else { return };
        let Some(input) = &running.input else { return };
        if let Err(TrySendError::Full(_)) = input.try_send(bytes) {
            running.input = None;
            self.report(&Report::OutputEnded { process, why: OutputEnd::InputStuck });
        }
    }

    fn power_off(&self) {
        let running = self.running();
        for running in running.values() {
            tree::send(running.pid, Sent::KILL);
        }
        if self.is_machine == Machine::No {
            tree::kill_all();
        }
    }

    /// What cannot be told is lost: then the testbed is gone, and so are we in a moment.
    fn report(&self, report: &Report) {
        let to_testbed = self.to_testbed.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = write_frame(&*to_testbed, &report.encode());
    }

    fn running(&self) -> MutexGuard<'_, BTreeMap<u32, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
