//! Writes that a client built on what it had read: whether what others made of the key meanwhile was replaced unseen.

use std::collections::{BTreeMap, BTreeSet};

use super::kept::{kept, stands, with_ancestors};
use crate::placement::client::Kind;
use crate::placement::record::{Asked, Phase, Record};

/// What became of an acknowledged write of a client that took its turn, as it was read back at the end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Built {
    /// Which operation, by its place in the record.
    pub write: usize,
    /// The first write after it that is kept and was not built on it; `None` where it is itself kept.
    ///
    /// A write is kept if a site shows it, or if a client was shown it that wrote one that is kept. So a key that holds what
    /// each client put to what it was shown holds what was kept, and nothing else.
    pub overwritten_by: Option<usize>,
}

/// What became of each acknowledged write of clients that took turns, if its key was read back, and is not lost besides
/// ([`Kept::is_lost`](super::Kept::is_lost)). O(n log n), and O(n²) for each key.
///
/// A linearizable store overwrites none: each turn begins when the last one has ended, so that its client is shown the last
/// write, and each write is built on all before it. After a write of which nobody knows what became of it its key is written
/// no more; whether that takes effect, and however late, it is built on all before it, or the write before it is shown.
pub fn built(record: &Record) -> Vec<Built> {
    let mut keys: BTreeMap<&str, Vec<(usize, &Asked)>> = BTreeMap::new();
    for (place, asked) in record.asked.iter().enumerate() {
        if asked.phase == Phase::Turns && asked.ask.kind() == Kind::Write {
            keys.entry(asked.ask.key.as_str()).or_default().push((place, asked));
        }
    }
    let mut shown: BTreeMap<&str, BTreeSet<u64>> = BTreeMap::new();
    for asked in record.asked.iter().filter(|asked| asked.phase == Phase::ReadBack) {
        shown.entry(asked.ask.key.as_str()).or_default().extend(asked.shown());
    }
    let is_built = |kept: &super::Kept| record.asked[kept.write].phase == Phase::Turns && !kept.is_lost();
    let held: BTreeMap<&str, BTreeSet<u64>> = keys
        .iter()
        .map(|(key, writes)| (*key, with_ancestors(shown.remove(key).unwrap_or_default(), writes)))
        .collect();
    let of_each = kept(record).into_iter().filter(is_built).map(|kept| {
        let asked = &record.asked[kept.write];
        let key = asked.ask.key.as_str();
        let is_kept = |asked: &Asked| stands(asked, &held[key]);
        let after = keys[key].iter().filter(|(place, _)| *place > kept.write);
        let by = || after.clone().find(|(_, asked)| is_kept(asked)).map(|(place, _)| *place);
        Built { write: kept.write, overwritten_by: if is_kept(asked) { None } else { by() } }
    });
    of_each.collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::placement::client::{Answer, Ask};
    use crate::placement::protocol::{Condition, Round};

    /// What is overwritten, and by what, of writes over these values one after the other, where sites show these at the end.
    fn check(writes: &[(&[u64], Answer)], back: &[&[u64]], expected: &[(usize, Option<usize>)]) {
        let asked = |ask, answer, at: usize, phase| Asked {
            site: 0,
            client: 0,
            ask,
            begun: Duration::from_millis(10 * at as u64),
            ended: Some((Duration::from_millis(10 * at as u64 + 5), answer)),
            phase,
        };
        let of = |(at, (over, answer)): (usize, &(&[u64], Answer))| {
            asked(Ask::write_over("k", 1 + at as u64, over.to_vec()), answer.clone(), at, Phase::Turns)
        };
        let back = back
            .iter()
            .map(|values| asked(Ask::read("k"), Answer::shows(values.iter().copied()), 99, Phase::ReadBack));
        let asked = writes.iter().enumerate().map(of).chain(back).collect();
        let found = built(&Record { round: Round::new(3, Condition::Busy), asked });
        let found: Vec<_> = found.into_iter().map(|built| (built.write, built.overwritten_by)).collect();
        assert_eq!(found, expected, "{writes:?}");
    }

    #[test]
    fn a_write_is_kept_if_it_is_shown_or_what_is_shown_was_built_on_it() {
        let done = || Answer::DONE;
        let unknown = || Answer::Unknown("silent".to_owned());
        let kept = |write| (write, None);
        check(&[(&[], done()), (&[1], done()), (&[2], done())], &[&[3]], &[kept(0), kept(1), kept(2)]);
        // The third client had not seen the second write.
        check(&[(&[], done()), (&[1], done()), (&[1], done())], &[&[3]], &[kept(0), (1, Some(2)), kept(2)]);
        // Both stand beside each other, or each at a site.
        check(&[(&[], done()), (&[1], done()), (&[1], done())], &[&[2, 3]], &[kept(0), kept(1), kept(2)]);
        check(&[(&[], done()), (&[1], done()), (&[1], done())], &[&[2], &[3]], &[kept(0), kept(1), kept(2)]);
        // A client that makes one of siblings has seen both.
        check(&[(&[], done()), (&[], done()), (&[1, 2], done())], &[&[3]], &[kept(0), kept(1), kept(2)]);
        // Whether what nobody knows of took effect or not, nothing is overwritten; if it is shown it was built on the first.
        check(&[(&[], done()), (&[1], unknown())], &[&[1]], &[kept(0)]);
        check(&[(&[], done()), (&[1], unknown())], &[&[2]], &[kept(0)]);
        check(&[(&[], done()), (&[], unknown())], &[&[2]], &[(0, Some(1))]);
    }

    #[test]
    fn a_write_that_is_lost_is_not_overwritten_besides() {
        check(&[(&[], Answer::DONE), (&[1], Answer::DONE)], &[&[1]], &[(0, None)]);
        check(&[(&[], Answer::DONE)], &[&[]], &[]);
        // Nobody was asked.
        check(&[(&[], Answer::DONE)], &[], &[]);
    }
}
