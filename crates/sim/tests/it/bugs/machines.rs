//! Protocols that trust their machine: its disk, its clock, its process, its line; each with many kinds of faults on.

use std::num::NonZeroU64;
use std::time::Duration;

use constellation_fabric::{Effects, Flap, Link, Odds, Timer};
use constellation_sim::{Faults, Span};

use super::Heard::{Asked, Begun, Full, Rang, Told};
use super::{Bug, Heard, LATE, Memory, Word, first, node, number};

const fn percent(percent: u32) -> Odds {
    Odds::ppm(percent * 10_000).expect("at most a hundred")
}

const fn span(min: u64, max: u64) -> Span {
    Span { min: Duration::from_millis(min), max: Duration::from_millis(max) }
}

/// A machine to which everything may happen.
const HARSH: Faults = Faults {
    crash_before: percent(2),
    crash_after: percent(2),
    down: span(10, 400),
    amnesia: percent(30),
    pause: percent(3),
    pause_time: span(20, 400),
    suspend: percent(2),
    suspend_time: span(20, 400),
    wall_step: percent(3),
    wall_step_min_ns: -500_000_000,
    wall_step_max_ns: 500_000_000,
    disk_full: percent(2),
    unsynced: percent(50),
    bit_rot: percent(20),
    ..Faults::NONE
};

/// As harsh, but that what a restart reads is what was synced last.
const SAFE_DISK: Faults = Faults { amnesia: Odds::NEVER, bit_rot: Odds::NEVER, ..HARSH };

const WILD: Link = Link {
    loss: percent(2),
    duplicate: percent(2),
    corrupt_seen: percent(1),
    corrupt_unseen: percent(1),
    ..LATE
};

/// As wild, but what arrives is what was sent.
const HONEST: Link = Link { corrupt_unseen: Odds::NEVER, ..WILD };

/// Takes 5 ms for a message, and lets three wait.
const NARROW: Link = Link {
    loss: Odds::NEVER,
    corrupt_seen: Odds::NEVER,
    rate: Some(NonZeroU64::new(20_000).expect("it is not 0")),
    queue_bytes_max: 300,
    latency_max: Duration::from_millis(5),
    ..HONEST
};

const FLAP: Flap =
    Flap { period: Duration::from_millis(200), down: Duration::from_millis(150), odds: percent(5) };

