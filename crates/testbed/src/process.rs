//! A process at a site: it is started, spoken to, killed, paused and started again.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use constellation_trace::TrueTime;

use crate::error::TestbedError;
use crate::line::Line;
use crate::protocol::{Exit, Order, OutputEnd, Report, Signal, Spawn, User};
use crate::wall;

/// The longest line that a process may say, in bytes without its end; one that says more is listened to no longer.
pub const LINE_BYTES_MAX: usize = 64 * 1024;
/// How long the log of a process may be, in bytes; of one that is longer for a moment the end stays.
pub const LOG_BYTES_MAX: u64 = 8 << 20;

/// How much of what a process said may wait to be read, in bytes, each line as some more; one that says more before
/// somebody reads floods.
const UNREAD_BYTES_MAX: usize = 16 << 20;

/// What a line takes beside its bytes.
const LINE_BYTES_MORE: usize = 64;

/// How long a process may take to begin, or to end after it was killed, before we say so.
const PATIENCE: Duration = Duration::from_secs(10);

/// What to start at a site.
#[derive(Clone, Debug)]
pub struct Command {
    name: String,
    program: OsString,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    pipes: Pipes,
    user: User,
    wall: Wall,
}

/// Where a process reads from and writes to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Pipes {
    /// It reads nothing, and what it writes goes to its log.
    Log,
    /// We tell it lines and it tells us lines; what it writes as errors goes to its log.
    Lines {
        /// How many bytes a second it may say at most.
        bytes_per_second_max: u64,
    },
}

/// What the wall clock shows to a process.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Wall {
    /// What it shows to everybody.
    True,
    /// What [`Process::set_wall`] says: at first the truth. Takes libfaketime, and a program that asks libc for the time:
    /// linked dynamically, not written in Go, and without jemalloc. Elapsed time stays true.
    Told,
}

impl Command {
    /// A program, by its path or by its name in `PATH`. `name` is that of the data folder of the process and of its log in
    /// the folder of the site; letters, digits, `-` and `_` only.
    ///
    /// It gets an environment of its own: `PATH` as we have it, `HOME` and `TMPDIR` in its data folder, `LANG=C.UTF-8`, and
    /// in `CONSTELLATION_TESTBED` the folder of the run.
    ///
    /// # Panics
    /// If the name holds something else, or nothing.
    pub fn new(name: impl Into<String>, program: impl Into<OsString>) -> Command {
        let name = name.into();
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
        assert!(!name.is_empty() && name.chars().all(is_plain), "`{name}` is no name of a folder");
        Command {
            name,
            program: program.into(),
            arguments: Vec::new(),
            environment: Vec::new(),
            pipes: Pipes::Log,
            user: User::Same,
            wall: Wall::True,
        }
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<A: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = A>) -> Command {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Adds a variable to its environment.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Command {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Says where it reads from and writes to; unless it is said, [`Pipes::Log`].
    #[must_use]
    pub const fn pipes(mut self, pipes: Pipes) -> Command {
        self.pipes = pipes;
        self
    }

    /// Says as whom it runs; unless it is said, [`User::Same`].
    #[must_use]
    pub const fn user(mut self, user: User) -> Command {
        self.user = user;
        self
    }

    /// Says what the wall clock shows to it; unless it is said, [`Wall::True`].
    #[must_use]
    pub const fn wall(mut self, wall: Wall) -> Command {
        self.wall = wall;
        self
    }

    fn program(&self) -> String {
        self.program.to_string_lossy().into_owned()
    }
}

/// What is left on the disk of a process that begins again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Disk {
    /// Its data folder as it was.
    Kept,
    /// An empty data folder.
    Lost,
}

/// What a process said.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Said {
    /// This line, without its end. Nobody promises that it is UTF-8.
    Line {
        /// When it was there, noted at the site, so that it is true however late it is read here.
        at: TrueTime,
        /// The line.
        bytes: Vec<u8>,
    },
    /// Nothing for so long.
    Nothing,
    /// Nothing more is read from it.
    End(OutputEnd),
}

