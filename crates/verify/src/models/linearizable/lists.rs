//! Lists to which each value is appended once: what is shown tells their order, without a search.

use constellation_trace::{Act, Key, Limit, Outcome, Sessions, Transaction, TransactionId, Value};

use super::rows::{Clash, Rows};
use crate::models::finding::{Anomaly, Edge, Stop, Why, key_name, transaction_name};
use crate::models::patience::Patience;

/// Judges those keys for which `is_chosen`, to all of which only single values are appended and which are read as lists, by
/// real time. The answer is those of them that only a search can judge, since a value is appended twice.
///
/// The longest that was shown is the order in which it was appended, everything else that was shown begins it, and what
/// nobody was shown comes after all reads. So the order is known but for what was not shown, and time agrees or not. O(n log n),
/// and once over all that was shown.
pub(super) fn judge(
    sessions: &Sessions,
    is_chosen: &[bool],
    patience: &mut Patience<'_>,
) -> Result<Vec<Key>, Stop> {
    if !is_chosen.contains(&true) {
        return Ok(Vec::new());
    }
    patience.step(sessions.len() as u64)?;
    patience.afford(sessions.len(), 4 + Rows::BYTES + 2 * size_of::<(Value, u32)>())?;
    let mut starts = vec![0_u32; is_chosen.len() + 1];
    let of_key = |id: TransactionId| {
        let access = sessions.accesses(id).first()?;
        let is_open_read =
            access.act == Act::ReadList && sessions.transaction(id).outcome == Outcome::Unknown;
        let counts = sessions.transaction(id).outcome != Outcome::Aborted && !is_open_read;
        (counts && is_chosen[access.key.index()]).then_some(access.key.index())
    };
    sessions.ids().filter_map(of_key).for_each(|key| starts[key + 1] += 1);
    (0..is_chosen.len()).for_each(|key| starts[key + 1] += starts[key]);
    let mut next = starts.clone();
    let mut ids = vec![TransactionId::new(0); starts[is_chosen.len()] as usize];
    for (id, key) in sessions.ids().filter_map(|id| Some((id, of_key(id)?))) {
        ids[next[key] as usize] = id;
        next[key] += 1;
    }
    let mut searched = Vec::new();
    for key in (0..is_chosen.len()).filter(|key| is_chosen[*key]) {
        let list = List { sessions, ids: &ids[starts[key] as usize..starts[key + 1] as usize] };
        match list.judge(patience)? {
            Known::Holds => {}
            Known::Twice => searched.push(Key::new(key as u32)),
            Known::Wrong(anomaly) => return Err(anomaly.into()),
        }
    }
    patience.release(sessions.len(), 4 + Rows::BYTES + 2 * size_of::<(Value, u32)>());
    Ok(searched)
}

enum Known {
    Holds,
    /// A value is appended twice.
    Twice,
    Wrong(Anomaly),
}

/// All that is done to one list, in the order of recording.
struct List<'s> {
    sessions: &'s Sessions,
    ids: &'s [TransactionId],
}