pub(super) static BUGS: [Bug; 11] = [
    Bug {
        name: "charged again after a crash",
        promise: "an order is charged once",
        nodes: &["client", "shop"],
        link: HONEST,
        asks: &[(0, 0, ("order", 1)), (300, 0, ("order", 2)), (600, 0, ("order", 3))],
        crash: None,
        faults: HARSH,
        flap: None,
        handler: shop,
        judge: charged_twice,
    },
    Bug {
        name: "told before it was synced",
        promise: "what a client was told is done is there later",
        nodes: &["log", "client"],
        link: HONEST,
        asks: &[
            (0, 0, ("write", 1)),
            (60, 0, ("write", 2)),
            (120, 0, ("write", 3)),
            (180, 0, ("write", 4)),
            (500, 0, ("read", 0)),
            (900, 0, ("read", 0)),
        ],
        crash: None,
        faults: SAFE_DISK,
        flap: Some(FLAP),
        handler: eager_log,
        judge: told_is_gone,
    },
    Bug {
        name: "votes again after amnesia",
        promise: "nobody votes for two in one term",
        nodes: &["pacific", "indian", "atlantic", "arctic"],
        link: WILD,
        asks: &[(0, 0, ("stand", 0)), (300, 1, ("stand", 0)), (600, 2, ("stand", 0))],
        crash: None,
        faults: HARSH,
        flap: Some(FLAP),
        handler: voter,
        judge: votes_twice,
    },
    Bug {
        name: "lease by the wall clock",
        promise: "nobody writes while another holds the lease",
        nodes: &["keeper", "pacific", "indian"],
        link: HONEST,
        asks: &LEASES,
        crash: None,
        faults: SAFE_DISK,
        flap: None,
        handler: lease_by_wall,
        judge: writes_without_lease,
    },
    Bug {
        name: "writes after a pause",
        promise: "nobody writes while another holds the lease",
        nodes: &["keeper", "pacific", "indian"],
        link: HONEST,
        asks: &LEASES,
        crash: None,
        faults: SAFE_DISK,
        flap: Some(FLAP),
        handler: lease_by_timer,
        judge: writes_without_lease,
    },
    Bug {
        name: "takes every bit for good",
        promise: "what is booked was paid",
        nodes: &["client", "bank", "branch"],
        link: WILD,
        asks: &[
            (0, 0, ("pay", 64)),
            (100, 0, ("pay", 64)),
            (200, 0, ("pay", 64)),
            (300, 0, ("pay", 64)),
            (400, 0, ("pay", 64)),
            (500, 0, ("pay", 64)),
        ],
        crash: None,
        faults: HARSH,
        flap: Some(FLAP),
        handler: booking,
        judge: books_what_nobody_paid,
    },
    Bug {
        name: "burst into a narrow line",
        promise: "every sample arrives",
        nodes: &["probe", "relay", "station"],
        link: NARROW,
        asks: &SAMPLES,
        crash: None,
        faults: Faults { crash_before: Odds::NEVER, crash_after: Odds::NEVER, ..HARSH },
        flap: Some(Flap { down: Duration::from_millis(40), ..FLAP }),
        handler: samples,
        judge: sample_is_missing,
    },
    Bug {
        name: "rot taken for a balance",
        promise: "a balance is what was booked",
        nodes: &["client", "bank"],
        link: HONEST,
        asks: &[
            (0, 0, ("pay", 64)),
            (100, 0, ("pay", 64)),
            (200, 0, ("pay", 64)),
            (300, 0, ("pay", 64)),
            (900, 1, ("audit", 0)),
        ],
        crash: None,
        faults: Faults { amnesia: Odds::NEVER, ..HARSH },
        flap: None,
        handler: balance,
        judge: balance_is_wrong,
    },
    Bug {
        name: "done on a full disk",
        promise: "what a client was told is done is there later",
        nodes: &["log", "client"],
        link: HONEST,
        asks: &[
            (0, 0, ("write", 1)),
            (60, 0, ("write", 2)),
            (120, 0, ("write", 3)),
            (180, 0, ("write", 4)),
            (500, 0, ("read", 0)),
            (900, 0, ("read", 0)),
        ],
        crash: None,
        faults: SAFE_DISK,
        flap: Some(FLAP),
        handler: careless_log,
        judge: told_is_gone,
    },
    Bug {
        name: "both copies forgotten",
        promise: "what a client was told is done is there later",
        nodes: &["log", "client", "copy"],
        link: HONEST,
        asks: &[(0, 0, ("write", 1)), (300, 0, ("write", 2)), (600, 0, ("read", 0)), (900, 0, ("read", 0))],
        crash: None,
        faults: Faults { bit_rot: Odds::NEVER, amnesia: percent(50), ..HARSH },
        flap: None,
        handler: two_copies,
        judge: told_is_gone,
    },
    Bug {
        name: "silent thrice in a storm",
        promise: "nobody takes over from a primary that lives",
        nodes: &["backup", "primary", "pacific", "indian"],
        link: Link { loss: percent(20), ..HONEST },
        asks: &[(0, 0, ("watch", 3)), (0, 2, ("chat", 4)), (30, 3, ("chat", 4)), (350, 0, ("watch", 3))],
        crash: None,
        faults: HARSH,
        flap: Some(FLAP),
        handler: storm,
        judge: takes_over,
    },
];

/// Who takes the lease and who writes.
const LEASES: [(u64, u32, Word); 10] = [
    (0, 1, ("take", 0)),
    (130, 1, ("write", 1)),
    (210, 2, ("take", 0)),
    (260, 1, ("write", 2)),
    (330, 2, ("write", 3)),
    (430, 1, ("take", 0)),
    (480, 2, ("write", 4)),
    (560, 1, ("write", 5)),
    (640, 2, ("take", 0)),
    (800, 2, ("write", 6)),
];

const SAMPLES: [(u64, u32, Word); 20] = {
    let mut samples = [(0, 0, ("sample", 0)); 20];
    let mut nth = 0;
    while nth < samples.len() {
        samples[nth] = (20 * nth as u64, 0, ("sample", nth as u64 + 1));
        nth += 1;
    }
    samples
};