/// That a process ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Ended {
    /// When, noted at the site.
    pub at: TrueTime,
    /// How.
    pub exit: Exit,
}

/// A process at a site. It runs until it ends by itself, is killed, or the testbed is dropped: dropping this does nothing.
#[derive(Debug)]
pub struct Process {
    line: Arc<Line>,
    command: Command,
    number: u32,
    pid: u32,
    heard: Arc<Heard>,
    folder: PathBuf,
    log: PathBuf,
    wall: Option<PathBuf>,
}

impl Process {
    pub(crate) fn spawn(
        line: Arc<Line>,
        site_folder: &Path,
        command: Command,
    ) -> Result<Process, TestbedError> {
        let program = find_program(&command.program).ok_or_else(|| TestbedError::NotStarted {
            site: line.site,
            program: command.program(),
            reason: nowhere(&command.program).to_owned(),
        })?;
        let wall = match command.wall {
            Wall::True => None,
            Wall::Told => {
                wall::check(&program)
                    .map_err(|reason| TestbedError::Wall { program: command.program(), reason })?;
                Some(site_folder.join(format!("{}.wall", command.name)))
            }
        };
        let folder = site_folder.join(&command.name);
        let log = site_folder.join(format!("{}.log", command.name));
        let number = line.number();
        let heard = line.listen(number);
        let mut process = Process { line, command, number, pid: 0, heard, folder, log, wall };
        process.set_wall_ns(0)?;
        process.begin(&program)?;
        Ok(process)
    }

    /// Starts the program under the number that the process has.
    fn begin(&mut self, program: &Path) -> Result<(), TestbedError> {
        let command = &self.command;
        let mut environment = vec![
            ("PATH".into(), std::env::var_os("PATH").unwrap_or_default()),
            ("HOME".into(), self.folder.clone().into_os_string()),
            ("TMPDIR".into(), self.folder.clone().into_os_string()),
            ("LANG".into(), OsString::from("C.UTF-8")),
            (crate::site::MARK.into(), self.line.testbed.clone().into_os_string()),
        ];
        environment.extend(command.environment.iter().cloned());
        if let Some(file) = &self.wall {
            let lying = wall::environment(file)
                .map_err(|reason| TestbedError::Wall { program: command.program(), reason })?;
            environment.extend(lying);
        }
        let bytes = |text: &OsString| text.as_bytes().to_vec();
        let spawn = Spawn {
            process: self.number,
            program: program.as_os_str().as_bytes().to_vec(),
            arguments: command.arguments.iter().map(bytes).collect(),
            environment: environment.iter().map(|(name, value)| (bytes(name), bytes(value))).collect(),
            folder: self.folder.as_os_str().as_bytes().to_vec(),
            log: self.log.as_os_str().as_bytes().to_vec(),
            lines: match command.pipes {
                Pipes::Log => None,
                Pipes::Lines { bytes_per_second_max } => Some(bytes_per_second_max),
            },
            user: command.user,
        };
        self.line.tell(&Order::Spawn(spawn))?;
        let begun = self.heard.wait(PATIENCE, |hearing| hearing.begun.clone());
        let reason = match begun {
            Some(Ok(pid)) => {
                self.pid = pid;
                return Ok(());
            }
            Some(Err(reason)) => reason,
            None if self.line.is_gone() => return Err(TestbedError::SiteGone { site: self.line.site }),
            None => "nothing was heard of it for ten seconds".to_owned(),
        };
        Err(TestbedError::NotStarted { site: self.line.site, program: command.program(), reason })
    }

    /// Its number at its site, where processes are numbered from 1 if sites have namespaces.
    pub const fn pid(&self) -> u32 {
        self.pid
    }

