//! A disk that fails in the middle of a line, which no test can ask a real one for.

use std::io;
use std::sync::{Arc, Mutex};

use super::*;

/// Takes so many bytes, and half of the line that is too much.
#[derive(Clone)]
struct SmallDisk {
    bytes: Arc<Mutex<Vec<u8>>>,
    room: usize,
}

impl Sink for SmallDisk {
    fn put(&mut self, line: &[u8]) -> io::Result<()> {
        let mut bytes = self.bytes.lock().expect("nobody panics here");
        if bytes.len() + line.len() > self.room {
            bytes.extend_from_slice(&line[..line.len() / 2]);
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        bytes.extend_from_slice(line);
        Ok(())
    }

    fn cut(&mut self, bytes: u64) -> io::Result<()> {
        self.bytes.lock().expect("nobody panics here").truncate(usize::try_from(bytes).expect("it is short"));
        Ok(())
    }
}

#[test]
fn a_disk_that_is_full_leaves_whole_lines_and_a_count() {
    let disk = SmallDisk { bytes: Arc::default(), room: 400 };
    let clocks = Box::new(OwnClocks::new("a"));
    let recorder =
        Recorder::begin(Box::new(disk.clone()), "a", 1 << 20, clocks).expect("the first line fits");
    let headers: Vec<Header> = (0..5).map(|_| recorder.send("b", "tells")).collect();
    let recorded = headers.iter().filter(|header| !header.is_none()).count() as u64;
    assert!(recorded > 0, "something fits");
    let Counts { events, dropped, .. } = recorder.counts();
    assert_eq!((events, events + dropped), (recorded, 5));
    recorder.close();
    let text = String::from_utf8(disk.bytes.lock().expect("nobody panics here").clone()).expect("it is text");
    assert!(text.ends_with("}\n"), "{text}");
    let closed = text.contains(&format!("\"dropped\":{dropped}}}"));
    assert!(closed, "the last line says how many, if it fits: {text}");
}

/// A disk that is full and takes nothing back.
#[derive(Clone)]
struct StubbornDisk(SmallDisk);

impl Sink for StubbornDisk {
    fn put(&mut self, line: &[u8]) -> io::Result<()> {
        self.0.put(line)
    }

    fn cut(&mut self, _: u64) -> io::Result<()> {
        Err(io::Error::from(io::ErrorKind::Other))
    }
}

#[test]
fn half_a_line_that_stays_is_the_last() {
    let disk = SmallDisk { bytes: Arc::default(), room: 400 };
    let clocks = Box::new(OwnClocks::new("a"));
    let sink = Box::new(StubbornDisk(disk.clone()));
    let recorder = Recorder::begin(sink, "a", 1 << 20, clocks).expect("the first line fits");
    (0..5).for_each(|_| recorder.local("thinks"));
    // There would be room for it again.
    let half = disk.bytes.lock().expect("nobody panics here").clone();
    assert!(!half.ends_with(b"\n") && recorder.counts().dropped > 0, "half a line stays");
    recorder.close();
    assert_eq!(*disk.bytes.lock().expect("nobody panics here"), half, "nothing is written behind it");
}
