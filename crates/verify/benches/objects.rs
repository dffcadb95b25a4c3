//! How long linearizability and sequential consistency of objects take to judge, against the plainest pass over the same.
//!
//! `cargo bench -p constellation-verify --bench objects` judges the histories named in each line; `cargo test --benches`
//! small ones, so that this cannot rot. The baseline is one pass that adds up all times, keys and values. Seconds depend on
//! the machine and are only printed; the bench fails where a verdict is wrong or memory is more than is said.

use std::fs;
use std::hint::black_box;
use std::time::Instant;

use constellation_trace::{Access, Act, Outcome, Sessions, Timing, Transaction, Value};
use constellation_verify::Budget;
use constellation_verify::models::{self, Patience, Recorded};

/// When a judge gives up.
const STEPS_MAX: u64 = 100_000_000;
/// What all of it may take.
const PEAK_BYTES_MAX: u64 = 1_500_000_000;

fn main() {
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let scale = if is_bench { 1 } else { 1_000 };
    if is_bench {
        bounded(64_000_000);
    }
    small(if is_bench { 400 } else { 4 });
    for (clients, keys) in [(10, 1), (10, 100), (100, 1)] {
        let history = Drawn { operations: 1_000_000 / scale, clients, keys, sets: Sets::None }.play();
        let name = format!("registers, {} operations, {clients} clients, {keys} keys", history.len());
        compare(&name, &history, "linearizable", "holds");
    }
    for clients in [5, 10, 20] {
        let drawn = Drawn { operations: 10_000 / scale.min(10), clients, keys: 1, sets: Sets::Third };
        let history = drawn.play();
        let name = format!("compare-and-set, {} operations, {clients} clients", history.len());
        compare(&name, &history, "linearizable", "holds");
    }
    for concurrent in if is_bench { vec![8, 12, 14, 16, 18, 20] } else { vec![6] } {
        for sets in [Sets::None, Sets::Third] {
            let name = match sets {
                Sets::None => format!("{concurrent} writes at once, then two reads that differ"),
                Sets::Third => format!("{concurrent} writes at once, each value twice, then such reads"),
            };
            compare(&name, &contradiction(concurrent, sets), "linearizable", "violated");
        }
    }
    for clients in [3, 10] {
        let drawn = Drawn { operations: 1_000 / scale.min(10), clients, keys: 3, sets: Sets::Third };
        let history = drawn.play();
        let name = format!("compare-and-set, {} operations, {clients} sessions, 3 keys", history.len());
        compare(&name, &history, "sequential", "holds");
        let history = drawn.play_and_miss();
        compare("the same, then two that miss each other's writes", &history, "sequential", "violated");
    }
    if let Some(peak) = peak_memory().filter(|_| is_bench) {
        assert!(peak <= PEAK_BYTES_MAX, "{peak} bytes of memory at the peak, more than {PEAK_BYTES_MAX}");
    }
}

/// A search that memory ends takes as much as it was given, and no more than a tenth besides.
fn bounded(bytes_max: u64) {
    let history = contradiction(26, Sets::Third);
    let before = peak_memory();
    let model = models::find("linearizable").expect("it is in the table");
    let budget = Budget { bytes_max, ..Budget::default() };
    let finding = model.judge(&Recorded::from(&history), &mut Patience::new(budget));
    let after = peak_memory();
    let (Some(before), Some(after)) = (before, after) else { return };
    println!("{} bytes given, {} taken: {finding:?}", bytes_max, after - before);
    assert!(
        after - before <= bytes_max + bytes_max / 10,
        "{} bytes were taken of {bytes_max}",
        after - before
    );
}

/// Judges many small histories as etcd's were recorded: five clients at once read, write and compare-and-set one register of
/// five values, some answers never come, and of every second history one read is wrong. Each is judged ten times from
/// [`Sessions`] in memory, of which the fastest counts; reading a file is not in it.
fn small(count: u64) {
    let model = models::find("linearizable").expect("it is in the table");
    let mut spent: [Vec<u128>; 2] = [Vec::new(), Vec::new()];
    let mut operations = 0;
    for seed in 0..count {
        let sessions = etcd(seed, seed % 2 == 1);
        operations += sessions.len();
        let judge = || {
            let mut patience = Patience::new(Budget::default());
            let start = Instant::now();
            let finding = model.judge(&Recorded::from(&sessions), &mut patience);
            (start.elapsed().as_nanos(), finding.word())
        };
        let (mut best, word) = judge();
        (0..9).for_each(|_| best = best.min(judge().0));
        assert!(word == "holds" || word == "violated" && seed % 2 == 1, "history {seed} is {word}");
        spent[usize::from(word == "violated")].push(best);
    }
    for (name, times) in ["hold", "are violated"].iter().zip(&mut spent) {
        times.sort_unstable();
        let (Some(median), Some(worst)) = (times.get(times.len() / 2), times.last()) else { continue };
        println!(
            "small histories like etcd's, {} operations on average: {} {name}, median {}.{:03} µs each, worst {} µs",
            operations as u64 / count,
            times.len(),
            median / 1_000,
            median % 1_000,
            worst / 1_000
        );
    }
}

