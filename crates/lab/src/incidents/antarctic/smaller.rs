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
    pub(super) lost: Option<&'t WriteFate>,
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
        let is_it = |told: &WriteFate| {
            told.fate == Fate::Lost && (&told.key, &told.value) == (&lost.key, &lost.value)
        };
        let told = self.look(scene, |order| fates(order, healed(scene)).into_iter().find(is_it));
        told.flatten().map(|told| told.why)
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
