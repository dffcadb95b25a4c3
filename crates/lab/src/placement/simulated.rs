//! A round in the simulator: the sites are nodes of one world, joined by the network under test; one node more is the tester,
//! whose links to every site are short and never cut.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};
use std::time::Duration;

use constellation_fabric::{
    Choices, Effects, Input, Link, Network, Node, Now, Odds, Options, Question, Timer, Topic,
};
use constellation_sim::{Act, Disk, Machine, Outcome, Plan, Seeded, Setup, World};
use constellation_trace::{NodeId, Trace};

use super::PlaceError;
use super::client::{Answer, Ask, Kind, What};
use super::protocol::{CUT_AT, Cutting, Event, Fate, HEAL_AT, Orders, Round, Tester, Way};
use super::record::{Record, node, time};
use super::told;

/// What passes between clients and sites, and among sites.
#[derive(Clone, Debug)]
pub enum Wire<M> {
    /// From a client to its site.
    Ask {
        /// What to call it in the answer.
        number: u32,
        /// What is asked.
        ask: Ask,
    },
    /// From a site to its client.
    Answer {
        /// What it answers.
        number: u32,
        /// The answer.
        answer: Answer,
    },
    /// Between two sites.
    Peer(M),
    /// From the tester, when all was asked and answered: a site does nothing any more, so that the world ends.
    Over,
}

/// The sites of a store, as each of them knows them. Sites are the nodes from 0 on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Sites {
    /// Whose view it is.
    pub me: NodeId,
    /// How many there are.
    pub count: u32,
}

impl Sites {
    /// All, in order.
    pub fn all(self) -> impl Iterator<Item = NodeId> {
        (0..self.count).map(NodeId::new)
    }

    /// All but this one, in order.
    pub fn others(self) -> impl Iterator<Item = NodeId> {
        self.all().filter(move |site| *site != self.me)
    }

    /// The least number of sites that is more than half of them.
    pub const fn majority(self) -> u32 {
        self.count / 2 + 1
    }
}

/// Answers a client.
pub fn answer<M>(client: (NodeId, u32), answer: Answer, effects: &mut Effects<Wire<M>>) {
    let (from, number) = client;
    effects.send(from, Wire::Answer { number, answer });
}

/// How long a message takes between a client and its site, one way: no time at all would have operations begin and end at one
/// moment, and touching ones count as concurrent.
const NEAR: Duration = Duration::from_micros(50);
/// What a message takes more than the delay of its link, at most: real networks are not exact.
const JITTER: Duration = Duration::from_micros(200);
const WAKE: Timer = Timer(0);

/// What goes otherwise in a round.
#[derive(Clone, Copy, Debug)]
pub(super) enum Luck<'a> {
    /// How long each message takes, by a seed; none is lost.
    Seed(u64),
    /// Each message takes its least time, and of those between sites these are lost. Then everything is told in the trace.
    Losing(&'a Losses),
}

/// Which messages between sites are lost: from which, to which, and the how-manieth of the two, from 0.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Losses {
    /// Each of them.
    pub(super) messages: BTreeSet<(NodeId, NodeId, u64)>,
    /// All from this one on.
    pub(super) links: BTreeMap<(NodeId, NodeId), u64>,
}

/// What came of a round.
#[derive(Clone, Debug)]
pub(super) struct Played {
    pub(super) record: Record,
    /// What happened in the world; of [`Luck::Losing`] in words.
    pub(super) trace: Trace,
}

/// Whether a trace is to be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Told {
    No,
    InWords,
}

impl Luck<'_> {
    const fn told(self) -> Told {
        match self {
            Luck::Seed(_) => Told::No,
            Luck::Losing(_) => Told::InWords,
        }
    }

    /// How likely a message between sites is lost, so that it is asked whether it is.
    fn loss(self) -> Odds {
        match self {
            Luck::Seed(_) => Odds::NEVER,
            Luck::Losing(_) => Odds::ppm(1).expect("it is one in a million"),
        }
    }
}

/// Answers with the harmless, but for what is to be lost.
struct Losing<'a>(&'a Losses);