fn etcd(seed: u64, is_wrong: bool) -> Sessions {
    let mut luck = Luck(seed);
    (0..3).for_each(|_| _ = luck.below(2));
    let mut sessions = Sessions::new(Timing::Recorded);
    let x = sessions.key("x").expect("few");
    let value = |number: u64| Value::number(number).expect("small");
    let mut free = [0_u64; 5];
    let mut clients: Vec<u64> = (0..5).collect();
    let mut moments: Vec<(u64, u64, u64, u64)> = Vec::new();
    for nth in 0..100 {
        let client = nth % 5;
        let invoked = free[client] + 1 + luck.below(40);
        let returned = invoked + 2 + luck.below(30);
        let is_open = luck.below(40) == 0;
        free[client] = returned;
        moments.push((
            invoked + 1 + luck.below(returned - invoked - 1),
            clients[client],
            invoked,
            if is_open { Transaction::NEVER } else { returned },
        ));
        clients[client] += if is_open { 5 } else { 0 };
    }
    moments.sort_unstable();
    let mut held = Value::NOTHING;
    for (nth, (_, client, invoked, returned)) in (0..).zip(moments) {
        let session = sessions.session(&client.to_string()).expect("few");
        let [expected, new] = [value(luck.below(5)), value(luck.below(5))];
        let outcome = if returned == Transaction::NEVER { Outcome::Unknown } else { Outcome::Committed };
        let took_effect = outcome == Outcome::Committed || luck.below(2) == 0;
        let accesses = match luck.below(3) {
            0 if is_wrong && nth > 80 => vec![Access::read(x, new)],
            0 => vec![Access::read(x, held)],
            1 => vec![Access::write(x, new)],
            // What does not match has failed, and is not recorded here.
            _ if expected != held => continue,
            _ => vec![Access::read(x, held), Access::write(x, new)],
        };
        if let [.., Access { act: Act::Write, value, .. }] = accesses[..]
            && took_effect
        {
            held = value;
        }
        sessions.push(Transaction { session, outcome, invoked, returned }, &accesses).expect("in order");
    }
    sessions
}

/// Judges a history, and prints how long that took, and how many times as long as the plainest pass.
fn compare(name: &str, sessions: &Sessions, model: &str, expected: &str) {
    let start = Instant::now();
    let sum = sessions.ids().fold(0_u64, |sum, id| {
        let transaction = sessions.transaction(id);
        let accesses = sessions.accesses(id).iter();
        let values = accesses
            .fold(0_u64, |sum, access| sum.wrapping_add(access.value.bits() ^ access.key.index() as u64));
        sum.wrapping_add(values).wrapping_add(transaction.invoked ^ transaction.returned)
    });
    black_box(sum);
    let baseline = start.elapsed();
    let model = models::find(model).expect("it is in the table");
    let judge = || {
        let budget = Budget { steps_max: STEPS_MAX, ..Budget::default() };
        let mut patience = Patience::new(budget);
        let start = Instant::now();
        let finding = model.judge(&Recorded::from(sessions), &mut patience);
        (start.elapsed(), finding, patience.steps())
    };
    // Others use the machine as well, so the best of three, unless that would take long.
    let (mut spent, finding, steps) = judge();
    if steps <= STEPS_MAX / 10 {
        spent = spent.min(judge().0).min(judge().0);
    }
    let ratio = spent.as_nanos() / baseline.as_nanos().max(1);
    let peak = peak_memory().map_or("unknown".to_owned(), |bytes| format!("{} MB", bytes / 1_000_000));
    println!(
        "{name:<58} {:>3}.{:06} s  {ratio:>8} × the pass  {:>10} steps  peak {peak}  {}",
        spent.as_secs(),
        spent.subsec_micros(),
        steps,
        finding.word(),
    );
    if finding.word() != "unknown" {
        assert_eq!(finding.word(), expected, "{name}: {finding:?}");
    }
}

/// Whether some writes are compare-and-sets.
#[derive(Clone, Copy)]
enum Sets {
    None,
    Third,
}

