//! Waits until something at a site accepts connections.

use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

/// What it is called on the hidden command line.
pub(crate) const NAME: &str = "listens";

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(20);

/// Waits; the arguments are an address, and for how many milliseconds to try.
///
/// # Errors
/// The arguments are no such thing, or nothing accepts a connection in that time.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let [address, ms] = arguments else { return Err("an address and milliseconds are needed".to_owned()) };
    let at: SocketAddr = address.parse().map_err(|_| format!("`{address}` is no address"))?;
    let within: u64 = ms.parse().map_err(|_| format!("`{ms}` is no number of milliseconds"))?;
    let (begun, within) = (Instant::now(), Duration::from_millis(within));
    loop {
        let left = within.saturating_sub(begun.elapsed());
        if left.is_zero() {
            return Err(format!("nothing accepts connections at {at} within {ms} ms"));
        }
        if TcpStream::connect_timeout(&at, left).is_ok() {
            return Ok(());
        }
        thread::sleep(PAUSE);
    }
}
