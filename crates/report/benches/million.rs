//! How long the page of a million events takes to write, in how much memory, and how large it is.
//!
//! `cargo bench -p constellation-report` writes it for a run on 4 nodes with Lamport and wall claims, and for one with vector
//! claims beside; `cargo test --benches` writes ten thousand events, so that this cannot rot. Memory is what the process
//! held at most, less what it held before. The bench fails when a page takes more than 300 MB, or is larger than it was;
//! seconds depend on the machine and are only printed. The times of events are a good two bytes of each that nothing packs.

use std::fs;
use std::time::Instant;

use constellation_report::{Caption, Picture, page, svg};
use constellation_trace::{Action, Claim, Entry, MessageId, NodeId, Trace, TraceError, TrueTime, WallTime};

const NODES: usize = 4;
const NAMES: [&str; NODES] = ["pacific", "indian_ocean", "atlantic", "antarctic"];
const MEMORY_BYTES_MAX: u64 = 300_000_000;

fn main() {
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let events = if is_bench { 1_000_000 } else { 10_000 };
    println!("the page of {events} events on {NODES} nodes");
    for (with, has_vectors, bytes_max) in
        [("lamport and wall", false, 4_000_000), ("lamport, wall and vectors", true, 4_000_000)]
    {
        let trace = play(events, has_vectors).expect("the run is sound");
        let picture = Picture::new(&trace, &[], Caption::default());
        let before = memory("VmRSS:").unwrap_or_default();
        let start = Instant::now();
        let mut html = Vec::new();
        page::write(&picture, &mut html).expect("a vector takes it");
        let spent = start.elapsed();
        // Saturating: pages may have been given back meanwhile.
        let more = memory("VmHWM:").unwrap_or_default().saturating_sub(before);
        let start = Instant::now();
        let drawn = svg::draw(&picture).len();
        println!(
            "{with:<26} {:>5} ms  {:>4} MB  {:>9} bytes; its picture {} ms, {drawn} bytes",
            spent.as_millis(),
            more / 1_000_000,
            html.len(),
            start.elapsed().as_millis()
        );
        if is_bench {
            assert!(more <= MEMORY_BYTES_MAX, "more than {MEMORY_BYTES_MAX} bytes of memory");
            assert!(html.len() <= bytes_max, "more than {bytes_max} bytes");
        }
    }
}

/// What Linux says of the memory of this process.
fn memory(what: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(what))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// Nodes in turn send to the next but one, or receive the oldest message that waits for them, some milliseconds apart.
fn play(events: usize, has_vectors: bool) -> Result<Trace, TraceError> {
    let mut trace = Trace::new(NAMES)?;
    trace.set_epoch(WallTime::from_ns(1_773_461_515_000_000_000));
    let mut clocks = [(0_u64, [0_u64; NODES]); NODES];
    let mut waiting: [std::collections::VecDeque<(MessageId, usize)>; NODES] = Default::default();
    let mut sent: Vec<(u64, [u64; NODES])> = Vec::new();
    let (mut luck, mut at_ns) = (1_u64, 0_u64);
    for _ in 0..events {
        // The constants of Knuth's MMIX generator; wrapping is what a linear congruence does.
        luck = luck.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let [pick, place] = [luck >> 60, luck >> 40].map(|bits| (bits % NODES as u64) as usize);
        // Not the lowest bits, which repeat themselves soon.
        at_ns += 1_000_000 + (luck >> 16) % 65_536;
        let arrived = if pick == 0 { waiting[place].pop_front() } else { None };
        if let Some((_, send)) = arrived {
            let (lamport, vector) = sent[send];
            clocks[place].0 = clocks[place].0.max(lamport);
            for (own, theirs) in clocks[place].1.iter_mut().zip(vector) {
                *own = (*own).max(theirs);
            }
        }
        clocks[place].0 += 1;
        clocks[place].1[place] += 1;
        let (lamport, vector) = clocks[place];
        let wall = WallTime::from_ns(1_773_461_515_000_000_000 + at_ns + place as u64 * 600_000_000);
        let mut claims = vec![Claim::Lamport(lamport), Claim::Wall(wall)];
        if has_vectors {
            claims.push(Claim::Vector(NAMES.map(str::to_owned).into_iter().zip(vector).collect()));
        }
        let target = NodeId::new(((place + 2) % NODES) as u32);
        let targets = if pick == 1 { &[target][..] } else { &[] };
        let action = arrived.map_or(Action::Local, |(message, _)| Action::Receive(message));
        let node = NodeId::new(place as u32);
        let entry = Entry::new(node, TrueTime::from_ns(at_ns), action);
        let event = trace.record(Entry { sends: targets, claims: &claims, ..entry })?;
        for message in trace.event(event).sends.iter() {
            waiting[target.index()].push_back((message, sent.len()));
            sent.push((lamport, vector));
        }
    }
    Ok(trace)
}
