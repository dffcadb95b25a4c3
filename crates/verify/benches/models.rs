//! How long it takes to judge large histories by models of consistency, and in how much memory.
//!
//! `cargo bench -p constellation-verify --bench models` makes histories of replicas that tell each other their writes in
//! causal order, and judges them; `cargo test --benches` does so with small ones, so that this cannot rot. Each line gives
//! the seconds that one processor worked, their ratio to the plainest pass over the same accesses (the baseline: one addition each), and
//! the peak of memory since the history was begun, which is included. Seconds depend on the machine and are only printed;
//! the bench fails where a history that is right by construction does not hold.

use std::fs;
use std::hint::black_box;
use std::time::{Duration, Instant};

use constellation_trace::{
    Access, Outcome, Sessions, SessionsError, Timing, Transaction, TransactionId, Value,
};
use constellation_verify::Budget;
use constellation_verify::models::{self, Finding, Patience, Recorded};

fn main() {
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let scale = if is_bench { 1 } else { 1000 };
    if let Err(error) = run(scale) {
        println!("could not be judged: {error}");
        std::process::exit(2);
    }
}

fn run(scale: usize) -> Result<(), SessionsError> {
    // The largest first: an allocator keeps some of what was given back.
    let ten = Shape { accesses: 10_000_000 / scale, ..Shape::default() };
    judge(&Shape { length: 1, ..ten }, &["causal", "causal-convergence"])?;
    let single = Shape { accesses: 100_000 / scale, length: 1, ..Shape::default() };
    let sets = ["monotonic-reads", "writes-follow-reads", "monotonic-reads+writes-follow-reads"];
    let four = "read-your-writes+monotonic-reads+monotonic-writes+writes-follow-reads";
    judge(
        &single,
        &[&["causal", "causal-convergence", "read-your-writes", "monotonic-writes", four][..], &sets]
            .concat(),
    )?;
    judge(&Shape { newest_wins: Wins::LastApplied, ..single }, &["causal", "causal-memory", "pram"])?;
    let paired = Shape { accesses: 100_000 / scale, ..Shape::default() };
    judge(&Shape { newest_wins: Wins::LastApplied, ..paired }, &["causal", "causal-memory", "pram"])?;
    let million = Shape { accesses: 1_000_000 / scale, ..Shape::default() };
    judge(&million, &["causal", "causal-convergence"])?;
    judge(&Shape { newest_wins: Wins::LastApplied, ..million }, &["causal"])?;
    for million in [million, Shape { newest_wins: Wins::LastApplied, ..million }] {
        judge(&Shape { length: 1, ..million }, &["causal"])?;
    }
    judge(&Shape { length: 1, ..million }, &["causal-convergence"])?;
    judge(&ten, &["causal", "causal-convergence"])
}

/// What a history is like.
#[derive(Clone, Copy)]
struct Shape {
    accesses: usize,
    /// Of one transaction.
    length: usize,
    sessions: usize,
    keys: usize,
    newest_wins: Wins,
}

/// Which of two writes a replica shows.
#[derive(Clone, Copy, PartialEq)]
enum Wins {
    /// The later one of the common log: then all converge.
    Newest,
    /// The one that it was told last: then each has an order of its own.
    LastApplied,
}

impl Default for Shape {
    fn default() -> Shape {
        Shape { accesses: 0, length: 10, sessions: 25, keys: 1000, newest_wins: Wins::Newest }
    }
}

fn judge(shape: &Shape, names: &[&str]) -> Result<(), SessionsError> {
    // So does Linux begin anew with the peak; elsewhere it is that of all so far.
    _ = fs::write("/proc/self/clear_refs", "5");
    let sessions = replicas(shape)?;
    println!(
        "{} accesses, {} a transaction, {} sessions, {} keys",
        sessions.accesses_total(),
        shape.length,
        shape.sessions,
        shape.keys
    );
    // Many times, since a clock that counts the work of a processor is coarse.
    let plainest = timed("the plainest pass, a hundred times", None, || {
        for _ in 0..100 {
            let bits = sessions.ids().flat_map(|id| sessions.accesses(id)).map(|access| access.value.bits());
            black_box(bits.fold(0, u64::wrapping_add));
        }
    });
    let plainest = plainest / 100;
    for name in names {
        let model = models::find(name).unwrap_or_else(|near| panic!("no model {name}, but {near:?}"));
        let mut finding = Finding::Holds;
        timed(name, Some(plainest), || {
            finding = model.judge(&Recorded::from(&sessions), &mut Patience::new(Budget::default()));
        });
        assert_eq!(finding, Finding::Holds, "{name} holds by construction");
    }
    Ok(())
}

