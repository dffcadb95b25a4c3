//! A write needs most of all stations: each key is a register that a majority agrees on, change by change.
//!
//! This is CASPaxos (Rystsov 2018): the single-decree Paxos of Lamport (1998), used again for each change of a register. A
//! write asks most stations for a promise under a ballot of its own, learns from them what the register holds, and has
//! most stations accept the new value; so each accepted update saw the one before. A read asks most stations what they
//! hold, and before it shows the newest has most stations hold that, as Attiya, Bar-Noy and Dolev (1995) do.
//!
//! Who does not hear of enough promises has sent nobody a value, so it can refuse and mean it. Who has sent one and then
//! does not hear of enough stations cannot know, and says that.
//!
//! A station that restarts knows what it has promised and accepted, and no task. Answers to its tasks of earlier lives may
//! still be on their way, also from stations that stood still meanwhile. So a task is named by its life and its number,
//! and an answer counts for the task that it names: that has one key. Of the answers that also name a ballot, those to an
//! earlier attempt of the task count for nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use constellation_clock::bytes::{Limits, Malformed, Reader, Writer};
use constellation_fabric::{Effects, Input, Node, Now, Timer};
use constellation_sim::clients::{RequestId, Service};
use constellation_trace::{Call, Completion, NodeId};

use super::STATIONS;
use super::groups::stations;
use crate::sealed;
use crate::station::Request;

/// How many stations are most of them.
pub(super) const QUORUM: usize = STATIONS.len() / 2 + 1;
/// How long a station waits for enough others before it tells its client.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long who was overtaken waits before it tries again; the station with the next id waits that much longer, so that two
/// do not overtake each other for ever.
const STAGGER: Duration = Duration::from_millis(700);

/// A station that acknowledges what most stations have.
pub(super) struct Majority {
    me: NodeId,
    mistake: Mistake,
    /// Which life this is, so that no update and no task is named twice.
    life: u32,
    registers: BTreeMap<String, Register>,
    tasks: BTreeMap<TaskId, Task>,
    /// How many tasks were begun in this life.
    begun: u32,
}

/// What is wrong with a station; all but the first are for judges to find.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(not(test), expect(dead_code, reason = "only tests plant mistakes"))]
pub(super) enum Mistake {
    /// Nothing.
    None,
    /// So many stations are taken for most.
    Quorum(usize),
    /// The tasks of each life have the numbers of those before, and nothing else to tell them apart.
    TasksReused,
    /// What is promised is in memory alone: who restarts may accept what it had promised not to.
    PromiseForgotten,
    /// Who is asked shows the newest without having most stations hold it.
    NoReadBack,
}

/// Which task of a station, ever: the nth of a life.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct TaskId {
    life: u32,
    number: u32,
}

/// A number of an attempt to change a register: a later round wins, and no two stations share one.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Ballot {
    round: u32,
    station: u32,
}

/// What a station has promised and accepted of one key; on disk before anybody is told.
#[derive(Clone, Debug, Default)]
struct Register {
    promised: Ballot,
    accepted: Accepted,
}

/// What was accepted under which ballot, if anything was.
type Accepted = Option<(Ballot, Held)>;

/// An update and its value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Held {
    update: String,
    value: String,
}

/// What a client asked, on its way.
struct Task {
    asker: Asker,
    key: String,
    /// The value to write; a read has none.
    write: Option<String>,
    stage: Stage,
}

/// Who wants to know.
#[derive(Clone, Copy)]
enum Asker {
    /// A client.
    Client(RequestId),
    /// The run itself, which looks.
    Run,
    /// The station, which left a value behind and does not know whether enough others have it: it reads it until they do.
    Station,
}

impl Asker {
    fn tell(self, completion: Completion, effects: &mut Effects<Message>) {
        if let Asker::Client(id) = self {
            effects.send(id.client, Message::Reply(id, completion));
        }
    }
}

/// How far a task is, and which stations have agreed to that.
enum Stage {
    /// A read asks what others hold.
    Asking { holds: BTreeMap<NodeId, Accepted> },
    /// A write asks for promises.
    Preparing { ballot: Ballot, promises: BTreeMap<NodeId, Accepted>, refusals: BTreeSet<NodeId>, newer: u32 },
    /// A value was sent, the new one or, for a read, the newest.
    Accepting { ballot: Ballot, held: Held, by: BTreeSet<NodeId> },
}

