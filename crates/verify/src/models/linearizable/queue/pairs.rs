//! Queues into which values are put again, or of which somebody took nobody knows what: who took what one put there.

mod empty;
mod events;

use std::collections::{BTreeMap, BTreeSet};

use constellation_trace::Limit;

use self::events::{Event, Kind, Later, Since, beginning, in_order, since};
use crate::models::objects::QueueOperation;
use crate::models::patience::Patience;
use crate::models::search::{Item, When};

/// A value that was put there.
#[derive(Clone, Copy, Debug)]
struct Put {
    value: u32,
    begun: u64,
    /// By when it was there for sure, if ever.
    there: When,
}

/// What is tried for one event, and what was known when it was come to.
struct Frame {
    /// The places of those that may have been taken, by when they were there for sure.
    options: Vec<u32>,
    tried: usize,
    chosen: u32,
    bound: u64,
    /// Those who were over when it was come to, and under way before.
    over: Vec<UnderWay>,
    last: Option<u32>,
    /// What is known to lead nowhere if this does not.
    key: Option<Vec<u32>>,
    /// The bytes that options and key take, which not every frame has.
    bytes: usize,
}

/// By when it is over, when what it took began to be put, and which event it is.
type UnderWay = (u64, u64, usize);

/// Nothing was taken.
const NOTHING: u32 = u32::MAX;
/// How many of a set are passed in one step, roughly.
const PASSED: usize = 16;
/// What a set takes for each entry, roughly.
const KEY_BYTES: usize = 48;

/// A search for who took what was put by whom: as soon as that is known, the queue is one of values that come once.
///
/// Those who took anything are asked in the order in which they began. When one was over before the next began, all that
/// was there before what it took came must have been taken by those before: so little is left to be chosen, which is not
/// entered twice. Of two that put the same value, neither of which lies within the other, the first may be taken to be the
/// first: in whatever order of all they stand the other way round, they can be exchanged, since neither is too early or too
/// late for the place of the other. So it is with two that took the same. What is left are those that lie within each other:
/// whether any choice of them will do is NP-complete (Gibbons and Korach 1997), and exponential here in how many of one
/// value are under way at once.
pub(super) struct Pairs {
    puts: Vec<Put>,
    events: Vec<Event>,
    /// From when on each of the open ones may have taken something, in order.
    lost: Vec<u64>,
    has_empty: bool,
    since: Vec<Since>,
    beginning: Vec<usize>,
    /// What was put and not taken yet: all of it, that of each value, and what is there for sure by when it is.
    left: BTreeSet<u32>,
    of_value: BTreeMap<u32, BTreeSet<u32>>,
    by_there: BTreeSet<(When, u32)>,
    /// How many of each value are still to be taken by those who know it.
    wanted: BTreeMap<u32, u32>,
    /// What was there for sure before this time must have been taken before now.
    bound: u64,
    /// What this was when each of the open ones began.
    bounds: Vec<u64>,
    under_way: BTreeSet<UnderWay>,
    /// The last of those that were taken.
    last: Option<u32>,
    stack: Vec<Frame>,
    /// The bytes of all frames.
    bytes: usize,
    furthest: usize,
}

impl Pairs {
    pub(super) fn new(items: &[Item<QueueOperation>]) -> Pairs {
        let mut puts = Vec::new();
        let mut events = Vec::new();
        for item in items {
            let event = |kind| Event { kind, invoked: item.invoked, returned: item.deadline() };
            match item.operation {
                QueueOperation::Enqueue(value) => {
                    puts.push(Put { value, begun: item.invoked, there: item.over() });
                }
                QueueOperation::Dequeue(value) => events.push(event(Kind::Taken(Some(value), Later::After))),
                QueueOperation::Take => events.push(event(Kind::Taken(None, Later::After))),
                QueueOperation::Lose => events.push(event(Kind::Lost)),
                QueueOperation::Empty => events.push(event(Kind::Empty)),
            }
        }
        puts.sort_by_key(|put| (put.begun, put.there));
        let has_empty = events.iter().any(|event| matches!(event.kind, Kind::Empty | Kind::Taken(None, _)));
        let events = in_order(events);
        let places = || (0..).zip(&puts);
        let mut of_value: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
        for (place, put) in places() {
            of_value.entry(put.value).or_default().insert(place);
        }
        let mut wanted: BTreeMap<u32, u32> = BTreeMap::new();
        for event in &events {
            if let Kind::Taken(Some(value), _) = event.kind {
                *wanted.entry(value).or_default() += 1;
            }
        }
        Pairs {
            left: places().map(|(place, _)| place).collect(),
            by_there: places()
                .filter_map(|(place, put)| (put.there < When::Never).then_some((put.there, place)))
                .collect(),
            of_value,
            wanted,
            lost: events.iter().filter(|event| event.kind == Kind::Lost).map(|event| event.invoked).collect(),
            has_empty,
            since: since(&events),
            beginning: beginning(&events),
            puts,
            events,
            bound: 0,
            bounds: Vec::new(),
            under_way: BTreeSet::new(),
            last: None,
            stack: Vec::new(),
            bytes: 0,
            furthest: 0,
        }
    }

