//! Protocols that take the order of arrival for the order of sending.

use constellation_fabric::Effects;
use constellation_sim::Faults;

use super::Heard::{Asked, Told};
use super::{Bug, Heard, LATE, Memory, Word, node, number};

pub(super) static BUGS: [Bug; 8] = [
    Bug {
        name: "last arrival wins",
        promise: "a register never goes back to an older write",
        nodes: &["writer", "register"],
        link: LATE,
        asks: &[
            (0, 0, ("write", 1)),
            (20, 0, ("write", 2)),
            (40, 0, ("write", 3)),
            (60, 0, ("write", 4)),
            (80, 0, ("write", 5)),
        ],
        crash: None,
        faults: Faults::NONE,
        flap: None,
        handler: register,
        judge: register_goes_back,
    },
    Bug {
        name: "last arrival wins, later",
        promise: "a register never goes back to an older write",
        nodes: &["writer", "register"],
        link: LATE,
        asks: &[
            (0, 0, ("write", 1)),
            (150, 0, ("write", 2)),
            (240, 0, ("write", 3)),
            (250, 0, ("write", 4)),
            (300, 0, ("write", 5)),
            (310, 0, ("write", 6)),
            (330, 0, ("write", 7)),
        ],
        crash: None,
        faults: Faults::NONE,
        flap: None,
        handler: register,
        judge: register_goes_back,
    },
    Bug {
        name: "reply before post",
        promise: "nobody sees a reply before the post that it answers",
        nodes: &["alice", "bob", "carol"],
        link: LATE,
        asks: &[(0, 0, ("post", 1)), (30, 0, ("post", 2)), (60, 0, ("post", 3))],
        crash: None,
        faults: Faults::NONE,
        flap: None,
        handler: chat,
        judge: reply_comes_first,
    },
    Bug {
        name: "two logs",
        promise: "all replicas append in one order",
        nodes: &["pacific", "indian", "atlantic"],
        link: LATE,
        asks: &[(0, 0, ("append", 1)), (10, 1, ("append", 2)), (40, 2, ("append", 3))],
        crash: None,
        faults: Faults::NONE,
        flap: None,
        handler: log,
        judge: logs_differ,
    },
    Bug {
        name: "lost update",
        promise: "every increment counts",
        nodes: &["register", "pacific", "indian", "atlantic"],
        link: LATE,
        asks: &[(0, 1, ("increment", 0)), (30, 2, ("increment", 0)), (60, 3, ("increment", 0))],
        crash: None,
        faults: Faults::NONE,
        flap: None,
        handler: increment,
        judge: increment_is_lost,
    },
    Bug {
        name: "stale fill",
        promise: "a cache shows no value older than its last invalidation",
        nodes: &["client", "cache", "database"],
        link: LATE,
        asks: &[
            (0, 0, ("read", 0)),
            (20, 0, ("write", 1)),
            (140, 0, ("read", 0)),
            (160, 0, ("write", 2)),
            (280, 0, ("read", 0)),
        ],
        crash: None,
        faults: Faults::NONE,
        flap: None,
        handler: cache,
        judge: cache_is_stale,
    },
    Bug {
        name: "writes while frozen",
        promise: "what is frozen does not change",
        nodes: &["client", "store"],
        link: LATE,
        asks: &[
            (0, 0, ("write", 1)),
            (5, 0, ("write", 2)),
            (10, 0, ("write", 3)),
            (50, 1, ("freeze", 0)),
            (70, 1, ("thaw", 0)),
        ],
        crash: None,
        faults: Faults::NONE,
        flap: None,
        handler: store,
        judge: frozen_changes,
    },
    Bug {
        name: "money under way",
        promise: "an audit finds all the money",
        nodes: &["pacific", "atlantic", "auditor"],
        link: LATE,
        asks: &[
            (0, 0, ("pay", 10)),
            (10, 1, ("pay", 20)),
            (50, 2, ("audit", 0)),
            (130, 0, ("pay", 5)),
            (180, 2, ("audit", 0)),
        ],
        crash: None,
        faults: Faults::NONE,
        flap: None,
        handler: bank,
        judge: money_is_missing,
    },
];

fn register(memory: &mut Memory, me: u32, heard: Heard, out: &mut Effects<Word>) {
    match (me, heard) {
        (0, Asked(word)) => {
            out.event(format!("writes {}", word.1));
            out.send(node(1), word);
        }
        (1, Told(_, (_, value))) => {
            memory.value = value;
            out.label(format!("holds {value}"));
        }
        _ => {}
    }
}

fn register_goes_back(labels: &[(u32, &str)]) -> Option<usize> {
    let mut newest = 0;
    labels.iter().position(|(_, label)| {
        let Some(value) = number(label, "holds") else { return false };
        let goes_back = value < newest;
        newest = value;
        goes_back
    })
}

fn chat(_: &mut Memory, me: u32, heard: Heard, out: &mut Effects<Word>) {
    match (me, heard) {
        (0, Asked((_, post))) => {
            out.event(format!("posts {post}"));
            out.send(node(1), ("post", post));
            out.send(node(2), ("post", post));
        }
        (_, Told(_, ("post", post))) => {
            out.label(format!("sees {post}"));
            if me == 1 {
                out.send(node(0), ("reply", post));
                out.send(node(2), ("reply", post));
            }
        }
        (_, Told(_, (_, post))) => out.label(format!("sees-reply {post}")),
        _ => {}
    }
}

