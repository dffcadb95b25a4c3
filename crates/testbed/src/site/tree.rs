//! Which processes descend from which, read from `/proc`, and how all of them are sent a signal.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitOptions, kill_process, kill_process_group, waitpid};

use crate::protocol::Tree;

/// A process as `/proc/PID/stat` has it.
struct Entry {
    pid: u32,
    parent: u32,
    group: u32,
    is_zombie: IsZombie,
}

#[derive(PartialEq)]
enum IsZombie {
    Yes,
    No,
}

/// How often the tree is read again while it grows.
const ROUNDS_MAX: usize = 64;

/// Whether `/proc` shows the processes as this process numbers them.
pub(super) fn kind() -> Tree {
    let shown = fs::read_link("/proc/self").ok();
    let shown = shown.as_deref().and_then(Path::to_str).and_then(|pid| pid.parse().ok());
    if shown == Some(std::process::id()) { Tree::Seen } else { Tree::GroupsOnly }
}

/// Sends a signal to a process, its group and all that descend from it.
///
/// All are stopped before the first is killed, so that none makes another meanwhile. Who has left the group and lost its
/// parent before is not found.
pub(super) fn send(root: u32, signal: Signal) {
    if kind() == Tree::GroupsOnly {
        let _ = kernels(root).map(|pid| kill_process_group(pid, signal));
        return;
    }
    let members = if signal == Signal::CONT { members(root) } else { stopped(root) };
    if signal != Signal::STOP {
        signal_each(&members, signal);
    }
    if signal == Signal::KILL {
        await_end(&members);
    }
}

/// Waits until processes that were killed have ended, so that whoever starts them again does not meet them; not for ever,
/// as one may be stuck in the kernel.
fn await_end(members: &BTreeSet<u32>) {
    const TRIES_MAX: usize = 2_000;
    for _ in 0..TRIES_MAX {
        let live = |entry: &Entry| entry.is_zombie == IsZombie::No && members.contains(&entry.pid);
        if !entries().iter().any(live) {
            return;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Stops a process and all that belong to it.
fn stopped(root: u32) -> BTreeSet<u32> {
    let mut known = BTreeSet::new();
    for _ in 0..ROUNDS_MAX {
        let new: BTreeSet<u32> = members(root).difference(&known).copied().collect();
        if new.is_empty() {
            break;
        }
        signal_each(&new, Signal::STOP);
        known.extend(new);
    }
    known
}

/// Kills all that descend from this process, which is to be the one that takes orphans in, until there is none.
///
/// Only the kernel knows that there is none: who reads `/proc` may miss one whose parent ends meanwhile.
pub(super) fn kill_descendants() {
    const TRIES_MAX: usize = 5_000;
    for _ in 0..TRIES_MAX {
        let below = descendants(std::process::id(), &entries());
        signal_each(&below, Signal::STOP);
        signal_each(&descendants(std::process::id(), &entries()), Signal::KILL);
        signal_each(&below, Signal::KILL);
        loop {
            match waitpid(None, WaitOptions::NOHANG) {
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(_) => return,
            }
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Kills all processes of the machine that were started on the testbed of this folder, as their environment says: what is
/// left where there are no namespaces and who should have taken it with them are gone.
pub(crate) fn kill_marked(folder: &Path) {
    let mark = [MARK.as_bytes(), b"=", folder.as_os_str().as_bytes()].concat();
    for _ in 0..ROUNDS_MAX {
        let pids =
            entries().into_iter().filter(|entry| entry.is_zombie == IsZombie::No).map(|entry| entry.pid);
        let is_marked = |pid: &u32| {
            let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environment.split(|byte| *byte == 0).any(|variable| variable == mark)
        };
        let marked: BTreeSet<u32> = pids.filter(is_marked).collect();
        if marked.is_empty() {
            return;
        }
        signal_each(&marked, Signal::KILL);
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// The variable that names the folder of its testbed to each process.
pub(crate) const MARK: &str = "CONSTELLATION_TESTBED";

/// Kills all processes of a pid namespace except its first, which is to be the caller.
pub(super) fn kill_all() {
    // -1 is all that may be signalled, less process 1 and the caller.
    let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(-1), nix::sys::signal::Signal::SIGKILL);
}

/// Waits for the children that ended and that nobody else waits for: those whose own parents ended before.
pub(super) fn reap_orphans(known: &BTreeSet<u32>) {
    let own = std::process::id();
    for entry in entries() {
        if entry.parent == own && entry.is_zombie == IsZombie::Yes && !known.contains(&entry.pid) {
            let _ = kernels(entry.pid).map(|pid| waitpid(Some(pid), WaitOptions::NOHANG));
        }
    }
}

/// The process itself, who is in its group, and who descends from any of them.
fn members(root: u32) -> BTreeSet<u32> {
    let entries = entries();
    let mut members: BTreeSet<u32> = [root].into();
    members.extend(entries.iter().filter(|entry| entry.group == root).map(|entry| entry.pid));
    for pid in members.clone() {
        members.extend(descendants(pid, &entries));
    }
    members
}

fn descendants(root: u32, entries: &[Entry]) -> BTreeSet<u32> {
    let mut found = BTreeSet::new();
    let mut open = vec![root];
    while let Some(parent) = open.pop() {
        for entry in entries.iter().filter(|entry| entry.parent == parent) {
            if found.insert(entry.pid) {
                open.push(entry.pid);
            }
        }
    }
    found
}

fn entries() -> Vec<Entry> {
    let Ok(folder) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = folder.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    // Who ended between the two reads is no entry.
    pids.filter_map(|pid| parse(pid, &fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)).collect()
}

/// The name of a program, in parentheses, may hold anything, a parenthesis too.
fn parse(pid: u32, stat: &str) -> Option<Entry> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    let group = fields.next()?.parse().ok()?;
    let is_zombie = if state == "Z" { IsZombie::Yes } else { IsZombie::No };
    Some(Entry { pid, parent, group, is_zombie })
}

fn signal_each(pids: &BTreeSet<u32>, signal: Signal) {
    for pid in pids {
        let _ = kernels(*pid).map(|pid| kill_process(pid, signal));
    }
}

/// The number as the kernel takes it; none for process 1, which would be ourselves.
fn kernels(pid: u32) -> Option<Pid> {
    i32::try_from(pid).ok().filter(|pid| *pid > 1).and_then(Pid::from_raw)
}

/// Removes a folder with all that is in it, even if others do the same or still write to it for a moment. Whether it is
/// gone.
pub(crate) fn clear(folder: &Path) -> bool {
    const TRIES_MAX: usize = 100;
    for _ in 0..TRIES_MAX {
        let _ = fs::remove_dir_all(folder);
        if !folder.exists() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    false
}
