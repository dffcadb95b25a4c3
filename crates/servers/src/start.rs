//! What a server says is to be done to start it, done at the sites of a testbed.

use std::fmt;
use std::fs;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use constellation_lab::placement::SITE_NAMES;
use constellation_lab::words::one_line;
use constellation_testbed::{Command, Ended, Exit, Pipes, Process, Testbed, TestbedError, Wall};

use crate::installed;
use crate::server::{Joined, Program, Server, ServerInfo, Site, Sites, Step, User, Which};

/// How much an adapter may say in a second, in bytes: far more than it is asked.
const BYTES_PER_SECOND_MAX: u64 = 4 << 20;
/// How often the user is looked after.
pub(crate) const LOOK: Duration = Duration::from_millis(50);

/// Why a server does not run.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// The testbed refuses something.
    Testbed(TestbedError),
    /// A program is not installed.
    Missing(installed::Missing),
    /// A file that it needs cannot be written.
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A program that was to do something did not.
    Run {
        /// At which site.
        site: usize,
        /// Which program.
        program: String,
        /// How it ended.
        how: String,
        /// The end of what it printed.
        log: Vec<String>,
    },
    /// What should go on has ended.
    Ended {
        /// At which site.
        site: usize,
        /// What it is called.
        name: String,
        /// How it ended.
        how: String,
        /// The end of what it printed.
        log: Vec<String>,
    },
    /// The user has had enough.
    Interrupted,
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let log = match self {
            StartError::Testbed(error) => return error.fmt(f),
            StartError::Missing(missing) => {
                return write!(f, "the program `{}` is not installed", missing.program);
            }
            StartError::File { path, error } => {
                return write!(f, "`{}` cannot be written: {error}", path.display());
            }
            StartError::Run { site, program, how, log } => {
                write!(f, "at {} `{program}` {how}", SITE_NAMES[*site])?;
                log
            }
            StartError::Ended { site, name, how, log } => {
                write!(f, "at {} `{name}` has ended {how}", SITE_NAMES[*site])?;
                log
            }
            StartError::Interrupted => return f.write_str("it was interrupted while it started"),
        };
        log.iter().try_for_each(|line| write!(f, "\n  {line}"))
    }
}

impl std::error::Error for StartError {}

impl From<TestbedError> for StartError {
    fn from(error: TestbedError) -> StartError {
        StartError::Testbed(error)
    }
}

/// What starts programs at sites.
#[derive(Debug)]
pub struct Starter<'a> {
    /// Where they run.
    pub testbed: &'a Testbed,
    /// The program that is each adapter: called with `adapter NAME …`.
    pub program: &'a Path,
    /// What the server needs.
    pub info: &'a ServerInfo,
    /// What the wall clock shows to servers.
    pub wall: Wall,
    /// Set when the user has had enough.
    pub stop: &'a AtomicBool,
}

/// A server that was begun at a site.
#[derive(Debug)]
pub struct Begun {
    /// At which.
    pub site: usize,
    /// What it is called.
    pub name: String,
    /// Its process.
    pub process: Process,
}

/// The sites of a testbed as a server is told of them.
pub fn sites(testbed: &Testbed) -> Sites {
    let count = testbed.len();
    let address = |from, to| testbed.address(from, to).into();
    let all = testbed.sites().enumerate().map(|(number, site)| Site {
        name: SITE_NAMES[number].to_owned(),
        address: address(number, number),
        folder: site.folder().to_owned(),
    });
    let joined = match testbed.joined() {
        constellation_testbed::Joined::Switch => Joined::Addresses,
        constellation_testbed::Joined::Proxies => {
            let row = |from| (0..count).map(|to| address(from, to)).collect();
            Joined::Proxies((0..count).map(row).collect())
        }
    };
    Sites { all: all.collect(), joined }
}