fn timed(what: &str, baseline: Option<Duration>, work: impl FnOnce()) -> Duration {
    let (start, busy) = (Instant::now(), busy_time());
    work();
    let spent = busy_time().zip(busy).map_or_else(|| start.elapsed(), |(after, before)| after - before);
    let ratio = baseline.map_or(1, |baseline| spent.as_nanos() / baseline.as_nanos().max(1));
    let peak = peak_memory().map_or("unknown".to_owned(), |bytes| format!("{} MB", bytes / 1_000_000));
    let (seconds, millis) = (spent.as_secs(), spent.subsec_millis());
    println!("  {what:<72}{seconds:>3}.{millis:03} s  {ratio:>5} x  peak {peak}");
    spent
}

/// How long a processor has worked for this process, as Linux tells it: on a busy machine that is less than what went by.
fn busy_time() -> Option<Duration> {
    let status = fs::read_to_string("/proc/self/schedstat").ok()?;
    status.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}

/// The most bytes of memory that this process ever held, as Linux tells it.
fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// Each session reads at a replica of its own, which knows its own writes and a prefix of a common log, some transactions
/// behind. A prefix of the log has the causes of whatever is in it.
fn replicas(shape: &Shape) -> Result<Sessions, SessionsError> {
    /// How far a replica may be behind, in transactions.
    const LAG_MAX: u64 = 200;
    let mut sessions = Sessions::new(Timing::None);
    let names: Vec<u32> =
        (0..shape.sessions).map(|nth| sessions.session(&format!("s{nth}"))).collect::<Result<_, _>>()?;
    let keys: Vec<_> =
        (0..shape.keys).map(|nth| sessions.key(&format!("k{nth}"))).collect::<Result<_, _>>()?;
    let mut held = vec![(0_u64, Value::NOTHING); shape.sessions * shape.keys];
    let mut prefix = vec![0_usize; shape.sessions];
    let mut luck = Luck(1);
    let mut done: Vec<Access> = Vec::new();
    for number in 0..shape.accesses / shape.length {
        let who = luck.below(shape.sessions as u64) as usize;
        let behind = number.saturating_sub(luck.below(LAG_MAX) as usize);
        for told in prefix[who]..behind.max(prefix[who]) {
            let id = TransactionId::new(u32::try_from(told).expect("push refuses more than 32 bits number"));
            if sessions.transaction(id).session == names[who] {
                continue;
            }
            for access in sessions.accesses(id).iter().filter(|access| is_write(access)) {
                let slot = &mut held[who * shape.keys + access.key.index()];
                if shape.newest_wins == Wins::LastApplied || slot.0 <= told as u64 {
                    *slot = (told as u64, access.value);
                }
            }
        }
        prefix[who] = behind.max(prefix[who]);
        done.clear();
        for nth in 0..shape.length {
            let key = luck.below(shape.keys as u64) as usize;
            let slot = &mut held[who * shape.keys + key];
            if luck.below(2) == 0 {
                let value = Value::number((number * shape.length + nth) as u64).expect("far below 2^62");
                *slot = (number as u64, value);
                done.push(Access::write(keys[key], value));
            } else {
                done.push(Access::read(keys[key], slot.1));
            }
        }
        sessions.push(Transaction::untimed(names[who], Outcome::Committed), &done)?;
    }
    Ok(sessions)
}

fn is_write(access: &Access) -> bool {
    access.act == constellation_trace::Act::Write
}

/// The constants of Knuth's MMIX generator; wrapping is what a linear congruence does.
struct Luck(u64);

impl Luck {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}
