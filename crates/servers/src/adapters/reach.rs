//! A client that knows when its server takes part, and how one of it is an adapter.

use std::io::{stdin, stdout};
use std::thread::sleep;
use std::time::Duration;

use constellation_lab::placement::client::Client;

use super::seat::{Seat, Task};
use crate::adapter::serve;

/// Between two looks whether a server takes part.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// After so many looks that found the same amiss, it is said once more what.
const SAY_EVERY: u32 = 20;

/// A client that also knows when its server can begin.
pub(super) trait Reach: Client {
    /// Sets up what has to be there before the first write (a table, a bucket), as often as it is called, and says what is
    /// still amiss: a server that does not answer, a replica that is not linked.
    fn ready(&mut self) -> Result<(), String>;
}

/// Waits until the server of a seat takes part, which may be for ever: whoever began this ends it. Then serves, where that
/// is the task. What is waited for goes to standard error, which is the log.
pub(super) fn attend<C: Reach>(arguments: &[String], make: impl Fn(&Seat) -> C + Sync) -> Result<(), String> {
    let seat = Seat::parse(arguments)?;
    let mut first = make(&seat);
    for nth in 0_u32.. {
        let Err(amiss) = first.ready() else { break };
        if nth.is_multiple_of(SAY_EVERY) {
            eprintln!("site {} waits: {amiss}", seat.site);
        }
        sleep(LOOK_EVERY);
    }
    // Its connections are not kept: each client makes those that it needs.
    drop(first);
    match seat.task {
        Task::Wait => Ok(()),
        Task::Serve => {
            serve(stdin().lock(), stdout(), |_| make(&seat)).map_err(|error| format!("adapter: {error}"))
        }
    }
}
