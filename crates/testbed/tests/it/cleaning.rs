//! Whatever dies, nothing is left behind: no process, no namespace, no device, no folder.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use constellation_fabric::{Choices, Link, Options as Answers, Question, Topic};
use constellation_sim::Seeded;
use constellation_testbed::{Mode, Testbed, TestbedError};
use constellation_trace::NodeId;

use crate::bench::{PATIENCE, SERVANT, line, on_switch, options, skipped, start};

/// A command that opened a testbed, and what belongs to it.
struct Opened {
    command: Child,
    /// What it says; it would fail if nobody listened.
    out: Option<BufReader<ChildStdout>>,
    folder: PathBuf,
    keepers: Vec<u32>,
}

impl Opened {
    /// Has a process open a testbed in a folder of its own, and waits until its servers run; `None` where that is refused.
    fn new(name: &str, mode: &str) -> Option<Opened> {
        let folder = std::env::temp_dir().join(format!("testbed-cleaning-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir(&folder).expect("a folder among the temporary ones");
        let mut command = Command::new(SERVANT);
        command.args(["open".as_ref(), folder.as_os_str(), mode.as_ref()]);
        let mut command =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the servant starts");
        let mut line = String::new();
        let mut out = command.stdout.take().map(BufReader::new).expect("its output is a pipe");
        out.read_line(&mut line).expect("it says a line");
        let Some(keepers) = line.strip_prefix("open ") else {
            command.wait().expect("it ends");
            fs::remove_dir_all(&folder).expect("the folder can be removed");
            skipped(&format!("sites on a {mode} are refused"));
            return None;
        };
        let keepers = keepers.split_whitespace().map(|pid| pid.parse().expect("a number")).collect();
        let opened = Opened { command, out: Some(out), folder, keepers };
        // Two keepers, two inits, two families, and a child of each family.
        opened.until("all run", || opened.living().len() >= 9);
        Some(opened)
    }

    /// The processes that have to do with the folder: it is in their environment or among their arguments, or they are the
    /// command's or the keepers', or they descend from one of those.
    fn living(&self) -> BTreeSet<u32> {
        let all: Vec<(u32, u32)> = processes();
        let known = |pid: u32| pid == self.command.id() || self.keepers.contains(&pid);
        let named = |pid: u32| {
            let files = ["environ", "cmdline"].map(|file| fs::read(format!("/proc/{pid}/{file}")));
            files.into_iter().flatten().any(|bytes| contains(&bytes, &self.folder))
        };
        let mut living: BTreeSet<u32> =
            all.iter().map(|(pid, _)| *pid).filter(|pid| known(*pid) || named(*pid)).collect();
        living.remove(&std::process::id());
        loop {
            let below = all.iter().filter(|(pid, parent)| living.contains(parent) && !living.contains(pid));
            let below: Vec<u32> = below.map(|(pid, _)| *pid).collect();
            if below.is_empty() {
                return living;
            }
            living.extend(below);
        }
    }

    /// The network namespaces of all that live, less our own.
    fn namespaces(&self) -> BTreeSet<PathBuf> {
        let of = |pid: u32| fs::read_link(format!("/proc/{pid}/ns/net")).ok();
        let own = of(std::process::id());
        self.living().into_iter().filter_map(of).filter(|space| Some(space) != own.as_ref()).collect()
    }

    fn until(&self, what: &str, is_so: impl Fn() -> bool) {
        let begun = Instant::now();
        while !is_so() {
            assert!(begun.elapsed() < PATIENCE, "{what}: {:?} in {:?}", self.living(), self.folder);
            std::thread::park_timeout(Duration::from_millis(2));
        }
    }

    /// Nothing is left.
    fn check_gone(mut self, killed: &str) {
        let status = self.command.wait().expect("it ends");
        assert!(status.code().is_none_or(|code| code == 0), "after {killed}: {status}");
        drop(self.out.take());
        self.until(&format!("after {killed}, processes are gone"), || self.living().is_empty());
        self.until(&format!("after {killed}, the folder is empty"), || {
            fs::read_dir(&self.folder).is_ok_and(|folder| folder.count() == 0)
        });
        fs::remove_dir(&self.folder).expect("nothing is in the folder");
    }
}

fn contains(bytes: &[u8], path: &Path) -> bool {
    let path = path.as_os_str().as_encoded_bytes();
    bytes.windows(path.len()).any(|window| window == path)
}

/// Each process that is no zombie, with its parent.
fn processes() -> Vec<(u32, u32)> {
    let entries = fs::read_dir("/proc").expect("there is a /proc").flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let parents = pids.filter_map(|pid: u32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
        (fields.next()? != "Z").then_some((pid, fields.next()?.parse().ok()?))
    });
    parents.collect()
}

fn kill(pid: u32) {
    let _ = Command::new("kill").args(["-9", &pid.to_string()]).stderr(Stdio::null()).status();
}

/// The inits of an opened testbed: the children of its keepers.
fn inits(opened: &Opened) -> Vec<u32> {
    let children = processes().into_iter().filter(|(_, parent)| opened.keepers.contains(parent));
    children.map(|(pid, _)| pid).collect()
}

#[test]
fn a_testbed_that_ends_in_order_leaves_nothing() {
    for mode in ["switch", "proxies"] {
        let Some(mut opened) = Opened::new(&format!("order-{mode}"), mode) else { continue };
        let spaces = opened.namespaces();
        assert_eq!(spaces.len(), if mode == "switch" { 2 } else { 0 }, "{spaces:?}");
        drop(opened.command.stdin.take());
        opened.check_gone("an end in order");
    }
}

#[test]
fn whoever_is_killed_at_whatever_moment_nothing_is_left() {
    for round in 0..12_u32 {
        let mode = if round % 4 == 3 { "proxies" } else { "switch" };
        let Some(mut opened) = Opened::new(&format!("kills-{round}"), mode) else { continue };
        let mut luck = Luck { seeded: Seeded::new(u64::from(round)), asked: 0 };
        let mut candidates = inits(&opened);
        candidates.extend(opened.keepers.iter().copied());
        // Zero to three of those that keep the sites, and then the command; each a moment after the other.
        let mut killed = Vec::new();
        for _ in 0..luck.below(4) {
            let place = luck.below(candidates.len() as u32) as usize;
            let pid = candidates.swap_remove(place);
            kill(pid);
            killed.push(pid);
            std::thread::park_timeout(Duration::from_micros(u64::from(luck.below(3_000))));
        }
        // If all keepers are gone, the command has to clean up by itself.
        let cleaner = opened.keepers.iter().any(|keeper| !killed.contains(keeper));
        if cleaner && luck.below(4) > 0 {
            opened.command.kill().expect("the command is there");
        } else {
            drop(opened.command.stdin.take());
        }
        opened.check_gone(&format!("round {round}, {mode}, kills of {killed:?}"));
    }
}

#[test]
fn a_command_that_is_killed_while_it_opens_leaves_nothing() {
    if on_switch(options(1, Link::INSTANT)).is_none() {
        return;
    }
    for round in 0..10_u32 {
        let folder = std::env::temp_dir().join(format!("testbed-early-{round}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir(&folder).expect("a folder among the temporary ones");
        let mut command = Command::new(SERVANT);
        command.args(["open".as_ref(), folder.as_os_str(), "switch".as_ref()]);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut command = command.spawn().expect("the servant starts");
        std::thread::park_timeout(Duration::from_millis(u64::from(round) * 2));
        command.kill().expect("the command is there");
        let opened = Opened { command, out: None, folder, keepers: Vec::new() };
        opened.check_gone("a kill while it opens");
    }
}

/// Numbers out of a seed.
struct Luck {
    seeded: Seeded,
    asked: u64,
}

impl Luck {
    fn below(&mut self, bound: u32) -> u32 {
        self.asked += 1;
        let node = NodeId::new(0);
        let question = Question { topic: Topic::Loss, source: node, target: node, nth: self.asked };
        let bound = std::num::NonZeroU32::new(bound).expect("there is something to choose from");
        self.seeded.choose(question, Answers::Uniform(bound))
    }
}

#[test]
fn a_keeper_that_no_testbed_began_removes_nothing() {
    let folder = std::env::temp_dir().join(format!("testbed-strange-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder among the temporary ones");
    let mut keeper = Command::new(SERVANT);
    keeper.args(["__constellation-site", "keeper", "refused", "0"]).arg(&folder);
    let status = keeper.stdin(Stdio::piped()).stderr(Stdio::null()).status().expect("the servant starts");
    assert_eq!(status.code(), Some(127));
    fs::remove_dir(&folder).expect("it is still there");
}

#[test]
fn a_site_whose_keeper_is_killed_is_gone_and_the_others_stay() {
    let Some(testbed) = on_switch(options(2, Link::INSTANT)) else { return };
    let [lost, stays] = [start(testbed.site(0), "echo", ["echo"]), start(testbed.site(1), "echo", ["echo"])];
    kill(testbed.site(0).keeper());
    assert!(lost.wait(PATIENCE).is_none(), "nobody is there who could tell how it ended");
    assert!(testbed.site(0).is_gone() && !testbed.site(1).is_gone());
    assert!(matches!(lost.kill(), Err(TestbedError::SiteGone { site: 0 })));
    stays.write_line("still here").expect("it is there");
    assert_eq!(line(&stays), "still here");
    let folder = testbed.folder().to_owned();
    drop(testbed);
    assert!(!folder.exists(), "{folder:?}");
}

#[test]
fn a_user_who_is_not_root_has_sites_too_or_is_told_why_not() {
    use std::os::unix::process::CommandExt;
    let folder = std::env::temp_dir().join(format!("testbed-nobody-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir(&folder).expect("a folder among the temporary ones");
    let servant = folder.join("servant");
    fs::copy(SERVANT, &servant).expect("the servant can be copied");
    let own = folder.join("own");
    fs::create_dir(&own).expect("the folder is ours");
    let mut command = Command::new(&servant);
    command.args(["open".as_ref(), own.as_os_str(), "switch".as_ref()]);
    let is_root = fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    if is_root {
        const NOBODY: u32 = 65_534;
        if std::os::unix::fs::chown(&own, Some(NOBODY), Some(NOBODY)).is_ok() {
            command.uid(NOBODY).gid(NOBODY);
        }
    }
    let output = command.stdin(Stdio::null()).output().expect("the servant starts");
    let [out, err] = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    let is_refused = err.contains("this machine refuses what real sites need; no namespaces: ");
    assert!(out.starts_with("open ") && out.ends_with("closed\n") || is_refused, "{out}{err}");
    if is_refused {
        skipped(&err);
    }
    assert_eq!(fs::read_dir(&own).expect("the folder is there").count(), 0);
    fs::remove_dir_all(&folder).expect("the folder is ours");
}

#[test]
fn where_everything_is_refused_the_message_says_what_would_help() {
    use constellation_testbed::Pretend;
    let mut refused = options(2, Link::INSTANT);
    refused.pretend = Pretend::NoProxiesEither;
    let error = Testbed::open(refused).map(drop).expect_err("everything is refused").to_string();
    let begins = "this machine refuses what real sites need; no namespaces: a test wants it so; no proxies: a test wants \
                  it so; what would help: to run as root, or to allow unprivileged user namespaces";
    assert!(error.starts_with(begins), "{error}");

    let mut refused = options(2, Link::INSTANT);
    (refused.pretend, refused.mode) = (Pretend::NoNamespaces, Mode::Switch);
    let error = Testbed::open(refused).map(drop).expect_err("the switch is refused").to_string();
    assert!(error.contains("no namespaces: a test wants it so; what would help"), "{error}");

    let error = Testbed::open(options(0, Link::INSTANT)).map(drop).expect_err("no sites");
    assert_eq!(error.to_string(), "a testbed has 1 to 64 sites, not 0");
}
