//! What each deviation of a tape did in the run that it made, in plain words: which message, which crash, when.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use constellation_fabric::{Question, Topic};
use constellation_sim::Tape;
use constellation_sim::choices::Answer;
use constellation_trace::{
    EventId, Kind, MessageId, Nemesis, NemesisEntry, NodeId, Trace, TrueTime, Wait, one_line,
};

mod machines;

/// A longer tape was not made small, and nobody reads it step by step.
const STEPS_MAX: usize = 1_000;

/// What each deviation of a tape did in `trace`, which is the run that the tape makes: as many lines as there are
/// deviations, in their order, or none for a tape of more than a thousand.
///
/// A tape names a message by its number on its link and a crash by the number of an input; this names the very message, by
/// what its sender did, and the time. What the trace does not show for certain (a crash of the same node is planned,
/// too, say) is told without a time. Costs O(deviations × events).
///
/// ```
/// use constellation_fabric::{Effects, Input, Link, Network, Node, Now, Odds};
/// use constellation_lab::case::{Breach, Case};
/// use constellation_lab::hunt::{Hunt, doings};
/// use constellation_sim::{Act, Plan, Setup};
/// use constellation_trace::{NodeId, Trace, TrueTime};
///
/// /// Reports once, and believes that what it sends arrives.
/// struct Reporter;
///
/// impl Node for Reporter {
///     type Message = ();
///     type Request = ();
///
///     fn on(&mut self, _now: Now, input: Input<(), ()>, effects: &mut Effects<()>) {
///         if matches!(input, Input::Request(())) {
///             effects.event("reports");
///             effects.send(NodeId::new(1), ());
///         }
///     }
/// }
///
/// fn is_heard(trace: &Trace) -> Result<(), Breach> {
///     let is_heard = trace.events().len() == 2;
///     if is_heard { Ok(()) } else { Err(Breach::new("atlantic hears the report", "it does not")) }
/// }
///
/// let ms = |ms: u64| TrueTime::from_ns(ms * 1_000_000);
/// let setup = Setup {
///     network: Network::new(Link { loss: Odds::ppm(100_000).unwrap(), ..Link::INSTANT }),
///     plan: Plan::new().at(ms(5), Act::Request { node: NodeId::new(0), request: () }),
///     ..Setup::new(["pacific", "atlantic"], ms(10))
/// };
/// let case = Case::new("report", setup, |_| Reporter).in_the_end("the report is heard", is_heard);
/// let finding = case.hunt_by(&Hunt::new(1, 100)).unwrap().findings.remove(0);
/// let told = doings(&finding.tape, &finding.trace);
/// assert_eq!(told, ["m0 from pacific to atlantic, sent at +0.005000s (e0: reports), is lost"]);
/// ```
pub fn doings(tape: &Tape, trace: &Trace) -> Vec<String> {
    if tape.answers().len() > STEPS_MAX {
        return Vec::new();
    }
    let doings = Doings { tape, trace, passed: passed(trace) };
    tape.answers().iter().map(|answer| one_line(&doings.tell(answer)).into_owned()).collect()
}

struct Doings<'r> {
    tape: &'r Tape,
    trace: &'r Trace,
    passed: BTreeMap<(NodeId, NodeId), Vec<MessageId>>,
}

