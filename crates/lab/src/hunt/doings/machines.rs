//! What luck did to a process, a clock or a disk, found in the trace by counting: the third crash is the third answer.

use constellation_fabric::{Question, Topic};
use constellation_sim::choices::Answer;
use constellation_trace::{EventId, Kind, Loss, MessageId, Nemesis, NemesisEntry, NodeId};

use super::{Doings, lasting, ordinal};

/// What makes a process crash.
const CRASHES: &[Topic] = &[Topic::CrashBefore, Topic::CrashAfter];
/// What makes a wall clock jump.
const JUMPS: &[Topic] = &[Topic::WallStep, Topic::WallYear];

impl Doings<'_> {
    pub(super) fn of_machine(&self, answer: Answer) -> String {
        match answer.question().topic {
            Topic::CrashBefore | Topic::CrashAfter | Topic::Down | Topic::Amnesia => self.of_crash(answer),
            Topic::Pause | Topic::PauseTime | Topic::Suspend | Topic::SuspendTime | Topic::Slow => {
                self.of_stop(answer)
            }
            Topic::WallStep
            | Topic::WallStepSize
            | Topic::WallFreeze
            | Topic::WallFreezeTime
            | Topic::WallYear
            | Topic::WallYearBack => self.of_wall(answer),
            _ => self.of_disk(answer),
        }
    }

    fn of_crash(&self, answer: Answer) -> String {
        let question = answer.question();
        let (node, nth) = (self.name(question.source), ordinal(question.nth));
        let Some(crash) = self.crash(question) else {
            return match question.topic {
                Topic::CrashBefore => {
                    format!("{node} crashes before it works on its {nth} input, which is lost")
                }
                Topic::CrashAfter => {
                    format!("{node} crashes after its {nth} input, before anything that it sends leaves")
                }
                Topic::Down => {
                    format!("after its crash at its {nth} input {node} stays down for longer than it need")
                }
                _ => format!("in its crash at its {nth} input {node} loses its disk"),
            };
        };
        let at = self.trace.event(crash).at;
        let back = self.back(crash);
        match question.topic {
            Topic::CrashBefore => match self.lost_with(crash) {
                Some(message) => {
                    format!(
                        "{node} crashes at {at}, and what had come to it is lost with it: {}{back}",
                        self.letter(message)
                    )
                }
                None => {
                    let which =
                        if self.is_no_message(question, crash) { ", a timer or a request" } else { "" };
                    format!(
                        "{node} crashes at {at} before it works on its {nth} input{which}, which is lost{back}"
                    )
                }
            },
            Topic::CrashAfter => match self.before(crash) {
                Some(event) => format!(
                    "{node} crashes at {at}, right after {event} ({}), and nothing that it was about to send leaves{back}",
                    self.trace.describe(event)
                ),
                None => format!(
                    "{node} crashes at {at}, after its {nth} input, and nothing that it was about to send leaves{back}"
                ),
            },
            Topic::Down => format!("{node}, which crashed at {at}, stays down for longer than it need{back}"),
            _ => format!("{node} loses its disk in its crash at {at}{back}"),
        }
    }

    /// The crash that luck made at that input.
    fn crash(&self, question: Question) -> Option<EventId> {
        let crashes = self.trace.event_ids().filter(|id| {
            self.trace.event(*id).kind == Kind::Crash && self.trace.node_of(*id) == question.source
        });
        self.struck(CRASHES, question, crashes.collect())
    }

    /// When a node comes back, and with what; as more of the same sentence.
    fn back(&self, crash: EventId) -> String {
        let node = self.trace.node_of(crash);
        let mut later = self.trace.event_ids().skip(crash.index() + 1);
        let restart = later.find(|id| self.trace.node_of(*id) == node);
        let Some(restart) = restart else { return "; it does not come back".to_owned() };
        let at = self.trace.event(restart).at;
        match self.trace.event(restart).kind {
            Kind::Restart { from: Some(state) } => {
                format!("; it is back at {at} and knows what it saved as {state}")
            }
            Kind::Restart { from: None } => format!("; it is back at {at} and remembers nothing"),
            _ => String::new(),
        }
    }

    /// The message that was lost since its node crashed before it worked on it, or on what had come before it.
    fn lost_with(&self, crash: EventId) -> Option<MessageId> {
        let (node, at) = (self.trace.node_of(crash), self.trace.event(crash).at);
        self.trace.nemesis().iter().find_map(|entry| match entry.nemesis {
            Nemesis::Lose(message, Loss::Plain)
                if entry.at == at
                    && entry.after_events as usize == crash.index() + 1
                    && self.trace.message(message).to == node =>
            {
                Some(message)
            }
            _ => None,
        })
    }

    /// Whether the input at which luck struck was no message: one would be told as lost, unless another copy
    /// of it arrived. Nor was it the start of a process.
    fn is_no_message(&self, question: Question, crash: EventId) -> bool {
        let node = question.source;
        let is_twice = self.trace.nemesis().iter().any(|entry| match entry.nemesis {
            Nemesis::Duplicate(message) => self.trace.message(message).to == node,
            _ => false,
        });
        let has_begun = self.before(crash).map(|event| self.trace.event(event).kind);
        question.nth > 0 && !is_twice && !matches!(has_begun, Some(Kind::Restart { .. }))
    }

    /// What a node did last before it crashed, if that was at the same time.
    fn before(&self, crash: EventId) -> Option<EventId> {
        let crashed = self.trace.event(crash);
        let earlier = self.trace.event_ids().take(crash.index());
        let last = earlier.filter(|id| self.trace.event(*id).process == crashed.process).last()?;
        (self.trace.event(last).at == crashed.at).then_some(last)
    }

    fn of_stop(&self, answer: Answer) -> String {
        let question = answer.question();
        let (node, nth) = (self.name(question.source), ordinal(question.nth));
        let of_node = question.source;
        let topic = match question.topic {
            Topic::Pause | Topic::PauseTime => Topic::Pause,
            Topic::Suspend | Topic::SuspendTime => Topic::Suspend,
            topic => topic,
        };
        let stop = self.struck(
            &[topic],
            question,
            self.done_to(of_node, |nemesis| match nemesis {
                Nemesis::Pause { for_ns, .. } if topic == Topic::Pause => Some(*for_ns),
                Nemesis::Suspend { for_ns, .. } if topic == Topic::Suspend => Some(*for_ns),
                Nemesis::Slow { for_ns, .. } if topic == Topic::Slow => Some(*for_ns),
                _ => None,
            }),
        );
        let when = match stop {
            Some((entry, _)) => format!("at {}", entry.at),
            None => format!("before its {nth} input"),
        };
        let lasts = stop.map_or(String::new(), |(_, ns)| format!(" for {}", lasting(ns)));
        match question.topic {
            Topic::Pause => format!("{node} stops {when}{lasts}, and what comes meanwhile waits"),
            Topic::Suspend => {
                format!(
                    "the machine of {node} falls asleep {when}{lasts}; what comes meanwhile waits, and its timers run out later"
                )
            }
            Topic::PauseTime => format!("the stop of {node} {when} is longer than it need be"),
            Topic::SuspendTime => format!("the sleep of {node} {when} is longer than it need be"),
            _ => match stop {
                Some((entry, ns)) => format!("{node} takes {} for what comes at {}", lasting(ns), entry.at),
                None => format!("{node} takes longer for its {nth} input"),
            },
        }
    }

    fn of_wall(&self, answer: Answer) -> String {
        let question = answer.question();
        let (node, nth) = (self.name(question.source), ordinal(question.nth));
        let is_freeze = [Topic::WallFreeze, Topic::WallFreezeTime].contains(&question.topic);
        let topics = if is_freeze { &[Topic::WallFreeze][..] } else { JUMPS };
        let cause = match question.topic {
            Topic::WallStepSize => Topic::WallStep,
            Topic::WallFreezeTime => Topic::WallFreeze,
            Topic::WallYearBack => Topic::WallYear,
            topic => topic,
        };
        let asked = Question { topic: cause, ..question };
        let found = self.struck(
            topics,
            asked,
            self.done_to(question.source, |nemesis| match nemesis {
                Nemesis::Step { by_ns, .. } if !is_freeze => Some(*by_ns),
                Nemesis::Freeze { for_ns, .. } if is_freeze => {
                    Some(i64::try_from(*for_ns).unwrap_or(i64::MAX))
                }
                _ => None,
            }),
        );
        let when = match found {
            Some((entry, _)) => format!("at {}", entry.at),
            None => format!("before its {nth} input"),
        };
        let size = found.map(|(_, ns)| lasting(ns.unsigned_abs()));
        let side = found.map(|(_, ns)| if ns < 0 { "back" } else { "ahead" });
        match question.topic {
            Topic::WallStep => {
                let how = size.zip(side).map_or(String::new(), |(size, side)| format!(" {size} {side}"));
                format!("the wall clock of {node} jumps{how} {when}")
            }
            Topic::WallStepSize => {
                format!("that jump of the wall clock of {node} {when} is larger than it need be")
            }
            Topic::WallFreeze => {
                let how = size.map_or(String::new(), |size| format!(" for {size}"));
                format!("the wall clock of {node} stands still{how}, beginning {when}")
            }
            Topic::WallFreezeTime => {
                format!("the wall clock of {node} stands still {when} for longer than it need")
            }
            Topic::WallYear => {
                let side = side.unwrap_or("ahead or back");
                format!("the wall clock of {node} jumps 365 days {side} {when}")
            }
            _ => format!("that jump of the wall clock of {node} {when} is back, not ahead"),
        }
    }

    fn of_disk(&self, answer: Answer) -> String {
        let question = answer.question();
        let (node, nth, topic) = (self.name(question.source), ordinal(question.nth), question.topic);
        let entry = match topic {
            Topic::DiskFull => {
                let full = |nemesis: &Nemesis| matches!(nemesis, Nemesis::DiskFull { .. }).then_some(());
                self.struck(&[topic], question, self.done_to(question.source, full))
            }
            Topic::BitRot | Topic::BitRotPlace => {
                let rot = |nemesis: &Nemesis| matches!(nemesis, Nemesis::Rot { .. }).then_some(());
                let asked = Question { topic: Topic::BitRot, ..question };
                self.struck(&[Topic::BitRot], asked, self.done_to(question.source, rot))
            }
            _ => {
                let tear = |nemesis: &Nemesis| matches!(nemesis, Nemesis::Tear { .. }).then_some(());
                let asked = Question { topic: Topic::Unsynced, ..question };
                self.struck(&[Topic::Unsynced], asked, self.done_to(question.source, tear))
            }
        };
        let when = entry.map_or(String::new(), |(entry, ())| format!(" at {}", entry.at));
        match topic {
            Topic::DiskFull => format!("the disk of {node} has no room for its {nth} write{when}"),
            Topic::BitRot => {
                format!("a bit on the disk of {node} has flipped when its restart{when} reads it")
            }
            Topic::BitRotPlace => {
                format!("the bit that has flipped on the disk of {node}{when} is number {}", answer.value())
            }
            Topic::Unsynced => format!("the crash of {node}{when} harms what it had written and not synced"),
            Topic::UnsyncedWrites => {
                let (number, plural) = (answer.value(), if answer.value() == 1 { "" } else { "s" });
                format!("the crash of {node}{when} loses {number} write{plural} beside the one that it tears")
            }
            Topic::Torn => {
                let lost = match answer.value().saturating_add(1) {
                    8.. => "all of it is lost".to_owned(),
                    eighths => format!("{eighths} eighths of it are lost"),
                };
                format!("the crash of {node}{when} tears the last write that is left: {lost}")
            }
            // A topic of a later version of the fabric.
            _ => String::new(),
        }
    }

    /// What was done to a node, in order, with what `what` makes of it.
    fn done_to<T>(&self, node: NodeId, what: impl Fn(&Nemesis) -> Option<T>) -> Vec<(&NemesisEntry, T)> {
        let all = self.trace.nemesis().iter().filter(|entry| entry.nemesis.node() == Some(node));
        all.filter_map(|entry| Some((entry, what(&entry.nemesis)?))).collect()
    }

    /// Which of these is the doing of an answer: of as many answers of these topics at its node as there are doings, the
    /// one with the same place. `None` if luck is not the only one that does this here.
    fn struck<T>(&self, topics: &[Topic], question: Question, doings: Vec<T>) -> Option<T> {
        let asked = self.tape.answers().iter().map(|answer| answer.question());
        let asked = asked.filter(|other| topics.contains(&other.topic) && other.source == question.source);
        let mut asked: Vec<_> = asked.map(|other| (other.nth, other.topic)).collect();
        asked.sort_unstable();
        if asked.len() != doings.len() {
            return None;
        }
        // What says how long or how far has the number of what it is about.
        let is_it = |(nth, topic): &(u64, Topic)| {
            *nth == question.nth && (*topic == question.topic || !topics.contains(&question.topic))
        };
        let place = asked.iter().position(is_it)?;
        doings.into_iter().nth(place)
    }
}