    /// Its data folder, in which it also runs.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file to which its standard error goes, and its standard output too with [`Pipes::Log`]: the last of it, from
    /// [`LOG_BYTES_MAX`] on.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Sends it a signal; to one that has ended, nothing.
    ///
    /// # Errors
    /// [`TestbedError::SiteGone`].
    pub fn signal(&self, signal: Signal) -> Result<(), TestbedError> {
        self.line.tell(&Order::Signal { process: self.number, signal })
    }

    /// Kills it with all its descendants, and waits for its end.
    ///
    /// # Errors
    /// [`TestbedError::SiteGone`]; [`TestbedError::StillThere`] after ten seconds.
    pub fn kill(&self) -> Result<Ended, TestbedError> {
        self.signal(Signal::Kill)?;
        if let Some(ended) = self.wait(PATIENCE) {
            return Ok(ended);
        }
        if self.line.is_gone() {
            return Err(TestbedError::SiteGone { site: self.line.site });
        }
        Err(TestbedError::StillThere { program: self.command.program() })
    }

    /// Kills it if it runs, and starts the same command again.
    ///
    /// # Errors
    /// As [`Process::kill`] and [`Site::spawn`](crate::Site::spawn); [`TestbedError::Folder`].
    pub fn restart(&mut self, disk: Disk) -> Result<(), TestbedError> {
        if self.ended().is_none() {
            self.kill()?;
        }
        if disk == Disk::Lost && !crate::site::remove_folder(&self.folder) {
            let error = std::io::Error::other("it cannot be removed");
            return Err(TestbedError::Folder { path: self.folder.clone(), error });
        }
        let program = find_program(&self.command.program).ok_or_else(|| TestbedError::NotStarted {
            site: self.line.site,
            program: self.command.program(),
            reason: nowhere(&self.command.program).to_owned(),
        })?;
        self.line.forget(self.number);
        self.number = self.line.number();
        self.heard = self.line.listen(self.number);
        self.begin(&program)
    }

    /// That it ended, if it did.
    pub fn ended(&self) -> Option<Ended> {
        self.heard.hearing().ended
    }

    /// Waits for its end, so long at most.
    pub fn wait(&self, at_most: Duration) -> Option<Ended> {
        self.heard.wait(at_most, |hearing| hearing.ended)
    }

    /// Tells it one line, to which the end is added. It does not wait for it to be read; of a process that never reads,
    /// [`Process::read_line`] says [`OutputEnd::InputStuck`] after a few hundred lines.
    ///
    /// # Errors
    /// [`TestbedError::Ended`]; [`TestbedError::SiteGone`].
    pub fn write_line(&self, line: &str) -> Result<(), TestbedError> {
        if self.ended().is_some() {
            return Err(TestbedError::Ended { program: self.command.program() });
        }
        let mut bytes = line.as_bytes().to_vec();
        bytes.push(b'\n');
        self.line.tell(&Order::Input { process: self.number, bytes })
    }

    /// Tells it that there will be no more lines.
    ///
    /// # Errors
    /// [`TestbedError::SiteGone`].
    pub fn end_input(&self) -> Result<(), TestbedError> {
        self.line.tell(&Order::EndInput { process: self.number })
    }

    /// What it says next; waits for that so long at most.
    pub fn read_line(&self, at_most: Duration) -> Said {
        let said = self.heard.wait(at_most, |hearing| match (hearing.lines.pop_front(), hearing.output) {
            (Some((at_ns, bytes)), _) => {
                hearing.unread_bytes -= bytes.len() + LINE_BYTES_MORE;
                Some(Said::Line { at: self.line.time(at_ns), bytes })
            }
            (None, Some(why)) => Some(Said::End(why)),
            (None, None) => None,
        });
        said.unwrap_or(Said::Nothing)
    }