impl Stage {
    /// About to ask for promises, above this round.
    fn preparing(newer: u32) -> Stage {
        let (ballot, promises) = (Ballot::default(), BTreeMap::new());
        Stage::Preparing { ballot, promises, refusals: BTreeSet::new(), newer }
    }
}

/// What stations and clients say.
#[derive(Clone, Debug)]
pub(super) enum Message {
    /// From a client.
    Request(RequestId, Call),
    /// To a client.
    Reply(RequestId, Completion),
    /// What do you hold under this key?
    Ask { task: TaskId, key: String },
    /// This.
    Holds { task: TaskId, accepted: Accepted },
    /// Promise to accept nothing older than this ballot, and say what you hold.
    Prepare { task: TaskId, key: String, ballot: Ballot },
    /// Promised.
    Promise { task: TaskId, ballot: Ballot, accepted: Accepted },
    /// Accept this value.
    Accept { task: TaskId, key: String, ballot: Ballot, held: Held },
    /// Accepted.
    Accepted { task: TaskId, ballot: Ballot },
    /// Neither: a later ballot was promised.
    Overtaken { task: TaskId, ballot: Ballot, promised: Ballot },
}

/// The timer of a task has an even number when its patience is over, and an odd one when it is to try again. With a life its
/// timers end.
const fn patience(task: TaskId) -> Timer {
    Timer(task.number * 2)
}

const fn again(task: TaskId) -> Timer {
    Timer(task.number * 2 + 1)
}

impl Node for Majority {
    type Message = Message;
    type Request = Request;

    fn on(&mut self, _now: Now, input: Input<Message, Request>, effects: &mut Effects<Message>) {
        match input {
            Input::Start => effects.event("online"),
            Input::Restart { state, incarnation } => self.restart(state.as_deref(), incarnation, effects),
            Input::Message { message: Message::Request(id, call), .. } => self.begin(id, call, effects),
            Input::Message { from, message } => self.hear(from, message, effects),
            Input::Timer(Timer(number)) if number % 2 == 0 => self.give_up(self.task(number / 2), effects),
            Input::Timer(Timer(number)) => self.prepare(self.task(number / 2), effects),
            Input::Request(Request::Read { key }) => self.read(Asker::Run, key, effects),
            _ => {}
        }
    }
}

impl Service for Majority {
    fn request(id: RequestId, call: &Call) -> Message {
        Message::Request(id, call.clone())
    }

    fn reply(message: &Message) -> Option<(RequestId, &Completion)> {
        match message {
            Message::Reply(id, completion) => Some((*id, completion)),
            _ => None,
        }
    }
}

impl Majority {
    /// The station with this id, which makes this mistake.
    pub(super) fn new(me: NodeId, mistake: Mistake) -> Majority {
        let (registers, tasks) = (BTreeMap::new(), BTreeMap::new());
        Majority { me, mistake, life: 0, registers, tasks, begun: 0 }
    }

    /// How many stations are taken for most.
    const fn quorum(&self) -> usize {
        match self.mistake {
            Mistake::Quorum(stations) => stations,
            _ => QUORUM,
        }
    }

    /// The nth task of this life.
    fn task(&self, number: u32) -> TaskId {
        let life = if self.mistake == Mistake::TasksReused { 0 } else { self.life };
        TaskId { life, number }
    }

    fn begin(&mut self, id: RequestId, call: Call, effects: &mut Effects<Message>) {
        effects.label(format!("is asked to {call}"));
        match call {
            Call::Read { key } => self.read(Asker::Client(id), key, effects),
            Call::Write { key, value } => {
                let stage = Stage::preparing(0);
                let task =
                    self.enter(Task { asker: Asker::Client(id), key, write: Some(value), stage }, effects);
                self.prepare(task, effects);
            }
            _ => {
                let reason = "a station only reads and writes".to_owned();
                effects.send(id.client, Message::Reply(id, Completion::Failed { reason }));
            }
        }
    }

    /// Enters a task, with an end to its patience.
    fn enter(&mut self, task: Task, effects: &mut Effects<Message>) -> TaskId {
        self.begun += 1;
        let id = self.task(self.begun);
        self.tasks.insert(id, task);
        effects.set_timer(patience(id), PATIENCE);
        id
    }