/// The messages of each link in the order in which it took them: what a cut held back comes to it at the heal.
fn passed(trace: &Trace) -> BTreeMap<(NodeId, NodeId), Vec<MessageId>> {
    let holds = trace.nemesis().iter().filter_map(|entry| match entry.nemesis {
        Nemesis::Hold(message) => Some(message),
        _ => None,
    });
    let held: BTreeSet<MessageId> = holds.collect();
    let mut passed: BTreeMap<_, Vec<_>> = BTreeMap::new();
    let mut pass = |message: MessageId| {
        let sent = trace.message(message);
        passed.entry((trace.node_of(sent.send), sent.to)).or_default().push(message);
    };
    let (mut waiting, mut nemesis) = (Vec::new(), trace.nemesis().iter().peekable());
    for (nth, event) in (0_u32..).zip(trace.events()) {
        while let Some(entry) = nemesis.next_if(|entry| entry.after_events <= nth) {
            if entry.nemesis == Nemesis::Heal {
                waiting.drain(..).for_each(&mut pass);
            }
        }
        for message in event.sends.iter() {
            if held.contains(&message) { waiting.push(message) } else { pass(message) }
        }
    }
    if nemesis.any(|entry| entry.nemesis == Nemesis::Heal) {
        waiting.into_iter().for_each(pass);
    }
    passed
}