/// A number as it is written on disk: twice, so that no torn or rotten one is believed.
fn written(number: u64) -> Vec<u8> {
    [number.to_le_bytes(), (!number).to_le_bytes()].concat()
}

/// What was written so; 0 where nothing is, or nothing to believe.
fn read(state: Option<&[u8]>) -> u64 {
    let number = |bytes: &[u8]| bytes.try_into().map(u64::from_le_bytes).ok();
    let state = state.unwrap_or_default();
    let (one, other) = state.split_at(state.len() / 2);
    number(one).filter(|one| number(other) == Some(!one)).unwrap_or(0)
}

/// The client asks again after 210 ms, twice; the shop knows only until it crashes which orders it has charged.
fn shop(memory: &mut Memory, me: u32, heard: Heard, out: &mut Effects<Word>) {
    let again = Duration::from_millis(210);
    match (me, heard) {
        (0, Asked((_, order))) => {
            (memory.value, memory.count) = (order, 2);
            out.send(node(1), ("order", order));
            out.set_timer(Timer(0), again);
        }
        (0, Told(_, (_, order))) if order == memory.value => memory.value = 0,
        (0, Rang) if memory.value > 0 && memory.count > 0 => {
            memory.count -= 1;
            out.send(node(1), ("order", memory.value));
            out.set_timer(Timer(0), again);
        }
        (1, Told(_, (_, order))) => {
            if !memory.seen.contains(&order) {
                memory.seen.push(order);
                out.label(format!("charges {order}"));
                out.persist(written(order));
            }
            out.send(node(0), ("charged", order));
        }
        (1, Full) => {
            memory.seen.pop();
        }
        _ => {}
    }
}

fn charged_twice(labels: &[(u32, &str)]) -> Option<usize> {
    twice(labels, "charges")
}

/// The first place at which a node says again what it said, among what begins with `verb`.
fn twice(labels: &[(u32, &str)], verb: &str) -> Option<usize> {
    (0..labels.len())
        .find(|&place| labels[place].1.starts_with(verb) && labels[..place].contains(&labels[place]))
}

/// Says that it is done when it is written, and syncs every 250 ms.
fn eager_log(memory: &mut Memory, _: u32, heard: Heard, out: &mut Effects<Word>) {
    match heard {
        Asked(("read", _)) => out.event(format!("reads {}", memory.value)),
        Asked((_, value)) => {
            memory.count = memory.value;
            memory.value = memory.value.max(value);
            // The lowest byte last, so that any tear is noticed.
            out.store(written(memory.value).into_iter().rev().collect());
            out.send(node(1), ("done", value));
            out.set_timer(Timer(0), Duration::from_millis(250));
        }
        Told(_, (_, value)) => out.label(format!("told {value}")),
        Rang => out.sync(),
        Begun(state) => {
            let state = state.map(|state| state.into_iter().rev().collect::<Vec<_>>());
            memory.value = read(state.as_deref());
        }
        Full => memory.value = memory.count,
    }
}

/// Persists, but says that it is done where there was no room as well.
fn careless_log(memory: &mut Memory, _: u32, heard: Heard, out: &mut Effects<Word>) {
    match heard {
        Asked(("read", _)) => out.event(format!("reads {}", memory.value)),
        Asked((_, value)) => {
            memory.value = memory.value.max(value);
            out.persist(written(memory.value));
            out.send(node(1), ("done", value));
        }
        Told(_, (_, value)) => out.label(format!("told {value}")),
        Begun(state) => memory.value = read(state.as_deref()),
        Full => out.send(node(1), ("done", memory.value)),
        Rang => {}
    }
}

/// Says that it is done when it is on two disks; each asks the other when it comes back, and waits for no answer.
fn two_copies(memory: &mut Memory, me: u32, heard: Heard, out: &mut Effects<Word>) {
    match (me, heard) {
        (0, Asked(("read", _))) => out.event(format!("reads {}", memory.value)),
        (_, Asked((_, value)) | Told(_, ("copy", value))) => {
            memory.count = memory.value;
            memory.value = memory.value.max(value);
            out.persist(written(memory.value));
            out.send(node(2 - me), (if me == 0 { "copy" } else { "kept" }, value));
        }
        (0, Told(_, ("kept", value))) if memory.value >= value => out.send(node(1), ("done", value)),
        (1, Told(_, ("done", value))) => out.label(format!("told {value}")),
        (0 | 2, Told(_, ("what", _))) => out.send(node(2 - me), ("this", memory.value)),
        (0 | 2, Told(_, ("this", value))) if value > memory.value => {
            memory.count = memory.value;
            memory.value = value;
            out.persist(written(value));
        }
        (0 | 2, Begun(state)) => {
            let is_new = state.is_none();
            memory.value = read(state.as_deref());
            if is_new {
                out.send(node(2 - me), ("what", 0));
            }
        }
        (_, Full) => memory.value = memory.count,
        _ => {}
    }
}

