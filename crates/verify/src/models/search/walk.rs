//! The search for a sequential order: one of all operations that each object explains and that respects the sessions.

use constellation_trace::Limit;

use super::{How, Item, NONE, Tried, Visited, enter, room};
use crate::models::patience::Patience;
use crate::models::specification::Specification;

/// Whether an order must respect time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::models) enum Times {
    /// What was over before another began is before it.
    Kept,
    /// Only sessions have an order.
    Ignored,
}

/// A search along all sessions at once, over all objects together since no object can be judged alone: a configuration is
/// how far each session has come and the state of each object, and none is entered twice.
///
/// What comes next is tried in the order in which it was asked for, which is often nearly the order that is sought. An open
/// item may be passed over.
pub(in crate::models) struct Walk<'s, S: Specification> {
    items: &'s [Item<S::Operation>],
    times: Times,
    /// The items of each session.
    lines: Vec<Vec<u32>>,
    /// For each item its line, and its place there.
    places: Vec<(u32, u32)>,
    tried: Vec<Tried<'s, S>>,
    sees: Vec<u32>,
    /// How many items of each session have been, or will never be.
    at: Vec<u32>,
    /// The state of each object.
    states: Vec<u32>,
    /// How many certain items are left.
    left: usize,
    visited: Visited,
    /// The bytes that its items take.
    room: u64,
    row: Vec<u32>,
    stack: Vec<Frame>,
    /// How many of the items that can be next were tried here.
    nth: usize,
    next: Vec<u32>,
}

struct Frame {
    item: u32,
    /// How far its session had come.
    at: u32,
    state: u32,
    nth: usize,
    how: How,
}