impl Choices for Losing<'_> {
    fn choose(&mut self, question: Question, _options: Options) -> u32 {
        let Question { topic, source, target, nth } = question;
        let Losses { messages, links } = self.0;
        let is_lost = messages.contains(&(source, target, nth))
            || links.get(&(source, target)).is_some_and(|first| nth >= *first);
        u32::from(topic == Topic::Loss && is_lost)
    }
}

/// One round of a store whose sites `make` makes.
///
/// # Errors
/// [`PlaceError::Run`] if the world cannot be run, [`PlaceError::Unfinished`] if the round does not end.
pub(super) fn run<S, M: Clone + fmt::Debug>(
    round: &Round,
    luck: Luck<'_>,
    walls: &[constellation_sim::Wall],
    make: impl Fn(Sites) -> S,
) -> Result<Played, PlaceError>
where
    S: Node<Message = Wire<M>, Request = ()>,
{
    let count = u32::try_from(round.sites).expect("sites are few");
    let told = luck.told();
    let factory = |me: NodeId| {
        if me.number() < count {
            Party::Site(make(Sites { me, count }), told, Parted::of(round, me.index()))
        } else {
            Party::Tester(Box::new(Tester::new(round)), told)
        }
    };
    let mut setup = setup(round, luck.loss());
    for (machine, wall) in setup.machines.iter_mut().zip(walls) {
        machine.wall = *wall;
    }
    let outcome = match luck {
        Luck::Seed(seed) => World::new(setup, Seeded::new(seed), factory).and_then(World::run),
        Luck::Losing(lost) => World::new(setup, Losing(lost), factory).and_then(World::run),
    };
    let Outcome { mut nodes, trace, .. } = outcome.map_err(PlaceError::Run)?;
    match nodes.pop().flatten() {
        Some(Party::Tester(tester, _)) if tester.is_over() => {
            Ok(Played { record: tester.into_record(), trace })
        }
        _ => Err(PlaceError::Unfinished { condition: round.condition }),
    }
}

fn setup(round: &Round, loss: Odds) -> Setup<()> {
    let near = Link { latency_min: NEAR, latency_max: NEAR, ..Link::INSTANT };
    let mut network = Network::new(near);
    let sites = 0..round.sites;
    for (source, target) in sites.clone().flat_map(|source| sites.clone().map(move |target| (source, target)))
    {
        if source != target {
            let latency_min = round.delay(source, target);
            let link = Link { latency_min, latency_max: latency_min + JITTER, loss, ..Link::INSTANT };
            network.set_link(node(source), node(target), link);
        }
    }
    let mut plan = Plan::new();
    // What is lost is not sent, or not heard.
    for (at, cutting) in round.cuts.iter().filter(|_| round.fate == Fate::Held) {
        let act = match *cutting {
            Cutting::Cut { site, way } => {
                let others = sites.clone().filter(|other| *other != site).map(node).collect();
                match way {
                    Way::Both => Act::Partition { group_a: vec![node(site)], group_b: others },
                    Way::From => Act::Cut { sources: vec![node(site)], targets: others },
                    Way::To => Act::Cut { sources: others, targets: vec![node(site)] },
                }
            }
            Cutting::Split { sites: two } => {
                let others = sites.clone().filter(|other| !two.contains(other)).map(node).collect();
                Act::Partition { group_a: two.map(node).to_vec(), group_b: others }
            }
            Cutting::Link { source, target } => {
                Act::Cut { sources: vec![node(source)], targets: vec![node(target)] }
            }
            Cutting::Heal => Act::Heal,
        };
        plan.add(time(*at), act);
    }
    if let Some(site) = round.down().map(node) {
        plan.add(time(CUT_AT), Act::Crash { node: site });
        plan.add(time(HEAL_AT), Act::Restart { node: site, disk: Disk::Kept });
    }
    let names = super::SITE_NAMES.into_iter().take(round.sites).chain(["tester"]);
    Setup { network, plan, ..Setup::new(names.map(Machine::from), time(round.longest())) }
}

/// Links of a site over which everything is lost: the other end, from when on, and until when.
#[derive(Clone, Debug)]
struct Parted {
    /// What comes from there.
    from: Windows,
    /// What goes there.
    to: Windows,
}

#[derive(Clone, Debug)]
struct Windows(Vec<(NodeId, Duration, Duration)>);