fn told_is_gone(labels: &[(u32, &str)]) -> Option<usize> {
    let mut newest = 0;
    labels.iter().position(|(_, label)| {
        newest = number(label, "told").unwrap_or(0).max(newest);
        number(label, "reads").is_some_and(|value| value < newest)
    })
}

/// Votes for the first who asks, and remembers it on disk; who lost the disk votes again.
fn voter(memory: &mut Memory, me: u32, heard: Heard, out: &mut Effects<Word>) {
    // So that a flipped bit makes no other candidate of it, nor none.
    let mut vote = |memory: &mut Memory, candidate: u32| {
        if memory.value == 0 {
            memory.value = 1 + u64::from(candidate);
            out.label(format!("votes {candidate}"));
            out.persist(written(memory.value));
        }
    };
    match heard {
        Asked(_) => {
            vote(memory, me);
            for other in (0..4).filter(|other| *other != me && memory.value == 1 + u64::from(me)) {
                out.send(node(other), ("vote", 0));
            }
        }
        Told(from, ("vote", _)) => {
            vote(memory, from);
            if memory.value == 1 + u64::from(from) {
                out.send(node(from), ("yes", 0));
            }
        }
        Begun(state) => memory.value = read(state.as_deref()),
        Full => memory.value = 0,
        _ => {}
    }
}

fn votes_twice(labels: &[(u32, &str)]) -> Option<usize> {
    let mut votes = [None; 4];
    labels.iter().position(|(who, label)| {
        let Some(vote) = number(label, "votes") else { return false };
        votes[*who as usize].replace(vote).is_some_and(|earlier| earlier != vote)
    })
}

/// The keeper gives a lease of 200 ms to whoever asks when nobody has it; both measure it by the wall clock.
fn lease_by_wall(memory: &mut Memory, me: u32, heard: Heard, out: &mut Effects<Word>) {
    match (me, heard) {
        (0, Told(from, _)) if memory.wall_ms > memory.value => {
            memory.value = memory.wall_ms + 200;
            out.label(format!("grants {from}"));
            out.persist(written(memory.value));
            out.send(node(from), ("granted", memory.value));
        }
        (0, Begun(state)) => memory.value = read(state.as_deref()),
        (0, Full) => memory.value = 0,
        (_, Asked(("take", _))) => out.send(node(0), ("take", 0)),
        (_, Told(_, (_, until))) => memory.value = until,
        (_, Asked(_)) if memory.wall_ms < memory.value => out.event("writes"),
        _ => {}
    }
}

/// As the other, but measured by timers, and the holder gives up after 150 ms of the 300 ms; of what waits for it when
/// it was stopped, the timer is the last.
fn lease_by_timer(memory: &mut Memory, me: u32, heard: Heard, out: &mut Effects<Word>) {
    match (me, heard) {
        (0, Told(from, _)) if memory.value == 0 => {
            memory.value = 1;
            out.label(format!("grants {from}"));
            out.persist(written(1));
            out.send(node(from), ("granted", 0));
            out.set_timer(Timer(0), Duration::from_millis(200));
        }
        (0, Rang) => memory.value = 0,
        (0, Begun(state)) if read(state.as_deref()) > 0 => {
            memory.value = 1;
            out.set_timer(Timer(0), Duration::from_millis(200));
        }
        (0, Full) => memory.value = 0,
        (_, Asked(("take", _))) => out.send(node(0), ("take", 0)),
        (_, Told(..)) => {
            memory.value = 1;
            out.set_timer(Timer(0), Duration::from_millis(90));
        }
        (_, Rang) => memory.value = 0,
        (_, Asked(_)) if memory.value == 1 => out.event("writes"),
        _ => {}
    }
}

