//! Runs told line by line in recorded order, for what a sketch has no words for: updates, disks and the world.

use std::collections::BTreeMap;

use constellation_trace::{Action, Call, Entry, EventId, Loss, MessageId, Nemesis, NodeId, Trace, TrueTime};

/// Reads lines such as `pacific write mss17 W2 saw W1`, `pacific send m to atlantic indian`, `atlantic receive m`,
/// `atlantic read mss17 W1 W2`, `pacific persist s`, `pacific crash`, `pacific restart [s]`, `ground ask mss17`, `lose m`, `hold m`,
/// `duplicate m`, `leave m` in flight, `heal`, `pacific leaves`. The nodes are those that begin a line, in order of appearance. A message with several targets is
/// called `m` at each.
pub(crate) fn tell(story: &str) -> Trace {
    let lines: Vec<Vec<&str>> = story.lines().map(|line| line.split_whitespace().collect()).collect();
    let lines: Vec<_> = lines.into_iter().filter(|words: &Vec<&str>| !words.is_empty()).collect();
    let mut nodes: Vec<&str> = Vec::new();
    for words in &lines {
        if !["lose", "hold", "heal", "duplicate", "leave"].contains(&words[0]) && !nodes.contains(&words[0]) {
            nodes.push(words[0]);
        }
    }
    let mut teller =
        Teller { trace: Trace::new(&nodes).unwrap(), sent: BTreeMap::new(), states: BTreeMap::new() };
    for words in &lines {
        teller.line(words);
    }
    teller.trace
}

struct Teller<'s> {
    trace: Trace,
    sent: BTreeMap<(&'s str, NodeId), MessageId>,
    states: BTreeMap<&'s str, EventId>,
}

impl<'s> Teller<'s> {
    fn line(&mut self, words: &[&'s str]) {
        let at = TrueTime::from_ns((self.trace.events().len() as u64 + 1) * 1_000_000);
        match *words {
            ["lose", message] => self.world(at, message, |message| Nemesis::Lose(message, Loss::Plain)),
            ["duplicate", message] => self.world(at, message, Nemesis::Duplicate),
            ["leave", message] => self.world(at, message, Nemesis::InFlight),
            ["hold", message] => self.world(at, message, Nemesis::Hold),
            ["heal"] => self.trace.record_nemesis(at, Nemesis::Heal).unwrap(),
            [node, "leaves"] => {
                let node = self.trace.node(node).unwrap();
                self.trace.record_nemesis(at, Nemesis::Leave { node }).unwrap();
            }
            [node, ref does @ ..] => {
                let node = self.trace.node(node).unwrap();
                self.event(node, at, does);
            }
            [] => {}
        }
    }

    fn world(&mut self, at: TrueTime, message: &str, nemesis: impl Fn(MessageId) -> Nemesis) {
        let ids: Vec<_> =
            self.sent.iter().filter(|((name, _), _)| *name == message).map(|(_, id)| *id).collect();
        for id in ids {
            self.trace.record_nemesis(at, nemesis(id)).unwrap();
        }
    }

    fn event(&mut self, node: NodeId, at: TrueTime, does: &[&'s str]) {
        let mut sends = Vec::new();
        let mut message = "";
        let call;
        let action = match *does {
            ["send", name, "to", ref targets @ ..] => {
                message = name;
                sends = targets.iter().map(|target| self.trace.node(target).unwrap()).collect();
                Action::Local
            }
            ["receive", name] => Action::Receive(self.sent[&(name, node)]),
            ["write", key, update] => Action::Write { key, update, saw: &[] },
            ["write", key, update, "saw", ref saw @ ..] => Action::Write { key, update, saw },
            ["read", key, ref shows @ ..] => Action::Read { key, shows },
            ["ask", key] => {
                call = Call::Read { key: key.to_owned() };
                Action::Invoke { number: 0, call: &call }
            }
            ["persist", _] => Action::Persist,
            ["crash"] => Action::Crash,
            ["restart"] => Action::Restart(None),
            ["restart", state] => Action::Restart(Some(self.states[state])),
            ref other => panic!("no such line: {other:?}"),
        };
        let event = self.trace.record(Entry { sends: &sends, ..Entry::new(node, at, action) }).unwrap();
        if let ["persist", state] = *does {
            self.states.insert(state, event);
        }
        for (target, id) in sends.iter().zip(self.trace.event(event).sends.iter()) {
            self.sent.insert((message, *target), id);
        }
    }
}
