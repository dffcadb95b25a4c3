//! The storm under a policy as something that can be hunted: luck loses messages, and crashes and stops stations.

use constellation_fabric::Choices;
use constellation_trace::{Judgement, Names, Trace};
use constellation_verify::Order;

use super::promises::{Promise, budget};
use super::trial::{healed, play};
use super::world::{Luck, Scene, crews};
use super::{Groups, Policy, STATIONS};
use crate::simulate::RunError;
use crate::subject::{PromiseId, Ruling, Subject};

/// The storm over these groups under this policy, with luck: between stations a message in twenty is lost, and stations
/// crash, restart with what is on their disks, and stop for a while. Crews go on.
pub fn subject(policy: Policy, groups: &Groups) -> Box<dyn Subject> {
    let scene = Scene { luck: Luck::Rough, ..Scene::new(groups.clone()) };
    Box::new(Rough { policy, scene })
}

struct Rough {
    policy: Policy,
    scene: Scene,
}

impl Subject for Rough {
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