    /// The bytes of memory that each item takes.
    pub(super) const BYTES: usize =
        size_of::<Put>() + 2 * size_of::<Event>() + size_of::<Frame>() + 4 * size_of::<UnderWay>() + 160;

    /// Whether there is a choice that will do: `None` if there is, else the time by which there was none.
    ///
    /// # Errors
    /// [`Limit`] at the end of `patience`.
    pub(super) fn stuck_at(mut self, patience: &mut Patience<'_>) -> Result<Option<u64>, Limit> {
        let mut dead = Dead { keys: BTreeSet::new(), bytes: 0 };
        let found = self.explains(&mut dead, patience);
        patience.release(dead.bytes + self.bytes, 1);
        let until = self.events.get(self.furthest).map_or(u64::MAX, |event| event.returned);
        found.map(|explains| if explains { None } else { Some(until) })
    }

    fn explains(&mut self, dead: &mut Dead, patience: &mut Patience<'_>) -> Result<bool, Limit> {
        loop {
            self.come(dead, patience)?;
            // Back to the last one that has something left to try.
            while !self.choose() {
                if let Some(frame) = self.stack.pop() {
                    self.under_way.extend(frame.over);
                    self.bytes -= frame.bytes;
                    patience.release(frame.bytes, 1);
                    if let Some(key) = frame.key {
                        dead.enter(key, patience)?;
                    }
                }
                if self.stack.is_empty() {
                    return Ok(false);
                }
                self.give_back();
            }
            if self.stack.len() > self.events.len() {
                return Ok(true);
            }
        }
    }

    /// Comes to the next event, or to the end, and finds out what may be tried there.
    fn come(&mut self, dead: &Dead, patience: &mut Patience<'_>) -> Result<(), Limit> {
        let nth = self.stack.len();
        self.furthest = self.furthest.max(nth);
        let event = self.events.get(nth).copied();
        let over = self.settle(event.map_or(When::Never, |event| When::At(event.at())));
        patience.step(1 + over.len() as u64)?;
        let mut options = Vec::new();
        if self.was_taken_in_time() {
            options = match event {
                None => if_so(self.is_ever_empty(patience)?),
                Some(event) => match event.kind {
                    Kind::Taken(value, later) => self.options(nth, value, later, patience)?,
                    Kind::Empty => if_so(self.may_be_empty(event, patience)?),
                    Kind::Checked(taken) if self.stack[taken].chosen == NOTHING => {
                        if_so(self.may_be_empty(event, patience)?)
                    }
                    Kind::Checked(_) | Kind::Lost => vec![NOTHING],
                },
            };
        }
        let mut key = None;
        if options.len() > 1 {
            let row = self.key(nth);
            patience.step(row.len() as u64)?;
            if dead.keys.contains(&row) {
                options.clear();
            } else {
                key = Some(row);
            }
        }
        let bytes = (options.capacity() + key.as_ref().map_or(0, Vec::capacity)) * size_of::<u32>();
        patience.afford(bytes, 1)?;
        self.bytes += bytes;
        self.stack.push(Frame {
            options,
            tried: 0,
            chosen: NOTHING,
            bound: self.bound,
            over,
            last: self.last,
            key,
            bytes,
        });
        Ok(())
    }

    /// Those who were over before this time are.
    fn settle(&mut self, time: When) -> Vec<UnderWay> {
        let mut over = Vec::new();
        while let Some(first) = self.under_way.first().copied().filter(|(left, ..)| When::At(*left) < time) {
            self.under_way.pop_first();
            self.bound = self.bound.max(first.1);
            over.push(first);
        }
        over
    }

    /// Whether all that was there for sure before something came that was taken and is gone was taken as well, by those who
    /// know what they took or, what was there first, by the open ones that began first.
    fn was_taken_in_time(&self) -> bool {
        let late = self.by_there.iter().take_while(|(there, _)| *there < When::At(self.bound));
        late.enumerate()
            .all(|(nth, (there, _))| self.bounds.get(nth).is_some_and(|bound| *there >= When::At(*bound)))
    }

