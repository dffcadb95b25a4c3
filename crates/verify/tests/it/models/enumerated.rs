//! Every small history, the smaller ones first, each once however its sessions, keys and values are called.

use constellation_trace::{Access, Outcome, Sessions, Timing, Transaction, Value};

/// Whether transactions may be of several accesses.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Grain {
    /// Each access is one.
    Operations,
    /// They may.
    Transactions,
}

/// An access: of a key, and whose value it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Do {
    Write(u8),
    /// Of a key, and the access that wrote what is read; `None` for the initial value.
    Read(u8, Option<u8>),
}

impl Do {
    fn key(self) -> u8 {
        match self {
            Do::Write(key) | Do::Read(key, _) => key,
        }
    }
}

/// A history without times: how many accesses each transaction of each session has, and what they do, in that order.
pub(crate) struct Plan<'a> {
    sessions: &'a [Vec<u8>],
    accesses: &'a [Do],
}

/// Calls `check` with every history of so many accesses that no transaction contradicts by itself: a transaction reads what
/// it wrote, and nothing that was overwritten before its writer ended or that nobody wrote. Judges and twins refuse all others.
pub(crate) fn every(accesses: u8, grain: Grain, check: &mut dyn FnMut(&Plan<'_>)) {
    let mut sessions: Vec<Vec<Vec<u8>>> = Vec::new();
    shapes(accesses, grain, &mut Vec::new(), &mut sessions);
    for shape in sessions {
        let mut filled = Filled { owners: owners(&shape), shape: &shape, accesses: Vec::new() };
        filled.keys(usize::from(accesses), check);
    }
}

/// All ways to cut so many accesses into sessions of transactions, no session above the one before it.
fn shapes(left: u8, grain: Grain, shape: &mut Vec<Vec<u8>>, all: &mut Vec<Vec<Vec<u8>>>) {
    if left == 0 {
        all.push(shape.clone());
    }
    for length in 1..=left {
        let mut lines = Vec::new();
        cut(length, grain, &mut Vec::new(), &mut lines);
        for line in lines {
            let size = |line: &Vec<u8>| (line.iter().sum::<u8>(), line.clone());
            if shape.last().is_none_or(|last| size(last) >= size(&line)) {
                shape.push(line);
                shapes(left - length, grain, shape, all);
                shape.pop();
            }
        }
    }
}

/// All ways to cut a session into transactions.
fn cut(left: u8, grain: Grain, line: &mut Vec<u8>, lines: &mut Vec<Vec<u8>>) {
    if left == 0 {
        lines.push(line.clone());
    }
    let longest = if grain == Grain::Operations { left.min(1) } else { left };
    for length in 1..=longest {
        line.push(length);
        cut(left - length, grain, line, lines);
        line.pop();
    }
}

/// For each access the number of its transaction.
fn owners(shape: &[Vec<u8>]) -> Vec<usize> {
    let lengths = shape.iter().flatten().enumerate();
    lengths.flat_map(|(nth, length)| std::iter::repeat_n(nth, usize::from(*length))).collect()
}

/// A shape with what its first accesses do.
struct Filled<'s> {
    shape: &'s [Vec<u8>],
    owners: Vec<usize>,
    accesses: Vec<Do>,
}