    /// Has the wall clock of the process run so far ahead of the true one from now on, in nanoseconds; behind it if the
    /// number is negative. It jumps there.
    ///
    /// # Errors
    /// [`TestbedError::Wall`] unless the process was started with [`Wall::Told`]; [`TestbedError::Folder`].
    pub fn set_wall(&self, ahead_ns: i64) -> Result<(), TestbedError> {
        if self.wall.is_none() {
            let reason = "it was not started with a clock that can be told what to show".to_owned();
            return Err(TestbedError::Wall { program: self.command.program(), reason });
        }
        self.set_wall_ns(ahead_ns)
    }

    fn set_wall_ns(&self, ahead_ns: i64) -> Result<(), TestbedError> {
        let Some(path) = &self.wall else { return Ok(()) };
        // In one step, as the process may read at any time.
        let next = path.with_extension("next");
        let set = fs::write(&next, wall::offset(ahead_ns)).and_then(|()| fs::rename(&next, path));
        set.map_err(|error| TestbedError::Folder { path: path.clone(), error })
    }
}

/// Why [`find_program`] finds nothing.
fn nowhere(program: &std::ffi::OsStr) -> &'static str {
    if program.as_bytes().contains(&b'/') {
        "there is no such file"
    } else {
        "there is no such program in PATH"
    }
}

/// The file of a program that is named by its path, or by its name in `PATH`.
pub fn find_program(program: &std::ffi::OsStr) -> Option<PathBuf> {
    let is_file = |path: &PathBuf| path.is_file();
    if program.as_bytes().contains(&b'/') {
        return std::path::absolute(program).ok().filter(is_file);
    }
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(program)).find(is_file)
}

/// What was heard of one process.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    hearing: Mutex<Hearing>,
    more: Condvar,
}

#[derive(Debug, Default)]
struct Hearing {
    begun: Option<Result<u32, String>>,
    lines: VecDeque<(u64, Vec<u8>)>,
    unread_bytes: usize,
    output: Option<OutputEnd>,
    ended: Option<Ended>,
    /// Nothing more will be heard.
    is_over: bool,
}

impl Heard {
    pub(crate) fn hear(&self, report: Report, time: impl Fn(u64) -> TrueTime) {
        let mut hearing = self.hearing();
        match report {
            Report::Started { pid, .. } => hearing.begun = Some(Ok(pid)),
            Report::NotStarted { reason, .. } => {
                hearing.begun = Some(Err(String::from_utf8_lossy(&reason).into_owned()));
            }
            Report::Line { at_ns, bytes, .. } => {
                let more = bytes.len() + LINE_BYTES_MORE;
                if hearing.output.is_none() && hearing.unread_bytes + more <= UNREAD_BYTES_MAX {
                    hearing.unread_bytes += more;
                    hearing.lines.push_back((at_ns, bytes));
                } else {
                    hearing.output.get_or_insert(OutputEnd::Flood);
                }
            }
            Report::OutputEnded { why, .. } => {
                hearing.output.get_or_insert(why);
            }
            Report::Ended { at_ns, exit, .. } => hearing.ended = Some(Ended { at: time(at_ns), exit }),
            Report::Ready { .. } => {}
        }
        self.more.notify_all();
    }

    /// The site is gone.
    pub(crate) fn end(&self) {
        let mut hearing = self.hearing();
        hearing.is_over = true;
        hearing.output.get_or_insert(OutputEnd::Closed);
        self.more.notify_all();
    }

    fn hearing(&self) -> MutexGuard<'_, Hearing> {
        self.hearing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<T>(&self, at_most: Duration, mut heard: impl FnMut(&mut Hearing) -> Option<T>) -> Option<T> {
        let begun = Instant::now();
        let mut hearing = self.hearing();
        loop {
            if let Some(heard) = heard(&mut hearing) {
                return Some(heard);
            }
            let left = at_most.saturating_sub(begun.elapsed());
            if left.is_zero() || hearing.is_over {
                return None;
            }
            hearing = self.more.wait_timeout(hearing, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}
