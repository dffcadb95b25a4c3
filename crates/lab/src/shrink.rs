//! What of a scenario can be left out without losing a violation: the smallest schedule found, as sentences.

mod words;

use std::collections::BTreeSet;
use std::time::Duration;

use constellation_fabric::{Link, Odds, Outside, Sequence};
use constellation_sim::Faults;
use constellation_trace::{Evidence, Trace, TrueTime, Verdict};
use constellation_verify::{Budget, Order};

use crate::modelled::Modelled;
use crate::promises::Promise;
use crate::scenario::{Act, MachineAct, Scenario, contacts};
use crate::simulate::simulate;
use crate::subject::{PromiseId, Subject as _};

/// How much may be spent on one violation.
#[derive(Clone, Copy, Debug)]
struct Allowance {
    /// How many runs.
    runs_max: u32,
    /// How many events those runs may have, news their messages may carry and pairs their judge may compare, together,
    /// so that a long scenario is not run again and again for minutes. The last of them may go beyond.
    work_max: u64,
}

impl Allowance {
    const STANDARD: Allowance = Allowance { runs_max: 200, work_max: 20_000_000 };
}

/// What is left of a scenario, as sentences.
pub(crate) struct Shrunk {
    /// What happens.
    pub(crate) steps: Vec<String>,
    /// What is not needed, and whether the search came to its end.
    pub(crate) notes: Vec<String>,
}

/// A smaller scenario that violates `promise` as `trace` does, which `evidence` shows.
///
/// Parts are left out in ever smaller groups, from the back, as in delta debugging (Zeller and Hildebrandt 2002), until
/// no single one can go or the bounds are reached. So what is found is small, though not always the smallest there is. It
/// is the same violation if it breaks the same promise and the evidence shows the same planned updates, or of a model the same
/// operations. Deterministic.
pub(crate) fn shrink(
    scenario: &Scenario,
    seed: u64,
    broken: Broken<'_>,
    trace: &Trace,
    evidence: &Evidence,
) -> Shrunk {
    let planned = planned(scenario);
    let wanted = broken.shown(&planned, trace, evidence);
    let allowance = Allowance::STANDARD;
    let search = Search { scenario, seed, broken, planned, wanted, allowance, runs: 0, work: 0 };
    search.shrink()
}

/// What is violated, and who says so.
#[derive(Clone, Copy)]
pub(crate) enum Broken<'b> {
    /// A promise of the scenario.
    Promise(Promise),
    /// A model, to which it is held by its number: what its clients ask can be shortened, since what they saw is judged.
    Model(&'b Modelled<'b>, PromiseId),
}

impl Broken<'_> {
    /// What of the evidence makes it the same violation.
    fn shown(self, planned: &BTreeSet<Submit>, trace: &Trace, evidence: &Evidence) -> BTreeSet<Submit> {
        match self {
            Broken::Promise(_) => shown(planned, trace, evidence),
            // The same operation may begin at another time.
            Broken::Model(..) => {
                let operations = evidence.events.iter();
                operations
                    .map(|seen| (format!("{} {}", seen.process, seen.what), TrueTime::from_ns(0)))
                    .collect()
            }
        }
    }

    /// How many pairs judging it compares at most.
    fn pairs(self, trace: &Trace, budget: &Budget) -> u64 {
        match self {
            Broken::Promise(promise) => promise.pairs(trace, budget),
            Broken::Model(..) => 0,
        }
    }

    fn verdict(self, trace: &Trace, budget: &Budget) -> Option<Verdict> {
        Some(match self {
            Broken::Promise(promise) => promise.judge(&Order::of(trace, budget).ok()?, budget).verdict,
            Broken::Model(held, model) => held.judge_one(model, trace)?.verdict,
        })
    }
}

/// Something that can be left out of a scenario, and what goes with it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Part {
    /// The step with this number.
    Step(usize),
    /// A crash with its restart: neither makes sense without the other.
    Life { crash: usize, restart: usize },
    /// The wall clock rule with this number.
    Wall(usize),
    /// The link rule with this number.
    Links(usize),
    /// That messages over other links take more than the least time.
    Spread,
    /// That they are lost.
    Loss,
    /// That they arrive twice.
    Duplicates,
    /// That they overtake each other.
    FreeOrder,
    /// That they are corrupted and a checksum sees it.
    CorruptSeen,
    /// That they are corrupted and none does.
    CorruptUnseen,
    /// That long ones are not taken.
    SizeMax,
    /// That they go out one after the other.
    Rate,
    /// That only so much may wait to go out.
    Queue,
    /// That the links are up in their windows only.
    Windows,
    /// That the links flap.
    Flap,
    /// That nodes are cut off by luck.
    Isolation,
    /// That stations offer all they hold.
    Offers,
    /// The machine rule with this number.
    Machines(usize),
    /// What luck does to all other machines, of one kind.
    Machine(Hazard),
    /// That the client with this number asks anything.
    Client(usize),
    /// The last operation of the client with this number that is left.
    Operation(usize),
}