    fn read(&mut self, asker: Asker, key: String, effects: &mut Effects<Message>) {
        let holds = BTreeMap::from([(self.me, self.accepted(&key))]);
        let task = Task { asker, key: key.clone(), write: None, stage: Stage::Asking { holds } };
        let task = self.enter(task, effects);
        self.tell_others(&Message::Ask { task, key }, effects);
    }

    /// Asks for promises, under a ballot above all that it has heard of.
    fn prepare(&mut self, id: TaskId, effects: &mut Effects<Message>) {
        let Some(Task { key, stage: Stage::Preparing { newer, .. }, .. }) = self.tasks.get(&id) else {
            return;
        };
        let (key, newer) = (key.clone(), *newer);
        let register = self.registers.entry(key.clone()).or_default();
        let ballot = Ballot { round: register.promised.round.max(newer) + 1, station: self.me.number() };
        register.promised = ballot;
        let promises = BTreeMap::from([(self.me, register.accepted.clone())]);
        let stage = Stage::Preparing { ballot, promises, refusals: BTreeSet::new(), newer };
        self.tasks.entry(id).and_modify(|task| task.stage = stage);
        self.persist(effects);
        self.tell_others(&Message::Prepare { task: id, key, ballot }, effects);
    }

    fn hear(&mut self, from: NodeId, message: Message, effects: &mut Effects<Message>) {
        match message {
            Message::Ask { task, key } => {
                effects.send(from, Message::Holds { task, accepted: self.accepted(&key) });
            }
            Message::Prepare { task, key, ballot } => {
                let register = self.registers.entry(key).or_default();
                if ballot <= register.promised {
                    let promised = register.promised;
                    return effects.send(from, Message::Overtaken { task, ballot, promised });
                }
                register.promised = ballot;
                let accepted = register.accepted.clone();
                if self.mistake != Mistake::PromiseForgotten {
                    self.persist(effects);
                }
                effects.send(from, Message::Promise { task, ballot, accepted });
            }
            Message::Accept { task, key, ballot, held } => match self.accept(&key, ballot, held, effects) {
                Ok(()) => effects.send(from, Message::Accepted { task, ballot }),
                Err(promised) => effects.send(from, Message::Overtaken { task, ballot, promised }),
            },
            Message::Holds { task, accepted } => self.hear_holds(from, task, accepted, effects),
            Message::Promise { task, ballot, accepted } => {
                self.hear_promise(from, (task, ballot), accepted, effects);
            }
            Message::Accepted { task, ballot } => self.hear_accepted(from, task, ballot, effects),
            Message::Overtaken { task, ballot, promised } => {
                self.hear_overtaken(from, (task, ballot), promised, effects);
            }
            Message::Request(..) | Message::Reply(..) => {}
        }
    }

    /// Accepts a value unless it has promised not to; what it holds already it accepts again.
    fn accept(
        &mut self,
        key: &str,
        ballot: Ballot,
        held: Held,
        effects: &mut Effects<Message>,
    ) -> Result<(), Ballot> {
        let register = self.registers.entry(key.to_owned()).or_default();
        if ballot < register.promised {
            return Err(register.promised);
        }
        if register.accepted.as_ref().is_none_or(|(accepted, _)| *accepted < ballot) {
            *register = Register { promised: ballot, accepted: Some((ballot, held)) };
            self.persist(effects);
        }
        Ok(())
    }

    /// A read knows what enough stations hold: it shows nothing, or has enough of them hold the newest.
    fn hear_holds(&mut self, from: NodeId, id: TaskId, accepted: Accepted, effects: &mut Effects<Message>) {
        let quorum = self.quorum();
        let Some(task) = self.tasks.get_mut(&id) else { return };
        let Stage::Asking { holds } = &mut task.stage else { return };
        holds.insert(from, accepted);
        if holds.len() < quorum {
            return;
        }
        let Some((ballot, held)) = newest(holds) else { return self.end_read(id, None, effects) };
        if self.mistake == Mistake::NoReadBack && !matches!(task.asker, Asker::Station) {
            return self.end_read(id, Some(held), effects);
        }
        let has_it = |accepted: &Accepted| accepted.as_ref().is_some_and(|(own, _)| *own == ballot);
        let by: BTreeSet<NodeId> =
            holds.iter().filter(|(_, accepted)| has_it(accepted)).map(|(station, _)| *station).collect();
        let key = task.key.clone();
        task.stage = Stage::Accepting { ballot, held: held.clone(), by: by.clone() };
        for station in stations().filter(|station| !by.contains(station) && *station != self.me) {
            let (key, held) = (key.clone(), held.clone());
            effects.send(station, Message::Accept { task: id, key, ballot, held });
        }
        if !by.contains(&self.me) && self.accept(&key, ballot, held, effects).is_ok() {
            return self.hear_accepted(self.me, id, ballot, effects);
        }
        self.end_if_accepted(id, effects);
    }

