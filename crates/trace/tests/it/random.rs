//! Random traces: any list of steps is made valid by leaving out what a trace refuses.

use constellation_trace::{
    Action, Call, Claim, Completion, Eighths, Entry, EventId, Loss, MessageId, Nemesis, NodeId, Origin,
    Trace, TrueTime, Wait, WallTime,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// One attempt to record something; numbers are taken modulo what there is, now and then beyond it.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    node: u32,
    at: u64,
    what: u8,
    number: u32,
    targets: Vec<u32>,
    words: Vec<String>,
    claims: Vec<Claim>,
}

const NODES: [&str; 4] = ["pacific", "indian \"ocean\"", "", "südpol#1\n"];

pub(crate) fn steps() -> impl Strategy<Value = Vec<Step>> {
    vec(step(), 0..40)
}

pub(crate) fn traces() -> impl Strategy<Value = Trace> {
    (steps(), any::<Option<(String, u64, Option<String>)>>(), any::<Option<u64>>()).prop_map(
        |(mut steps, origin, epoch)| {
            // In the order of time, lest nearly all be refused.
            let mut times: Vec<u64> = steps.iter().map(|step| step.at).collect();
            times.sort_unstable();
            steps.iter_mut().zip(times).for_each(|(step, at)| step.at = at);
            let mut trace = empty();
            for step in &steps {
                // A refusal is the point: what is left is valid.
                let _refused = step.take(&mut trace);
            }
            if let Some(epoch) = epoch {
                trace.set_epoch(WallTime::from_ns(epoch));
            }
            if let Some((scenario, seed, resolver)) = origin {
                trace.set_origin(Origin { scenario, seed, resolver });
            }
            trace
        },
    )
}

pub(crate) fn empty() -> Trace {
    Trace::new(NODES).expect("four different names")
}

impl Step {
    /// Tries to record it; whether that was possible.
    pub(crate) fn take(&self, trace: &mut Trace) -> bool {
        let node = NodeId::new(self.node % 5 % 4 + self.node % 50 / 49);
        let at = TrueTime::from_ns(self.at);
        let message = MessageId::new(self.number % (trace.messages().len() as u32 + 1));
        let event = EventId::new(self.number % (trace.events().len() as u32 + 1));
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        let targets: Vec<NodeId> = self.targets.iter().map(|target| NodeId::new(*target)).collect();
        let key = words.first().copied().unwrap_or("");
        let nemesis = match self.what {
            10 => Nemesis::Partition { group_a: vec![node], group_b: targets.clone() },
            11 => Nemesis::Cut { sources: targets.clone(), targets: vec![node] },
            12 => Nemesis::Heal,
            13 => Nemesis::Hold(message),
            14 => match self.number % 6 {
                0 => Nemesis::Lose(message, Loss::Plain),
                nth => Nemesis::Lose(message, Loss::NAMED[nth as usize - 1]),
            },
            15 => Nemesis::Duplicate(message),
            16 => Nemesis::InFlight(message),
            30 => Nemesis::Corrupt { message, how: self.number },
            31 => Nemesis::Wait {
                message,
                until: TrueTime::from_ns(self.at.saturating_add(u64::from(self.number))),
                why: Wait::ALL[self.number as usize % 2],
            },
            17 => Nemesis::Step { node, by_ns: self.at.cast_signed() },
            18 => Nemesis::Pause { node, for_ns: self.at },
            19 => Nemesis::Suspend { node, for_ns: self.at },
            20 => Nemesis::Slow { node, for_ns: self.at },
            21 => Nemesis::Join { node },
            22 => Nemesis::Leave { node },
            23 => Nemesis::Slew { node, by_ns: self.at.cast_signed(), for_ns: u64::from(self.number) },
            24 => Nemesis::Leap { node, for_ns: self.at },
            25 => Nemesis::Freeze { node, for_ns: self.at },
            26 => Nemesis::Set { node, wall: WallTime::from_ns(self.at) },
            27 => Nemesis::DiskFull { node },
            28 => Nemesis::Tear {
                node,
                lost: self.number / 8,
                left: Eighths::new(self.number as u8 % 8).expect("below 8"),
            },
            29 => Nemesis::Rot { node, bit: self.at },
            _ => return self.event(trace, node, key, &words, &targets, (message, event)),
        };
        trace.record_nemesis(at, nemesis).is_ok()
    }