fn writes_without_lease(labels: &[(u32, &str)]) -> Option<usize> {
    let mut holder = None;
    labels.iter().position(|(who, label)| {
        holder = number(label, "grants").or(holder);
        *label == "writes" && holder.is_some_and(|holder| holder != u64::from(*who))
    })
}

/// The bank books what it is told and tells its branch, which books it as well.
fn booking(_: &mut Memory, me: u32, heard: Heard, out: &mut Effects<Word>) {
    match (me, heard) {
        (0, Asked(word)) => out.send(node(1), word),
        (1 | 2, Told(_, (_, money))) => {
            out.label(format!("books {money}"));
            out.persist(written(money));
            if me == 1 {
                out.send(node(2), ("pay", money));
            }
        }
        _ => {}
    }
}

fn books_what_nobody_paid(labels: &[(u32, &str)]) -> Option<usize> {
    labels.iter().position(|(_, label)| number(label, "books").is_some_and(|money| money != 64))
}

/// Sends each sample over a relay; the station sees from the numbers that some are missing when five later ones came.
fn samples(memory: &mut Memory, me: u32, heard: Heard, out: &mut Effects<Word>) {
    match (me, heard) {
        (0 | 1, Asked(word) | Told(_, word)) => out.send(node(me + 1), word),
        (2, Told(_, (_, sample))) => {
            memory.seen.push(sample);
            let is_there = |wanted: u64| memory.seen.contains(&wanted);
            let missing = (1..sample.saturating_sub(5)).find(|wanted| !is_there(*wanted));
            out.label(missing.map_or(format!("has {sample}"), |missing| format!("misses {missing}")));
        }
        _ => {}
    }
}

fn sample_is_missing(labels: &[(u32, &str)]) -> Option<usize> {
    labels.iter().position(|(_, label)| label.starts_with("misses"))
}

/// Believes every bit that it finds on its disk.
fn balance(memory: &mut Memory, me: u32, heard: Heard, out: &mut Effects<Word>) {
    match (me, heard) {
        (0, Asked(word)) => out.send(node(1), word),
        (1, Told(_, (_, money))) => {
            memory.count = memory.value;
            memory.value += money;
            out.label(format!("books {money}"));
            out.persist(memory.value.to_le_bytes().to_vec());
        }
        (1, Asked(_)) => out.event(format!("finds {}", memory.value)),
        (1, Full) => memory.value = memory.count,
        (1, Begun(Some(state))) => {
            memory.value = state.try_into().map_or(0, u64::from_le_bytes);
            out.event(format!("finds {}", memory.value));
        }
        _ => {}
    }
}

fn balance_is_wrong(labels: &[(u32, &str)]) -> Option<usize> {
    let mut booked = 0;
    labels.iter().position(|(_, label)| {
        booked += number(label, "books").unwrap_or(0);
        number(label, "finds").is_some_and(|found| found != booked)
    })
}

/// Asks every 40 ms whether the primary lives, as fast as it would answer if nothing were late; others talk as well.
fn storm(memory: &mut Memory, me: u32, heard: Heard, out: &mut Effects<Word>) {
    let next = Duration::from_millis(110);
    match (me, heard) {
        (0, Asked((_, strikes))) => {
            (memory.value, memory.count) = (strikes, 0);
            memory.seen = vec![0];
            out.send(node(1), ("ping", 0));
            out.set_timer(Timer(0), next);
        }
        (0, Told(_, (_, _))) => memory.count = 0,
        (0, Rang) if memory.seen.len() <= 6 => {
            memory.count += 1;
            memory.seen.push(0);
            if memory.count > memory.value {
                out.event("takes over");
            } else {
                out.send(node(1), ("ping", 0));
                out.set_timer(Timer(0), next);
            }
        }
        (1, Told(..)) => out.send(node(0), ("pong", 0)),
        (2 | 3, Asked((_, hops)) | Told(_, (_, hops))) => {
            out.label("chats");
            if hops > 0 {
                out.send(node(5 - me), ("chat", hops - 1));
            }
        }
        _ => {}
    }
}

fn takes_over(labels: &[(u32, &str)]) -> Option<usize> {
    first(labels, "takes over")
}
