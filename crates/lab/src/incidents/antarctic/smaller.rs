//! A violated promise, in the smallest storm that still breaks it: which writes it takes, and whether a wrong clock.

use std::time::Duration;

use constellation_sim::Seeded;
use constellation_trace::Verdict;
use constellation_verify::Order;

use super::fate::{Fate, WriteFate, fates};
use super::promises::{Promise, budget};
use super::trial::{healed, play};
use super::world::{AHEAD, Clocks, Scene, Weather, at};
use super::{Policy, STATIONS, STORM_BEGINS, STORM_ENDS};

/// What is looked for: a promise of a policy that is broken, and by which lost write if it is about those.
#[derive(Clone, Copy)]
pub(super) struct Broken<'t> {
    pub(super) policy: Policy,
    pub(super) seed: u64,
    pub(super) promise: Promise,
    pub(super) lost: Option<Displaced<'t>>,
}

/// A lost write, and the one in whose favour; the smaller run must lose it in favour of the same one, which it has seen or
/// not as before, or it would tell another story than the evidence it stands beside.
#[derive(Clone, Copy)]
pub(super) struct Displaced<'t> {
    lost: &'t WriteFate,
    winner: Option<&'t WriteFate>,
}

impl<'t> Displaced<'t> {
    /// A lost write, of all writes of its run.
    pub(super) fn of(lost: &'t WriteFate, all: &'t [WriteFate]) -> Displaced<'t> {
        let is_winner = |told: &&WriteFate| lost.winner.is_some() && told.written == lost.winner;
        Displaced { lost, winner: all.iter().find(is_winner) }
    }

    /// How it is lost among these writes, if it is, and in favour of the same one.
    fn is_among(self, all: &[WriteFate]) -> Option<String> {
        let is_same =
            |one: &WriteFate, other: &WriteFate| (&one.key, &one.value) == (&other.key, &other.value);
        let told = all.iter().find(|told| told.fate == Fate::Lost && is_same(told, self.lost))?;
        let is_same_winner = match (self.winner, Displaced::of(told, all).winner) {
            (Some(one), Some(other)) => {
                is_same(one, other) && told.had_seen_winner == self.lost.had_seen_winner
            }
            (one, other) => one.is_none() && other.is_none(),
        };
        is_same_winner.then(|| told.why.clone())
    }
}

impl Broken<'_> {
    /// The steps of the smallest run found that still breaks the promise in this way, and what is to be known of them. The
    /// wrong clock is left out, then the storm, then each write in turn, its crew reading instead; what is not needed stays
    /// out. So it takes as many runs as there are writes, and two.
    pub(super) fn smallest(&self, whole: &Scene) -> (Vec<String>, Vec<String>) {
        let (mut scene, mut notes) = (whole.clone(), Vec::new());
        let right = Scene { clocks: Clocks::True, ..scene.clone() };
        if self.breaks(&right) {
            scene = right;
            notes.push("no wrong clock is needed: it is broken with every clock right, too".to_owned());
        }
        let fair = Scene { weather: Weather::Fair, ..scene.clone() };
        if self.breaks(&fair) {
            scene = fair;
            notes.push("no storm is needed: it is broken with both relays up, too".to_owned());
        }
        let all = scene.writes();
        for (station, turn, ..) in &all {
            let mut less = scene.clone();
            less.silent.push((*station, *turn));
            if self.breaks(&less) {
                scene = less;
            }
        }
        notes.push(format!("{} of the {} writes of the run are needed", scene.writes().len(), all.len()));
        notes.extend(self.fate(&scene).map(|why| format!("there, {why}")));
        (steps(&scene), notes)
    }

    fn breaks(&self, scene: &Scene) -> bool {
        if self.lost.is_some() {
            return self.fate(scene).is_some();
        }
        self.look(scene, |order| {
            matches!(self.promise.judge(order, healed(scene)).verdict, Verdict::Violated(_))
        })
        .unwrap_or(false)
    }

    /// How the write is lost in this scene, if it is.
    fn fate(&self, scene: &Scene) -> Option<String> {
        let lost = self.lost?;
        self.look(scene, |order| lost.is_among(&fates(order, healed(scene)))).flatten()
    }

    /// What `look` sees in the run of a scene, if it can be made.
    fn look<T>(&self, scene: &Scene, look: impl FnOnce(&Order<'_>) -> T) -> Option<T> {
        let trace = play(self.policy, scene, self.seed, &mut Seeded::new(self.seed)).ok()?;
        let order = Order::of(&trace, &budget()).ok()?;
        Some(look(&order))
    }
}

/// What happens in a scene, in the order of time.
fn steps(scene: &Scene) -> Vec<String> {
    let writes = scene.writes().into_iter();
    let writes =
        writes.map(|(station, _, at, call)| (at, format!("{}-crew asks: {call}", STATIONS[station.index()])));
    let mut steps: Vec<_> = writes.collect();
    if scene.weather == Weather::Storm {
        steps.push((at(STORM_BEGINS), format!("both relays are lost: {}", scene.groups)));
        steps.push((at(STORM_ENDS), "both relays are back".to_owned()));
    }
    if scene.clocks == Clocks::OneAhead {
        let ahead = format!("the wall clock of {} is {} minutes ahead", AHEAD.0, AHEAD.1.as_secs() / 60);
        steps.push((at(Duration::ZERO), ahead));
    }
    steps.sort();
    steps.into_iter().map(|(at, what)| format!("at {} s {what}", at.ns() / 1_000_000_000)).collect()
}
