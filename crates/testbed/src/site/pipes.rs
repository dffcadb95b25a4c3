//! The standard input and output of a process that speaks in lines, within bounds that it cannot break.

use std::io::{Read, Write};
use std::process::{ChildStdin, ChildStdout};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use super::monotonic_ns;
use crate::process::LINE_BYTES_MAX;
use crate::protocol::OutputEnd;

/// How many inputs may wait for a process that does not read.
const INPUTS_MAX: usize = 256;

/// Passes what comes on the channel to a process, until it is closed on either side.
pub(super) fn feed(mut input: ChildStdin) -> SyncSender<Vec<u8>> {
    let (sender, receiver): (_, Receiver<Vec<u8>>) = sync_channel(INPUTS_MAX);
    thread::spawn(move || {
        while let Ok(bytes) = receiver.recv() {
            if input.write_all(&bytes).and_then(|()| input.flush()).is_err() {
                return; // It closed its input, or ended: that is reported elsewhere.
            }
        }
    });
    sender
}

/// Passes on each line of a process with the time at which it was there, until it says no more or too much.
pub(super) fn listen(
    mut output: ChildStdout,
    bytes_per_second_max: u64,
    mut told: impl FnMut(u64, Vec<u8>),
) -> OutputEnd {
    const SECOND_NS: u64 = 1_000_000_000;
    let mut buffer = [0; 8_192];
    let mut line = Vec::new();
    let (mut second_ns, mut said) = (monotonic_ns(), 0_u64);
    loop {
        let read = match output.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(_) => break,
        };
        let now_ns = monotonic_ns();
        if now_ns.saturating_sub(second_ns) >= SECOND_NS {
            (second_ns, said) = (now_ns, 0);
        }
        said = said.saturating_add(read as u64);
        if said > bytes_per_second_max {
            return OutputEnd::Flood;
        }
        for byte in buffer.iter().take(read) {
            if *byte == b'\n' {
                told(now_ns, std::mem::take(&mut line));
            } else if line.len() >= LINE_BYTES_MAX {
                return OutputEnd::LineTooLong;
            } else {
                line.push(*byte);
            }
        }
    }
    if !line.is_empty() {
        told(monotonic_ns(), line); // It ended in the middle of a line, which is said all the same.
    }
    OutputEnd::Closed
}