fn reply_comes_first(labels: &[(u32, &str)]) -> Option<usize> {
    (0..labels.len()).find(|&place| {
        let (who, label) = labels[place];
        let Some(post) = number(label, "sees-reply") else { return false };
        who == 2 && !labels[..place].contains(&(2, &format!("sees {post}")))
    })
}

fn log(_: &mut Memory, me: u32, heard: Heard, out: &mut Effects<Word>) {
    match heard {
        Asked((_, entry)) => {
            out.event(format!("appends {entry}"));
            for other in (0..3).filter(|other| *other != me) {
                out.send(node(other), ("append", entry));
            }
        }
        Told(_, (_, entry)) => out.label(format!("appends {entry}")),
        _ => {}
    }
}

fn logs_differ(labels: &[(u32, &str)]) -> Option<usize> {
    let mut logs = [const { Vec::new() }; 3];
    labels.iter().position(|(who, label)| {
        let Some(entry) = number(label, "appends") else { return false };
        let place = logs[*who as usize].len();
        logs[*who as usize].push(entry);
        logs.iter().any(|log| log.get(place).is_some_and(|other| *other != entry))
    })
}

fn increment(memory: &mut Memory, me: u32, heard: Heard, out: &mut Effects<Word>) {
    match (me, heard) {
        (_, Asked(_)) => out.send(node(0), ("read", 0)),
        (0, Told(from, ("read", _))) => out.send(node(from), ("value", memory.value)),
        (0, Told(_, ("write", value))) => {
            memory.value = value;
            out.label(format!("stores {value}"));
        }
        (_, Told(_, (_, value))) => out.send(node(0), ("write", value + 1)),
        _ => {}
    }
}

fn increment_is_lost(labels: &[(u32, &str)]) -> Option<usize> {
    let mut stores = 0;
    labels.iter().position(|(_, label)| {
        let Some(value) = number(label, "stores") else { return false };
        stores += 1;
        value < stores
    })
}

/// A cache that fills itself with whatever comes, even if what it asked for was overwritten meanwhile.
fn cache(memory: &mut Memory, me: u32, heard: Heard, out: &mut Effects<Word>) {
    match (me, heard) {
        (0, Asked(("read", _))) => out.send(node(1), ("read", 0)),
        (0, Asked(word)) => out.send(node(2), word),
        (1, Told(_, ("read", _))) if memory.seen.is_empty() => out.send(node(2), ("fetch", 0)),
        (1, Told(_, ("read", _))) => out.label(format!("shows {}", memory.seen[0])),
        (1, Told(_, ("forget", value))) => {
            memory.seen.clear();
            out.label(format!("forgets-before {value}"));
        }
        (1, Told(_, (_, value))) => {
            memory.seen = vec![value];
            out.label(format!("shows {value}"));
        }
        (2, Told(_, ("fetch", _))) => out.send(node(1), ("fill", memory.value)),
        (2, Told(_, (_, value))) => {
            memory.value = value;
            out.send(node(1), ("forget", value));
        }
        _ => {}
    }
}

fn cache_is_stale(labels: &[(u32, &str)]) -> Option<usize> {
    let mut newest = 0;
    labels.iter().position(|(_, label)| {
        newest = number(label, "forgets-before").unwrap_or(newest);
        number(label, "shows").is_some_and(|value| value < newest)
    })
}

fn store(_: &mut Memory, me: u32, heard: Heard, out: &mut Effects<Word>) {
    match (me, heard) {
        (0, Asked(word)) => out.send(node(1), word),
        (1, Asked((verb, _))) => out.event(verb),
        (1, Told(_, (_, value))) => out.label(format!("stores {value}")),
        _ => {}
    }
}

fn frozen_changes(labels: &[(u32, &str)]) -> Option<usize> {
    let mut is_frozen = false;
    labels.iter().position(|(_, label)| {
        is_frozen = (is_frozen || *label == "freeze") && *label != "thaw";
        is_frozen && label.starts_with("stores")
    })
}

/// Accounts of 100 each; the auditor adds up what it is told, each at its own time.
fn bank(memory: &mut Memory, me: u32, heard: Heard, out: &mut Effects<Word>) {
    match (me, heard) {
        (2, Asked(_)) => {
            memory.seen.clear();
            out.send(node(0), ("balance", 0));
            out.send(node(1), ("balance", 0));
        }
        (_, Asked((_, money))) => {
            memory.count += money;
            out.send(node(1 - me), ("pay", money));
        }
        (2, Told(_, (_, balance))) => {
            memory.seen.push(balance);
            if let [one, other] = memory.seen[..] {
                out.label(format!("finds {}", one + other));
            }
        }
        (_, Told(_, ("pay", money))) => memory.value += money,
        (_, Told(from, _)) => out.send(node(from), ("balance", 100 + memory.value - memory.count)),
        _ => {}
    }
}

fn money_is_missing(labels: &[(u32, &str)]) -> Option<usize> {
    labels.iter().position(|(_, label)| number(label, "finds").is_some_and(|found| found != 200))
}
