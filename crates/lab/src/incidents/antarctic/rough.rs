//! The storm as something that can be hunted: luck loses messages, and crashes and stops stations.

use constellation_fabric::Choices;
use constellation_trace::{Judgement, Names, Trace, Verdict};
use constellation_verify::Order;

use super::election::{self, Mistake, Orbit};
use super::promises::{Promise, budget};
use super::trial::{Trial, healed, play};
use super::world::{Luck, Scene, crews};
use super::{Groups, Policy, STATIONS};
use crate::modelled::Modelled;
use crate::simulate::RunError;
use crate::subject::{PromiseId, Ruling, Subject};

/// The storm with luck: between stations a message in twenty is lost, or in ten while they elect; stations crash, restart
/// with what is on their disks, and stop for a while, each over an input in fifty. Crews go on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rough {
    /// What is hunted in it.
    pub about: About,
    /// Who hears whom in it.
    pub groups: Groups,
}

/// What is hunted in the storm.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum About {
    /// What a policy promises.
    Policy(Policy),
    /// That no term has two coordinators. That there is one in time is not judged, whatever the pass: it is owed where no
    /// message is lost and no machine crashes.
    Election,
}

impl About {
    /// Each with what it is called on the command line.
    pub const NAMES: [(&str, About); 5] = [
        (Policy::NAMES[0].0, About::Policy(Policy::NAMES[0].1)),
        (Policy::NAMES[1].0, About::Policy(Policy::NAMES[1].1)),
        (Policy::NAMES[2].0, About::Policy(Policy::NAMES[2].1)),
        (Policy::NAMES[3].0, About::Policy(Policy::NAMES[3].1)),
        ("election", About::Election),
    ];

    /// What it is called on the command line.
    pub fn name(self) -> &'static str {
        let own = About::NAMES.iter().find(|(_, about)| *about == self);
        own.map_or("", |(name, _)| name)
    }
}

impl Rough {
    /// What its tapes call it: `antarctic/majority`.
    pub fn name(&self) -> String {
        format!("antarctic/{}", self.about.name())
    }

    /// What is run and judged.
    pub fn subject(&self) -> Box<dyn Subject> {
        match self.about {
            About::Policy(policy) => {
                let scene = Scene { luck: Luck::Rough, ..Scene::new(self.groups.clone()) };
                Box::new(Storm { policy, scene })
            }
            About::Election => {
                let orbit = Orbit::new(self.groups.clone(), election::PASS).expect("the usual pass is one");
                election::subject(&orbit.rough(), Mistake::None)
            }
        }
    }
}

impl Trial {
    /// The storm that [`Trial::of`] plays under this policy, to be held to consistency models.
    pub fn subject(policy: Policy, groups: &Groups) -> Box<dyn Subject> {
        Box::new(Storm { policy, scene: Scene::new(groups.clone()) })
    }

    /// Judges it by models in place of what the policy promises. `replay` is the command that does the same again.
    pub fn hold_to(&mut self, held: &Modelled<'_>, replay: &str) {
        self.judgements = held.judge(&self.trace).into_iter().map(|ruling| ruling.judgement).collect();
        for judgement in &mut self.judgements {
            if let Verdict::Violated(evidence) = &mut judgement.verdict {
                replay.clone_into(&mut evidence.replay);
            }
        }
    }
}

/// The storm under a policy.
struct Storm {
    policy: Policy,
    scene: Scene,
}

impl Subject for Storm {
    fn nodes(&self) -> Names {
        Names::from_iter(STATIONS.map(str::to_owned).into_iter().chain(crews()))
    }

    fn play(&self, seed: u64, choices: &mut dyn Choices) -> Result<Trace, RunError> {
        play(self.policy, &self.scene, seed, choices)
    }

    fn judge(&self, trace: &Trace) -> Vec<Ruling> {
        let rule = |promise: &Promise| {
            let judgement = self.judge_one(promise.id(), trace)?;
            Some(Ruling { promise: promise.id(), phase: promise.phase(), judgement })
        };
        Promise::of(self.policy).iter().filter_map(rule).collect()
    }

    fn judge_one(&self, promise: PromiseId, trace: &Trace) -> Option<Judgement> {
        let promise = Promise::ALL.into_iter().find(|known| known.id() == promise)?;
        let order = Order::of(trace, &budget()).ok()?;
        Some(promise.judge(&order, healed(&self.scene)))
    }
}
