//! Two objects on two shards, each of them right at any time: whoever reads each at its own time sees half a transfer.

use std::time::Duration;

use constellation_fabric::{Effects, Input, Link, Network, Node, Now};
use constellation_sim::{Act, Plan, Setup};
use constellation_trace::{Call, Completion, EventId, History, NodeId, Trace, TrueTime};

use super::{Soundness, Specimen};
use crate::case::{Breach, Case};
use crate::subject::Subject;

const GROUND: NodeId = NodeId::new(0);
const ARCTIC: NodeId = NodeId::new(1);
const SHARDS: [NodeId; 2] = [NodeId::new(2), NodeId::new(3)];
const TOTAL: i64 = 100;
const PROMISE: &str = "whoever reads both budgets is shown each transfer whole or not at all";

pub(super) const SPECIMENS: &[Specimen] = &[
    Specimen {
        name: "sharded-read",
        variant: "one-snapshot",
        does: "both shards are read as they stand after the last transfer that both have",
        promise: PROMISE,
        soundness: Soundness::Right,
        subject: || subject(Variant::OneSnapshot),
    },
    Specimen {
        name: "sharded-read",
        variant: "each-by-itself",
        does: "each shard is read as it stands when it is asked, which is linearizable for each alone",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Variant::EachByItself),
    },
    Specimen {
        name: "sharded-read",
        variant: "unsettled-snapshot",
        does: "both are read as they stand after the newest transfer, which one of them may not have yet",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Variant::UnsettledSnapshot),
    },
];

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Variant {
    OneSnapshot,
    EachByItself,
    UnsettledSnapshot,
}

/// Pacific and atlantic keep a budget of minutes each, ground moves minutes between them, and arctic reads both.
struct Party {
    variant: Variant,
    /// At a shard: its budget before the first transfer and after each.
    budgets: Vec<i64>,
    /// At ground: how many transfers were begun, and how many of them each shard has.
    begun: usize,
    has: [usize; 2],
    /// At arctic: how often it has read, and what the shards have answered the last time, in their order.
    read: u32,
    shown: [Option<i64>; 2],
}

#[derive(Clone, Copy, Debug)]
enum Message {
    /// What a transfer adds to the budget of a shard, and that it has.
    Add(i64),
    Added,
    /// After which transfer is the snapshot to be taken?
    Ask {
        read: u32,
    },
    Snapshot {
        read: u32,
        after: usize,
    },
    /// As the budget stood after this transfer, or as it stands now.
    Read {
        read: u32,
        after: Option<usize>,
    },
    Budget {
        read: u32,
        minutes: i64,
    },
}

#[derive(Clone, Copy, Debug)]
enum Request {
    /// So many minutes, from pacific to atlantic.
    Transfer(i64),
    ReadBoth,
}

impl Node for Party {
    type Message = Message;
    type Request = Request;

    fn on(&mut self, _now: Now, input: Input<Message, Request>, effects: &mut Effects<Message>) {
        match input {
            Input::Request(Request::Transfer(minutes)) => {
                self.begun += 1;
                effects.event(format!("transfer {} moves {minutes} minutes", self.begun));
                effects.send(SHARDS[0], Message::Add(-minutes));
                effects.send(SHARDS[1], Message::Add(minutes));
            }
            Input::Message { from, message: Message::Add(minutes) } => {
                let budget = self.budgets.last().map_or(0, |newest| newest + minutes);
                self.budgets.push(budget);
                effects.label(format!("has transfer {}, and {budget} minutes", self.budgets.len() - 1));
                effects.send(from, Message::Added);
            }
            Input::Message { from, message: Message::Added } => self.has[shard(from)] += 1,
            Input::Request(Request::ReadBoth) => {
                let (name, argument) = ("read".to_owned(), "both budgets".to_owned());
                (self.read, self.shown) = (self.read + 1, [None; 2]);
                let read = self.read;
                effects.invoke(read, Call::Other { name, argument });
                match self.variant {
                    Variant::EachByItself => read_both(read, None, effects),
                    _ => effects.send(GROUND, Message::Ask { read }),
                }
            }
            Input::Message { from, message: Message::Ask { read } } => {
                let after = match self.variant {
                    Variant::OneSnapshot => self.has[0].min(self.has[1]),
                    _ => self.begun,
                };
                effects.label(format!("{SAYS}{after}"));
                effects.send(from, Message::Snapshot { read, after });
            }
            Input::Message { message: Message::Snapshot { read, after }, .. } => {
                read_both(read, Some(after), effects);
            }
            Input::Message { from, message: Message::Read { read, after } } => {
                let place = after.unwrap_or(usize::MAX).min(self.budgets.len() - 1);
                let minutes = self.budgets[place];
                effects.label(format!("shows {minutes} minutes in read {read}, as after transfer {place}"));
                effects.send(from, Message::Budget { read, minutes });
            }
            Input::Message { from, message: Message::Budget { read, minutes } } if read == self.read => {
                self.shown[shard(from)] = Some(minutes);
                if let [Some(one), Some(other)] = self.shown {
                    effects.complete(read, Completion::Shows(vec![one.to_string(), other.to_string()]));
                }
            }
            _ => {}
        }
    }
}