/// A kind of what luck does to machines, all of it or none.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Hazard {
    Crashes,
    Amnesia,
    Pauses,
    Suspensions,
    Slowness,
    WallSteps,
    WallFreezes,
    WrongYears,
    FullDisks,
    Unsynced,
    BitRot,
}

impl Hazard {
    const ALL: [Hazard; 11] = [
        Hazard::Crashes,
        Hazard::Amnesia,
        Hazard::Pauses,
        Hazard::Suspensions,
        Hazard::Slowness,
        Hazard::WallSteps,
        Hazard::WallFreezes,
        Hazard::WrongYears,
        Hazard::FullDisks,
        Hazard::Unsynced,
        Hazard::BitRot,
    ];

    /// Has it in `target` as it is in `source`.
    fn copy(self, source: &Faults, target: &mut Faults) {
        match self {
            Hazard::Crashes => {
                (target.crash_before, target.crash_after) = (source.crash_before, source.crash_after);
            }
            Hazard::Amnesia => target.amnesia = source.amnesia,
            Hazard::Pauses => target.pause = source.pause,
            Hazard::Suspensions => target.suspend = source.suspend,
            Hazard::Slowness => target.slow = source.slow,
            Hazard::WallSteps => target.wall_step = source.wall_step,
            Hazard::WallFreezes => target.wall_freeze = source.wall_freeze,
            Hazard::WrongYears => target.wall_year = source.wall_year,
            Hazard::FullDisks => {
                (target.disk_bytes, target.disk_full) = (source.disk_bytes, source.disk_full)
            }
            Hazard::Unsynced => target.unsynced = source.unsynced,
            Hazard::BitRot => target.bit_rot = source.bit_rot,
        }
    }

    /// `faults` with no hazard in it; how long each would last stays.
    fn none_of(faults: &Faults) -> Faults {
        let mut none = *faults;
        Hazard::ALL.into_iter().for_each(|hazard| hazard.copy(&Faults::NONE, &mut none));
        none
    }

    fn is_in(self, faults: &Faults) -> bool {
        let mut without = *faults;
        self.copy(&Faults::NONE, &mut without);
        without != *faults
    }
}

/// The parts of a scenario in its order, faults of whole links last.
fn parts(scenario: &Scenario) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut restarts = BTreeSet::new();
    for (number, step) in scenario.steps.iter().enumerate() {
        if restarts.contains(&number) {
            continue;
        }
        let (Act::Crash { node: crashed }
        | Act::Machine { node: crashed, act: MachineAct::CrashBefore | MachineAct::CrashAfter }) = &step.act
        else {
            parts.push(Part::Step(number));
            continue;
        };
        let is_restart = |act: &Act| matches!(act, Act::Restart { node, .. } if node == crashed);
        let restart = (number..scenario.steps.len()).find(|later| is_restart(&scenario.steps[*later].act));
        restarts.extend(restart);
        parts.push(restart.map_or(Part::Step(number), |restart| Part::Life { crash: number, restart }));
    }
    parts.extend((0..scenario.walls.len()).map(Part::Wall));
    parts.extend((0..scenario.links.len()).map(Part::Links));
    parts.extend((0..scenario.clients.len()).map(Part::Client));
    let link = scenario.link;
    let faults = [
        (Part::Spread, link.latency_max > link.latency_min),
        (Part::Loss, link.loss != Odds::NEVER),
        (Part::Duplicates, link.duplicate != Odds::NEVER),
        (Part::FreeOrder, link.sequence == Sequence::Unordered),
        (Part::CorruptSeen, link.corrupt_seen != Odds::NEVER),
        (Part::CorruptUnseen, link.corrupt_unseen != Odds::NEVER),
        (Part::SizeMax, link.size_max.is_some()),
        (Part::Rate, link.rate.is_some()),
        (Part::Queue, link.queue_bytes_max < u64::MAX),
        (Part::Windows, scenario.contacts.as_ref().is_some_and(|contacts| contacts.passes().is_some())),
        (Part::Flap, scenario.contacts.as_ref().is_some_and(|contacts| contacts.flap().is_some())),
        (Part::Isolation, scenario.isolation.is_some()),
        (Part::Offers, scenario.anti_entropy.is_some()),
    ];
    parts.extend(faults.into_iter().filter(|(_, is_there)| *is_there).map(|(part, _)| part));
    parts.extend((0..scenario.machines.len()).map(Part::Machines));
    let hazards = Hazard::ALL.into_iter().filter(|hazard| hazard.is_in(&scenario.machine));
    parts.extend(hazards.map(Part::Machine));
    parts
}

