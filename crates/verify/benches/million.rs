//! How long it takes to judge a run of a million events, and in how much memory.
//!
//! `cargo bench -p constellation-verify` plays a million events on 4 nodes with vector claims, then judges them;
//! `cargo test --benches` plays ten thousand, so that this cannot rot. Each line gives the seconds a step took and
//! the peak of memory so far, where the system tells it. The bench fails when a million events need more than 200 MB;
//! seconds depend on the machine and are only printed.

use std::fs;
use std::hint::black_box;
use std::time::Instant;

use constellation_trace::{
    Action, Claim, ClaimKind, ClaimRef, Entry, EventId, Limit, MessageId, NodeId, Relation, Relations, Trace,
    TraceError, TrueTime,
};
use constellation_verify::{Budget, Order, claims, delivery, proof};

const NODES: usize = 4;
/// What recording and judging a million events may take.
const PEAK_BYTES_MAX: u64 = 200_000_000;
const NAMES: [&str; NODES] = ["pacific", "indian_ocean", "atlantic", "antarctic"];

fn main() {
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let events = if is_bench { 1_000_000 } else { 10_000 };
    let pairs_max = if is_bench { Budget::default().pairs_max } else { 40_000 };
    if let Err(error) = run(events, &Budget { pairs_max, ..Budget::default() }) {
        println!("could not be judged: {error}");
        std::process::exit(2);
    }
    if let Some(peak) = peak_memory().filter(|_| is_bench) {
        assert!(peak <= PEAK_BYTES_MAX, "{peak} bytes of memory at the peak, more than {PEAK_BYTES_MAX}");
    }
}

fn run(events: usize, budget: &Budget) -> Result<(), String> {
    println!("{events} events on {NODES} nodes, each with a vector claim");
    let trace = step("recorded", || play(events)).map_err(|error| error.to_string())?;
    let order = step("ordered", || Order::of(&trace, budget)).map_err(|limit: Limit| limit.to_string())?;
    let judgements = [
        step("structure of vectors", || claims::structure(&order)),
        step("pairs of vectors", || claims::judge(&order, ClaimKind::Vector, budget, compare)),
        step("arrivals", || delivery::every_message_arrives(&order)),
    ];
    for judgement in judgements {
        println!("  {}: {} ({})", judgement.promise, judgement.verdict.word(), judgement.scope);
        assert_eq!(judgement.verdict.word(), "holds", "this run is honest");
    }
    let last = EventId::new(u32::try_from(events - 1).map_err(|error| error.to_string())?);
    step("ten shortest chains", || {
        for nth in 0..10 {
            black_box(proof::chain(&order, EventId::new(nth), last));
        }
    });
    Ok(())
}

fn step<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    let spent = start.elapsed();
    let peak = peak_memory().map_or("unknown".to_owned(), |bytes| format!("{} MB", bytes / 1_000_000));
    println!("{what:<22}{:>3}.{:03} s   peak memory {peak}", spent.as_secs(), spent.subsec_millis());
    result
}

/// The most bytes of memory that this process ever held, as Linux tells it.
fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// Nodes in turn send to the next but one, or receive the oldest message that waits for them.
fn play(events: usize) -> Result<Trace, TraceError> {
    let mut trace = Trace::new(NAMES)?;
    let mut vectors = [[0_u64; NODES]; NODES];
    let mut waiting: [std::collections::VecDeque<(MessageId, [u64; NODES])>; NODES] = Default::default();
    let mut luck = 1_u64;
    let mut claims = [Claim::Vector(NAMES.map(|name| (name.to_owned(), 0)).to_vec())];
    for number in 0..events {
        // The constants of Knuth's MMIX generator; wrapping is what a linear congruence does.
        luck = luck.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let [pick, place] = [luck >> 60, luck >> 40].map(|bits| (bits % NODES as u64) as usize);
        let in_flight: usize = waiting.iter().map(|queue| queue.len()).sum();
        let is_last_call = events - number <= in_flight + 1;
        let place = if is_last_call {
            (0..NODES).max_by_key(|place| waiting[*place].len()).unwrap_or(0)
        } else {
            place
        };
        let node = NodeId::new(place as u32);
        let (mut action, mut target) = (Action::Local, None);
        if let Some((message, vector)) = waiting[place].pop_front() {
            action = Action::Receive(message);
            vectors[place] = std::array::from_fn(|entry| vectors[place][entry].max(vector[entry]));
        } else if !is_last_call {
            target = Some(NodeId::new(((place + 1 + pick % (NODES - 1)) % NODES) as u32));
        }
        vectors[place][place] += 1;
        if let Claim::Vector(entries) = &mut claims[0] {
            entries.iter_mut().zip(vectors[place]).for_each(|(entry, counter)| entry.1 = counter);
        }
        let at = TrueTime::from_ns(number as u64 * 1_000);
        let entry = Entry { sends: target.as_slice(), claims: &claims, ..Entry::new(node, at, action) };
        let event = trace.record(entry)?;
        for (message, target) in trace.event(event).sends.iter().zip(target) {
            waiting[target.index()].push_back((message, vectors[place]));
        }
    }
    Ok(trace)
}

fn compare(one: ClaimRef<'_>, other: ClaimRef<'_>) -> Relations {
    let (ClaimRef::Vector(one), ClaimRef::Vector(other)) = (one, other) else { return Relations::ANY };
    let is_below = one.iter().all(|(name, counter)| counter <= other.counter(name));
    let is_above = other.iter().all(|(name, counter)| counter <= one.counter(name));
    Relations::from(match (is_below, is_above) {
        (true, true) => Relation::Equal,
        (true, false) => Relation::Before,
        (false, true) => Relation::After,
        (false, false) => Relation::Concurrent,
    })
}