impl Filled<'_> {
    /// Chooses what is written and read under which key, new keys in their order.
    fn keys(&mut self, total: usize, check: &mut dyn FnMut(&Plan<'_>)) {
        if self.accesses.len() == total {
            return self.sources(0, check);
        }
        let next = self.accesses.iter().map(|access| access.key() + 1).max().unwrap_or(0);
        for key in 0..=next {
            for access in [Do::Write(key), Do::Read(key, None)] {
                self.accesses.push(access);
                self.keys(total, check);
                self.accesses.pop();
            }
        }
    }

    /// Chooses for each read what it shows.
    fn sources(&mut self, at: usize, check: &mut dyn FnMut(&Plan<'_>)) {
        let Some(&access) = self.accesses.get(at) else {
            if self.is_first() {
                check(&Plan { sessions: self.shape, accesses: &self.accesses });
            }
            return;
        };
        let Do::Read(key, _) = access else { return self.sources(at + 1, check) };
        let is_write = |other: &usize| self.accesses[*other] == Do::Write(key);
        let of = |other: &usize| self.owners[*other];
        if let Some(own) = (0..at).rev().find(|other| is_write(other) && of(other) == self.owners[at]) {
            self.accesses[at] = Do::Read(key, Some(own as u8));
            self.sources(at + 1, check);
            self.accesses[at] = Do::Read(key, None);
            return;
        }
        let is_last = |write: &usize| {
            !(write + 1..self.accesses.len()).any(|other| is_write(&other) && of(&other) == of(write))
        };
        let writes = (0..self.accesses.len()).filter(|other| is_write(other) && of(other) != self.owners[at]);
        let writes: Vec<usize> = writes.filter(is_last).collect();
        for source in [None].into_iter().chain(writes.into_iter().map(|write| Some(write as u8))) {
            self.accesses[at] = Do::Read(key, source);
            self.sources(at + 1, check);
        }
        self.accesses[at] = Do::Read(key, None);
    }

    /// Whether it is the first of those that are the same but for the order of sessions of one shape.
    fn is_first(&self) -> bool {
        let starts: Vec<usize> = self
            .shape
            .iter()
            .scan(0, |start, line| {
                let here = *start;
                *start += line.iter().map(|length| usize::from(*length)).sum::<usize>();
                Some(here)
            })
            .collect();
        let own = self.code(&(0..self.shape.len()).collect::<Vec<_>>(), &starts);
        self.no_order_is_before(&own, &starts, &mut Vec::new())
    }

    fn no_order_is_before(&self, own: &[(u8, u8)], starts: &[usize], order: &mut Vec<usize>) -> bool {
        let place = order.len();
        if place == self.shape.len() {
            return self.code(order, starts).as_slice() >= own;
        }
        (0..self.shape.len()).filter(|line| self.shape[*line] == self.shape[place]).all(|line| {
            if order.contains(&line) {
                return true;
            }
            order.push(line);
            let is_not = self.no_order_is_before(own, starts, order);
            order.pop();
            is_not
        })
    }

    /// What it says if its sessions stand in this order: keys and writes are numbered as they come.
    fn code(&self, order: &[usize], starts: &[usize]) -> Vec<(u8, u8)> {
        let length = |line: usize| self.shape[line].iter().map(|length| usize::from(*length)).sum::<usize>();
        let places: Vec<usize> =
            order.iter().flat_map(|line| starts[*line]..starts[*line] + length(*line)).collect();
        let mut new = vec![0_u8; places.len()];
        (0..).zip(&places).for_each(|(nth, place)| new[*place] = nth);
        let mut keys: Vec<u8> = Vec::new();
        let coded = places.iter().map(|place| {
            let access = self.accesses[*place];
            let known = keys.iter().position(|key| *key == access.key()).unwrap_or_else(|| {
                keys.push(access.key());
                keys.len() - 1
            });
            let what = match access {
                Do::Write(_) => 0,
                Do::Read(_, None) => 1,
                Do::Read(_, Some(source)) => 2 + new[usize::from(source)],
            };
            (known as u8, what)
        });
        coded.collect()
    }
}

impl Plan<'_> {
    /// How many transactions it has.
    pub(crate) fn transactions(&self) -> usize {
        self.sessions.iter().map(Vec::len).sum()
    }

    /// The history without times, in which all is committed.
    pub(crate) fn untimed(&self) -> Sessions {
        self.with(&[], None)
    }

    /// The same, but each access is a transaction of its own.
    pub(crate) fn apart(&self) -> Sessions {
        let single = |line: &Vec<u8>| vec![1; usize::from(line.iter().sum::<u8>())];
        let sessions: Vec<Vec<u8>> = self.sessions.iter().map(single).collect();
        Plan { sessions: &sessions, accesses: self.accesses }.untimed()
    }

    /// The same with these outcomes.
    pub(crate) fn ending(&self, outcomes: &[Outcome]) -> Sessions {
        self.with(outcomes, None)
    }

    /// Calls `check` with the same at all times that differ by what was over before what began: no two beginnings or ends
    /// are at one time. The transactions have these outcomes.
    pub(crate) fn timed(&self, outcomes: &[Outcome], check: &mut dyn FnMut(&Sessions)) {
        let left: Vec<usize> = self.sessions.iter().map(|line| line.len() * 2).collect();
        self.interleave(left, &mut Vec::new(), outcomes, check);
    }

    /// `order` says whose beginning or end is next. Of neighbours that are both beginnings or both ends, the order is that of
    /// sessions: nobody can tell it from the other.
    fn interleave(
        &self,
        left: Vec<usize>,
        order: &mut Vec<usize>,
        outcomes: &[Outcome],
        check: &mut dyn FnMut(&Sessions),
    ) {
        if left.iter().all(|count| *count == 0) {
            return check(&self.with(outcomes, Some(order)));
        }
        let is_end = |session: usize, left: usize| (self.sessions[session].len() * 2 - left) % 2 == 1;
        for session in (0..left.len()).filter(|session| left[*session] > 0) {
            let is_told = order.last().is_none_or(|last| {
                *last <= session || is_end(*last, left[*last] + 1) != is_end(session, left[session])
            });
            if is_told {
                let mut rest = left.clone();
                rest[session] -= 1;
                order.push(session);
                self.interleave(rest, order, outcomes, check);
                order.pop();
            }
        }
    }

    fn with(&self, outcomes: &[Outcome], order: Option<&[usize]>) -> Sessions {
        let mut sessions = Sessions::new(if order.is_some() { Timing::Recorded } else { Timing::None });
        let value = |write: Option<u8>| match write {
            None => Value::NOTHING,
            Some(place) => {
                let key = self.accesses[usize::from(place)].key();
                let writes = self.accesses[..=usize::from(place)].iter();
                let nth = writes.filter(|access| **access == Do::Write(key)).count();
                Value::number(nth as u64).expect("small")
            }
        };
        let (mut at, mut nth) = (0, 0);
        for (line, lengths) in self.sessions.iter().enumerate() {
            let session = sessions.session(["a", "b", "c", "d", "e", "f", "g"][line]).expect("few");
            let times = |nth: usize| {
                let mut own = (1..).zip(order?).filter(|(_, whose)| **whose == line).map(|(time, _)| time);
                own.nth(nth)
            };
            for (place, length) in lengths.iter().enumerate() {
                let mut done = Vec::new();
                for access in at..at + usize::from(*length) {
                    let name = ["x", "y", "z", "u", "v", "w", "t"][usize::from(self.accesses[access].key())];
                    let key = sessions.key(name).expect("few");
                    done.push(match self.accesses[access] {
                        Do::Write(_) => Access::write(key, value(Some(access as u8))),
                        Do::Read(_, source) => Access::read(key, value(source)),
                    });
                }
                at += usize::from(*length);
                let outcome = outcomes.get(nth).copied().unwrap_or(Outcome::Committed);
                nth += 1;
                let mut transaction = Transaction::untimed(session, outcome);
                if let (Some(invoked), Some(returned)) = (times(place * 2), times(place * 2 + 1)) {
                    let returned = if outcome == Outcome::Unknown { Transaction::NEVER } else { returned };
                    transaction = Transaction { invoked, returned, ..transaction };
                }
                sessions.push(transaction, &done).expect("all is held, and sessions go forward");
            }
        }
        sessions
    }
}

/// All ways in which so many transactions may end.
pub(crate) fn outcomes(count: usize) -> impl Iterator<Item = Vec<Outcome>> {
    let all = [Outcome::Committed, Outcome::Unknown, Outcome::Aborted];
    (0..3_usize.pow(count as u32))
        .map(move |code| (0..count).map(|nth| all[code / 3_usize.pow(nth as u32) % 3]).collect())
}
