//! The logs of processes, which grow for as long as a run lasts and are kept small.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::process::LOG_BYTES_MAX;

/// How much of a log that is too long stays, in bytes: its end.
const KEPT: u64 = LOG_BYTES_MAX / 8;
/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// The logs of a site.
#[derive(Clone, Default)]
pub(super) struct Logs(Arc<Mutex<BTreeSet<PathBuf>>>);

impl Logs {
    /// Looks after them from now on, until this process ends.
    pub(super) fn looked_after() -> Logs {
        let logs = Logs::default();
        let looks = logs.clone();
        thread::spawn(move || {
            loop {
                thread::sleep(LOOK_EVERY);
                let paths = looks.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
                for path in paths {
                    // One that is gone, or of a disk that is full, is tried again.
                    let _ = shorten(&path);
                }
            }
        });
        logs
    }

    /// Opens the log of a process at its end, so that whoever shortens it meanwhile moves the end.
    pub(super) fn open(&self, path: &Path) -> io::Result<File> {
        let log = OpenOptions::new().create(true).append(true).open(path)?;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned());
        Ok(log)
    }
}

/// Leaves the end of a log that is too long, from a whole line on. What is written at this very moment may be lost.
fn shorten(path: &Path) -> io::Result<()> {
    let length = path.metadata()?.len();
    if length <= LOG_BYTES_MAX {
        return Ok(());
    }
    let mut log = OpenOptions::new().read(true).append(true).open(path)?;
    log.seek(SeekFrom::Start(length - KEPT))?;
    let mut end = Vec::new();
    (&log).take(KEPT).read_to_end(&mut end)?;
    let whole = end.iter().position(|byte| *byte == b'\n').map_or(0, |place| place + 1);
    log.set_len(0)?;
    log.write_all(format!("({} bytes before this were removed)\n", length - KEPT).as_bytes())?;
    log.write_all(&end[whole..])
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn of_a_log_that_is_too_long_the_end_stays() {
        let path = std::env::temp_dir().join(format!("constellation-log-{}", std::process::id()));
        let mut log = Logs::default().open(&path).expect("a folder for what is passing");
        let lines = format!("{}\n", "x".repeat(99)).repeat(usize::try_from(LOG_BYTES_MAX / 100).unwrap_or(0));
        log.write_all(lines.as_bytes()).expect("there is room");
        shorten(&path).expect("it is there");
        assert!(fs::metadata(&path).is_ok_and(|of| of.len() == lines.len() as u64), "it is not too long");
        log.write_all(&[b'\n'; 100]).expect("there is room");
        shorten(&path).expect("it is there");
        log.write_all(b"last\n").expect("there is room");
        let text = fs::read_to_string(&path).expect("it is text");
        fs::remove_file(&path).expect("it is there");
        assert!(text.starts_with("(") && text.ends_with("\nlast\n"), "{}", &text[..80]);
        assert!((text.len() as u64) < KEPT + 200, "{}", text.len());
        assert!(text.lines().skip(1).all(|line| line.len() == 99 || line.is_empty() || line == "last"));
    }
}