impl<'s, S: Specification> Walk<'s, S> {
    /// A search from the initial states. O(items × log items).
    ///
    /// # Errors
    /// [`Limit`] where the items alone need more memory than allowed.
    pub(in crate::models) fn new(
        specification: &'s S,
        items: &'s [Item<S::Operation>],
        times: Times,
        patience: &mut Patience<'_>,
    ) -> Result<Walk<'s, S>, Limit> {
        patience.step(items.len() as u64)?;
        let room = room(items, patience)?;
        let mut sessions: Vec<u32> = items.iter().map(|item| item.session).collect();
        sessions.sort_unstable();
        sessions.dedup();
        let mut lines = vec![Vec::new(); sessions.len()];
        let mut places = Vec::with_capacity(items.len());
        for (nth, item) in (0..).zip(items) {
            let line = sessions.partition_point(|session| *session < item.session);
            places.push((line as u32, lines[line].len() as u32));
            lines[line].push(nth);
        }
        let parts = items.iter().map(|item| item.part + 1).max().unwrap_or(0);
        let mut groups = vec![Vec::new(); parts as usize];
        items.iter().for_each(|item| groups[item.part as usize].push(item));
        let starts = [specification.init()];
        let tried = groups.iter().map(|group| Tried::new(specification, group.iter().copied(), &starts));
        let mut tried: Vec<_> = tried.collect();
        let width = 1 + lines.len() + tried.len();
        Ok(Walk {
            items,
            times,
            sees: items.iter().map(|item| tried[item.part as usize].expect(item)).collect(),
            at: vec![0; lines.len()],
            states: vec![0; tried.len()],
            left: items.iter().filter(|item| !item.is_open()).count(),
            room,
            visited: Visited::new(width, items.len()),
            row: Vec::with_capacity(width),
            stack: Vec::new(),
            nth: 0,
            next: Vec::new(),
            places,
            lines,
            tried,
        })
    }

    /// Whether there is an order. O(items^sessions) at worst, and bounded by `patience`.
    ///
    /// # Errors
    /// [`Limit::Explored`] at its end.
    pub(in crate::models) fn explains(mut self, patience: &mut Patience<'_>) -> Result<bool, Limit> {
        self.take_free(patience)?;
        loop {
            if self.left == 0 {
                return Ok(true);
            }
            let can_go_on = match self.choose(patience)? {
                Some((item, state)) => {
                    self.take(item, state, How::Chosen);
                    self.take_free(patience)?;
                    self.enter(patience)? || self.back()
                }
                None => self.back(),
            };
            if !can_go_on {
                return Ok(false);
            }
        }
    }

    /// The next item that can be, and the state of its object after it.
    fn choose(&mut self, patience: &mut Patience<'_>) -> Result<Option<(u32, u32)>, Limit> {
        self.next.clear();
        for (line, at) in self.lines.iter().zip(&self.at) {
            let rest = &line[*at as usize..];
            let open = rest.iter().take_while(|item| self.items[**item as usize].is_open()).count();
            self.next.extend(rest.iter().take(open + 1));
        }
        let items = self.items;
        let horizon = self.horizon();
        self.next.retain(|item| items[*item as usize].invoked <= horizon);
        self.next.sort_unstable_by_key(|item| (items[*item as usize].invoked, *item));
        while let Some(&item) = self.next.get(self.nth) {
            self.nth += 1;
            patience.step(1)?;
            let held = &self.items[item as usize];
            let before = self.states[held.part as usize];
            let sees = self.sees[item as usize];
            let state = self.tried[held.part as usize].step(before, &held.operation, sees);
            if let Some(state) = state.filter(|state| !held.is_open() || *state != before) {
                return Ok(Some((item, state)));
            }
        }
        Ok(None)
    }

    /// The first end of what is left, if it matters: nothing that begins later can be next. Sessions end in their order.
    fn horizon(&self) -> u64 {
        if self.times == Times::Ignored {
            return u64::MAX;
        }
        let heads = self.lines.iter().zip(&self.at).filter_map(|(line, at)| {
            let rest = line[*at as usize..].iter().map(|item| &self.items[*item as usize]);
            rest.filter(|item| !item.is_open()).map(|item| item.returned).next()
        });
        heads.min().unwrap_or(u64::MAX)
    }

    /// Takes all pure items that can be next, as long as there are any.
    fn take_free(&mut self, patience: &mut Patience<'_>) -> Result<(), Limit> {
        let mut idle = 0;
        let mut line = 0;
        while idle < self.lines.len() {
            patience.step(1)?;
            let item = self.lines[line].get(self.at[line] as usize).copied().unwrap_or(NONE);
            let is_free = item != NONE && {
                let held = &self.items[item as usize];
                let (part, sees) = (held.part as usize, self.sees[item as usize]);
                let is_early = self.times == Times::Ignored || held.invoked <= self.horizon();
                let tried = &mut self.tried[part];
                is_early
                    && !held.is_open()
                    && tried.specification.is_pure(&held.operation)
                    && tried.step(self.states[part], &held.operation, sees).is_some()
            };
            if is_free {
                let state = self.states[self.items[item as usize].part as usize];
                self.take(item, state, How::Free);
                idle = 0;
            } else {
                idle += 1;
                line = (line + 1) % self.lines.len();
            }
        }
        Ok(())
    }

    fn take(&mut self, item: u32, state: u32, how: How) {
        let held = &self.items[item as usize];
        let part = held.part as usize;
        let (line, place) = self.places[item as usize];
        let at = std::mem::replace(&mut self.at[line as usize], place + 1);
        self.stack.push(Frame { item, at, state: self.states[part], nth: self.nth, how });
        self.states[part] = state;
        self.tried[part].took(self.sees[item as usize]);
        self.left -= usize::from(!held.is_open());
        self.nth = 0;
    }

    fn back(&mut self) -> bool {
        while let Some(frame) = self.stack.pop() {
            let held = &self.items[frame.item as usize];
            let part = held.part as usize;
            self.at[self.places[frame.item as usize].0 as usize] = frame.at;
            self.states[part] = frame.state;
            self.tried[part].gave_back(self.sees[frame.item as usize]);
            self.left += usize::from(!held.is_open());
            self.nth = frame.nth;
            if frame.how == How::Chosen {
                return true;
            }
        }
        false
    }

    fn enter(&mut self, patience: &Patience<'_>) -> Result<bool, Limit> {
        self.row.clear();
        self.row.push(1);
        self.row.extend(&self.at);
        self.row.extend(&self.states);
        let states: u64 = self.tried.iter().map(|tried| tried.states.bytes_next()).sum();
        enter(&mut self.visited, &self.row, self.room + states, patience)
    }
}