impl Doings<'_> {
    /// One deviation. Every topic has words, which a test holds.
    fn tell(&self, answer: Answer) -> String {
        match answer.question().topic {
            Topic::Latency
            | Topic::Loss
            | Topic::Duplicate
            | Topic::DuplicateLatency
            | Topic::CorruptSeen
            | Topic::CorruptUnseen
            | Topic::CorruptHow => self.of_message(answer),
            Topic::Flap => self.of_link(answer),
            Topic::Isolate => self.of_island(answer),
            _ => self.of_machine(answer),
        }
    }

    fn of_message(&self, answer: Answer) -> String {
        let question = answer.question();
        let nth = usize::try_from(question.nth).unwrap_or(usize::MAX);
        let message = self.passed.get(&(question.source, question.target)).and_then(|all| all.get(nth));
        let Some(&message) = message else {
            let (source, target) = (self.name(question.source), self.name(question.target));
            let letter = format!("the {} message from {source} to {target}", ordinal(question.nth));
            return letter_does(question.topic, &letter, answer.value());
        };
        let letter = format!("{},", self.letter(message));
        let (topic, arrivals) = (question.topic, self.arrivals(message));
        match (topic, arrivals.is_empty()) {
            (Topic::Latency | Topic::DuplicateLatency, false) => {
                let does = letter_does(topic, &letter, answer.value());
                format!("{does}: it arrives {}", arrivals.join(" and "))
            }
            (Topic::Duplicate, false) => {
                format!("{}: {}", letter_does(topic, &letter, answer.value()), arrivals.join(" and "))
            }
            (Topic::Latency, true) => match self.lost_at(message) {
                Some(at) => format!("{letter} is late: it comes at {at}, when nobody takes it"),
                None => format!("{letter} is late: it does not arrive before the run ends"),
            },
            (Topic::CorruptUnseen, true) if self.lost_at(message).is_some() => {
                format!("bits of {letter} flip on the way, and it cannot be read")
            }
            _ => letter_does(topic, &letter, answer.value()),
        }
    }

    /// A message as a reader of the timeline knows it: by its number, its sender, and what that did.
    fn letter(&self, message: MessageId) -> String {
        let sent = self.trace.message(message);
        let (source, target) =
            (self.trace.node_name(self.trace.node_of(sent.send)), self.trace.node_name(sent.to));
        let at = self.trace.event(sent.send).at;
        format!("{message} from {source} to {target}, sent at {at} ({})", self.event(sent.send))
    }

    /// Where and when it was received, once for each copy.
    fn arrivals(&self, message: MessageId) -> Vec<String> {
        let receives =
            self.trace.event_ids().filter(|id| self.trace.event(*id).kind == Kind::Receive(message));
        receives
            .map(|id| {
                // That it receives this message is said.
                let told = if self.trace.label(id).is_empty() { id.to_string() } else { self.event(id) };
                format!("at {} ({told})", self.trace.event(id).at)
            })
            .collect()
    }

    fn lost_at(&self, message: MessageId) -> Option<TrueTime> {
        let is_loss =
            |entry: &&NemesisEntry| matches!(entry.nemesis, Nemesis::Lose(lost, _) if lost == message);
        self.trace.nemesis().iter().find(is_loss).map(|entry| entry.at)
    }

    /// `e4: votes for pacific`, without what it sends beside that.
    fn event(&self, event: EventId) -> String {
        let told = self.trace.describe(event);
        let sends = !self.trace.event(event).sends.is_empty() && self.trace.label(event).is_empty();
        let does = if sends { told.rsplit_once(", sends ").map(|(does, _)| does) } else { None };
        format!("{event}: {}", does.unwrap_or(&told))
    }

    fn of_link(&self, answer: Answer) -> String {
        let question = answer.question();
        let (source, target) = (self.name(question.source), self.name(question.target));
        let mut told =
            format!("the link from {source} to {target} is down in its {} period", ordinal(question.nth));
        let ends = (question.source, question.target);
        if self.is_only_one(answer, |other| (other.source, other.target) == ends) {
            told.push_str(&self.waits(Wait::Link, |source, target| (source, target) == ends));
        }
        told
    }

    fn of_island(&self, answer: Answer) -> String {
        let question = answer.question();
        let node = question.source;
        let mut told =
            format!("{} is cut off from all others in the {} period", self.name(node), ordinal(question.nth));
        if self.is_only_one(answer, |_| true) {
            told.push_str(&self.waits(Wait::Partition, |source, target| source == node || target == node));
        }
        told
    }

    /// Whether no other deviation of this topic concerns the same.
    fn is_only_one(&self, answer: Answer, is_same: impl Fn(Question) -> bool) -> bool {
        let topic = answer.question().topic;
        let all = self.tape.answers().iter().map(|other| other.question());
        all.filter(|other| other.topic == topic && is_same(*other)).count() == 1
    }

    /// What waits for such a reason between such nodes, and until when; as more of the same sentence.
    fn waits(&self, reason: Wait, concerns: impl Fn(NodeId, NodeId) -> bool) -> String {
        const SHOWN_MAX: usize = 3;
        let waits = self.trace.nemesis().iter().filter_map(|entry| match entry.nemesis {
            Nemesis::Wait { message, until, why } if why == reason => Some((message, until)),
            _ => None,
        });
        let told: Vec<_> = waits
            .filter(|(message, _)| {
                let sent = self.trace.message(*message);
                concerns(self.trace.node_of(sent.send), sent.to)
            })
            .map(|(message, until)| {
                format!("{message} ({}) waits until {until}", self.event(self.trace.message(message).send))
            })
            .collect();
        if told.is_empty() {
            return String::new();
        }
        let more = match told.len().saturating_sub(SHOWN_MAX) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!(": {}{more}", told.into_iter().take(SHOWN_MAX).collect::<Vec<_>>().join(", "))
    }

    fn name(&self, node: NodeId) -> &str {
        self.tape.names().text(node.number()).expect("a tape names the nodes of its answers")
    }
}

/// What becomes of a message, told after its name.
fn letter_does(topic: Topic, letter: &str, value: u32) -> String {
    match topic {
        Topic::Latency => format!("{letter} is late"),
        Topic::Loss => format!("{letter} is lost"),
        Topic::Duplicate => format!("{letter} arrives twice"),
        Topic::DuplicateLatency => format!("the second copy of {letter} is late"),
        Topic::CorruptSeen => format!("{letter} is lost: bits flip on the way, and its checksum shows it"),
        Topic::CorruptUnseen => {
            format!("bits of {letter} flip on the way, and no checksum sees it: another message arrives")
        }
        _ => format!("what arrives of {letter} is damage number {value}"),
    }
}

/// `1st`, of what is counted from 0.
fn ordinal(nth: u64) -> String {
    // Saturating: nothing is counted so far.
    let number = nth.saturating_add(1);
    let ending = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

/// `1.5s`, to the microsecond, the rest cut.
fn lasting(ns: u64) -> String {
    format!("{:?}", Duration::from_micros(ns / 1_000))
}
