//! What becomes a program that must not be root, or that must end with the process that started it.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::sched::{CloneFlags, unshare};
use rustix::process::Signal;

use super::keeper::map_user;

/// Who a program believes to be that must not be root: `nobody`, as some look up the name of who they are (`initdb` does).
const SOMEBODY: u32 = 65_534;

pub(super) fn main(arguments: &[OsString]) -> io::Result<()> {
    let [ground, user, program, rest @ ..] = arguments else {
        return Err(io::Error::other("a program is started with more"));
    };
    let (own, group) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    if user == "notroot" && own == 0 {
        // A user namespace in which root is somebody: the files stay those of root, the powers are gone.
        let become_somebody = || {
            unshare(CloneFlags::CLONE_NEWUSER).map_err(io::Error::from)?;
            map_user(SOMEBODY, own, group)
        };
        become_somebody().map_err(|error| {
            let program = program.display();
            let help = "run all of it as a user who is not root";
            io::Error::other(format!(
                "{program} must not be root, and the user namespace in which it is not is refused ({error}): {help}"
            ))
        })?;
    }
    if ground == "machine" {
        rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    }
    let error = Command::new(program).args(rest).exec();
    Err(io::Error::new(error.kind(), format!("{}: {error}", program.display())))
}