impl Parted {
    /// The cuts of a round, as a site meets them whose messages are lost; none where they are held.
    fn of(round: &Round, me: usize) -> Parted {
        let from = Windows::of(round, |cutting, other| cutting.parts(other, me));
        let to = Windows::of(round, |cutting, other| cutting.parts(me, other));
        Parted { from, to }
    }
}

impl Windows {
    fn of(round: &Round, is_parted: impl Fn(&Cutting, usize) -> bool) -> Windows {
        let (mut cut, mut windows) = (BTreeMap::new(), Vec::new());
        for (at, cutting) in round.cuts.iter().filter(|_| round.fate == Fate::Lost) {
            for other in (0..round.sites).filter(|other| is_parted(cutting, *other)) {
                cut.entry(node(other)).or_insert(*at);
            }
            if *cutting == Cutting::Heal {
                windows.extend(std::mem::take(&mut cut).into_iter().map(|(other, from)| (other, from, *at)));
            }
        }
        windows.extend(cut.into_iter().map(|(other, from)| (other, from, Duration::MAX)));
        Windows(windows)
    }

    fn has(&self, other: NodeId, at: Duration) -> bool {
        self.0.iter().any(|(end, since, until)| *end == other && (*since..*until).contains(&at))
    }
}

/// A node of the world.
#[derive(Clone, Debug)]
enum Party<S> {
    Site(S, Told, Parted),
    /// A site when all is over.
    Gone,
    Tester(Box<Tester>, Told),
}

impl<M: Clone + fmt::Debug, S: Node<Message = Wire<M>, Request = ()>> Node for Party<S> {
    type Message = Wire<M>;
    type Request = ();

    fn on(&mut self, now: Now, input: Input<Wire<M>, ()>, effects: &mut Effects<Wire<M>>) {
        let elapsed = now.elapsed.since(Now::ZERO.elapsed);
        if let (Party::Site(.., parted), Input::Message { from, .. }) = (&*self, &input)
            && parted.from.has(*from, elapsed)
        {
            return;
        }
        if let (Told::InWords, Input::Message { message, .. }) = (self.told(), &input) {
            effects.label(self.heard(message));
        }
        let (tester, told) = match self {
            Party::Site(..) if matches!(input, Input::Message { message: Wire::Over, .. }) => {
                *self = Party::Gone;
                return;
            }
            Party::Site(site, _, parted) => {
                site.on(now, begun_anew(input), effects);
                // What would arrive after the heal is lost, too.
                for step in effects.steps_mut() {
                    step.sends.retain(|(to, _)| !parted.to.has(*to, elapsed));
                }
                return;
            }
            Party::Gone => return,
            Party::Tester(tester, told) => (tester, *told),
        };
        let event = match input {
            Input::Start => Event::Begin,
            Input::Message { message: Wire::Answer { number, answer }, .. } => {
                Event::Answered { number, answer }
            }
            Input::Timer(WAKE) => Event::Woken,
            _ => return,
        };
        let Orders { asks, wake_at } = tester.on(elapsed, event);
        if told == Told::InWords {
            tester.given_up().for_each(|asked| {
                let site = super::SITE_NAMES[asked.site];
                effects.event(format!("the client of {site} gives up: no answer within 1 s"));
            });
        }
        for order in asks {
            let site = node(order.site);
            let message = Wire::Ask { number: order.number, ask: order.ask };
            if told == Told::InWords {
                effects.event(format!(
                    "a client of {}: {}",
                    super::SITE_NAMES[order.site],
                    in_words(&message)
                ));
            }
            effects.send(site, message);
        }
        if let Some(at) = wake_at {
            effects.set_timer(WAKE, at.saturating_sub(elapsed));
        }
        if tester.is_over() {
            for site in 0..tester.sites() {
                effects.send(NodeId::new(site), Wire::Over);
            }
        }
    }
}

impl<S> Party<S> {
    const fn told(&self) -> Told {
        match self {
            Party::Site(_, told, _) | Party::Tester(_, told) => *told,
            Party::Gone => Told::No,
        }
    }

