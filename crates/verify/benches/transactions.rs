//! How long it takes to judge ten thousand transactions by the strong models, and a million accesses by the weak ones.
//!
//! `cargo bench -p constellation-verify --bench transactions` plays stores with 25 clients, one that runs transactions one
//! after the other and one with snapshots, and judges what they show; `cargo test --benches` plays little, so that this
//! cannot rot. Sessions are recorded one after the other and without times, so that the order of recording is no help.
//! Seconds depend on the machine and are only printed.

use std::time::Instant;

use constellation_trace::{Access, Outcome, Sessions, Timing, Transaction, Value};
use constellation_verify::Budget;
use constellation_verify::models::{self, Finding, Patience, Recorded};

const CLIENTS: u64 = 25;
const ACCESSES: usize = 8;

const WEAK: [&str; 5] = ["adya-pl2", "read-committed", "read-atomic", "causal", "transactional-causal"];
const STRONG: [&str; 8] = [
    "strict-serializable",
    "strong-snapshot-isolation",
    "session-serializable",
    "serializable",
    "session-snapshot-isolation",
    "snapshot-isolation",
    "prefix",
    "parallel-snapshot",
];

fn main() {
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let (strong, weak) = if is_bench { (10_000, 125_000) } else { (300, 300) };
    for keys in [1_000, 10_000] {
        for store in [Store::Serial, Store::Snapshots] {
            let sessions = play(strong, keys, store);
            println!(
                "{strong} transactions of {ACCESSES} accesses, {keys} keys, {CLIENTS} clients: {store:?}"
            );
            let names =
                ["session-serializable", "serializable", "session-snapshot-isolation", "snapshot-isolation"];
            for model in names.into_iter().chain(["prefix", "parallel-snapshot"]) {
                judge(model, &sessions);
            }
        }
    }
    for store in [Store::Serial, Store::Snapshots] {
        let sessions = orders(strong, store);
        println!("{strong} transactions of a wholesaler, 20 clients, times recorded: {store:?}");
        for model in STRONG {
            judge(model, &sessions);
        }
    }
    let short = strong as u64 * 5;
    for last in [Value::number(1).expect("small"), Value::NOTHING] {
        let sessions = short_sessions(short, last);
        println!("{short} sessions of two transactions: Serial, at last {}", sessions.show_value(last));
        for model in STRONG[2..].iter().chain(&WEAK) {
            judge(model, &sessions);
        }
    }
    let sessions = play(weak, 10_000, Store::Serial);
    println!("{} accesses, 10000 keys, {CLIENTS} clients: Serial", sessions.accesses_total());
    for model in WEAK {
        judge(model, &sessions);
    }
}

fn judge(model: &str, sessions: &Sessions) {
    let start = Instant::now();
    let finding = models::find(model)
        .expect("it is in the table")
        .judge(&Recorded::from(sessions), &mut Patience::new(Budget::default()));
    let what = match &finding {
        Finding::Holds => "holds".to_owned(),
        Finding::Violated(anomaly) => format!("violated: {}", anomaly.found),
        Finding::Unknown(limit) => format!("unknown: {limit}"),
    };
    println!("  {:>8.3} s  {model}: {what}", start.elapsed().as_secs_f64());
}

/// What a wholesaler's clients do (after TPC-C, with its mix): new orders and payments mostly, few keys of which are hot.
fn orders(transactions: usize, store: Store) -> Sessions {
    let mut luck = Luck(3);
    let mut sessions = Sessions::new(Timing::Recorded);
    let names =
        [("site", SITES), ("district", 10 * SITES), ("customer", 300 * SITES), ("stock", ITEMS * SITES)];
    let mut keys = Vec::new();
    let groups = names.map(|(name, count)| {
        let first = keys.len() as u64;
        keys.extend((0..count).map(|nth| sessions.key(&format!("{name}{nth}")).expect("few")));
        first
    });
    let clients: Vec<u32> = (0..20).map(|nth| sessions.session(&format!("c{nth}")).expect("few")).collect();
    let mut held: Held = vec![(Value::NOTHING, 0); keys.len()];
    let mut begun: Vec<Option<(u64, Held)>> = vec![None; clients.len()];
    let (mut written, mut done, mut now) = (0, 0, 0);
    while done < transactions {
        now += 1;
        let client = luck.below(clients.len() as u64) as usize;
        let Some((at, snapshot)) = begun[client].take() else {
            begun[client] = Some((now, if store == Store::Serial { Held::new() } else { held.clone() }));
            continue;
        };
        let view = if store == Store::Serial { &held } else { &snapshot };
        let touched = touch(&mut luck, groups);
        let is_written = |(key, is_written): &(u64, bool)| *is_written && held[*key as usize].1 > at;
        if store == Store::Snapshots && touched.iter().any(is_written) {
            continue;
        }
        let mut accesses = Vec::new();
        for (key, _) in &touched {
            accesses.push(Access::read(keys[*key as usize], view[*key as usize].0));
        }
        for (key, _) in touched.iter().filter(|(_, is_written)| *is_written) {
            written += 1;
            held[*key as usize] = (Value::number(written).expect("few"), now);
            accesses.push(Access::write(keys[*key as usize], held[*key as usize].0));
        }
        let session = clients[client];
        let transaction = Transaction { session, outcome: Outcome::Committed, invoked: at, returned: now };
        sessions.push(transaction, &accesses).expect("all is held");
        done += 1;
    }
    sessions
}

const SITES: u64 = 5;
const ITEMS: u64 = 1_000;