impl List<'_> {
    fn judge(&self, patience: &mut Patience<'_>) -> Result<Known, Limit> {
        let mut appends: Vec<(Value, u32)> = Vec::new();
        let mut longest: Option<u32> = None;
        for place in 0..self.ids.len() as u32 {
            match self.shown(place) {
                None => appends.push((self.appended(place), place)),
                Some(shown) => {
                    patience.step(shown.len() as u64)?;
                    let is_longer =
                        |other: u32| self.shown(other).is_none_or(|other| other.len() < shown.len());
                    if longest.is_none_or(is_longer) {
                        longest = Some(place);
                    }
                }
            }
        }
        appends.sort_unstable();
        if appends.windows(2).any(|two| two[0].0 == two[1].0) {
            return Ok(Known::Twice);
        }
        let mut rows = Rows::new(self.ids.len());
        if let Some(anomaly) = longest.and_then(|longest| self.order(longest, &appends, &mut rows)) {
            return Ok(Known::Wrong(anomaly));
        }
        let reads = (0..self.ids.len() as u32).filter_map(|place| Some((place, self.shown(place)?.len())));
        reads.for_each(|(place, length)| rows.put(place, 2 * length as u64, self.span(place)));
        for (_, place) in &appends {
            let is_open = self.transaction(*place).outcome == Outcome::Unknown;
            if !rows.is_put(*place) && !is_open {
                rows.put(*place, u64::MAX, self.span(*place));
            }
        }
        Ok(rows.clash().map_or(Known::Holds, |clash| Known::Wrong(self.clash(clash, longest, &appends))))
    }

    /// Puts what was appended in rows as the longest read shows it; the answer is a read that differs from it, or that
    /// shows what was not appended or not yet another time.
    fn order(&self, longest: u32, appends: &[(Value, u32)], rows: &mut Rows) -> Option<Anomaly> {
        let whole = self.shown(longest)?;
        for (nth, value) in (0..).zip(whole) {
            let name = || self.name(longest);
            let key = || key_name(self.sessions, self.sessions.accesses(self.ids[longest as usize])[0].key);
            let shown = || self.sessions.show_value(*value);
            let Ok(found) = appends.binary_search_by_key(value, |(value, _)| *value) else {
                let why = format!("{} shows {} in {}, which nobody appended", name(), shown(), key());
                return Some(self.plain(why, &[longest]));
            };
            let append = appends[found].1;
            if rows.is_put(append) {
                let why = format!(
                    "{} shows {} twice in {}, which {} appended once",
                    name(),
                    shown(),
                    key(),
                    self.name(append)
                );
                return Some(self.plain(why, &[longest, append]));
            }
            rows.put(append, 2 * nth + 1, self.span(append));
        }
        let mut reads = (0..self.ids.len() as u32).filter_map(|place| Some((place, self.shown(place)?)));
        let (other, shown) = reads.find(|(_, shown)| !whole.starts_with(shown))?;
        let nth = whole.iter().zip(shown).take_while(|(one, other)| one == other).count();
        let [one, two] = [whole, shown].map(|list| self.sessions.show_value(list[nth]));
        let why = format!(
            "{} shows {two} where {} shows {one}, of what was appended as number {}",
            self.name(other),
            self.name(longest),
            nth + 1
        );
        Some(self.plain(why, &[longest, other]))
    }

    /// Why two operations clash.
    fn clash(&self, [early, late]: [u32; 2], longest: Option<u32>, appends: &[(Value, u32)]) -> Anomaly {
        let clash = Clash { early: self.name(early), late: self.name(late) };
        let [from, to] = [early, late].map(|place| self.ids[place as usize]);
        let key = self.sessions.accesses(from)[0].key;
        let edge = |from, to, why| Edge { from, to, why };
        let time = edge(from, to, Why::RealTime);
        match (self.shown(early), self.shown(late)) {
            (None, Some(_)) => Anomaly::cycle(
                clash.missed(),
                vec![time, edge(to, from, Why::ReadBefore { key })],
                Vec::new(),
            ),
            (Some(_), None) => Anomaly::cycle(
                clash.foreseen(),
                vec![time, edge(to, from, Why::ReadFrom { key })],
                Vec::new(),
            ),
            (Some(more), Some(less)) => {
                let value = more[less.len()];
                let found = appends.binary_search_by_key(&value, |(value, _)| *value);
                let append = appends[found.expect("all that is shown was appended")].1;
                let between = self.ids[append as usize];
                let edges = vec![
                    time,
                    edge(to, between, Why::ReadBefore { key }),
                    edge(between, from, Why::ReadFrom { key }),
                ];
                Anomaly::cycle(clash.forgotten(&self.name(append)), edges, Vec::new())
            }
            (None, None) => {
                let read = longest.expect("else none has a row before the last");
                let why = clash.overtaken(&self.name(read));
                self.plain(why, &[early, late, read])
            }
        }
    }

    fn shown(&self, place: u32) -> Option<&[Value]> {
        let access = self.sessions.accesses(self.ids[place as usize])[0];
        (access.act == Act::ReadList).then(|| self.sessions.list(access.value))
    }

    fn appended(&self, place: u32) -> Value {
        self.sessions.accesses(self.ids[place as usize])[0].value
    }

    fn transaction(&self, place: u32) -> Transaction {
        self.sessions.transaction(self.ids[place as usize])
    }

    fn span(&self, place: u32) -> (u64, u64) {
        let transaction = self.transaction(place);
        let is_open = transaction.outcome == Outcome::Unknown;
        (transaction.invoked, if is_open { Transaction::NEVER } else { transaction.returned })
    }

    fn name(&self, place: u32) -> String {
        transaction_name(self.sessions, self.ids[place as usize])
    }

    fn plain(&self, why: String, places: &[u32]) -> Anomaly {
        Anomaly::plain(why, places.iter().map(|place| self.ids[*place as usize]))
    }
}