    /// What arrives, in words.
    fn heard<M: fmt::Debug>(&self, message: &Wire<M>) -> String {
        let Wire::Answer { number, answer } = message else { return in_words(message) };
        let asked = match self {
            Party::Tester(tester, _) => tester.asked(*number),
            _ => None,
        };
        let Some(asked) = asked else { return in_words(message) };
        let (site, kind) = (super::SITE_NAMES[asked.site], asked.ask.kind());
        let what = match (kind, answer) {
            (Kind::Write, Answer::Ok(_)) => "done".to_owned(),
            (Kind::Read, Answer::Ok(shown)) if shown.is_empty() => format!("{} holds nothing", asked.ask.key),
            (Kind::Read, Answer::Ok(shown)) => format!("{} = {}", asked.ask.key, told::together(shown)),
            (_, Answer::Refused(reason)) => format!("refused, {reason}"),
            (_, Answer::Unknown(reason)) => format!("unknown, {reason}"),
        };
        format!("{site} answers the {kind}: {what}")
    }
}

/// No store has anything on a disk, so that one that was down begins as at first.
fn begun_anew<M>(input: Input<M, ()>) -> Input<M, ()> {
    match input {
        Input::Restart { .. } => Input::Start,
        input => input,
    }
}

/// A message as a timeline calls it; one between sites by its first word.
fn in_words<M: fmt::Debug>(message: &Wire<M>) -> String {
    match message {
        Wire::Ask { ask: Ask { key, what: What::Write(value), .. }, .. } => format!("write {key} = {value}"),
        Wire::Ask { ask: Ask { key, what: What::Read, .. }, .. } => format!("read {key}"),
        Wire::Answer { .. } => "an answer".to_owned(),
        Wire::Over => "all is over".to_owned(),
        Wire::Peer(message) => {
            let mut word = FirstWord(String::new());
            // It ends with an error where the word does.
            let _ = write!(word, "{message:?}");
            word.0.to_lowercase()
        }
    }
}

/// Takes text up to its first sign that is neither letter nor digit: whole states stand behind it, which nobody reads.
struct FirstWord(String);

impl fmt::Write for FirstWord {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = text.find(|letter: char| !letter.is_alphanumeric());
        self.0.push_str(&text[..end.unwrap_or(text.len())]);
        if end.is_some() { Err(fmt::Error) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::placement::protocol::Condition;

    /// Tells the others every millisecond what time it is. Shows how many of the messages between it and a site that was
    /// cut off it has heard of that were sent during the cut.
    struct Ticker {
        sites: Sites,
        cut: NodeId,
        heard: u64,
    }

    impl Node for Ticker {
        type Message = Wire<Duration>;
        type Request = ();

        fn on(&mut self, now: Now, input: Input<Wire<Duration>, ()>, effects: &mut Effects<Wire<Duration>>) {
            match input {
                Input::Start | Input::Timer(_) => {
                    let elapsed = now.elapsed.since(Now::ZERO.elapsed);
                    self.sites.others().for_each(|other| effects.send(other, Wire::Peer(elapsed)));
                    effects.set_timer(Timer(0), Duration::from_millis(1));
                }
                Input::Message { from, message: Wire::Peer(sent) } => {
                    let is_cut = from == self.cut || self.sites.me == self.cut;
                    self.heard += u64::from(is_cut && (CUT_AT..HEAL_AT).contains(&sent));
                }
                Input::Message { from, message: Wire::Ask { number, ask } } => {
                    let shown = if ask.what == What::Read { vec![self.heard] } else { Vec::new() };
                    answer((from, number), Answer::Ok(shown), effects);
                }
                _ => {}
            }
        }
    }

    /// How many of the messages that were sent during a cut arrived at some site.
    fn arrived(way: Way, fate: Fate) -> u64 {
        let (cut, condition) = (NodeId::new(1), Condition::Cut { site: 1, way, fate });
        let make = |sites| Ticker { sites, cut, heard: 0 };
        let played = run(&Round::new(3, condition), Luck::Seed(1), &[], make).expect("it runs");
        played.record.asked.iter().flat_map(|asked| asked.shown()).copied().max().unwrap_or_default()
    }

    #[test]
    fn what_is_sent_just_before_a_lossy_cut_heals_is_lost_like_the_rest() {
        assert_eq!(arrived(Way::Both, Fate::Lost), 0);
        // All that was sent to the site from two others in 4 s is there in the end.
        assert_eq!(arrived(Way::Both, Fate::Held), 8_000);
        // The other direction is not cut, nor is anything lost there.
        assert_eq!(arrived(Way::From, Fate::Lost), 8_000);
    }
}