    /// Enough promises: a write knows what it supersedes, and sends its value; a read sends what it has found.
    fn hear_promise(
        &mut self,
        from: NodeId,
        (id, of): (TaskId, Ballot),
        accepted: Accepted,
        effects: &mut Effects<Message>,
    ) {
        let quorum = self.quorum();
        let Some(task) = self.tasks.get_mut(&id) else { return };
        let Stage::Preparing { ballot, promises, .. } = &mut task.stage else { return };
        if *ballot != of {
            return;
        }
        promises.insert(from, accepted);
        if promises.len() < quorum {
            return;
        }
        let newest = newest(promises).map(|(_, held)| held);
        let Some(held) = task.write.clone().map(|value| self.named(id, value)).or(newest.clone()) else {
            return self.end_read(id, None, effects);
        };
        let Some(task) = self.tasks.get_mut(&id) else { return };
        let key = task.key.clone();
        task.stage = Stage::Accepting { ballot: of, held: held.clone(), by: BTreeSet::new() };
        if task.write.is_some() {
            effects.write(&key, &held.update, newest.into_iter().map(|held| held.update).collect());
            effects.label(format!("submit {key} = \"{}\" as {}", held.value, held.update));
        }
        let is_accepted = self.accept(&key, of, held.clone(), effects).is_ok();
        self.tell_others(&Message::Accept { task: id, key, ballot: of, held }, effects);
        if is_accepted {
            self.hear_accepted(self.me, id, of, effects);
        }
    }

    /// The update that a task makes of a value.
    fn named(&self, id: TaskId, value: String) -> Held {
        let life = if self.life == 0 { String::new() } else { format!("#{}", self.life) };
        Held { update: format!("{}{life}:{}", STATIONS[self.me.index()], id.number), value }
    }

    fn hear_accepted(&mut self, from: NodeId, id: TaskId, of: Ballot, effects: &mut Effects<Message>) {
        let Some(Task { stage: Stage::Accepting { ballot, by, .. }, .. }) = self.tasks.get_mut(&id) else {
            return;
        };
        if *ballot == of {
            by.insert(from);
            self.end_if_accepted(id, effects);
        }
    }

    /// Who is overtaken before it sent a value of its own tries again, above what overtook it; who has sent one waits for
    /// what the others say.
    fn hear_overtaken(
        &mut self,
        from: NodeId,
        (id, of): (TaskId, Ballot),
        promised: Ballot,
        effects: &mut Effects<Message>,
    ) {
        let few = STATIONS.len() - self.quorum();
        let Some(Task { write, stage, .. }) = self.tasks.get_mut(&id) else { return };
        match stage {
            Stage::Preparing { ballot, refusals, newer, .. } if *ballot == of => {
                refusals.insert(from);
                *newer = promised.round.max(*newer);
                // With so many against it there cannot be enough for it.
                if refusals.len() <= few {
                    return;
                }
                refusals.clear();
            }
            // A read that only sent on what was there: it has that accepted anew, under a ballot of its own.
            Stage::Accepting { ballot, .. } if *ballot == of && write.is_none() => {
                *stage = Stage::preparing(promised.round);
            }
            _ => return,
        }
        effects.set_timer(again(id), STAGGER.saturating_mul(self.me.number() + 1));
    }

    fn end_if_accepted(&mut self, id: TaskId, effects: &mut Effects<Message>) {
        let Some(Task { stage: Stage::Accepting { held, by, .. }, write, .. }) = self.tasks.get(&id) else {
            return;
        };
        if by.len() < self.quorum() {
            return;
        }
        if write.is_none() {
            let held = held.clone();
            return self.end_read(id, Some(held), effects);
        }
        if let Some(Task { asker, key, .. }) = self.tasks.remove(&id) {
            effects.event(format!("enough stations have {key}"));
            asker.tell(Completion::Done, effects);
        }
    }