    /// What may have been taken there.
    fn options(
        &self,
        nth: usize,
        value: Option<u32>,
        later: Later,
        patience: &mut Patience<'_>,
    ) -> Result<Vec<u32>, Limit> {
        let none = BTreeSet::new();
        let of_value = |value: u32| self.of_value.get(&value).unwrap_or(&none);
        let among = value.map_or(&self.left, of_value);
        // Of what was there before the one that is taken came, no more is left than others can take who begin by then.
        let spare = self.beginning[nth] + self.lost.len() + 1;
        patience.step((spare.min(self.by_there.len()) / PASSED) as u64)?;
        let last = self.by_there.iter().nth(spare).map_or(When::Never, |(there, _)| *there);
        let returned = self.events[nth].returned;
        // Then the second may have been left to this one, by one that came before.
        let is_free = later == Later::Within || self.lost.first().is_some_and(|lost| *lost <= returned);
        let mut options: Vec<(When, u32)> = Vec::new();
        for place in among {
            patience.step(1 + (options.len() / PASSED) as u64)?;
            let put = self.puts[*place as usize];
            let is_behind = |(there, _): &(When, u32)| *there <= When::At(put.begun);
            let is_none_better = !is_free && value.is_some() && options.iter().any(is_behind);
            if put.begun > returned || When::At(put.begun) > last || is_none_better {
                break;
            }
            let is_wanted = || {
                let wanted = self.wanted.get(&put.value).copied().unwrap_or(0);
                wanted as usize >= of_value(put.value).len()
            };
            let comes_first = |(there, other): &(When, u32)| {
                *there <= put.there && self.puts[*other as usize].value == put.value
            };
            let is_late = put.there < When::At(self.bound);
            if is_late || value.is_none() && is_wanted() {
                continue;
            }
            if is_free || !options.iter().any(comes_first) {
                options.push((put.there, *place));
            }
        }
        options.sort_unstable();
        let options = options.into_iter().map(|(_, place)| place);
        Ok(options.chain(value.is_none().then_some(NOTHING)).collect())
    }

    /// Takes the next option of the last event.
    fn choose(&mut self) -> bool {
        let nth = self.stack.len() - 1;
        let frame = &mut self.stack[nth];
        let Some(chosen) = frame.options.get(frame.tried).copied() else { return false };
        frame.tried += 1;
        frame.chosen = chosen;
        (self.bound, self.last) = (frame.bound, frame.last);
        let Some(event) = self.events.get(nth) else { return true };
        match event.kind {
            Kind::Lost => self.bounds.push(self.bound),
            Kind::Taken(value, _) => {
                if let Some(wanted) = value.and_then(|value| self.wanted.get_mut(&value)) {
                    *wanted -= 1;
                }
                if let Some(put) = self.puts.get(chosen as usize) {
                    self.left.remove(&chosen);
                    self.by_there.remove(&(put.there, chosen));
                    self.of_value.entry(put.value).or_default().remove(&chosen);
                    self.under_way.insert((event.returned, put.begun, nth));
                    self.last = self.last.max(Some(chosen));
                }
            }
            Kind::Empty | Kind::Checked(_) => {}
        }
        true
    }

    /// Takes back what was chosen for the last event.
    fn give_back(&mut self) {
        let nth = self.stack.len() - 1;
        let chosen = self.stack[nth].chosen;
        match self.events[nth].kind {
            Kind::Lost => drop(self.bounds.pop()),
            Kind::Taken(value, _) => {
                if let Some(wanted) = value.and_then(|value| self.wanted.get_mut(&value)) {
                    *wanted += 1;
                }
                if let Some(put) = self.puts.get(chosen as usize) {
                    self.under_way.remove(&(self.events[nth].returned, put.begun, nth));
                    self.left.insert(chosen);
                    self.of_value.entry(put.value).or_default().insert(chosen);
                    if put.there < When::Never {
                        self.by_there.insert((put.there, chosen));
                    }
                }
            }
            Kind::Empty | Kind::Checked(_) => {}
        }
    }

    /// All that matters of what was chosen before an event: what is left, up to the last that is not; those who are under
    /// way; and who took what as far as an empty one is to be told of it.
    fn key(&self, nth: usize) -> Vec<u32> {
        let halves = |time: u64| [(time >> 32) as u32, time as u32];
        let mut key = vec![nth as u32];
        key.extend(halves(self.bound));
        if let Some(last) = self.last {
            key.push(last);
            key.extend(self.left.range(..last));
        }
        key.push(NOTHING);
        let Since { first, after } = self.since[nth];
        let now = self.events[nth].at();
        let is_all = self.has_empty && !self.lost.is_empty();
        let first = if is_all { 0 } else { first };
        for (event, frame) in self.events[first..].iter().zip(&self.stack[first..]) {
            let is_told = is_all || event.returned >= now || event.invoked > after;
            if matches!(event.kind, Kind::Taken(..)) && is_told {
                key.push(frame.chosen);
            }
        }
        key
    }
}

/// What was found to lead nowhere.
struct Dead {
    keys: BTreeSet<Vec<u32>>,
    bytes: usize,
}

impl Dead {
    fn enter(&mut self, key: Vec<u32>, patience: &mut Patience<'_>) -> Result<(), Limit> {
        let size = key.capacity() * size_of::<u32>() + KEY_BYTES;
        patience.afford(size, 1)?;
        self.bytes += size;
        self.keys.insert(key);
        Ok(())
    }
}

fn if_so(is_so: bool) -> Vec<u32> {
    if is_so { vec![NOTHING] } else { Vec::new() }
}
