//! Protocols for which to arrive twice is to happen twice.

use std::time::Duration;

use constellation_fabric::{Effects, Timer};
use constellation_sim::Faults;

use super::Heard::{Asked, Rang, Told};
use super::{BAD, Bug, DOUBLING, Heard, LOSSY, Memory, Word, first, node, number};

pub(super) static BUGS: [Bug; 4] = [
    Bug {
        name: "totals added twice",
        promise: "no counter shows more than was counted",
        nodes: &["pacific", "indian", "atlantic"],
        link: DOUBLING,
        asks: &[(0, 0, ("count", 1)), (10, 1, ("count", 2)), (30, 2, ("count", 3))],
        crash: None,
        faults: Faults::NONE,
        flap: None,
        handler: counter,
        judge: counter_shows_too_much,
    },
    Bug {
        name: "vote counted twice",
        promise: "who is elected has the votes of a majority",
        nodes: &["candidate", "pacific", "indian", "atlantic", "arctic"],
        link: DOUBLING,
        asks: &[(0, 0, ("stand", 0))],
        crash: None,
        faults: Faults::NONE,
        flap: None,
        handler: election,
        judge: minority_elects,
    },
    Bug {
        name: "retry without a key",
        promise: "one command fires the thruster once",
        nodes: &["station", "thruster"],
        link: LOSSY,
        asks: &[(0, 0, ("fire", 1)), (250, 0, ("fire", 2))],
        crash: None,
        faults: Faults::NONE,
        flap: None,
        handler: thruster,
        judge: fires_twice,
    },
    Bug {
        name: "token minted anew",
        promise: "one token is in one place",
        nodes: &["pacific", "indian", "atlantic"],
        link: BAD,
        asks: &[(0, 0, ("pass", 6))],
        crash: None,
        faults: Faults::NONE,
        flap: None,
        handler: ring,
        judge: two_hold_it,
    },
];

fn counter(memory: &mut Memory, me: u32, heard: Heard, out: &mut Effects<Word>) {
    let (Asked((_, amount)) | Told(_, (_, amount))) = heard else { return };
    memory.value += amount;
    let verb = if matches!(heard, Asked(_)) { "counts" } else { "hears" };
    out.label(format!("{verb} {amount}"));
    if verb == "counts" {
        for other in (0..3).filter(|other| *other != me) {
            out.send(node(other), ("add", amount));
        }
    }
}

fn counter_shows_too_much(labels: &[(u32, &str)]) -> Option<usize> {
    let mut counted = 0;
    let mut shown = [0; 3];
    labels.iter().position(|(who, label)| {
        let counts = number(label, "counts").unwrap_or(0);
        counted += counts;
        shown[*who as usize] += counts + number(label, "hears").unwrap_or(0);
        shown[*who as usize] > counted
    })
}

/// The first voter says yes, the others no; a majority is three of five.
fn election(memory: &mut Memory, me: u32, heard: Heard, out: &mut Effects<Word>) {
    match (me, heard) {
        (0, Asked(_)) => {
            memory.count = 1;
            (1..5).for_each(|voter| out.send(node(voter), ("ask", 0)));
        }
        (0, Told(_, ("yes", _))) => {
            memory.count += 1;
            if memory.count == 3 {
                out.label("is elected");
            }
        }
        (1, Told(..)) => out.send(node(0), ("yes", 0)),
        (2.., Told(..)) => out.send(node(0), ("no", 0)),
        _ => {}
    }
}

fn minority_elects(labels: &[(u32, &str)]) -> Option<usize> {
    first(labels, "is elected")
}

/// Asks again when no answer came within 50 ms, at most twice.
fn thruster(memory: &mut Memory, me: u32, heard: Heard, out: &mut Effects<Word>) {
    let again = Duration::from_millis(50);
    match (me, heard) {
        (0, Asked((_, command))) => {
            memory.value = command;
            memory.count = 2;
            out.send(node(1), ("fire", command));
            out.set_timer(Timer(0), again);
        }
        (0, Told(_, (_, command))) if command == memory.value => memory.value = 0,
        (0, Rang) if memory.value > 0 && memory.count > 0 => {
            memory.count -= 1;
            out.send(node(1), ("fire", memory.value));
            out.set_timer(Timer(0), again);
        }
        (1, Told(_, (_, command))) => {
            out.label(format!("fires {command}"));
            out.send(node(0), ("fired", command));
        }
        _ => {}
    }
}

fn fires_twice(labels: &[(u32, &str)]) -> Option<usize> {
    (0..labels.len())
        .find(|&place| labels[place].1.starts_with("fires") && labels[..place].contains(&labels[place]))
}

/// Passes a token on; whoever misses the acknowledgement for 60 ms makes a new one.
fn ring(memory: &mut Memory, me: u32, heard: Heard, out: &mut Effects<Word>) {
    let next = node((me + 1) % 3);
    match heard {
        Told(_, ("thanks", hops)) if hops == memory.value => memory.value = 0,
        Told(_, ("thanks", _)) => {}
        Told(from, (_, hops)) => {
            out.label(format!("holds {hops}"));
            out.send(node(from), ("thanks", hops));
            if hops > 1 {
                memory.value = hops - 1;
                out.send(next, ("token", hops - 1));
                out.set_timer(Timer(0), Duration::from_millis(60));
            }
        }
        Asked((_, hops)) => {
            memory.value = hops;
            out.send(next, ("token", hops));
            out.set_timer(Timer(0), Duration::from_millis(60));
        }
        Rang if memory.value > 0 => out.send(next, ("token", memory.value)),
        _ => {}
    }
}

fn two_hold_it(labels: &[(u32, &str)]) -> Option<usize> {
    (0..labels.len())
        .find(|&place| labels[place].1.starts_with("holds") && labels[..place].contains(&labels[place]))
}