    fn end_read(&mut self, id: TaskId, held: Option<Held>, effects: &mut Effects<Message>) {
        let Some(Task { asker, key, .. }) = self.tasks.remove(&id) else { return };
        if let Asker::Station = asker {
            return effects.event(format!("enough stations hold the newest of {key} that was found"));
        }
        let told = match &held {
            Some(Held { update, value }) => format!("show {key}: {update} \"{value}\""),
            None => format!("show {key}: nothing"),
        };
        let (updates, values) = held.map(|held| (held.update, held.value)).into_iter().unzip();
        effects.read(key, updates);
        effects.label(told);
        asker.tell(Completion::Shows(values), effects);
    }

    /// Patience is over. What was sent to nobody can be refused; of anything else nobody knows.
    fn give_up(&mut self, id: TaskId, effects: &mut Effects<Message>) {
        let Some(Task { asker, key, write, stage }) = self.tasks.remove(&id) else { return };
        let is_left = matches!(stage, Stage::Accepting { .. }) || matches!(asker, Asker::Station);
        let (most, all) = (self.quorum(), STATIONS.len());
        let few =
            |reached: usize| format!("only {reached} of {all} stations can be reached, {most} are needed");
        let completion = match (stage, write) {
            (Stage::Asking { holds }, _) => Completion::Failed { reason: few(holds.len()) },
            (Stage::Preparing { promises, .. }, _) => Completion::Failed { reason: few(promises.len()) },
            (Stage::Accepting { by, .. }, None) => Completion::Failed { reason: few(by.len()) },
            (Stage::Accepting { .. }, Some(_)) => Completion::Unknown {
                reason: "sent to other stations, but not enough of them answered".to_owned(),
            },
        };
        effects.event(format!("gives up: {completion}"));
        asker.tell(completion, effects);
        if is_left {
            self.read(Asker::Station, key, effects);
        }
    }

    fn accepted(&self, key: &str) -> Accepted {
        self.registers.get(key).and_then(|register| register.accepted.clone())
    }

    fn tell_others(&self, message: &Message, effects: &mut Effects<Message>) {
        for station in stations().filter(|station| *station != self.me) {
            effects.send(station, message.clone());
        }
    }

    fn persist(&self, effects: &mut Effects<Message>) {
        let mut writer = Writer::default();
        for (key, Register { promised, accepted }) in &self.registers {
            writer.text(key);
            let (ballot, held) = accepted.clone().unzip();
            for ballot in [*promised, ballot.unwrap_or_default()] {
                writer.varint(ballot.round.into());
                writer.varint(ballot.station.into());
            }
            let held = held.unwrap_or(Held { update: String::new(), value: String::new() });
            writer.text(&held.update);
            writer.text(&held.value);
        }
        effects.persist(sealed::seal(&writer.into_bytes()));
    }

    /// What it promised and accepted it must know again; what it was about to do it has forgotten, and sees to it that
    /// enough others have what it left.
    fn restart(&mut self, state: Option<&[u8]>, incarnation: u32, effects: &mut Effects<Message>) {
        self.life = incarnation;
        let Some(state) = state else { return };
        match sealed::open(state).and_then(|state| registers(state).ok()) {
            Some(registers) => self.registers = registers,
            None => effects.refuse(),
        }
        for key in self.registers.keys().cloned().collect::<Vec<_>>() {
            self.read(Asker::Station, key, effects);
        }
    }
}

/// What is held under the highest ballot.
fn newest(held: &BTreeMap<NodeId, Accepted>) -> Accepted {
    held.values().flatten().max_by_key(|(ballot, _)| *ballot).cloned()
}

/// The registers that a disk holds.
fn registers(state: &[u8]) -> Result<BTreeMap<String, Register>, Malformed> {
    let mut reader = Reader::new(state);
    let mut registers = BTreeMap::new();
    while reader.remaining() > 0 {
        let key = reader.text(&Limits::STANDARD)?.to_owned();
        let mut ballot = || {
            let (round, station) = (reader.varint()?, reader.varint()?);
            let number = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
            Ok::<_, Malformed>(Ballot { round: number(round), station: number(station) })
        };
        let (promised, ballot) = (ballot()?, ballot()?);
        let update = reader.text(&Limits::STANDARD)?.to_owned();
        let value = reader.text(&Limits::STANDARD)?.to_owned();
        let accepted = (ballot != Ballot::default()).then_some((ballot, Held { update, value }));
        registers.insert(key, Register { promised, accepted });
    }
    Ok(registers)
}