/// The scenario with these parts only, which are in its order.
fn only(scenario: &Scenario, kept: &[Part]) -> Scenario {
    let whole = scenario.link;
    let (latency_min, latency_max) = (whole.latency_min, whole.latency_min);
    let mut link = Link { latency_min, latency_max, ..Link::INSTANT };
    let (mut passes, mut flap) = (None, None);
    let (all_passes, all_flaps, outside) = match &scenario.contacts {
        Some(contacts) => (contacts.passes().map(<[_]>::to_vec), contacts.flap(), contacts.outside()),
        None => (None, None, Outside::Hold),
    };
    let (mut offers, mut isolation): (Option<Duration>, _) = (None, None);
    // A client that asks nothing stays a node, lest the others have other names, and so other luck.
    let mut clients = scenario.clients.clone();
    clients.iter_mut().for_each(|client| client.operations = 0);
    let (mut steps, mut walls, mut links) = (BTreeSet::new(), Vec::new(), Vec::new());
    let (mut machine, mut machines) = (Hazard::none_of(&scenario.machine), Vec::new());
    for part in kept {
        match *part {
            Part::Step(number) => drop(steps.insert(number)),
            Part::Life { crash, restart } => steps.extend([crash, restart]),
            Part::Wall(number) => walls.push(scenario.walls[number].clone()),
            Part::Links(number) => links.push(scenario.links[number].clone()),
            Part::Spread => (link.latency_max, link.spread) = (whole.latency_max, whole.spread),
            Part::Loss => link.loss = whole.loss,
            Part::Duplicates => link.duplicate = whole.duplicate,
            Part::FreeOrder => link.sequence = whole.sequence,
            Part::CorruptSeen => link.corrupt_seen = whole.corrupt_seen,
            Part::CorruptUnseen => link.corrupt_unseen = whole.corrupt_unseen,
            Part::SizeMax => link.size_max = whole.size_max,
            Part::Rate => link.rate = whole.rate,
            Part::Queue => link.queue_bytes_max = whole.queue_bytes_max,
            Part::Windows => passes.clone_from(&all_passes),
            Part::Flap => flap = all_flaps,
            Part::Isolation => isolation = scenario.isolation,
            Part::Offers => offers = scenario.anti_entropy,
            Part::Machines(number) => machines.push(scenario.machines[number].clone()),
            Part::Machine(hazard) => hazard.copy(&scenario.machine, &mut machine),
            Part::Client(number) => clients[number] = scenario.clients[number].clone(),
            // There are as many of these parts as the client has operations.
            Part::Operation(number) => clients[number].operations += 1,
        }
    }
    let steps = steps.into_iter().map(|number| scenario.steps[number].clone()).collect();
    let contacts = contacts(passes, flap, outside);
    Scenario {
        link,
        contacts,
        isolation,
        links,
        walls,
        machine,
        machines,
        steps,
        clients,
        anti_entropy: offers,
        ..scenario.clone()
    }
}

/// A client's update, as the scenario plans it: at which node, and when.
type Submit = (String, TrueTime);

fn planned(scenario: &Scenario) -> BTreeSet<Submit> {
    let submit = |act: &Act| match act {
        Act::Submit { node, .. } => Some(node.clone()),
        _ => None,
    };
    scenario.steps.iter().filter_map(|step| Some((submit(&step.act)?, step.at))).collect()
}

/// Which of the planned updates the evidence shows.
fn shown(planned: &BTreeSet<Submit>, trace: &Trace, evidence: &Evidence) -> BTreeSet<Submit> {
    let submit = |event| (trace.node_name(trace.node_of(event)).to_owned(), trace.event(event).at);
    let shown = evidence.events.iter().map(|witness| submit(witness.event));
    shown.filter(|submit| planned.contains(submit)).collect()
}

/// Why a search ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Ending {
    /// Not one part more can go.
    Minimal,
    /// So much may not be spent.
    Bound,
}

/// What is looked for, and what was spent on it.
struct Search<'s> {
    scenario: &'s Scenario,
    seed: u64,
    broken: Broken<'s>,
    planned: BTreeSet<Submit>,
    wanted: BTreeSet<Submit>,
    allowance: Allowance,
    runs: u32,
    work: u64,
}

