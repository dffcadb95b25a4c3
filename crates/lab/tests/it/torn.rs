//! Disks that tear, and nodes that append to one file: whichever part of it they believe, what their exact clocks say of
//! it is right.

use constellation_clock::{VectorClock, VectorStamp};
use constellation_fabric::{Effects, Input, Node, Now, Odds};
use constellation_lab::promises::judge_trace;
use constellation_sim::{Act, Disk, Faults, Plan, Seeded, Setup, World};
use constellation_trace::{Claim, Nemesis, NodeId, Trace, TrueTime, Verdict};

/// Appends a line to its file for each request: the vector stamp of that very write. It syncs at every fourth.
struct Logger {
    lines: Vec<String>,
    clock: VectorClock,
    manner: Manner,
}

/// What it does about a last line without an end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Manner {
    DropsTheTail,
    RefusesAll,
    /// As the first, but it tells nobody: planted.
    DropsTheTailInSilence,
}

fn line(stamp: &VectorStamp) -> String {
    let entries = stamp.entries().map(|(name, counter)| format!("{name}={counter}"));
    entries.collect::<Vec<_>>().join(",")
}

fn stamp(line: &str) -> VectorStamp {
    let entries = line.split(',').map(|entry| {
        let (name, counter) = entry.split_once('=').expect("it was written so");
        (name, counter.parse::<u64>().expect("it was written so"))
    });
    VectorStamp::from_entries(entries).expect("it was a stamp")
}

impl Logger {
    fn ticks(&mut self) -> (VectorStamp, Claim) {
        self.clock.tick();
        let stamp = self.clock.stamp().clone();
        let entries = stamp.entries().map(|(name, counter)| (name.as_str().to_owned(), counter));
        let claim = Claim::Vector(entries.collect());
        (stamp, claim)
    }
}

impl Node for Logger {
    type Message = ();
    type Request = ();

    fn on(&mut self, _now: Now, input: Input<(), ()>, effects: &mut Effects<()>) {
        match input {
            Input::Restart { state, incarnation } => {
                let text = String::from_utf8(state.unwrap_or_default()).expect("only letters were written");
                let whole = text.rfind('\n').map_or(0, |end| end + 1);
                self.lines = text[..whole].lines().map(str::to_owned).collect();
                if whole < text.len() {
                    match self.manner {
                        Manner::DropsTheTail => effects.fall_back(),
                        Manner::RefusesAll => {
                            self.lines.clear();
                            effects.refuse();
                        }
                        Manner::DropsTheTailInSilence => {}
                    }
                }
                self.clock = VectorClock::new(&format!("logger#{incarnation}"));
                if let Some(last) = self.lines.last() {
                    self.clock.merge_stamp(&stamp(last));
                }
                effects.event(format!("finds {} lines", self.lines.len()));
                let (_, claim) = self.ticks();
                effects.claim(claim);
            }
            Input::Request(()) => {
                let (stamp, claim) = self.ticks();
                self.lines.push(line(&stamp));
                effects.store(self.lines.iter().flat_map(|line| format!("{line}\n").into_bytes()).collect());
                effects.claim(claim);
                if self.lines.len().is_multiple_of(4) {
                    effects.sync();
                }
            }
            _ => {}
        }
    }
}

fn run(manner: Manner, seed: u64) -> Trace {
    let (node, ms) = (NodeId::new(0), |ms: u64| TrueTime::from_ns(ms * 1_000_000));
    let mut plan = Plan::new();
    for nth in 0..40 {
        plan.add(ms(10 * nth + 1), Act::Request { node, request: () });
    }
    for nth in 1..5 {
        plan.add(ms(70 * nth), Act::Crash { node });
        plan.add(ms(70 * nth), Act::Restart { node, disk: Disk::Kept });
    }
    let mut setup = Setup { plan, ..Setup::new(["logger"], ms(1_000)) };
    setup.machines[0].faults = Faults { unsynced: Odds::ppm(800_000).expect("a part"), ..Faults::NONE };
    let factory = |_| Logger { lines: Vec::new(), clock: VectorClock::new("logger"), manner };
    World::new(setup, Seeded::new(seed), factory).and_then(World::run).expect("a sound setup").trace
}

/// What is wrong in the first of a hundred seeds in which something is.
fn wrong(manner: Manner) -> Option<String> {
    (0..100).find_map(|seed| {
        let judgements = judge_trace(&run(manner, seed));
        assert!(judgements.iter().any(|judgement| judgement.promise.contains("vector")), "{judgements:?}");
        let wrong = judgements.into_iter().find(|judgement| judgement.verdict != Verdict::Holds)?;
        Some(format!("{}: {:?}", wrong.promise, wrong.verdict))
    })
}

#[test]
fn a_node_that_drops_a_torn_tail_or_refuses_all_of_it_is_right_either_way() {
    assert_eq!(wrong(Manner::DropsTheTail), None);
    assert_eq!(wrong(Manner::RefusesAll), None);
    let lost = |seed| {
        let trace = run(Manner::DropsTheTail, seed);
        let lost = |nemesis: &Nemesis| match nemesis {
            Nemesis::Tear { lost, left, .. } => Some((*lost, left.number())),
            _ => None,
        };
        trace.nemesis().iter().filter_map(|entry| lost(&entry.nemesis)).collect::<Vec<_>>()
    };
    let all: Vec<_> = (0..100).flat_map(lost).collect();
    for several in [0, 1, 2] {
        let is_torn = |(lost, left): &&(u32, u8)| *lost == several && *left > 0;
        assert!(all.iter().any(|tear| is_torn(&tear)), "no crash loses {several} writes and tears another");
    }
}

#[test]
fn a_node_that_drops_a_torn_tail_and_does_not_say_so_is_caught() {
    let wrong = wrong(Manner::DropsTheTailInSilence).expect("its clock knows less than it read");
    assert!(wrong.contains("vector"), "{wrong}");
}