/// Operations that overlap as much as there are clients, each with its effect somewhere within.
struct Drawn {
    operations: usize,
    clients: usize,
    keys: usize,
    sets: Sets,
}

impl Drawn {
    fn play(&self) -> Sessions {
        let mut luck = Luck(1);
        let mut sessions = Sessions::new(Timing::Recorded);
        let clients: Vec<u32> =
            (0..self.clients).map(|nth| sessions.session(&format!("s{nth}")).expect("few")).collect();
        let keys: Vec<_> = (0..self.keys).map(|nth| sessions.key(&format!("k{nth}")).expect("few")).collect();
        let mut held = vec![Value::NOTHING; self.keys];
        // Each client is busy from one end to the next beginning. Effects come in the order of a moment drawn within.
        let mut free = vec![0_u64; self.clients];
        let length = 10 * self.clients as u64;
        let mut moments: Vec<(u64, usize, u64, u64)> = (0..self.operations)
            .map(|nth| {
                let client = nth % self.clients;
                let invoked = free[client] + 1 + luck.below(5);
                let returned = invoked + 2 + luck.below(length);
                free[client] = returned;
                (invoked + 1 + luck.below(returned - invoked - 1), client, invoked, returned)
            })
            .collect();
        moments.sort_unstable();
        for (nth, (_, client, invoked, returned)) in moments.into_iter().enumerate() {
            let place = luck.below(self.keys as u64) as usize;
            let key = keys[place];
            let new = Value::number(nth as u64 + 1).expect("small");
            let accesses = match (self.sets, luck.below(6)) {
                (_, 0..3) => vec![Access::read(key, held[place])],
                (Sets::Third, 3..5) => {
                    vec![Access::read(key, held[place]), Access::write(key, new)]
                }
                _ => vec![Access::write(key, new)],
            };
            if accesses[accesses.len() - 1] == Access::write(key, new) {
                held[place] = new;
            }
            let session = clients[client];
            let transaction = Transaction { session, outcome: Outcome::Committed, invoked, returned };
            sessions.push(transaction, &accesses).expect("in order");
        }
        sessions
    }
}

impl Drawn {
    /// The same, and at the end two clients of which each writes to a key and reads that of the other as nobody had written.
    fn play_and_miss(&self) -> Sessions {
        let mut sessions = self.play();
        let [p, q] = ["p", "q"].map(|name| sessions.key(name).expect("few"));
        let one = Value::number(1).expect("small");
        for (name, own, other) in [("s0", p, q), ("s1", q, p)] {
            let session = sessions.session(name).expect("few");
            let begin = 1 << 40;
            for (step, access) in (0..).zip([Access::write(own, one), Access::read(other, Value::NOTHING)]) {
                let [invoked, returned] = [begin + step * 10, begin + step * 10 + 5];
                let transaction = Transaction { session, outcome: Outcome::Committed, invoked, returned };
                sessions.push(transaction, &[access]).expect("in order");
            }
        }
        sessions
    }
}

/// Writes that all overlap, then reads one after the other that show them in both orders. Where values are written twice, only
/// a search can tell.
fn contradiction(concurrent: usize, sets: Sets) -> Sessions {
    let mut sessions = Sessions::new(Timing::Recorded);
    let x = sessions.key("x").expect("few");
    let value = |nth: usize| Value::number(nth as u64 + 1).expect("small");
    let mut push = |name: String, outcome, times: [u64; 2], accesses: &[Access]| {
        let session = sessions.session(&name).expect("few");
        let [invoked, returned] = times;
        sessions.push(Transaction { session, outcome, invoked, returned }, accesses).expect("in order");
    };
    for nth in 0..concurrent {
        match sets {
            Sets::None => {
                push(format!("w{nth}"), Outcome::Committed, [1, 10], &[Access::write(x, value(nth))])
            }
            Sets::Third => {
                push(format!("w{nth}"), Outcome::Committed, [1, 10], &[Access::write(x, value(nth / 2))])
            }
        }
    }
    for (nth, shown) in [0, concurrent / 2 - 1, 0, concurrent / 2 - 1].into_iter().enumerate() {
        let begin = 11 + 10 * nth as u64;
        push(format!("r{nth}"), Outcome::Committed, [begin, begin + 5], &[Access::read(x, value(shown))]);
    }
    sessions
}

/// The constants of Knuth's MMIX generator; wrapping is what a linear congruence does.
struct Luck(u64);

impl Luck {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound.max(1)
    }
}

/// The most bytes of memory that this process ever held, as Linux tells it.
fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}