impl Search<'_> {
    fn shrink(mut self) -> Shrunk {
        let scenario = self.scenario;
        let (kept, ending) = self.reduce(self.parts());
        let small = only(scenario, &kept);
        let mut notes = words::not_needed(scenario, &small);
        if ending == Ending::Bound {
            let runs = if self.runs == 1 { "1 run".to_owned() } else { format!("{} runs", self.runs) };
            notes.push(format!("perhaps not the smallest: the search was ended after {runs}"));
        }
        Shrunk { steps: words::steps(&small), notes }
    }

    /// All that can be left out; of a client each operation by itself, where what clients saw is judged and they are few.
    fn parts(&self) -> Vec<Part> {
        const OPERATIONS_MAX: u32 = 64;
        let whole = parts(self.scenario);
        let Broken::Model(..) = self.broken else { return whole };
        let one_by_one = |part| match part {
            Part::Client(number) => match self.scenario.clients[number].operations {
                count @ 0..=OPERATIONS_MAX => vec![Part::Operation(number); count as usize],
                _ => vec![part],
            },
            part => vec![part],
        };
        whole.into_iter().flat_map(one_by_one).collect()
    }

    /// Leaves out what can go.
    fn reduce(&mut self, mut kept: Vec<Part>) -> (Vec<Part>, Ending) {
        let mut size = kept.len().div_ceil(2);
        while size > 0 {
            let mut has_shrunk = false;
            let mut end = kept.len();
            while end > 0 {
                if self.runs >= self.allowance.runs_max || self.work >= self.allowance.work_max {
                    return (kept, Ending::Bound);
                }
                let start = end.saturating_sub(size);
                let fewer = [&kept[..start], &kept[end..]].concat();
                if self.is_violated(&fewer) {
                    kept = fewer;
                    has_shrunk = true;
                }
                end = start;
            }
            // At size 1 the round is repeated until it finds nothing; that is bounded by the runs.
            size = if size == 1 && has_shrunk { 1 } else { size / 2 };
        }
        (kept, Ending::Minimal)
    }

    /// Whether these parts alone lead to the same violation.
    fn is_violated(&mut self, kept: &[Part]) -> bool {
        self.runs += 1;
        let Ok(trace) = simulate(&only(self.scenario, kept), self.seed) else { return false };
        let budget = Budget::default();
        let (events, messages) = (trace.events().len() as u64, trace.messages().len() as u64);
        // Each message brings news of each key. Saturating: the bound is far below.
        let news = messages.saturating_mul(self.scenario.keys().len() as u64);
        for work in [events, news, self.broken.pairs(&trace, &budget)] {
            self.work = self.work.saturating_add(work);
        }
        match self.broken.verdict(&trace, &budget) {
            Some(Verdict::Violated(evidence)) => {
                self.broken.shown(&self.planned, &trace, &evidence) == self.wanted
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::incidents;
    use crate::promises::judge;
    use crate::resolver::Resolver;

    fn check(allowance: Allowance, expected: Expect) {
        let mut scenario = incidents::find("mss-17").expect("it ships").scenario();
        scenario.resolver = Resolver::WallLww;
        let trace = simulate(&scenario, 1).expect("it is short");
        let judged = judge(&scenario, &trace);
        let mut found = judged.promises.iter().zip(&judged.judgements);
        let violated = found.find_map(|(promise, judgement)| match &judgement.verdict {
            Verdict::Violated(evidence) => Some((*promise, evidence)),
            _ => None,
        });
        let (promise, evidence) = violated.expect("a wall clock loses an update");
        let planned = planned(&scenario);
        let wanted = shown(&planned, &trace, evidence);
        let broken = Broken::Promise(promise);
        let search =
            Search { scenario: &scenario, seed: 1, broken, planned, wanted, allowance, runs: 0, work: 0 };
        let Shrunk { steps, notes } = search.shrink();
        expected.assert_eq(&format!("{} steps\n{}", steps.len(), notes.join("\n")));
    }

    #[test]
    fn a_search_that_reaches_its_bound_says_so() {
        check(
            Allowance::STANDARD,
            expect![[r#"
            4 steps
            not needed: any of the lie of pacific's wall clock, the spread of latencies"#]],
        );
        check(
            Allowance { runs_max: 2, ..Allowance::STANDARD },
            expect![[r#"
            6 steps
            perhaps not the smallest: the search was ended after 2 runs"#]],
        );
        check(
            Allowance { work_max: 1, ..Allowance::STANDARD },
            expect![[r#"
            6 steps
            perhaps not the smallest: the search was ended after 1 run"#]],
        );
        check(
            Allowance { runs_max: 0, ..Allowance::STANDARD },
            expect![[r#"
            6 steps
            perhaps not the smallest: the search was ended after 0 runs"#]],
        );
    }
}
