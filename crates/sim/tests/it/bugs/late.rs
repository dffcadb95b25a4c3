//! Protocols that take late for never, or sent for arrived.

use std::time::Duration;

use constellation_fabric::{Effects, Timer};
use constellation_sim::Faults;

use super::Heard::{Asked, Rang, Told};
use super::{Bug, Heard, LATE, LOSSY, Memory, Word, first, node, number};

pub(super) static BUGS: [Bug; 9] = [
    Bug {
        name: "silence is death",
        promise: "nobody takes over from a primary that lives",
        nodes: &["backup", "primary"],
        link: LATE,
        asks: &[(0, 0, ("watch", 1)), (100, 0, ("watch", 1)), (200, 0, ("watch", 1))],
        crash: None,
        faults: Faults::NONE,
        flap: None,
        handler: failover,
        judge: takes_over,
    },
    Bug {
        name: "silent twice is death",
        promise: "nobody takes over from a primary that lives",
        nodes: &["backup", "primary"],
        link: LATE,
        asks: &[(0, 0, ("watch", 2))],
        crash: None,
        faults: Faults::NONE,
        flap: None,
        handler: failover,
        judge: takes_over,
    },
    Bug {
        name: "silent thrice is death",
        promise: "nobody takes over from a primary that lives",
        nodes: &["backup", "primary"],
        link: LOSSY,
        asks: &[(0, 0, ("watch", 3))],
        crash: None,
        faults: Faults::NONE,
        flap: None,
        handler: failover,
        judge: takes_over,
    },
    Bug {
        name: "silent twice in a crowd",
        promise: "nobody takes over from a primary that lives",
        nodes: &["backup", "primary", "pacific", "indian", "atlantic", "arctic"],
        link: LOSSY,
        asks: &[(0, 0, ("watch", 2)), (0, 2, ("chat", 5)), (10, 3, ("chat", 5)), (20, 4, ("chat", 5))],
        crash: None,
        faults: Faults::NONE,
        flap: None,
        handler: crowd,
        judge: takes_over,
    },
    Bug {
        name: "early alarm behind late beats",
        promise: "a ship that beats is not declared lost",
        nodes: &["ship", "tower", "alarm"],
        link: LATE,
        asks: &[(0, 0, ("beat", 0)), (10, 0, ("beat", 0)), (20, 2, ("check", 0))],
        crash: None,
        faults: Faults::NONE,
        flap: None,
        handler: tower,
        judge: declared_lost,
    },
    Bug {
        name: "acknowledged before replicated",
        promise: "what was acknowledged survives the crash of the primary",
        nodes: &["primary", "backup", "client"],
        link: LOSSY,
        asks: &[(0, 0, ("write", 1)), (20, 0, ("write", 2)), (40, 0, ("write", 3)), (150, 1, ("read", 0))],
        crash: Some((100, 0)),
        faults: Faults::NONE,
        flap: None,
        handler: primary,
        judge: acknowledged_is_gone,
    },
    Bug {
        name: "commits when in doubt",
        promise: "no two voters decide differently",
        nodes: &["coordinator", "pacific", "indian", "atlantic"],
        link: LATE,
        asks: &[(0, 0, ("begin", 0))],
        crash: None,
        faults: Faults::NONE,
        flap: None,
        handler: two_phases,
        judge: decisions_differ,
    },
    Bug {
        name: "two of five",
        promise: "a read sees the write that was acknowledged before it",
        nodes: &["client", "pacific", "indian", "atlantic", "arctic", "antarctic"],
        link: LATE,
        asks: &[(0, 0, ("write", 1)), (30, 0, ("read", 0))],
        crash: None,
        faults: Faults::NONE,
        flap: None,
        handler: quorum_of_five,
        judge: read_is_stale,
    },
    Bug {
        name: "quorum of one",
        promise: "a read sees the write that was acknowledged before it",
        nodes: &["client", "pacific", "indian", "atlantic"],
        link: LATE,
        asks: &[(0, 0, ("write", 1)), (30, 0, ("read", 0))],
        crash: None,
        faults: Faults::NONE,
        flap: None,
        handler: quorum_of_three,
        judge: read_is_stale,
    },
];

/// Asks every 40 ms whether the primary lives, and takes over when it misses so many answers in a row.
fn failover(memory: &mut Memory, me: u32, heard: Heard, out: &mut Effects<Word>) {
    match (me, heard) {
        (0, Asked((_, strikes))) => {
            let seen = vec![0, 2 * strikes];
            *memory = Memory { value: strikes, count: 0, seen, ..Memory::default() };
            out.send(node(1), ("ping", 0));
            out.set_timer(Timer(0), Duration::from_millis(40));
        }
        (0, Told(_, (_, round))) if memory.seen[0] == round => memory.count = u64::MAX,
        (0, Rang) => {
            memory.count = memory.count.wrapping_add(1);
            memory.seen[0] += 1;
            if memory.count >= memory.value {
                out.event("takes over");
            } else if memory.seen[0] <= memory.seen[1] {
                out.send(node(1), ("ping", memory.seen[0]));
                out.set_timer(Timer(0), Duration::from_millis(40));
            }
        }
        (1, Told(_, (_, round))) => out.send(node(0), ("pong", round)),
        _ => {}
    }
}