impl Starter<'_> {
    /// Does what the server says, step by step; gives what was begun and goes on.
    ///
    /// # Errors
    /// [`StartError`]; what was begun goes on until the testbed is dropped.
    pub fn start(&self, server: &dyn Server, mode: &crate::server::Mode) -> Result<Vec<Begun>, StartError> {
        let mut begun = Vec::new();
        for (site, step) in server.start(mode, &sites(self.testbed)) {
            match step {
                Step::File { path, text } => self.write(site, &path, &text)?,
                Step::Run { program, within } => self.run(site, &program, within, &begun)?,
                Step::Begin { name, program } => {
                    let command = self.command(&name, &program)?.wall(self.wall);
                    let process = self.testbed.site(site).spawn(command)?;
                    begun.push(Begun { site, name, process });
                }
                Step::Listens { at, within } => {
                    let arguments = [at.to_string(), within.as_millis().to_string()];
                    let program = Program::adapter(crate::adapters::LISTENS, arguments);
                    // It gives up by itself, and says why.
                    self.run(site, &program, within + Duration::from_secs(1), &begun)?;
                }
            }
        }
        Ok(begun)
    }

    /// Starts an adapter: the how-manieth of its site.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn adapter(&self, site: usize, nth: usize, program: &Program) -> Result<Process, StartError> {
        let pipes = Pipes::Lines { bytes_per_second_max: BYTES_PER_SECOND_MAX };
        let command = self.command(&format!("adapter-{nth}"), program)?.pipes(pipes);
        Ok(self.testbed.site(site).spawn(command)?)
    }

    fn write(&self, site: usize, path: &Path, text: &str) -> Result<(), StartError> {
        let whole = self.testbed.site(site).folder().join(path);
        let folder = whole.parent().map_or(Ok(()), fs::create_dir_all);
        let written = folder.and_then(|()| fs::write(&whole, text));
        written.map_err(|error| StartError::File { path: whole, error })
    }

    fn run(
        &self,
        site: usize,
        program: &Program,
        within: Duration,
        begun: &[Begun],
    ) -> Result<(), StartError> {
        let called = program.which.name();
        let letters = called.rsplit('/').next().unwrap_or_default().chars();
        let name: String =
            letters.map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect();
        let process = self.testbed.site(site).spawn(self.command(&format!("run-{name}"), program)?)?;
        let how = match self.wait(&process, within)? {
            Some(ended) if ended.exit == Exit::Status(0) => return Ok(()),
            Some(ended) => format!("ended {}", how(ended.exit)),
            None => {
                process.kill()?;
                format!("was not over within {} s", within.as_secs())
            }
        };
        // If it waited for a server that has ended, that is what is to be told.
        check(begun)?;
        Err(StartError::Run { site, program: called.to_owned(), how, log: end_of(process.log()) })
    }

    /// Waits for the end of a process, so long at most.
    fn wait(&self, process: &Process, within: Duration) -> Result<Option<Ended>, StartError> {
        let begun = Instant::now();
        loop {
            let left = within.saturating_sub(begun.elapsed());
            let ended = process.wait(left.min(LOOK));
            if ended.is_some() || left.is_zero() {
                return Ok(ended);
            }
            if self.stop.load(Ordering::Relaxed) {
                process.kill()?;
                return Err(StartError::Interrupted);
            }
        }
    }

    fn command(&self, name: &str, program: &Program) -> Result<Command, StartError> {
        let (path, hidden) = match &program.which {
            Which::Adapter(adapter) => {
                (self.program.to_owned(), vec![crate::ADAPTER.to_owned(), adapter.clone()])
            }
            Which::Named(named) => {
                let need = self.info.needs.iter().find(|need| need.program == *named);
                let path = need.map_or_else(|| Ok(PathBuf::from(named)), installed::one);
                (path.map_err(StartError::Missing)?, Vec::new())
            }
        };
        let user = match program.user {
            User::Ours => constellation_testbed::User::Same,
            User::NotRoot => constellation_testbed::User::NotRoot,
        };
        let command = Command::new(name, path).args(hidden).args(&program.arguments).user(user);
        let with = |command: Command, (name, value): &(String, String)| command.env(name, value);
        Ok(program.environment.iter().fold(command, with))
    }
}

/// That all that was begun goes on.
///
/// # Errors
/// [`StartError::Ended`] of the first that does not.
pub fn check(begun: &[Begun]) -> Result<(), StartError> {
    for Begun { site, name, process } in begun {
        if let Some(ended) = process.ended() {
            let (site, name, how) = (*site, name.clone(), how(ended.exit));
            return Err(StartError::Ended { site, name, how, log: end_of(process.log()) });
        }
    }
    Ok(())
}

/// How something ended, in words.
pub(crate) fn how(exit: Exit) -> String {
    match exit {
        Exit::Status(status) => format!("with status {status}"),
        Exit::Signal(signal) => format!("by signal {signal}"),
    }
}

/// The last lines of a log, fit for lines of ours.
pub(crate) fn end_of(log: &Path) -> Vec<String> {
    const BYTES_MAX: u64 = 4_096;
    const LINES_MAX: usize = 8;
    const LETTERS_MAX: usize = 200;
    let read = || {
        let mut file = fs::File::open(log)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(BYTES_MAX)))?;
        let mut bytes = Vec::new();
        file.take(BYTES_MAX).read_to_end(&mut bytes)?;
        io::Result::Ok(bytes)
    };
    // Without its log there is less to tell.
    let bytes = read().unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let last = &lines[lines.len().saturating_sub(LINES_MAX)..];
    let shown = last.iter().map(|line| {
        let line: String = line.chars().take(LETTERS_MAX).collect();
        one_line(&line).into_owned()
    });
    shown.collect()
}
