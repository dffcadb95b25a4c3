//! How processes are begun, stopped and ended: as programs of the system, or as whatever a test puts in their place.

use std::fmt;
use std::io::{self, Write as _};
use std::process::{Child, Command, Stdio};

use crate::ticket::Ticket;

/// Who begins processes.
pub trait Launch {
    /// A process that was begun.
    type Process: Process;

    /// Begins a process that [serves](crate::process::serve) with this ticket.
    ///
    /// # Errors
    /// It could not be begun.
    fn launch(&mut self, ticket: &Ticket) -> io::Result<Self::Process>;
}

/// A process that was begun. When it is dropped it must end.
pub trait Process {
    /// Ends it without warning. Of one that has ended already nothing is left to do.
    ///
    /// # Errors
    /// It could not be ended.
    fn kill(&mut self) -> io::Result<()>;

    /// Stops it until it is resumed.
    ///
    /// # Errors
    /// [`io::ErrorKind::Unsupported`] where processes cannot be stopped.
    fn pause(&mut self) -> io::Result<()>;

    /// Lets it go on.
    ///
    /// # Errors
    /// As [`Process::pause`].
    fn resume(&mut self) -> io::Result<()>;

    /// Whether it has ended by itself, as far as one can tell.
    fn has_ended(&mut self) -> bool;
}

/// Programs of the system as processes: each is told its ticket in one line of its standard input.
///
/// It has a process group of its own, so that Ctrl-C on a terminal reaches whoever launched it and not the process; it is
/// killed when it is dropped.
pub struct Program<F> {
    command: F,
}

impl<F: FnMut() -> Command> Program<F> {
    /// Processes that are each what `command` says; standard input and output are taken from it.
    pub const fn new(command: F) -> Program<F> {
        Program { command }
    }
}

impl<F> fmt::Debug for Program<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program").finish_non_exhaustive()
    }
}

/// A program that runs.
#[derive(Debug)]
pub struct Running(Child);

impl<F: FnMut() -> Command> Launch for Program<F> {
    type Process = Running;

    fn launch(&mut self, ticket: &Ticket) -> io::Result<Running> {
        let mut command = (self.command)();
        command.stdin(Stdio::piped()).stdout(Stdio::null());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut running = Running(command.spawn()?);
        if let Some(mut input) = running.0.stdin.take() {
            // One that ended already reads nothing, which is noticed when it says no hello.
            let _ = writeln!(input, "{ticket}");
        }
        Ok(running)
    }
}

impl Process for Running {
    fn kill(&mut self) -> io::Result<()> {
        self.0.kill()?;
        self.0.wait().map(|_| ())
    }

    fn pause(&mut self) -> io::Result<()> {
        signal::stop(&mut self.0)
    }

    fn resume(&mut self) -> io::Result<()> {
        signal::go_on(&mut self.0)
    }

    fn has_ended(&mut self) -> bool {
        self.0.try_wait().is_ok_and(|status| status.is_some())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended if this fails.
        let _ = self.kill();
    }
}

#[cfg(unix)]
mod signal {
    //! Signals to a process that is ours: its number is nobody else's before it was waited for.

    use std::io;
    use std::process::Child;

    use rustix::process::{Pid, Signal, kill_process};

    pub(super) fn stop(child: &mut Child) -> io::Result<()> {
        send(child, Signal::STOP)
    }

    pub(super) fn go_on(child: &mut Child) -> io::Result<()> {
        send(child, Signal::CONT)
    }

    fn send(child: &mut Child, signal: Signal) -> io::Result<()> {
        // One that was waited for has no number any more, or its number is somebody else's.
        if child.try_wait()?.is_some() {
            return Ok(());
        }
        Ok(kill_process(Pid::from_child(child), signal)?)
    }
}

#[cfg(not(unix))]
mod signal {
    //! Elsewhere processes cannot be stopped.

    use std::io;
    use std::process::Child;

    pub(super) fn stop(_child: &mut Child) -> io::Result<()> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "processes cannot be stopped on this system"))
    }

    pub(super) fn go_on(child: &mut Child) -> io::Result<()> {
        stop(child)
    }
}