/// The same among nodes that have nothing to do with it and talk all the time.
fn crowd(memory: &mut Memory, me: u32, heard: Heard, out: &mut Effects<Word>) {
    match (me, heard) {
        (2.., Asked((_, hops)) | Told(_, (_, hops))) => {
            out.label("chats");
            if hops > 0 {
                out.send(node(2 + (me - 1) % 4), ("chat", hops - 1));
                out.send(node(2 + me % 4), ("chat", 0));
            }
        }
        (_, heard) => failover(memory, me, heard, out),
    }
}

fn takes_over(labels: &[(u32, &str)]) -> Option<usize> {
    first(labels, "takes over")
}

/// The tower hears of a ship from two beats, either of which would do until 60 ms, and from an alarm that rings
/// at 40 ms unless the ship has renewed it. So one late renewal breaks the promise, and so do two late beats.
fn tower(memory: &mut Memory, me: u32, heard: Heard, out: &mut Effects<Word>) {
    match (me, heard) {
        (0, Asked(_)) => {
            if memory.count == 0 {
                out.send(node(2), ("renew", 0));
            }
            memory.count += 1;
            out.send(node(1), ("beat", memory.count));
        }
        (1, Told(_, ("beat", _))) => memory.value += 1,
        (1, Told(_, ("watch", _))) => out.set_timer(Timer(0), Duration::from_millis(60)),
        (1, Told(..)) => out.label("declares lost"),
        (1, Rang) if memory.value == 0 => out.event("declares lost"),
        (2, Told(..)) => memory.value = 1,
        (2, Asked(_)) => {
            out.send(node(1), ("watch", 0));
            out.set_timer(Timer(0), Duration::from_millis(20));
        }
        (2, Rang) if memory.value == 0 => out.send(node(1), ("alarm", 0)),
        _ => {}
    }
}

fn declared_lost(labels: &[(u32, &str)]) -> Option<usize> {
    first(labels, "declares lost")
}

fn primary(memory: &mut Memory, me: u32, heard: Heard, out: &mut Effects<Word>) {
    match (me, heard) {
        (0, Asked((_, value))) => {
            out.send(node(2), ("done", value));
            out.send(node(1), ("copy", value));
        }
        (1, Told(_, (_, value))) => memory.value = memory.value.max(value),
        (1, Asked(_)) => out.event(format!("reads {}", memory.value)),
        (2, Told(_, (_, value))) => out.label(format!("acknowledged {value}")),
        _ => {}
    }
}

fn acknowledged_is_gone(labels: &[(u32, &str)]) -> Option<usize> {
    let mut newest = 0;
    labels.iter().position(|(_, label)| {
        newest = number(label, "acknowledged").unwrap_or(0).max(newest);
        number(label, "reads").is_some_and(|value| value < newest)
    })
}

/// One voter says no. Whoever said yes and hears nothing for 60 ms takes it for a yes.
fn two_phases(memory: &mut Memory, me: u32, heard: Heard, out: &mut Effects<Word>) {
    match (me, heard) {
        (0, Asked(_)) => (1..4).for_each(|voter| out.send(node(voter), ("prepare", 0))),
        (0, Told(_, (_, vote))) => {
            memory.count += 1;
            memory.value += vote;
            if memory.count == 3 {
                let decision = if memory.value == 3 { "commit" } else { "abort" };
                (1..4).for_each(|voter| out.send(node(voter), (decision, 0)));
            }
        }
        (_, Told(_, ("prepare", _))) => {
            out.send(node(0), ("vote", u64::from(me != 3)));
            if me != 3 {
                out.set_timer(Timer(0), Duration::from_millis(60));
            }
        }
        (_, Told(_, (decision, _))) if memory.value == 0 => {
            memory.value = 1;
            out.label(format!("{decision}s"));
        }
        (_, Rang) if memory.value == 0 => {
            memory.value = 1;
            out.event("commits");
        }
        _ => {}
    }
}

fn decisions_differ(labels: &[(u32, &str)]) -> Option<usize> {
    let find = |verb| first(labels, verb);
    Some(find("commits")?.max(find("aborts")?))
}

fn quorum_of_three(memory: &mut Memory, me: u32, heard: Heard, out: &mut Effects<Word>) {
    quorum(3, memory, me, heard, out);
}

fn quorum_of_five(memory: &mut Memory, me: u32, heard: Heard, out: &mut Effects<Word>) {
    quorum(5, memory, me, heard, out);
}

/// Writes to all replicas and is content with one acknowledgement; reads from whichever two answer first.
fn quorum(replicas: u32, memory: &mut Memory, me: u32, heard: Heard, out: &mut Effects<Word>) {
    match (me, heard) {
        (0, Asked((verb, value))) => {
            (1..=replicas).for_each(|replica| out.send(node(replica), (verb, value)))
        }
        (0, Told(_, ("ack", _))) => {
            memory.count += 1;
            if memory.count == 1 {
                out.label("acknowledged 1");
            }
        }
        (0, Told(_, (_, value))) => {
            memory.seen.push(value);
            if memory.seen.len() == 2 {
                out.label(format!("reads {}", memory.seen[0].max(value)));
            }
        }
        (_, Told(_, ("write", value))) => {
            memory.value = value;
            out.send(node(0), ("ack", value));
        }
        (_, Told(..)) => out.send(node(0), ("value", memory.value)),
        _ => {}
    }
}

fn read_is_stale(labels: &[(u32, &str)]) -> Option<usize> {
    // Acknowledged after the read was sent is not before it; here every acknowledgement in time counts.
    acknowledged_is_gone(labels)
}