    fn event(
        &self,
        trace: &mut Trace,
        node: NodeId,
        key: &str,
        words: &[&str],
        targets: &[NodeId],
        (message, event): (MessageId, EventId),
    ) -> bool {
        // A restart looks for a state of its node, lest nearly all be refused.
        let states =
            (0..=event.number()).rev().map(EventId::new).filter(|id| id.index() < trace.events().len());
        let mut states = states.filter(|id| {
            trace.event(*id).kind == constellation_trace::Kind::Persist && trace.node_of(*id) == node
        });
        let state = states.next();
        let (call, completion) = (self.call(words), self.completion(words));
        let action = match self.what {
            40 | 41 => Action::Invoke { number: self.number % 9, call: &call },
            42 | 43 => Action::Complete { number: self.number % 9, completion: &completion },
            0 | 1 => Action::Local,
            2..=4 => match trace.messages().get(message.index()) {
                Some(sent) => {
                    let entry = Entry {
                        label: key,
                        ..Entry::new(sent.to, TrueTime::from_ns(self.at), Action::Receive(message))
                    };
                    return trace.record(Entry { sends: targets, claims: &self.claims, ..entry }).is_ok();
                }
                None => Action::Receive(message),
            },
            5 => Action::Persist,
            6 => Action::Crash,
            7 => Action::Restart(state.filter(|_| !self.number.is_multiple_of(4))),
            8 => Action::Write { key, update: words.last().copied().unwrap_or("u"), saw: words },
            _ => Action::Read { key, shows: words },
        };
        let entry = Entry::new(node, TrueTime::from_ns(self.at), action);
        trace.record(Entry { sends: targets, label: key, claims: &self.claims, ..entry }).is_ok()
    }

    fn call(&self, words: &[&str]) -> Call {
        let word = |place: usize| words.get(place).copied().unwrap_or("k").to_owned();
        match self.number / 9 % 6 {
            0 => Call::Read { key: word(0) },
            1 => Call::Write { key: word(0), value: word(1) },
            2 => Call::CompareAndSet { key: word(0), expected: word(1), value: word(2) },
            3 => Call::Add { key: word(0), amount: self.at.cast_signed() },
            4 => Call::Append { key: word(0), value: word(1) },
            _ => Call::Other { name: word(0), argument: word(1) },
        }
    }

    fn completion(&self, words: &[&str]) -> Completion {
        let texts = || words.iter().map(|word| (*word).to_owned()).collect();
        let reason = words.concat();
        match self.number / 9 % 4 {
            0 => Completion::Done,
            1 => Completion::Shows(texts()),
            2 => Completion::Failed { reason },
            _ => Completion::Unknown { reason },
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    let number = prop_oneof![any::<u64>(), 0..9_u64, Just(1 << 53), Just((1 << 53) + 1), Just(u64::MAX)];
    let words = vec(prop_oneof!["[ab]", any::<String>()], 0..3);
    let targets = vec(0..4_u32, 0..3);
    let what = prop_oneof![18 => 0..18_u8, 6 => 18..32_u8, 4 => 40..44_u8];
    (0..100_u32, number, what, any::<u32>(), targets, words, claims()).prop_map(
        |(node, at, what, number, targets, words, claims)| Step {
            node,
            at,
            what,
            number,
            targets,
            words,
            claims,
        },
    )
}

fn claims() -> impl Strategy<Value = Vec<Claim>> {
    let vector = proptest::collection::btree_map(prop_oneof!["[a-d]", any::<String>()], any::<u64>(), 0..4);
    let claim = prop_oneof![
        any::<u64>().prop_map(Claim::Lamport),
        (any::<u64>(), any::<u32>())
            .prop_map(|(physical_ns, logical)| Claim::Hybrid { physical_ns, logical }),
        vector.prop_map(|entries| Claim::Vector(entries.into_iter().rev().collect())),
        any::<u64>().prop_map(|ns| Claim::Wall(WallTime::from_ns(ns))),
    ];
    vec(claim, 0..3)
}