fn shard(node: NodeId) -> usize {
    usize::from(node == SHARDS[1])
}

fn read_both(read: u32, after: Option<usize>, effects: &mut Effects<Message>) {
    for shard in SHARDS {
        effects.send(shard, Message::Read { read, after });
    }
}

const SAYS: &str = "says to read after transfer ";

fn whole_or_not_at_all(trace: &Trace, variant: Variant) -> Result<(), Breach> {
    for (read, nth) in History::of(trace).operations().iter().zip(1..) {
        let Some((end, Completion::Shows(budgets))) = &read.completed else { continue };
        let minutes: Vec<i64> = budgets.iter().filter_map(|budget| budget.parse().ok()).collect();
        let total: i64 = minutes.iter().sum();
        let (&[one, other], true) = (&minutes[..], total != TOTAL) else { continue };
        let find = |shard: NodeId, words: &str| {
            let at = move |event: &EventId| trace.node_of(*event) == shard;
            trace.event_ids().filter(at).find(|event| trace.label(*event).starts_with(words))
        };
        let in_read = format!(" in read {nth}, as ");
        let answer = |shard: NodeId| {
            let at = move |event: &EventId| trace.node_of(*event) == shard;
            trace.event_ids().filter(at).find(|event| trace.label(*event).contains(&in_read))
        };
        let answers = SHARDS.map(answer);
        let says = |event: &EventId| trace.label(*event).starts_with(SAYS);
        let says = trace.event_ids().take_while(|event| *event < end.event).filter(says).last();
        let [after_one, after_other] = answers.map(|event| {
            event.and_then(|event| trace.label(event).split(", as ").nth(1)).unwrap_or_default()
        });
        let newest = after_one.max(after_other).trim_start_matches("after ");
        let transfer = find(GROUND, newest);
        let has = SHARDS.iter().filter_map(|shard| find(*shard, &format!("has {newest},")));
        let mut events: Vec<_> =
            transfer.into_iter().chain(has).chain(answers.into_iter().flatten()).chain(says).collect();
        events.sort();
        return Err(Breach::new(
            format!("arctic is shown budgets of {TOTAL} minutes together: a transfer only moves them"),
            format!(
                "arctic is shown {one} at pacific as {after_one} and {other} at atlantic as {after_other}, {total} \
                 together"
            ),
        )
        .shown_by(events.into_iter().chain([end.event]))
        .by_rule(format!(
            "{newest} changes both budgets as one, so before or after it there are {TOTAL}; {}",
            variant.goes_wrong()
        )));
    }
    Ok(())
}

impl Variant {
    /// What is wrong then.
    const fn goes_wrong(self) -> &'static str {
        match self {
            Variant::OneSnapshot => "both were to be read after one",
            Variant::EachByItself => {
                "each was read as it stood when the question came, and nobody said after which transfer"
            }
            Variant::UnsettledSnapshot => {
                "ground named a transfer that one of them had not got, which then showed what it had"
            }
        }
    }
}

fn subject(variant: Variant) -> Box<dyn Subject> {
    let ms = |ms: u64| TrueTime::from_ns(ms * 1_000_000);
    let link = Link {
        latency_min: Duration::from_millis(10),
        latency_max: Duration::from_millis(60),
        ..Link::INSTANT
    };
    let mut network = Network::new(link);
    for shard in SHARDS {
        network.set_link(GROUND, shard, Link { latency_max: Duration::from_millis(150), ..link });
    }
    let setup = Setup {
        network,
        plan: Plan::new()
            .at(ms(10), Act::Request { node: GROUND, request: Request::Transfer(30) })
            .at(ms(120), Act::Request { node: GROUND, request: Request::Transfer(20) })
            .at(ms(125), Act::Request { node: ARCTIC, request: Request::ReadBoth })
            .at(ms(240), Act::Request { node: GROUND, request: Request::Transfer(10) })
            .at(ms(260), Act::Request { node: ARCTIC, request: Request::ReadBoth }),
        grace: Duration::from_millis(500),
        ..Setup::new(["ground", "arctic", "pacific", "atlantic"], ms(400))
    };
    let node = move |me| {
        let budgets = vec![if me == SHARDS[0] { TOTAL } else { 0 }];
        Party { variant, budgets, begun: 0, has: [0; 2], read: 0, shown: [None; 2] }
    };
    let check = move |trace: &Trace| whole_or_not_at_all(trace, variant);
    Box::new(Case::new("sharded-read", setup, node).always(PROMISE, check))
}
