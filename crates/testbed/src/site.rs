//! What a process does that was started to keep a site: it makes the site, starts what is to run there, and ends with it.
//!
//! A site is three generations. The *keeper* makes the namespaces and outlives all the others, to clean up when the
//! testbed is gone. The *init* is its child and process 1 of the site: with it everything at the site ends, which is the
//! kernel's doing and cannot be escaped. The servers are the children of that.

mod init;
mod keeper;
mod logs;
mod netlink;
mod pipes;
mod shim;
mod tree;

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;

pub(crate) use keeper::{Ground, Setup};
pub(crate) use tree::{MARK, clear as remove_folder, kill_marked};

/// The first argument of a process that is to keep a site.
pub(crate) const ARGUMENT: &str = "__constellation-site";

/// How the name of the folder of a run begins: no other is ever removed.
pub(crate) const FOLDER: &str = "constellation-testbed-";

/// The very binary that runs, even if its file was replaced meanwhile.
pub(crate) const SELF: &str = "/proc/self/exe";

/// The first byte of a keeper to its testbed: the site stands, and the network device comes with it.
pub(crate) const STANDS_WITH_DEVICE: u8 = b'd';
/// The first byte of a keeper to its testbed: the site stands.
pub(crate) const STANDS: u8 = b's';
/// The first byte of a keeper to its testbed: no site, and a frame says why.
pub(crate) const REFUSED: u8 = b'r';

/// To be called first in `main` of each program that opens a [`Testbed`](crate::Testbed), before any thread begins: if the
/// process was started to keep a site, does that and ends the process; else returns at once.
///
/// A testbed starts its sites as the same binary again. A program that does not call this, as a test cannot, names another
/// that does in [`Options::program`](crate::Options::program).
pub fn serve_if_site() {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_none_or(|first| first != ARGUMENT) {
        return;
    }
    let role = arguments.next();
    let rest: Vec<OsString> = arguments.collect();
    let served = match role.as_ref().and_then(|role| role.to_str()) {
        Some("keeper") => keeper::main(&rest),
        Some("init") => init::main(&rest),
        Some("exec") => shim::main(&rest),
        _ => Err(io::Error::other("a site is started by a testbed only")),
    };
    match served {
        Ok(()) => std::process::exit(0),
        Err(error) => {
            // Into the log of the process that did not start; else into nothing.
            eprintln!("{error}");
            std::process::exit(127)
        }
    }
}

/// The line to the testbed, which is the standard input.
fn control() -> io::Result<UnixStream> {
    let fd: OwnedFd = io::stdin().as_fd().try_clone_to_owned()?;
    Ok(UnixStream::from(fd))
}

/// The line between keeper and init, which is the standard output.
fn sibling() -> io::Result<File> {
    Ok(File::from(io::stdout().as_fd().try_clone_to_owned()?))
}

/// What the clock says that is the same for all processes of a machine and never goes back, in nanoseconds.
pub(crate) fn monotonic_ns() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let seconds = u64::try_from(now.tv_sec).unwrap_or_default();
    seconds.saturating_mul(1_000_000_000).saturating_add(u64::try_from(now.tv_nsec).unwrap_or_default())
}