/// Which keys one transaction reads, and whether it writes them, too.
fn touch(luck: &mut Luck, groups: [u64; 4]) -> Vec<(u64, bool)> {
    let (site, kind) = (luck.below(SITES), luck.below(100));
    let [sites, districts, customers, stocks] = groups;
    let district = districts + 10 * site + luck.below(10);
    let customer = customers + 300 * site + luck.below(300);
    let mut stock = || stocks + ITEMS * site + luck.below(ITEMS);
    let mut touched: Vec<(u64, bool)> = match kind {
        0..45 => {
            let lines = (0..8).map(|_| (stock(), true));
            [(sites + site, false), (district, true), (customer, false)].into_iter().chain(lines).collect()
        }
        45..88 => vec![(sites + site, true), (district, true), (customer, true)],
        88..92 => vec![(customer, false), (district, false)],
        92..96 => (0..10).map(|nth| (customers + 300 * site + 30 * nth, true)).collect(),
        _ => (0..20).map(|_| (stock(), false)).chain([(district, false)]).collect(),
    };
    touched.sort_unstable();
    touched.dedup_by_key(|(key, _)| *key);
    touched
}

/// So many sessions: each reads two keys, writes one of them and then reads that; the last of all reads `last`, unless that is
/// 1, which stands for what it wrote.
fn short_sessions(count: u64, last: Value) -> Sessions {
    let mut luck = Luck(5);
    let mut sessions = Sessions::new(Timing::None);
    let keys: Vec<_> = (0..count / 10).map(|nth| sessions.key(&format!("k{nth}")).expect("few")).collect();
    let mut held = vec![Value::NOTHING; keys.len()];
    for nth in 0..count {
        let session = sessions.session(&format!("s{nth}")).expect("few");
        let [one, other] = [(); 2].map(|()| luck.below(keys.len() as u64) as usize);
        let new = Value::number(nth + 2).expect("small");
        let first = [
            Access::read(keys[one], held[one]),
            Access::read(keys[other], held[other]),
            Access::write(keys[one], new),
        ];
        held[one] = new;
        let shown = if nth + 1 == count && last == Value::NOTHING { last } else { new };
        for accesses in [&first[..], &[Access::read(keys[one], shown)]] {
            sessions.push(Transaction::untimed(session, Outcome::Committed), accesses).expect("all is held");
        }
    }
    sessions
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Store {
    Serial,
    Snapshots,
}

/// What is held, with the number of the commit that wrote it.
type Held = Vec<(Value, u64)>;

/// A transaction that has begun: what it saw, what it did, and when it began.
struct Begun {
    snapshot: Held,
    accesses: Vec<Access>,
    at: u64,
}

fn play(transactions: usize, keys: u64, store: Store) -> Sessions {
    let mut luck = Luck(7);
    let mut sessions = Sessions::new(Timing::None);
    let ids: Vec<_> = (0..keys).map(|key| sessions.key(&format!("k{key}")).expect("few")).collect();
    let mut held: Held = vec![(Value::NOTHING, 0); ids.len()];
    let mut lines: Vec<Vec<Vec<Access>>> = vec![Vec::new(); CLIENTS as usize];
    let mut begun: Vec<Option<Begun>> = (0..CLIENTS).map(|_| None).collect();
    let (mut commits, mut written) = (0, 0);
    let mut done = 0;
    while done < transactions {
        let client = luck.below(CLIENTS) as usize;
        let open = begun[client].take();
        // One after the other, or at least the others' commits come between.
        let (mut open, is_over) = match (open, store) {
            (Some(open), _) => (open, true),
            (None, Store::Serial) => (begin(&held, commits, store), true),
            (None, Store::Snapshots) => (begin(&held, commits, store), false),
        };
        if !is_over {
            begun[client] = Some(open);
            continue;
        }
        let view = if store == Store::Serial { &held } else { &open.snapshot };
        open.accesses = transact(&mut luck, &ids, view, &mut written);
        let writes = open.accesses.iter().filter(|access| access.act == constellation_trace::Act::Write);
        let writes: Vec<(usize, Value)> = writes.map(|access| (access.key.index(), access.value)).collect();
        if store == Store::Snapshots && writes.iter().any(|(key, _)| held[*key].1 > open.at) {
            continue;
        }
        commits += 1;
        writes.iter().for_each(|(key, value)| held[*key] = (*value, commits));
        lines[client].push(open.accesses);
        done += 1;
    }
    for (client, line) in lines.iter().enumerate() {
        let session = sessions.session(&format!("c{client}")).expect("few");
        for accesses in line {
            sessions.push(Transaction::untimed(session, Outcome::Committed), accesses).expect("all is held");
        }
    }
    sessions
}

fn begin(held: &Held, at: u64, store: Store) -> Begun {
    let snapshot = if store == Store::Serial { Held::new() } else { held.clone() };
    Begun { snapshot, accesses: Vec::new(), at }
}

/// Half reads and half writes, most of which write what was not read.
fn transact(
    luck: &mut Luck,
    ids: &[constellation_trace::Key],
    view: &Held,
    written: &mut u64,
) -> Vec<Access> {
    let mut own: Vec<(usize, Value)> = Vec::new();
    let mut accesses = Vec::new();
    for _ in 0..ACCESSES {
        let key = luck.below(ids.len() as u64) as usize;
        if luck.below(2) == 0 {
            let mine = own.iter().rev().find(|(other, _)| *other == key).map(|(_, value)| *value);
            accesses.push(Access::read(ids[key], mine.unwrap_or(view[key].0)));
        } else {
            *written += 1;
            let value = Value::number(*written).expect("few");
            own.push((key, value));
            accesses.push(Access::write(ids[key], value));
        }
    }
    accesses
}

/// A small generator (Steele et al. 2014, SplitMix64).
struct Luck(u64);

impl Luck {
    fn below(&mut self, limit: u64) -> u64 {
        // Wrapping: this is arithmetic of bits.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (bits ^ (bits >> 31)) % limit
    }
}
