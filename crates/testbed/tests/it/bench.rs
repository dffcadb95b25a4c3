//! What all tests need: a testbed whose sites are the servant, and lines of a process.

use std::io::Write;
use std::time::Duration;

use constellation_fabric::{Calm, Link};
use constellation_testbed::{Command, Mode, Options, Pipes, Process, Said, Site, Testbed};

/// The servant's port.
pub(crate) const PORT: u16 = 7_077;

/// So long nothing takes that works.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The program that is a site, and the servants there.
pub(crate) const SERVANT: &str = env!("CARGO_BIN_EXE_testbed-servant");

/// What a testbed of this link is to be.
pub(crate) fn options(sites: usize, link: Link) -> Options {
    let mut options = Options::new(sites, link, Box::new(Calm));
    options.program = Some(SERVANT.into());
    options.ports = vec![PORT];
    options
}

/// Sites on a switch; `None`, with a line that says so, where namespaces are refused.
pub(crate) fn on_switch(mut options: Options) -> Option<Testbed> {
    options.mode = Mode::Switch;
    match Testbed::open(options) {
        Ok(testbed) => Some(testbed),
        Err(error) => {
            skipped(&error.to_string());
            None
        }
    }
}

/// Says that a test did not look at what it is about, past the harness, which shows of a test that passes nothing.
pub(crate) fn skipped(reason: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: {reason}");
}

/// A servant with pipes.
pub(crate) fn servant<const N: usize>(name: &str, arguments: [&str; N]) -> Command {
    Command::new(name, SERVANT).args(arguments).pipes(Pipes::Lines { bytes_per_second_max: 16 << 20 })
}

/// Starts it.
pub(crate) fn start<const N: usize>(site: &Site, name: &str, arguments: [&str; N]) -> Process {
    site.spawn(servant(name, arguments)).expect("the servant starts")
}

/// The next line of a process.
pub(crate) fn line(process: &Process) -> String {
    match process.read_line(PATIENCE) {
        Said::Line { bytes, .. } => String::from_utf8_lossy(&bytes).into_owned(),
        other => panic!(
            "{other:?} and no line; its log: {}",
            std::fs::read_to_string(process.log()).unwrap_or_default()
        ),
    }
}

/// The lines of a process until it is done.
pub(crate) fn lines(process: &Process) -> Vec<String> {
    let next = || match process.read_line(PATIENCE) {
        Said::Line { bytes, .. } => Some(String::from_utf8_lossy(&bytes).into_owned()),
        _ => None,
    };
    std::iter::from_fn(next).collect()
}
