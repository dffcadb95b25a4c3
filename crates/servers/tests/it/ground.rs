//! Sites for tests, and the program that is each of them.

use std::path::PathBuf;

use constellation_fabric::{Calm, Link};
use constellation_testbed::{Mode, Options, Testbed};

pub(crate) fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_servers-servant"))
}

/// Three sites; `None`, and a line that says so, where namespaces are refused.
pub(crate) fn testbed() -> Option<Testbed> {
    let mut options = Options::new(3, Link::INSTANT, Box::new(Calm));
    (options.program, options.mode) = (Some(program()), Mode::Switch);
    match Testbed::open(options) {
        Ok(testbed) => Some(testbed),
        Err(error) => {
            eprintln!("skipped: {error}");
            None
        }
    }
}
